import { at, type EventSource, plainAnswer, text } from './event-source.js';
import { allCookies, headersBeside, valuesOf } from './headers.js';

/**
 * An event of an HTTP API or a Function URL: payload format 2.0. `APIGatewayProxyEventV2` is one, and it is one of those:
 * it can be handed to a function that takes them.
 */
export interface HttpApiEvent {
  readonly version: string;
  readonly routeKey: string;
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly cookies?: string[];
  readonly headers: { [name: string]: string | undefined };
  readonly queryStringParameters?: { [name: string]: string | undefined };
  readonly pathParameters?: { [name: string]: string | undefined };
  readonly stageVariables?: { [name: string]: string | undefined };
  readonly body?: string;
  readonly isBase64Encoded: boolean;
  readonly requestContext: {
    readonly accountId: string;
    readonly apiId: string;
    readonly domainName: string;
    readonly domainPrefix: string;
    readonly http: {
      readonly method: string;
      readonly path: string;
      readonly protocol: string;
      readonly sourceIp: string;
      readonly userAgent: string;
    };
    readonly requestId: string;
    readonly routeKey: string;
    readonly stage: string;
    readonly time: string;
    readonly timeEpoch: number;
  };
}

/** What a handler may return for payload format 2.0; with anything but a `statusCode`, it is the body of a 200. */
export type HttpApiResult =
  | string
  | {
      statusCode?: number | undefined;
      headers?: { [name: string]: string | number | boolean } | undefined;
      cookies?: string[] | undefined;
      body?: string | undefined;
      isBase64Encoded?: boolean | undefined;
      /** Not known to this format: the service would ignore it. */
      multiValueHeaders?: never;
    };

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
export const httpApi: EventSource<HttpApiEvent, HttpApiResult> = {
  matches: (event): event is HttpApiEvent =>
    at(event, 'version') === '2.0' && at(event, 'requestContext', 'http') !== undefined,

  method: (event) => text(at(event, 'requestContext', 'http', 'method')) ?? 'GET',

  path: (event) => text(event.rawPath),

  header: (event, name) => valuesOf(event.headers, name)[0],

  // Some emulators know `headers.cookie` only.
  cookies: (event) =>
    [event.cookies, valuesOf(event.headers, 'cookie')].flat().filter((cookie) => typeof cookie === 'string'),

  address: (event) => text(at(event, 'requestContext', 'http', 'sourceIp')),

  userAgent: (event) =>
    text(at(event, 'requestContext', 'http', 'userAgent')) ?? valuesOf(event.headers, 'user-agent')[0],

  withCookies(_event, result, setCookies, more) {
    const answer = explicit(result);
    return {
      ...answer,
      headers: { ...headersBeside(answer.headers), ...more },
      // Beside `cookies`, a header of that name may or may not be sent.
      cookies: allCookies(setCookies, { 'set-cookie': answer.cookies }, answer.headers),
    };
  },

  answer: plainAnswer,
};

/** The result as the service would understand it: what has no `statusCode` is the body of a 200. */
function explicit(result: HttpApiResult | undefined | null): Exclude<HttpApiResult, string> {
  if (at(result, 'statusCode') !== undefined) return result as Exclude<HttpApiResult, string>;
  // A stream, of Node.js or of the web, is a body for whatever wrapper has made the handler one that streams.
  const isStream = Symbol.asyncIterator in Object(result);
  const body = isStream || typeof result === 'string' ? (result as string) : JSON.stringify(result ?? null);
  return { statusCode: 200, headers: { 'content-type': `application/${isStream ? 'octet-stream' : 'json'}` }, body };
}
