import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2, LambdaFunctionURLEvent } from 'aws-lambda';
import type { VpcLatticeEvent, WebSocketConnectEvent } from '../../../src/lambda/index.js';

/** What differs between two requests of one source. */
export interface RequestOptions {
  /** By default, GET without a body and POST with one. */
  readonly method?: string;
  /** Cookie headers' content, one `name=value` each. */
  readonly cookies?: readonly string[];
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Headers besides the ordinary ones, by their lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
}

const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';

/** The address that every fixture's service saw. */
export const ADDRESS = '203.0.113.7';

/** An HTTP API: the cookies are in a field of their own, the headers in lower case. */
export function httpApiEvent(options: RequestOptions = {}): APIGatewayProxyEventV2 {
  const { cookies = [], path = '/devices', query = {}, body, headers = {}, method = methodOf(body) } = options;
  const rawQueryString = new URLSearchParams(query).toString();
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString,
    ...(cookies.length === 0 ? {} : { cookies: [...cookies] }),
    headers: {
      accept: 'text/html,application/xhtml+xml',
      'accept-encoding': 'gzip, deflate, br, zstd',
      'accept-language': 'en-GB,en;q=0.5',
      'content-length': String(body?.length ?? 0),
      host: 'abcde12345.execute-api.eu-central-1.amazonaws.com',
      'user-agent': FIREFOX,
      'x-amzn-trace-id': 'Root=1-68c2d4a0-3f5a1c7b2e9d4f6081a2b3c4',
      'x-forwarded-for': ADDRESS,
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
      ...headers,
    },
    ...(rawQueryString === '' ? {} : { queryStringParameters: { ...query } }),
    requestContext: {
      accountId: '123456789012',
      apiId: 'abcde12345',
      domainName: 'abcde12345.execute-api.eu-central-1.amazonaws.com',
      domainPrefix: 'abcde12345',
      http: {
        method,
        path,
        protocol: 'HTTP/1.1',
        sourceIp: ADDRESS,
        userAgent: FIREFOX,
      },
      requestId: 'QxYzAbCdEfGhIjK=',
      routeKey: '$default',
      stage: '$default',
      time: '11/Sep/2025:13:55:12 +0000',
      timeEpoch: 1_757_598_912_345,
    },
    ...(body === undefined ? {} : { body }),
    isBase64Encoded: false,
  };
}

/** A Function URL: payload 2.0 as well, with the cookies in the headers besides. */
export function functionUrlEvent(options: RequestOptions = {}): LambdaFunctionURLEvent {
  const event = httpApiEvent(options);
  const host = 'abcdefghijklmnopqrstuvwxyz123456.lambda-url.eu-central-1.on.aws';
  return {
    ...event,
    headers: {
      ...event.headers,
      host,
      'x-amzn-tls-cipher-suite': 'TLS_AES_128_GCM_SHA256',
      'x-amzn-tls-version': 'TLSv1.3',
      ...(event.cookies === undefined ? {} : { cookie: event.cookies.join('; ') }),
    },
    requestContext: {
      ...event.requestContext,
      accountId: 'anonymous',
      apiId: 'abcdefghijklmnopqrstuvwxyz123456',
      domainName: host,
      domainPrefix: 'abcdefghijklmnopqrstuvwxyz123456',
      requestId: '3d1f0f0e-6a57-4a3c-9a52-8f0d2f5a7c11',
    },
  };
}

/** Payload 2.0 as some emulators send it: the cookies in the headers only, whatever their case. */
export function emulatedHttpApiEvent(options: RequestOptions = {}): APIGatewayProxyEventV2 {
  const { cookies, ...event } = httpApiEvent(options);
  return cookies === undefined ? event : { ...event, headers: { ...event.headers, Cookie: cookies.join('; ') } };
}

