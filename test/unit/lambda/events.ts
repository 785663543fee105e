import type { ALBEvent, APIGatewayProxyEvent, APIGatewayProxyEventV2, LambdaFunctionURLEvent } from 'aws-lambda';
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
    'a connection to a WebSocket API',
    {
      headers: { Cookie: '__Host-id=x' },
      multiValueHeaders: { Cookie: ['__Host-id=x'] },
      requestContext: {
        routeKey: '$connect',
        eventType: 'CONNECT',
        connectionId: 'QxYzAcVIliACFfQ=',
        identity: { sourceIp: ADDRESS, userAgent: FIREFOX },
      },
      isBase64Encoded: false,
    },
  ],
  [
    'a request from VPC Lattice',
    {
      version: '2.0',
      path: '/',
      method: 'GET',
      headers: { cookie: ['__Host-id=x'] },
      requestContext: {
        serviceNetworkArn: 'arn:aws:vpc-lattice:eu-central-1:123456789012:servicenetwork/sn-0',
        identity: {},
      },
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
