import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2, LambdaFunctionURLEvent } from 'aws-lambda';
import type { VpcLatticeEvent, WebSocketConnectEvent } from '../../../src/lambda/index.js';
import { CLIENT } from '../../../src/testing/client.js';
import * as testing from '../../../src/testing/index.js';

/** What differs between two requests of one source. */
export type RequestOptions = Omit<testing.EventOptions, 'jar'>;

/** The address that every fixture's service saw. */
export const ADDRESS: string = CLIENT.address;

const FIREFOX = CLIENT.userAgent;

// Typed by @types/aws-lambda: what a handler is written for is what it gets.

export const httpApiEvent = (options: RequestOptions = {}): APIGatewayProxyEventV2 =>
  testing.httpApiEvent(onDevices(options));

export const functionUrlEvent = (options: RequestOptions = {}): LambdaFunctionURLEvent =>
  testing.functionUrlEvent(onDevices(options));

export const restApiEvent = (options: RequestOptions = {}): APIGatewayProxyEvent =>
  testing.restApiEvent(onDevices(options));

/** A load balancer whose target group has multi-value headers turned off. */
export const albSingleEvent = (options: RequestOptions = {}): ALBEvent => testing.albEvent(onDevices(options));

/** A load balancer whose target group has multi-value headers turned on: nothing is there singly. */
export const albMultiEvent = (options: RequestOptions = {}): ALBEvent =>
  testing.albEvent({ ...onDevices(options), multiValueHeaders: true });

const onDevices = (options: RequestOptions): RequestOptions => ({ path: '/devices', ...options });

/** Payload 2.0 as some emulators send it: the cookies in the headers only, whatever their case. */
export function emulatedHttpApiEvent(options: RequestOptions = {}): APIGatewayProxyEventV2 {
  const { cookies, ...event } = httpApiEvent(options);
  return cookies === undefined ? event : { ...event, headers: { ...event.headers, Cookie: cookies.join('; ') } };
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
