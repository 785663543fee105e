import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { Endpoint } from './endpoint.js';

/** What an operation asks of DynamoDB. */
export interface Cost {
  readonly calls: number;
  /** Read units, of the table and of its index. */
  readonly reads: number;
  /** Write units of the table. */
  readonly writes: number;
  readonly indexWrites: number;
  /** Requests and answers, heads and bodies. */
  readonly wireBytes: number;
  /** The bodies of the requests that write. */
  readonly writtenBytes: number;
}

interface Consumed {
  readonly Table?: { readonly CapacityUnits?: number };
  readonly GlobalSecondaryIndexes?: Readonly<Record<string, { readonly CapacityUnits?: number }>>;
}

const NOTHING: Cost = { calls: 0, reads: 0, writes: 0, indexWrites: 0, wireBytes: 0, writtenBytes: 0 };

/**
 * A DynamoDB before the engine's: it asks the engine what each call consumed and counts the bytes as if it had not, the
 * same way for every SDK and every contestant, of which none knows of it.
 */
export class MeteringProxy implements Endpoint {
  readonly endpoint: string;
  readonly #server: Server;
  readonly #agent: Agent;
  #cost = NOTHING;

  private constructor(server: Server, agent: Agent) {
    this.#server = server;
    this.#agent = agent;
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(engine: Endpoint): Promise<MeteringProxy> {
    const agent = new Agent({ keepAlive: true });
    let proxy: MeteringProxy | undefined;
    const server = createServer((incoming, response) => {
      forward(engine, agent, incoming).then(
        ({ status, body, cost }) => {
          proxy?.add(cost);
          response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
        },
        () => response.destroy(),
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    proxy = new MeteringProxy(server, agent);
    return proxy;
  }

  /** What everything cost that was asked for while `action` ran. */
  async of(action: () => Promise<unknown>): Promise<Cost> {
    this.#cost = NOTHING;
    await action();
    return this.#cost;
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#agent.destroy();
    await once(this.#server, 'close');
  }

  private add(cost: Cost): void {
    const sum = (name: keyof Cost): number => this.#cost[name] + cost[name];
    this.#cost = {
      calls: sum('calls'),
      reads: sum('reads'),
      writes: sum('writes'),
      indexWrites: sum('indexWrites'),
      wireBytes: sum('wireBytes'),
      writtenBytes: sum('writtenBytes'),
    };
  }
}

async function forward(
  { endpoint }: Endpoint,
  agent: Agent,
  incoming: IncomingMessage,
): Promise<{ status: number; body: string; cost: Cost }> {
  const sent = await buffer(incoming);
  const { host: _host, 'content-length': _length, ...headers } = incoming.headers;
  const asked = JSON.stringify({ ...(JSON.parse(sent.toString()) as object), ReturnConsumedCapacity: 'INDEXES' });
  const outgoing = request(endpoint, {
    method: 'POST',
    agent,
    headers: { ...headers, 'content-length': Buffer.byteLength(asked) },
  });
  outgoing.end(asked);
  const [answer] = (await once(outgoing, 'response')) as [IncomingMessage];
  const { ConsumedCapacity: consumed = [], ...rest } = JSON.parse((await buffer(answer)).toString()) as {
    ConsumedCapacity?: Consumed | Consumed[];
  };
  const body = JSON.stringify(rest);

  const isWrite = /\.(Put|Update|Delete|BatchWrite)/.test(String(headers['x-amz-target']));
  const { table, index } = unitsOf([consumed].flat());
  const cost: Cost = {
    calls: 1,
    reads: isWrite ? 0 : table + index,
    writes: isWrite ? table : 0,
    indexWrites: isWrite ? index : 0,
    wireBytes: headLength(incoming) + sent.length + headLength(answer) + Buffer.byteLength(body),
    writtenBytes: isWrite ? sent.length : 0,
  };
  return { status: answer.statusCode ?? 500, body, cost };
}

function unitsOf(consumed: readonly Consumed[]): { table: number; index: number } {
  let table = 0;
  let index = 0;
  for (const { Table, GlobalSecondaryIndexes = {} } of consumed) {
    table += Table?.CapacityUnits ?? 0;
    for (const { CapacityUnits = 0 } of Object.values(GlobalSecondaryIndexes)) index += CapacityUnits;
  }
  return { table, index };
}

/** The bytes before a message's body. */
function headLength({ method, url, statusCode, statusMessage, httpVersion, rawHeaders }: IncomingMessage): number {
  const first =
    statusCode === null || statusCode === undefined
      ? `${method} ${url} HTTP/1.1`
      : `HTTP/${httpVersion} ${statusCode} ${statusMessage}`;
  // Each name and value with a colon and a space, or a line's end, after it.
  return [first, ...rawHeaders, ''].reduce((length, text) => length + Buffer.byteLength(text) + 2, 0);
}
