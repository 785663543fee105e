/** What users write with the types of @types/aws-lambda. Compiled under several settings, and never run. */
import type {
  ALBEvent,
  ALBHandler,
  ALBResult,
  APIGatewayAuthorizerResult,
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyHandler,
  APIGatewayProxyHandlerV2,
  APIGatewayProxyResult,
  APIGatewayProxyResultV2,
  APIGatewayProxyStructuredResultV2,
  APIGatewayRequestAuthorizerEvent,
  APIGatewayRequestAuthorizerEventV2,
  APIGatewayRequestAuthorizerHandler,
  APIGatewayRequestSimpleAuthorizerHandlerV2,
  APIGatewaySimpleAuthorizerResult,
  Context,
  Handler,
  LambdaFunctionURLEvent,
  LambdaFunctionURLHandler,
  LambdaFunctionURLResult,
  StreamifyHandler,
} from 'aws-lambda';
import { Sessions } from 'dynamodb-sessions';
import { LambdaSessions, sessionAuthorizer, withSession, withStreamingSession } from 'dynamodb-sessions/lambda';

interface App {
  theme: 'light' | 'dark';
}

declare function authenticate(event: APIGatewayProxyEventV2): Promise<string>;
const sessions = new Sessions<App>();
const requests = new LambdaSessions(sessions);
const authorize = sessionAuthorizer(sessions);

export const readme = withSession(sessions, async (event, session) => {
  if (event.rawPath === '/login') await session.logIn(await authenticate(event));
  return { statusCode: 200, body: `hello ${session.userId ?? 'stranger'}` };
});

export const http: APIGatewayProxyHandlerV2 = withSession(
  sessions,
  async (event: APIGatewayProxyEventV2, session, context: Context): Promise<APIGatewayProxyResultV2> => {
    if (event.rawPath === '/login') await session.logIn(await authenticate(event));
    return { statusCode: 200, body: context.awsRequestId };
  },
  { onStoreError: (_error, event): APIGatewayProxyStructuredResultV2 => ({ statusCode: 503, body: event.rawPath }) },
);

export const unsaid: Handler<APIGatewayProxyEventV2, APIGatewayProxyResultV2> = withSession(
  sessions,
  async (event) => event.requestContext.domainName,
);

export const url: LambdaFunctionURLHandler = withSession(
  sessions,
  async (event: LambdaFunctionURLEvent): Promise<LambdaFunctionURLResult> => event.rawPath,
);

export const rest: APIGatewayProxyHandler = withSession(
  sessions,
  async (event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> => ({ statusCode: 200, body: event.path }),
);

export const alb: ALBHandler = withSession(sessions, async (event: ALBEvent): Promise<ALBResult> => ({
  statusCode: 200,
  body: event.path,
}));

export const inTwoSteps: APIGatewayProxyHandlerV2 = async (event, context) => {
  const session = await requests.start(event, { context });
  const result: APIGatewayProxyStructuredResultV2 = { statusCode: 200, body: `hello ${session.userId}` };
  return requests.commit(session, event, result);
};

export const simple: APIGatewayRequestSimpleAuthorizerHandlerV2 = authorize;
export const policy: APIGatewayRequestAuthorizerHandler = authorize;
export const called = (event: APIGatewayRequestAuthorizerEventV2): Promise<APIGatewaySimpleAuthorizerResult> =>
  authorize(event);
export const calledForRest = (event: APIGatewayRequestAuthorizerEvent): Promise<APIGatewayAuthorizerResult> =>
  authorize(event);

export const streaming: StreamifyHandler<APIGatewayProxyEventV2, void> = withStreamingSession(
  sessions,
  async (event, _session, respond) => {
    (await respond()).end(await authenticate(event));
  },
);
