/** A Lambda handler over HTTP: what a Function URL does, with payload 2.0. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { HttpApiResult } from 'dynamodb-sessions/lambda';

/** As much of Lambda's context as handlers commonly use. */
interface Context {
  readonly functionName: string;
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

type Handler = (event: APIGatewayProxyEventV2, context: Context) => Promise<HttpApiResult>;

const LARGEST_BODY = 6 * 1024 * 1024; // what Lambda takes
const TIMEOUT_MS = 10_000;

/** Answers HTTP requests by invoking the handler. */
export function invoke(handler: Handler): RequestListener {
  return (request, response) => {
    invokeOnce(handler, request)
      .catch((error: unknown) => {
        console.error(error);
        return message(500, 'Internal Server Error');
      })
      .then((result) => send(response, result))
      .catch(console.error);
  };
}

async function invokeOnce(handler: Handler, request: IncomingMessage): Promise<HttpApiResult> {
  const body = await read(request);
  if (body === undefined) return message(413, 'Request Entity Too Large');
  return handler(eventOf(request, body), newContext());
}

/** The event for a request. The path stays percent-encoded, as a Function URL leaves it; an HTTP API decodes it. */
function eventOf(request: IncomingMessage, body: Buffer): APIGatewayProxyEventV2 {
  const { cookie = [], ...headers } = request.headersDistinct;
  const { host = 'localhost', 'user-agent': userAgent = '' } = request.headers;
  const { remoteAddress: sourceIp = '', localPort } = request.socket;
  const [rawPath = '/', ...query] = (request.url ?? '/').split('?');
  const cookies = cookie
    .flatMap((pairs) => pairs.split(';'))
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '');
  const parameters = new URLSearchParams(query.join('?'));
  const now = new Date();
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: query.join('?'),
    ...(cookies.length === 0 ? {} : { cookies }),
    headers: {
      ...joined(Object.entries(headers)),
      'x-forwarded-for': [...(headers['x-forwarded-for'] ?? []), sourceIp].join(', '),
      'x-forwarded-port': String(localPort),
      'x-forwarded-proto': 'http',
    },
    ...(parameters.size === 0
      ? {}
      : { queryStringParameters: joined([...parameters.keys()].map((name) => [name, parameters.getAll(name)])) }),
    requestContext: {
      accountId: 'anonymous',
      apiId: 'local',
      domainName: host,
      domainPrefix: host.split('.')[0] ?? host,
      http: {
        method: request.method ?? 'GET',
        path: rawPath,
        protocol: `HTTP/${request.httpVersion}`,
        sourceIp,
        userAgent,
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: now.toUTCString().replace(/^\w+, (\d+) (\w+) (\d+) ([\d:]+) GMT$/, '$1/$2/$3:$4 +0000'),
      timeEpoch: now.getTime(),
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText(headers['content-type']) ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText(headers['content-type']),
  };
}

/** Sends a handler's result, each of its cookies as a Set-Cookie header. */
function send(response: ServerResponse, result: HttpApiResult): void {
  const isAnswer = typeof result === 'object' && result !== null && 'statusCode' in result;
  const {
    statusCode = 200,
    headers = {},
    cookies = [],
    body = '',
    isBase64Encoded = false,
  } = isAnswer
    ? result
    : {
        headers: { 'content-type': 'application/json' },
        body: typeof result === 'string' ? result : JSON.stringify(result),
      };
  response.statusCode = statusCode;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  response.end(Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8'));
}

/** The body; `undefined` if it is too large. It is read to its end all the same, so that the client reads the answer. */
async function read(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= LARGEST_BODY) chunks.push(chunk);
  }
  return size <= LARGEST_BODY ? Buffer.concat(chunks) : undefined;
}

function newContext(): Context {
  const end = Date.now() + TIMEOUT_MS;
  return { functionName: 'local', awsRequestId: randomUUID(), getRemainingTimeInMillis: () => end - Date.now() };
}

function message(statusCode: number, text: string): HttpApiResult {
  return { statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify({ message: text }) };
}

function joined(
  values: readonly (readonly [name: string, values: readonly string[] | undefined])[],
): Record<string, string> {
  return Object.fromEntries(values.map(([name, all = []]) => [name, all.join(',')]));
}

/** Which bodies come as text was observed on the service; the others come in base64, those of no type included. */
function isText([type = '']: readonly string[] = []): boolean {
  return /^(text\/.*|application\/(json|xml|javascript))\s*(;|$)/i.test(type);
}