/** A REST API: headers twice, in the client's case. */
export function restApiEvent(options: RequestOptions = {}): APIGatewayProxyEvent {
  const { cookies = [], path = '/devices', query = {}, body, headers: own = {}, method = methodOf(body) } = options;
  const headers: Record<string, string> = {
    Accept: 'text/html,application/xhtml+xml',
    'CloudFront-Forwarded-Proto': 'https',
    'CloudFront-Viewer-Country': 'DE',
    Host: 'vwxyz67890.execute-api.eu-central-1.amazonaws.com',
    'User-Agent': FIREFOX,
    'X-Amz-Cf-Id': 'q0Wm1kJrZ7bC2oZ3fUqWf8k2o0f1nUo1Wn5s3t7x9Yz==',
    'X-Amzn-Trace-Id': 'Root=1-68c2d4a0-3f5a1c7b2e9d4f6081a2b3c4',
    'X-Forwarded-For': `${ADDRESS}, 130.176.98.140`,
    'X-Forwarded-Port': '443',
    'X-Forwarded-Proto': 'https',
    ...(cookies.length === 0 ? {} : { Cookie: cookies.join('; ') }),
    ...own,
  };
  const hasQuery = Object.keys(query).length > 0;
  return {
    resource: '/{proxy+}',
    path,
    httpMethod: method,
    headers,
    multiValueHeaders: severally(headers),
    queryStringParameters: hasQuery ? { ...query } : null,
    multiValueQueryStringParameters: hasQuery ? severally(query) : null,
    pathParameters: { proxy: path.slice(1) },
    stageVariables: null,
    requestContext: {
      accountId: '123456789012',
      apiId: 'vwxyz67890',
      authorizer: null,
      domainName: 'vwxyz67890.execute-api.eu-central-1.amazonaws.com',
      domainPrefix: 'vwxyz67890',
      extendedRequestId: 'QxYzAHm0liAFhzQ=',
      httpMethod: method,
      identity: {
        accessKey: null,
        accountId: null,
        apiKey: null,
        apiKeyId: null,
        caller: null,
        clientCert: null,
        cognitoAuthenticationProvider: null,
        cognitoAuthenticationType: null,
        cognitoIdentityId: null,
        cognitoIdentityPoolId: null,
        principalOrgId: null,
        sourceIp: ADDRESS,
        user: null,
        userAgent: FIREFOX,
        userArn: null,
        vpcId: undefined,
        vpceId: undefined,
      },
      path: `/prod${path}`,
      protocol: 'HTTP/1.1',
      requestId: '0d8bb2f6-7a63-4b6b-8a0e-3c2b1a0f9e8d',
      requestTime: '11/Sep/2025:13:55:12 +0000',
      requestTimeEpoch: 1_757_598_912_345,
      resourceId: 'a1b2c3',
      resourcePath: '/{proxy+}',
      stage: 'prod',
    },
    body: body ?? null,
    isBase64Encoded: false,
  };
}

/** A load balancer whose target group has multi-value headers turned off. */
export function albSingleEvent(options: RequestOptions = {}): ALBEvent {
  const { cookies = [], path = '/devices', query = {}, body, headers = {}, method = methodOf(body) } = options;
  return {
    requestContext: {
      elb: {
        targetGroupArn: 'arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/app/49e9d65c45c6791a',
      },
    },
    httpMethod: method,
    path,
    queryStringParameters: { ...query },
    headers: {
      accept: 'text/html,application/xhtml+xml',
      'accept-language': 'en-GB,en;q=0.5',
      connection: 'keep-alive',
      host: 'app-846800462.eu-central-1.elb.amazonaws.com',
      'user-agent': FIREFOX,
      'x-amzn-trace-id': 'Root=1-68c2d4a0-3f5a1c7b2e9d4f6081a2b3c4',
      'x-forwarded-for': ADDRESS,
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
      ...(cookies.length === 0 ? {} : { cookie: cookies.join('; ') }),
      ...headers,
    },
    body: body ?? '',
    isBase64Encoded: false,
  };
}

/** A load balancer whose target group has multi-value headers turned on: nothing is there singly. */
export function albMultiEvent(options: RequestOptions = {}): ALBEvent {
  const { headers, queryStringParameters: _, ...event } = albSingleEvent(options);
  return {
    ...event,
    multiValueQueryStringParameters: severally(options.query ?? {}),
    multiValueHeaders: severally((headers ?? {}) as Record<string, string>),
  };
}

/** VPC Lattice, event structure version 2: every header is a list, and the path has the query string. */
export function vpcLatticeEvent(options: RequestOptions = {}): VpcLatticeEvent {
  const { cookies = [], path = '/devices', query = {}, body, headers = {}, method = methodOf(body) } = options;
  const search = new URLSearchParams(query).toString();
  return {
    version: '2.0',
    path: search === '' ? path : `${path}?${search}`,
    method,
    headers: {
      accept: ['text/html,application/xhtml+xml'],
      host: ['app-0a1b2c3d4e5f.7d67968.vpc-lattice-svcs.eu-central-1.on.aws'],
      'user-agent': [FIREFOX],
      'x-forwarded-for': [ADDRESS],
      ...severally(headers),
      ...(cookies.length === 0 ? {} : { cookie: [cookies.join('; ')] }),
    },
    ...(search === '' ? {} : { queryStringParameters: severally(query) }),
    ...(body === undefined ? {} : { body, isBase64Encoded: false }),
    requestContext: {
      serviceNetworkArn: 'arn:aws:vpc-lattice:eu-central-1:123456789012:servicenetwork/sn-0a1b2c3d4e5f',
      serviceArn: 'arn:aws:vpc-lattice:eu-central-1:123456789012:service/svc-0a1b2c3d4e5f',
      targetGroupArn: 'arn:aws:vpc-lattice:eu-central-1:123456789012:targetgroup/tg-0a1b2c3d4e5f',
      identity: { sourceVpcArn: 'arn:aws:ec2:eu-central-1:123456789012:vpc/vpc-0a1b2c3d' },
      region: 'eu-central-1',
      timeEpoch: '1757598912345678',
    } as VpcLatticeEvent['requestContext'],
  };
}

