import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Engine } from '../engines/index.js';

/** How an endpoint answers its n-th request (from 0): with a status and a body, by breaking the connection, or never. */
export type Answer = { readonly status: number; readonly body: unknown } | 'drop' | 'hang';

/** A server on this machine that answers as a faulty DynamoDB would. */
export interface FaultyEndpoint {
  readonly endpoint: string;
  /** The operations asked for so far: `GetItem`, `UpdateItem`. */
  readonly operations: readonly string[];
}

export const ok = (body: unknown = {}): Answer => ({ status: 200, body });

/** An error as DynamoDB words it. */
export const fault = (status: number, name: string, message = 'No.'): Answer => ({
  status,
  body: { __type: `com.amazonaws.dynamodb.v20120810#${name}`, message },
});

/** Starts one for as long as the test runs; the last of the answers is that to all further requests. */
export async function startFaultyEndpoint(...answers: [Answer, ...Answer[]]): Promise<FaultyEndpoint> {
  const operations: string[] = [];
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      operations.push(String(request.headers['x-amz-target']).replace(/^.*\./, ''));
      give(response, answers[Math.min(operations.length, answers.length) - 1] as Answer);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, operations };
}

/** Starts a proxy before an engine for as long as the test runs; `dropAnswer` says of which requests the answer is lost. */
export async function startLossyProxy(engine: Engine, dropAnswer: (operation: string, count: number) => boolean): Promise<FaultyEndpoint> {
  const operations: string[] = [];
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray() as Buffer[]);
    const operation = String(request.headers['x-amz-target']).replace(/^.*\./, '');
    operations.push(operation);
    const headers = new Headers(Object.entries(request.headers).filter(([name]) => !['host', 'connection', 'content-length'].includes(name)) as [string, string][]);
    const answer = await fetch(engine.endpoint, { method: 'POST', headers, body });
    const text = await answer.text();
    if (dropAnswer(operation, operations.filter((each) => each === operation).length)) return void response.destroy();
    response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' }).end(text);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, operations };
}

function give(response: ServerResponse, answer: Answer): void {
  if (answer === 'hang') return;
  if (answer === 'drop') response.destroy();
  else response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer.body));
}
