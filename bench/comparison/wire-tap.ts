import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Endpoint } from './endpoint.js';

/** The bytes of sockets. */
export interface Bytes {
  readonly sent: number;
  readonly received: number;
}

/** The names of the calls of an operation: those that were under way at once make one step. */
export type Steps = readonly (readonly string[])[];

/** Sockets before an engine's: every byte passes as it is, is counted, and tells which operation is asked for. */
export class WireTap implements Endpoint {
  readonly endpoint: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #sent = 0;
  #received = 0;
  #steps: string[][] = [];
  readonly #underWay = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start({ endpoint }: Endpoint): Promise<WireTap> {
    const { hostname, port } = new URL(endpoint);
    const server = createServer((client) => tap.#join(client, connect(Number(port), hostname)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const tap = new WireTap(server);
    return tap;
  }

  /** The bytes that have passed so far. */
  get bytes(): Bytes {
    return { sent: this.#sent, received: this.#received };
  }

  /** The calls that an action makes. */
  async stepsOf(action: () => Promise<unknown>): Promise<Steps> {
    const steps: string[][] = [];
    this.#steps = steps;
    await action();
    this.#steps = [];
    return steps;
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #join(client: Socket, engine: Socket): void {
    client.on('data', (chunk: Buffer) => {
      this.#sent += chunk.length;
      const [, operation] = /^x-amz-target: *\w+\.(\w+)/im.exec(chunk.toString('latin1')) ?? [];
      if (operation === undefined) return;
      if (this.#underWay.size === 0) this.#steps.push([]);
      this.#steps.at(-1)?.push(operation);
      this.#underWay.add(client);
    });
    engine.on('data', (chunk: Buffer) => {
      this.#received += chunk.length;
      this.#underWay.delete(client);
    });
    for (const [from, to] of [
      [client, engine],
      [engine, client],
    ] as const) {
      this.#sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}