/** The handshake of a WebSocket API: headers twice, in the client's case. */
export function webSocketConnectEvent({
  cookies = [],
  headers: own = {},
}: RequestOptions = {}): WebSocketConnectEvent & {
  readonly isBase64Encoded: boolean;
} {
  const headers: Record<string, string> = {
    Host: 'ws12345678.execute-api.eu-central-1.amazonaws.com',
    Origin: 'https://app.example.com',
    'Sec-WebSocket-Version': '13',
    'User-Agent': FIREFOX,
    'X-Forwarded-For': ADDRESS,
    ...(cookies.length === 0 ? {} : { Cookie: cookies.join('; ') }),
    ...own,
  };
  return {
    headers,
    multiValueHeaders: severally(headers),
    requestContext: {
      ...connection('$connect', 'CONNECT'),
      identity: { sourceIp: ADDRESS, userAgent: FIREFOX },
    },
    isBase64Encoded: false,
  };
}

/** It has headers, and none of the client's. */
function disconnectEvent(): object {
  const headers = { Host: 'ws12345678.execute-api.eu-central-1.amazonaws.com', 'x-restapi': '' };
  return {
    headers,
    multiValueHeaders: severally(headers),
    requestContext: { ...connection('$disconnect', 'DISCONNECT'), identity: { sourceIp: ADDRESS } },
    isBase64Encoded: false,
  };
}

function connection(routeKey: string, eventType: string): WebSocketConnectEvent['requestContext'] {
  const context = {
    routeKey,
    eventType,
    extendedRequestId: 'QxYzAEqNliAFmMw=',
    requestTime: '11/Sep/2025:13:55:12 +0000',
    messageDirection: 'IN',
    stage: 'prod',
    connectedAt: 1_757_598_912_345,
    requestTimeEpoch: 1_757_598_912_345,
    requestId: 'QxYzAEqNliAFmMw=',
    domainName: 'ws12345678.execute-api.eu-central-1.amazonaws.com',
    connectionId: 'QxYzAcVIliACFfQ=',
    apiId: 'ws12345678',
  };
  return context;
}

const methodOf = (body: string | undefined): string => (body === undefined ? 'GET' : 'POST');

function severally(single: Readonly<Record<string, string>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(single).map(([name, value]) => [name, [value]]));
}

/** Events that carry no cookies, and things that are no events. */
export const unsupportedEvents: readonly (readonly [name: string, event: unknown])[] = [
  [
    'an SQS event',
    {
      Records: [
        {
          messageId: '059f36b4-87a3-44ab-83d2-661975830a7d',
          receiptHandle: 'AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a',
          body: '{"version":"2.0"}',
          attributes: { ApproximateReceiveCount: '1', SenderId: 'AIDAIENQZJOLO23YVJ4VO' },
          messageAttributes: {},
          eventSource: 'aws:sqs',
          eventSourceARN: 'arn:aws:sqs:eu-central-1:123456789012:jobs',
          awsRegion: 'eu-central-1',
        },
      ],
    },
  ],
  [
    'a message of a WebSocket API',
    {
      requestContext: {
        routeKey: '$default',
        messageId: 'QxYzAcVIliACFfQ=',
        eventType: 'MESSAGE',
        messageDirection: 'IN',
        connectedAt: 1_757_598_912_345,
        requestId: 'QxYzAEqNliAFmMw=',
        domainName: 'ws12345678.execute-api.eu-central-1.amazonaws.com',
        connectionId: 'QxYzAcVIliACFfQ=',
        apiId: 'ws12345678',
        stage: 'prod',
        identity: { sourceIp: ADDRESS },
      },
      body: '{}',
      isBase64Encoded: false,
    },
  ],
  [
    'a connection to a WebSocket API, whose answer can set no cookie',
    webSocketConnectEvent({ cookies: ['__Host-id=x'] }),
  ],
  ['the end of a connection to a WebSocket API', disconnectEvent()],
  [
    'an AppSync resolver',
    {
      arguments: {},
      identity: null,
      source: null,
      request: { headers: { cookie: '__Host-id=x' }, domainName: null },
      prev: null,
      info: { fieldName: 'me', parentTypeName: 'Query', variables: {}, selectionSetList: ['id'] },
      stash: {},
    },
  ],
  [
    'a viewer request of Lambda@Edge',
    {
      Records: [
        {
          cf: {
            config: { distributionId: 'EDFDVBD6EXAMPLE', eventType: 'viewer-request' },
            request: {
              clientIp: ADDRESS,
              method: 'GET',
              uri: '/',
              querystring: '',
              headers: { cookie: [{ key: 'Cookie', value: '__Host-id=x' }] },
            },
          },
        },
      ],
    },
  ],
  [
    'a scheduled event',
    {
      version: '0',
      id: '53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa',
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: '123456789012',
      time: '2025-09-11T13:55:12Z',
      region: 'eu-central-1',
      resources: ['arn:aws:events:eu-central-1:123456789012:rule/warm'],
      detail: {},
    },
  ],
  ['an empty object', {}],
  ['null', null],
  ['a string', 'GET / HTTP/1.1'],
  ['an array', []],
  ['nothing', undefined],
];
