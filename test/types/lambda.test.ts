import type {
  ALBEvent,
  ALBHandler,
  APIGatewayProxyEvent,
  APIGatewayProxyEventV2,
  APIGatewayProxyEventV2WithJWTAuthorizer,
  APIGatewayProxyHandler,
  APIGatewayProxyHandlerV2,
  APIGatewayProxyHandlerV2WithJWTAuthorizer,
  Context,
  LambdaFunctionURLEvent,
  LambdaFunctionURLHandler,
  SQSEvent,
  StreamifyHandler,
} from 'aws-lambda';
import { describe, expectTypeOf, it } from 'vitest';
import type { Session, Sessions, SessionUser, StoreUnavailableError } from '../../src/index.js';
import {
  type AlbEvent,
  type AlbResult,
  type HttpApiEvent,
  type HttpApiResult,
  type LambdaContext,
  type LambdaEvent,
  LambdaSessions,
  type RestApiEvent,
  type RestApiResult,
  type ResultOf,
  withSession,
  withStreamingSession,
} from '../../src/lambda/index.js';

interface App {
  theme: 'light' | 'dark';
}

interface User extends SessionUser {
  readonly id: string;
  readonly email: string;
}

/** What is in here is compiled, and never run: each `@ts-expect-error` must be one. */
function compiled(_body: (sessions: Sessions<App, User>) => unknown): void {}

const ok = { statusCode: 200, body: '' };

describe('the events of @types/aws-lambda', () => {
  it('are events', () => {
    expectTypeOf<APIGatewayProxyEventV2>().toExtend<HttpApiEvent>();
    expectTypeOf<APIGatewayProxyEventV2WithJWTAuthorizer>().toExtend<HttpApiEvent>();
    expectTypeOf<LambdaFunctionURLEvent>().toExtend<HttpApiEvent>();
    expectTypeOf<APIGatewayProxyEvent>().toExtend<RestApiEvent>();
    expectTypeOf<ALBEvent>().toExtend<AlbEvent>();
    expectTypeOf<SQSEvent>().not.toExtend<LambdaEvent>();
    expectTypeOf<Context>().toExtend<LambdaContext>();
  });

  it('have the results of their kind', () => {
    expectTypeOf<ResultOf<APIGatewayProxyEventV2>>().toEqualTypeOf<HttpApiResult>();
    expectTypeOf<ResultOf<LambdaFunctionURLEvent>>().toEqualTypeOf<HttpApiResult>();
    expectTypeOf<ResultOf<APIGatewayProxyEvent>>().toEqualTypeOf<RestApiResult>();
    expectTypeOf<ResultOf<ALBEvent>>().toEqualTypeOf<AlbResult>();
  });
});

