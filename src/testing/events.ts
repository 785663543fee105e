import { CLIENT } from './client.js';
import type { CookieJar } from './cookie-jar.js';
import type { TestAlbEvent, TestHttpApiEvent, TestRestApiEvent } from './event-types.js';

/** A request, of which the event tells a handler. */
export interface EventOptions {
  /** @defaultValue `'GET'`, or `'POST'` with a body */
  readonly method?: string;
  /** @defaultValue `'/'` */
  readonly path?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Headers besides those that every browser and service sends, by their lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The client's address, as the service saw it. @defaultValue that of every jar's client, `'203.0.113.7'` */
  readonly address?: string;
  /** @defaultValue Firefox's */
  readonly userAgent?: string;
  /** The browser that sends the request: its cookies for the path go along. */
  readonly jar?: CookieJar;
  /** Further cookies, one `name=value` each. */
  readonly cookies?: readonly string[];
}

/**
 * An event of an HTTP API: the cookies are in a field of their own, the headers in lower case.
 *
 * @example const result = await handler(httpApiEvent({ path: '/basket', body: '{"item":"book"}', jar }), {});
 */
export function httpApiEvent(options: EventOptions = {}): TestHttpApiEvent {
  const { path = '/', query = {}, body, headers = {}, method = methodOf(body) } = options;
  const { address, userAgent } = { ...CLIENT, ...options };
  const cookies = cookiesOf(options);
  const rawQueryString = new URLSearchParams(query).toString();
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString,
    ...(cookies.length === 0 ? {} : { cookies }),
    headers: {
      accept: 'text/html,application/xhtml+xml',
      'accept-encoding': 'gzip, deflate, br, zstd',
      'accept-language': 'en-GB,en;q=0.5',
      'content-length': String(body?.length ?? 0),
      host: 'abcde12345.execute-api.eu-central-1.amazonaws.com',
      'user-agent': userAgent,
      'x-amzn-trace-id': 'Root=1-68c2d4a0-3f5a1c7b2e9d4f6081a2b3c4',
      'x-forwarded-for': address,
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
        sourceIp: address,
        userAgent,
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

/**
 * An event of a Function URL: payload 2.0 as well, with the cookies in the headers besides.
 *
 * @example const result = await handler(functionUrlEvent({ jar }), {});
 */
export function functionUrlEvent(options: EventOptions = {}): TestHttpApiEvent {
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

/**
 * An event of a REST API: headers twice, in the client's case.
 *
 * @example const result = await handler(restApiEvent({ jar }), {});
 */
export function restApiEvent(options: EventOptions = {}): TestRestApiEvent {
  const { path = '/', query = {}, body, headers: own = {}, method = methodOf(body) } = options;
  const { address, userAgent } = { ...CLIENT, ...options };
  const cookies = cookiesOf(options);
  const headers: Record<string, string> = {
    Accept: 'text/html,application/xhtml+xml',
    'CloudFront-Forwarded-Proto': 'https',
    'CloudFront-Viewer-Country': 'DE',
    Host: 'vwxyz67890.execute-api.eu-central-1.amazonaws.com',
    'User-Agent': userAgent,
    'X-Amz-Cf-Id': 'q0Wm1kJrZ7bC2oZ3fUqWf8k2o0f1nUo1Wn5s3t7x9Yz==',
    'X-Amzn-Trace-Id': 'Root=1-68c2d4a0-3f5a1c7b2e9d4f6081a2b3c4',
    'X-Forwarded-For': `${address}, 130.176.98.140`,
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
        sourceIp: address,
        user: null,
        userAgent,
        userArn: null,
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

/** The options of {@link albEvent}. */
export interface AlbEventOptions extends EventOptions {
  /** Whether the target group has multi-value headers turned on: then nothing is there singly. @defaultValue false */
  readonly multiValueHeaders?: boolean;
}

/**
 * An event of an Application Load Balancer.
 *
 * @example const result = await handler(albEvent({ jar, multiValueHeaders: true }), {});
 */
export function albEvent({ multiValueHeaders = false, ...options }: AlbEventOptions = {}): TestAlbEvent {
  const { headers = {}, queryStringParameters = {}, ...event } = singleAlbEvent(options);
  return multiValueHeaders
    ? {
        ...event,
        multiValueQueryStringParameters: severally(queryStringParameters),
        multiValueHeaders: severally(headers),
      }
    : { ...event, queryStringParameters, headers };
}

function singleAlbEvent(options: EventOptions): TestAlbEvent {
  const { path = '/', query = {}, body, headers = {}, method = methodOf(body) } = options;
  const { address, userAgent } = { ...CLIENT, ...options };
  const cookies = cookiesOf(options);
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
      'user-agent': userAgent,
      'x-amzn-trace-id': 'Root=1-68c2d4a0-3f5a1c7b2e9d4f6081a2b3c4',
      'x-forwarded-for': address,
      'x-forwarded-port': '443',
      'x-forwarded-proto': 'https',
      ...(cookies.length === 0 ? {} : { cookie: cookies.join('; ') }),
      ...headers,
    },
    body: body ?? '',
    isBase64Encoded: false,
  };
}

const cookiesOf = ({ jar, path = '/', cookies = [] }: EventOptions): string[] => [
  ...(jar?.cookies({ path }) ?? []),
  ...cookies,
];

const methodOf = (body: string | undefined): string => (body === undefined ? 'GET' : 'POST');

function severally(single: Readonly<Record<string, string>>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(single).map(([name, value]) => [name, [value]]));
}
