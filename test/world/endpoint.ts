import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Engine } from '../engines/index.js';

/**
 * How an endpoint answers a request: with a status and a body, by half of a body that ends or does not, by breaking the
 * connection, or never.
 */
export type Answer = { readonly status: number; readonly body: unknown } | 'truncate' | 'stall' | 'drop' | 'hang';

/** A server on this machine that answers as a faulty DynamoDB would. */
export interface FaultyEndpoint {
  readonly endpoint: string;
  /** The operations asked for so far: `GetItem`, `UpdateItem`. */
  readonly operations: readonly string[];
  /** How each request was signed. */
  readonly authorizations: readonly string[];
}

export const ok = (body: unknown = {}): Answer => ({ status: 200, body });

/** An error as DynamoDB words it. */
export const fault = (status: number, name: string, message = 'No.'): Answer => ({
  status,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message },
});

/** Starts one for as long as the test runs; the last of the answers is that to all further requests. */
export function startFaultyEndpoint(...answers: [Answer, ...Answer[]]): Promise<FaultyEndpoint> {
  return serve((_request, operations, response) => {
    give(response, answers[Math.min(operations.length, answers.length) - 1] as Answer);
  });
}

/**
 * Starts a proxy before an engine for as long as the test runs. It loses the answers to the first requests for an
 * operation; `meanwhile` happens before the client notices.
 */
export function startLossyProxy(
  engine: Engine,
  losses: Readonly<Record<string, number>>,
  meanwhile: () => unknown = () => {},
): Promise<FaultyEndpoint> {
  return serve(async ({ headers, body }, operations, response) => {
    const { status, text } = await forward(engine, headers, body);
    const operation = operations.at(-1) as string;
    const count = operations.filter((each) => each === operation).length;
    if (count > (losses[operation] ?? 0)) return void response.writeHead(status, JSON_1_0).end(text);
    await meanwhile();
    response.destroy();
  });
}

const JSON_1_0 = { 'content-type': 'application/x-amz-json-1.0' };

type Received = { readonly headers: IncomingHttpHeaders; readonly body: Buffer };

async function serve(
  respond: (request: Received, operations: readonly string[], response: ServerResponse) => void | Promise<void>,
): Promise<FaultyEndpoint> {
  const operations: string[] = [];
  const authorizations: string[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      operations.push(String(request.headers['x-amz-target']).replace(/^.*\./, ''));
      authorizations.push(String(request.headers.authorization));
      void respond({ headers: request.headers, body: Buffer.concat(chunks) }, [...operations], response);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, operations, authorizations };
}

async function forward(
  { endpoint }: Engine,
  headers: IncomingHttpHeaders,
  body: Buffer,
): Promise<{ status: number; text: string }> {
  const hops = ['host', 'connection', 'content-length', 'transfer-encoding'];
  const kept = Object.entries(headers).filter((entry): entry is [string, string] => !hops.includes(entry[0]));
  const answer = await fetch(endpoint, { method: 'POST', headers: kept, body: new Uint8Array(body) });
  return { status: answer.status, text: await answer.text() };
}

const HALF = '{"Item":{"id":';

function give(response: ServerResponse, answer: Answer): void {
  if (answer === 'hang') return;
  if (answer === 'drop') response.destroy();
  else if (answer === 'truncate') response.writeHead(200, JSON_1_0).end(HALF);
  else if (answer === 'stall') response.writeHead(200, JSON_1_0).write(HALF);
  else response.writeHead(answer.status, JSON_1_0).end(JSON.stringify(answer.body));
}
