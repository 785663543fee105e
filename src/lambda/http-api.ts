import { at, type EventSource, text } from './event-source.js';
import { noStore, valuesOf } from './headers.js';

/** An event of an HTTP API or a Function URL: payload format 2.0. `APIGatewayProxyEventV2` is one. */
export interface HttpApiEvent {
  readonly version: string;
  readonly rawPath: string;
  readonly rawQueryString: string;
  readonly cookies?: string[] | undefined;
  readonly headers: { [name: string]: string | undefined };
  readonly queryStringParameters?: { [name: string]: string | undefined } | undefined;
  readonly pathParameters?: { [name: string]: string | undefined } | undefined;
  readonly body?: string | undefined;
  readonly isBase64Encoded: boolean;
  readonly requestContext: {
    readonly http: {
      readonly method: string;
      readonly path: string;
      readonly sourceIp: string;
      readonly userAgent: string;
    };
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
    };

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html */
export const httpApi: EventSource<HttpApiEvent, HttpApiResult> = {
  matches: (event): event is HttpApiEvent =>
    at(event, 'version') === '2.0' && at(event, 'requestContext', 'http') !== undefined,

  // Some emulators know `headers.cookie` only.
  cookies: (event) =>
    [...(event.cookies ?? []), ...valuesOf(event.headers, 'cookie')].filter((cookie) => typeof cookie === 'string'),

  address: (event) => text(event.requestContext.http.sourceIp),

  userAgent: (event) => text(event.requestContext.http.userAgent) ?? valuesOf(event.headers, 'user-agent')[0],

  withCookies(_event, result, setCookies) {
    const answer = explicit(result);
    return {
      ...answer,
      headers: { ...noStore(answer.headers), ...answer.headers },
      cookies: [...(answer.cookies ?? []), ...setCookies],
    };
  },

  answer: (_event, statusCode, headers, body) => ({ statusCode, headers, body }),
};

/** The result as the service would understand it: what has no `statusCode` is the body of a 200. */
function explicit(result: HttpApiResult | undefined | null): Exclude<HttpApiResult, string> {
  if (typeof result === 'object' && result !== null && 'statusCode' in result) return result;
  const body = typeof result === 'string' ? result : JSON.stringify(result);
  return { statusCode: 200, headers: { 'content-type': 'application/json' }, ...(body === undefined ? {} : { body }) };
}