describe('withSession', () => {
  it('takes an event that its handler says nothing about for one of payload 2.0', () => {
    compiled((sessions) => {
      withSession(sessions, (event, session, context) => {
        expectTypeOf(event).toEqualTypeOf<HttpApiEvent>();
        expectTypeOf(event.rawPath).toBeString();
        expectTypeOf(session).toEqualTypeOf<Session<App, User>>();
        expectTypeOf(session.user()).toEqualTypeOf<Promise<User | undefined>>();
        expectTypeOf(context).toEqualTypeOf<LambdaContext>();
        // @ts-expect-error that is in payload 1.0
        void event.httpMethod;
        return 'hello';
      });
      withSession(sessions, async () => ok);
      withSession(sessions, async (event) => ({ statusCode: 200, body: event.rawPath, cookies: ['a=1'] }));
    });
  });

  it('takes the type of the event, and of the context, from the handler', () => {
    compiled((sessions) => {
      const http = withSession(sessions, async (event: APIGatewayProxyEventV2, _session, context: Context) => ({
        statusCode: 200,
        body: `${event.routeKey} ${context.awsRequestId}`,
      }));
      expectTypeOf(http).toEqualTypeOf<(event: APIGatewayProxyEventV2, context: Context) => Promise<HttpApiResult>>();

      const rest = withSession(sessions, async (event: APIGatewayProxyEvent) => ({
        statusCode: 200,
        body: event.httpMethod,
      }));
      expectTypeOf(rest).toEqualTypeOf<
        (event: APIGatewayProxyEvent, context: LambdaContext) => Promise<RestApiResult>
      >();

      const alb = withSession(sessions, (event: ALBEvent) => ({ statusCode: 200, body: event.path }));
      expectTypeOf(alb).toEqualTypeOf<(event: ALBEvent, context: LambdaContext) => Promise<AlbResult>>();
    });
  });

  it('makes handlers of the types in @types/aws-lambda', () => {
    compiled((sessions) => {
      const http: APIGatewayProxyHandlerV2 = withSession(
        sessions,
        async (event: APIGatewayProxyEventV2) => event.rawPath,
      );
      const jwt: APIGatewayProxyHandlerV2WithJWTAuthorizer = withSession(
        sessions,
        async (event: APIGatewayProxyEventV2WithJWTAuthorizer) =>
          String(event.requestContext.authorizer.jwt.claims['sub']),
      );
      const url: LambdaFunctionURLHandler = withSession(
        sessions,
        async (event: LambdaFunctionURLEvent) => event.rawPath,
      );
      const rest: APIGatewayProxyHandler = withSession(sessions, async (_event: APIGatewayProxyEvent) => ok);
      const alb: ALBHandler = withSession(sessions, async (_event: ALBEvent) => ok);
      const unsaid: APIGatewayProxyHandlerV2 = withSession(sessions, async (event) => event.rawPath);
      return [http, jwt, url, rest, alb, unsaid];
    });
  });

  it('does not compile with a result of another kind', () => {
    compiled((sessions) => {
      // @ts-expect-error text is no result for a REST API
      withSession(sessions, async (_event: APIGatewayProxyEvent) => 'hello');
      // @ts-expect-error a REST API needs a body
      withSession(sessions, async (_event: APIGatewayProxyEvent) => ({ statusCode: 200 }));
      // @ts-expect-error a load balancer needs a status code
      withSession(sessions, async (_event: ALBEvent) => ({ body: 'hello' }));
      // @ts-expect-error a number
      withSession(sessions, async () => 42);
      // @ts-expect-error nothing
      withSession(sessions, async () => {});
      // @ts-expect-error cookies are an array
      withSession(sessions, async () => ({ statusCode: 200, cookies: 'a=1' }));
      // @ts-expect-error a status code is a number
      withSession(sessions, async () => ({ statusCode: '200', body: '' }));
    });
  });

  it('does not compile with an event that carries no cookies, or with a key that the application does not have', () => {
    compiled((sessions) => {
      // @ts-expect-error
      withSession(sessions, async (_event: SQSEvent) => ok);
      withSession(sessions, (_event, session) => {
        // @ts-expect-error
        session.set('theme', 3);
        // @ts-expect-error
        session.set('them', 'dark');
        return '';
      });
    });
  });

  it('knows the error, the event and the result of onStoreError', () => {
    compiled((sessions) => {
      withSession(sessions, async (_event: APIGatewayProxyEvent) => ok, {
        onStoreError(error, event) {
          expectTypeOf(error).toEqualTypeOf<StoreUnavailableError>();
          expectTypeOf(event).toEqualTypeOf<APIGatewayProxyEvent>();
          return { statusCode: 503, body: error.retryable ? 'later' : 'never' };
        },
      });
      withSession(sessions, async () => ok, {
        onStoreError: (_error, event) => ({ statusCode: 302, headers: { location: event.rawPath } }),
      });
      // @ts-expect-error a REST API needs a body
      withSession(sessions, async (_event: APIGatewayProxyEvent) => ok, { onStoreError: () => ({ statusCode: 503 }) });
      // @ts-expect-error
      withSession(sessions, async () => ok, { onError: () => ok });
      // @ts-expect-error
      withSession(sessions, async () => ok, { create: 'yes' });
    });
  });

  it('takes cookie options that are only known at run time', () => {
    compiled((sessions) => {
      const handler = async (): Promise<typeof ok> => ok;
      const { COOKIE_NAME: name, COOKIE_DOMAIN: domain } = process.env;
      const secure = process.env['NODE_ENV'] === 'production';
      withSession(sessions, handler, { cookie: {} });
      withSession(sessions, handler, { cookie: { name: 'id', secure } });
      withSession(sessions, handler, { cookie: { name: secure ? '__Host-id' : 'id', secure } });
      withSession(sessions, handler, { cookie: { name, domain, secure } });
      withSession(sessions, handler, { cookie: { sameSite: secure ? 'None' : 'Lax', partitioned: secure } });
      // @ts-expect-error C1: HttpOnly is not up for discussion
      withSession(sessions, handler, { cookie: { httpOnly: false } });
      // @ts-expect-error C1: Max-Age follows the session
      withSession(sessions, handler, { cookie: { maxAge: 60 } });
      // @ts-expect-error C1: there is no such policy
      withSession(sessions, handler, { cookie: { sameSite: 'lax' } });
    });
  });
});

describe('LambdaSessions', () => {
  it('gives back what it is given', () => {
    compiled(async (sessions) => {
      const requests = new LambdaSessions(sessions);
      const event = {} as APIGatewayProxyEvent;
      const session = await requests.start(event, { context: {} as Context, create: true });
      expectTypeOf(session).toEqualTypeOf<Session<App, User>>();
      expectTypeOf(await requests.commit(session, event, ok)).toEqualTypeOf<typeof ok>();
      expectTypeOf(requests.unavailable(event)).toEqualTypeOf<RestApiResult>();
      expectTypeOf(requests.unavailable({} as ALBEvent)).toEqualTypeOf<AlbResult>();
      // @ts-expect-error
      await requests.start({} as SQSEvent);
    });
  });
});

describe('withStreamingSession', () => {
  it('takes events of the sources that stream', () => {
    compiled((sessions) => {
      const url = withStreamingSession(sessions, async (event, session, respond) => {
        expectTypeOf(event).toEqualTypeOf<HttpApiEvent>();
        expectTypeOf(session).toEqualTypeOf<Session<App, User>>();
        const body = await respond({ statusCode: 200, headers: { 'content-type': 'text/plain' }, cookies: ['a=1'] });
        body.write('one');
        body.end();
      });
      const rest = withStreamingSession(
        sessions,
        async (_event: APIGatewayProxyEvent, _session, respond, context: Context) => {
          (await respond({ multiValueHeaders: { vary: ['Accept'] } })).end(context.awsRequestId);
        },
      );
      expectTypeOf(rest).parameter(0).toEqualTypeOf<APIGatewayProxyEvent>();
      // @ts-expect-error a load balancer does not stream
      withStreamingSession(sessions, async (_event: ALBEvent) => {});
      // @ts-expect-error the body is the stream's
      withStreamingSession(sessions, async (_event, _session, respond) => void (await respond({ body: '' })));
      // @ts-expect-error nothing is read of what it returns
      withStreamingSession(sessions, async () => ok);
      return url satisfies StreamifyHandler<HttpApiEvent, void>;
    });
  });
});
