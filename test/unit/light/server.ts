import { once } from 'node:events';
import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Item } from '../../../src/table/port.js';
import { DynamoDBPersistenceLayer, type DynamoDBPersistenceLayerOptions } from '../../../src/light/index.js';

export const CREDENTIALS = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'a-secret-access-key',
  sessionToken: 'a-token',
};

/** What is answered: nothing, for a request that hangs. */
export type Reply = { status?: number; headers?: OutgoingHttpHeaders; body?: string | Buffer } | 'hang';

/** A server on this machine that answers as a test says. */
export class TestServer {
  readonly requests: IncomingMessage[] = [];
  readonly sockets = new Set<Socket>();
  /** How many requests came on connections that lead nowhere. */
  unheard = 0;
  readonly #server: Server;
  #silent = new WeakSet<Socket>();

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(reply: (request: IncomingMessage, count: number) => Reply): Promise<TestServer> {
    const server = createServer({ keepAliveTimeout: 0 }); // so it ends no connection by itself
    const self = new TestServer(server);
    server.on('connection', (socket) => {
      self.sockets.add(socket);
      socket.once('close', () => self.sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      request.resume();
      request.on('end', () => {
        if (self.#silent.has(request.socket)) return void (self.unheard += 1);
        if (request.method === 'POST') self.requests.push(request);
        const answer = reply(request, self.requests.length);
        if (answer === 'hang') return;
        response.writeHead(answer.status ?? 200, { 'content-type': 'application/x-amz-json-1.0', ...answer.headers });
        response.end(answer.body ?? '{}');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    });
    return self;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Closes every connection, as a server does while its client is frozen. The client has had no time to notice. */
  reset(): void {
    for (const socket of this.sockets) socket.resetAndDestroy();
  }

  /** Every connection that there is leads nowhere from now on. */
  silence(): void {
    for (const socket of this.sockets) this.#silent.add(socket);
  }
}

/** An item as it is on the wire. */
export const onTheWire = (item: Item): string =>
  JSON.stringify(item, (name, value: unknown) =>
    name === 'B' ? Buffer.from(Object.values(value as Uint8Array)).toString('base64') : value,
  );

/** A layer without the SDK that asks there, for as long as the test runs. */
export function layerAt(endpoint: string, options: DynamoDBPersistenceLayerOptions = {}): DynamoDBPersistenceLayer {
  const layer = new DynamoDBPersistenceLayer({
    endpoint,
    region: 'eu-central-1',
    credentials: CREDENTIALS,
    tableName: 'T',
    ...options,
  });
  onTestFinished(() => layer.close());
  return layer;
}
