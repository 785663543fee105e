import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { TABLE_ENVIRONMENT } from '../../src/table-schema.js';

/** The environment by which a function finds its table. */
export function environmentOf(
  { endpoint }: { readonly endpoint: string },
  { tableName }: { readonly tableName: string },
): Record<string, string> {
  return {
    [TABLE_ENVIRONMENT.tableName]: tableName,
    [TABLE_ENVIRONMENT.region]: 'us-east-1',
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
  };
}

/** A DynamoDB for as long as the scope lasts. */
interface Endpoint extends AsyncDisposable {
  readonly endpoint: string;
}

/** A DynamoDB that never answers. */
export function storeThatHangs(): Promise<Endpoint> {
  return listen(() => {});
}

/** The DynamoDB at another endpoint, each operation of one kind taking some milliseconds more. */
export function storeThatIsSlow(endpoint: string, operation: string, milliseconds: number): Promise<Endpoint> {
  return listen((incoming, response) => {
    const isSlow = incoming.headers['x-amz-target']?.toString().endsWith(`.${operation}`) === true;
    forward(incoming, response, endpoint, async ({ statusCode = 500, headers }) => {
      await delay(isSlow ? milliseconds : 0);
      response.writeHead(statusCode, headers);
    });
  });
}

/**
 * The DynamoDB at another endpoint, with the time of this process, which a test may have moved: the SDK compares the
 * two, and repeats what failed if they are far apart.
 */
export function storeInOurTime(endpoint: string): Promise<Endpoint> {
  return listen((incoming, response) => {
    forward(incoming, response, endpoint, ({ statusCode = 500, headers }) => {
      response.writeHead(statusCode, { ...headers, date: new Date(Date.now()).toUTCString() });
    });
  });
}

function forward(
  incoming: IncomingMessage,
  response: ServerResponse,
  endpoint: string,
  begin: (answer: IncomingMessage) => void | Promise<void>,
): void {
  const { method = 'POST', url = '/', headers } = incoming;
  const outgoing = request(new URL(url, endpoint), { method, headers });
  outgoing.on('response', (answer) => {
    void Promise.resolve(begin(answer)).then(() => answer.pipe(response));
  });
  outgoing.on('error', () => response.destroy());
  incoming.pipe(outgoing);
}

async function listen(listener: RequestListener): Promise<Endpoint> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
