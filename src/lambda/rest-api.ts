import { at, type EventSource, plainAnswer, type RequestSource, text } from './event-source.js';
import { allCookies, type BothHeaders, headersBeside, otherHeaders, valuesIn, valuesOf } from './headers.js';

/** An event of a REST API: payload format 1.0, which an HTTP API can be told to send as well. `APIGatewayProxyEvent` is one. */
export interface RestApiEvent {
  readonly httpMethod: string;
  readonly path: string;
  readonly headers: { [name: string]: string | undefined } | null;
  readonly multiValueHeaders: { [name: string]: string[] | undefined } | null;
  readonly queryStringParameters: { [name: string]: string | undefined } | null;
  readonly pathParameters: { [name: string]: string | undefined } | null;
  readonly body: string | null;
  readonly isBase64Encoded: boolean;
  readonly requestContext: {
    readonly identity: { readonly sourceIp: string; readonly userAgent: string | null };
  };
}

/** What a handler returns for payload format 1.0. */
export interface RestApiResult {
  statusCode: number;
  headers?: { [name: string]: string | number | boolean } | undefined;
  multiValueHeaders?: { [name: string]: (string | number | boolean)[] } | undefined;
  body: string;
  isBase64Encoded?: boolean | undefined;
  /** Not known to this format: the service would answer with a 502. */
  cookies?: never;
}

/** What is read in the same way from the handshake of a WebSocket API. */
export const readsIdentity: Omit<RequestSource<BothHeaders>, 'matches' | 'method'> = {
  header: (event, name) => valuesIn(event, name)[0],

  cookies: (event) => valuesIn(event, 'cookie'),

  address: (event) => text(at(event, 'requestContext', 'identity', 'sourceIp')),

  userAgent: (event) =>
    text(at(event, 'requestContext', 'identity', 'userAgent')) ?? valuesOf(event.headers, 'user-agent')[0],
};

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html */
export const restApi: EventSource<RestApiEvent, RestApiResult> = {
  matches: (event): event is RestApiEvent =>
    typeof at(event, 'httpMethod') === 'string' && at(event, 'requestContext', 'identity') !== undefined,

  method: (event) => event.httpMethod,

  ...readsIdentity,

  // With the stage, where the browser's URL has it.
  path: (event) => text(at(event, 'requestContext', 'path')) ?? event.path,

  withCookies(_event, result, setCookies, more) {
    const { headers, multiValueHeaders } = result;
    return {
      ...result,
      headers: { ...headersBeside(headers, multiValueHeaders), ...more },
      multiValueHeaders: {
        ...otherHeaders(multiValueHeaders),
        'set-cookie': allCookies(setCookies, headers, multiValueHeaders),
      },
    };
  },

  answer: plainAnswer,
};
