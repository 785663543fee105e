import type { AlbEvent, HttpApiEvent, RestApiEvent } from '../lambda/index.js';

// In full, so that a handler typed by @types/aws-lambda takes them; no types of that package are needed here.

/** An event of an HTTP API or a Function URL, as `httpApiEvent` makes it. An `APIGatewayProxyEventV2`. */
export interface TestHttpApiEvent extends HttpApiEvent {
  routeKey: string;
  cookies?: string[];
  queryStringParameters?: { [name: string]: string };
  pathParameters?: { [name: string]: string };
  body?: string;
  requestContext: HttpApiEvent['requestContext'] & {
    accountId: string;
    apiId: string;
    domainName: string;
    domainPrefix: string;
    http: HttpApiEvent['requestContext']['http'] & { protocol: string };
    requestId: string;
    routeKey: string;
    stage: string;
    time: string;
    timeEpoch: number;
  };
}

/** An event of a REST API, as `restApiEvent` makes it. An `APIGatewayProxyEvent`. */
export interface TestRestApiEvent extends RestApiEvent {
  resource: string;
  headers: { [name: string]: string };
  multiValueHeaders: { [name: string]: string[] };
  queryStringParameters: { [name: string]: string } | null;
  multiValueQueryStringParameters: { [name: string]: string[] } | null;
  pathParameters: { [name: string]: string } | null;
  stageVariables: null;
  requestContext: {
    accountId: string;
    apiId: string;
    authorizer: null;
    domainName: string;
    domainPrefix: string;
    extendedRequestId: string;
    httpMethod: string;
    identity: {
      accessKey: null;
      accountId: null;
      apiKey: null;
      apiKeyId: null;
      caller: null;
      clientCert: null;
      cognitoAuthenticationProvider: null;
      cognitoAuthenticationType: null;
      cognitoIdentityId: null;
      cognitoIdentityPoolId: null;
      principalOrgId: null;
      sourceIp: string;
      user: null;
      userAgent: string;
      userArn: null;
    };
    path: string;
    protocol: string;
    requestId: string;
    requestTime: string;
    requestTimeEpoch: number;
    resourceId: string;
    resourcePath: string;
    stage: string;
  };
}

/** An event of an Application Load Balancer, as `albEvent` makes it. An `ALBEvent`. */
export interface TestAlbEvent extends AlbEvent {
  headers?: { [name: string]: string };
  multiValueHeaders?: { [name: string]: string[] };
  queryStringParameters?: { [name: string]: string };
  multiValueQueryStringParameters?: { [name: string]: string[] };
}
