import { once } from 'node:events';
import { createServer, request, type RequestListener } from 'node:http';
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
    const { method, url, headers } = incoming;
    const isSlow = headers['x-amz-target']?.toString().endsWith(`.${operation}`) === true;
    const outgoing = request(new URL(url ?? '/', endpoint), { ...(method && { method }), headers });
    outgoing.on('response', (answer) => {
      void delay(isSlow ? milliseconds : 0).then(() => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      });
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
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
