import { once } from 'node:events';
import {
  Agent,
  createServer,
  type IncomingMessage,
  request as sendOn,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { crc32, gzipSync } from 'node:zlib';
import type { Engine } from '../engines/index.js';
import type { Account } from './account.js';

// What can go wrong between a client and DynamoDB. All of it happens on the wire, in a proxy before the engine: so it
// befalls every client alike, and each has to make sense of it by itself.

/** Every fault: what it is, which requests it can befall (all, if it does not say), and how it happens. */
export const FAULTS = {
  delayed: {
    meaning: 'the answer is slow, but in time',
    happen: async ({ carryOut }) => {
      await delay(30);
      return carryOut();
    },
  },
  'drop-before': {
    meaning: 'the connection breaks before the request arrives',
    happen: () => Promise.resolve('broken'),
  },
  'drop-after': {
    meaning: 'the request is carried out, and the connection breaks before the answer',
    happen: async ({ carryOut }) => {
      await carryOut();
      return 'broken';
    },
  },
  reset: {
    meaning: 'the request does not arrive: every connection of the client is reset',
    happen: () => Promise.resolve('reset'),
  },
  truncated: {
    meaning: 'the request is carried out, and the connection breaks in the middle of the answer',
    happen: async ({ carryOut }) => ({ ...(await carryOut()), half: 'broken' }),
  },
  garbled: {
    meaning: 'the request is carried out, and something on the way ends the answer decently in its middle',
    happen: async ({ carryOut }) => {
      const answer = await carryOut();
      return { ...answer, body: answer.body.slice(0, answer.body.length / 2) };
    },
  },
  compressed: {
    meaning: 'the request is carried out, and something on the way compresses the answer, though nobody asked for it',
    happen: async ({ carryOut }) => ({ ...(await carryOut()), isCompressed: true }),
  },
  miscounted: {
    meaning: 'the request is carried out, and the answer has the checksum of another',
    happen: async ({ carryOut }) => ({ ...(await carryOut()), checksum: 1 }),
  },
  silent: {
    meaning: 'the request does not arrive: every connection of the client leads nowhere from now on',
    happen: () => Promise.resolve('silent'),
  },
  stalled: {
    meaning: 'the request is carried out, and the second half of the answer never comes',
    happen: async ({ carryOut }) => ({ ...(await carryOut()), half: 'none' }),
  },
  hang: {
    meaning: 'the request does not arrive, and there is no answer ever, whatever the client does',
    happen: () => Promise.resolve('none'),
  },
  'hang-after': {
    meaning: 'the request is carried out, and there is no answer ever, whatever the client does',
    happen: async ({ carryOut }) => {
      await carryOut();
      return 'none';
    },
  },
  zombie: {
    meaning: 'the connection breaks, and the request is carried out when the test says so',
    happen: ({ carryOut, survive }) => {
      survive(carryOut);
      return Promise.resolve('broken');
    },
  },
  duplicated: {
    meaning: 'something on the way repeats the request; the client gets the answer to the second, and knows of one',
    happen: async ({ carryOut }) => {
      await carryOut();
      return carryOut();
    },
  },
  fail: {
    meaning: 'a 500, and nothing was done',
    happen: () => Promise.resolve(errorAnswer(500, 'InternalServerError', 'internal')),
  },
  'fail-after': {
    meaning: 'a 500, although the request was carried out',
    happen: async ({ carryOut }) => {
      await carryOut();
      return errorAnswer(500, 'InternalServerError', 'internal');
    },
  },
  unavailable: {
    meaning: 'a 503, and nothing was done',
    happen: () => Promise.resolve(errorAnswer(503, 'ServiceUnavailable', 'unavailable')),
  },
  throttle: {
    meaning: 'refused, for the table gets more requests than it takes',
    happen: () => Promise.resolve(errorAnswer(400, 'ProvisionedThroughputExceededException', 'too much for the table')),
  },
  'throttle-index': {
    meaning: 'refused, for the index gets more requests than it takes: a query, or a write to the table behind it',
    hits: ({ operation }) => operation === 'Query' || WRITES.has(operation),
    happen: () => Promise.resolve(errorAnswer(400, 'ThrottlingException', 'too much for the index')),
  },
  unprocessed: {
    meaning: 'of the items of a bulk request half are seen to, rounded down, and the others given back',
    hits: ({ operation }) => operation in BULK,
    happen: halfProcessed,
  },
  stale: {
    meaning: 'an eventually consistent read sees the item as the client last read it, or none',
    hits: ({ operation, input }) =>
      (operation === 'GetItem' && input['ConsistentRead'] !== true) ||
      (operation === 'BatchGetItem' && keysIn(input).some((keys) => keys['ConsistentRead'] !== true)),
    // What is said of responses matters to a bulk read alone.
    happen: ({ earlier }) => Promise.resolve(earlier ?? answerOf({ Responses: {} })),
  },
  lagging: {
    meaning: 'the index answers as it did when the client last asked, or with nothing',
    hits: ({ operation, input }) => operation === 'Query' && 'IndexName' in input,
    happen: ({ earlier }) => Promise.resolve(earlier ?? answerOf({ Items: [], Count: 0, ScannedCount: 0 })),
  },
  paged: {
    meaning: 'the answer to a query has one item, and says where to go on',
    hits: ({ operation }) => operation === 'Query',
    happen: ({ input, carryOut }) => carryOut({ ...input, Limit: 1 }),
  },
} as const satisfies Readonly<Record<string, FaultBehaviour>>;

/** What befalls one request. */
export type Fault = 'none' | keyof typeof FAULTS;

/** One attempt of a client at one call. */
export interface Attempt {
  /** `GetItem`, `UpdateItem`… */
  readonly operation: string;
  /** Which of the calls since the plan was made, from 0. */
  readonly call: number;
  /** Which of the call's attempts, from 1. */
  readonly attempt: number;
}

/** The network between one client and its engine, which does to each request what the test has planned. */
export class Network implements Engine {
  /** The operations that were sent, each attempt once: `GetItem`, `UpdateItem`… */
  readonly sent: string[] = [];
  /** The faults that befell a request, in order. One that cannot befall a request leaves it alone, and is not here. */
  readonly struck: Fault[] = [];
  /** What the client asks in place of the engine. */
  readonly endpoint: string;
  readonly name: Engine['name'];
  readonly #engine: Engine;
  readonly #account: Account | undefined;
  readonly #server: Server;
  readonly #plan: { readonly operation: string; readonly faults: Fault[] }[] = [];
  readonly #zombies: (() => Promise<unknown>)[] = [];
  readonly #answers = new Map<string, Answer>();
  readonly #calls: Call[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #silent = new WeakSet<Socket>();
  #interject: (operation: string) => unknown = () => {};
  #decide: (attempt: Attempt) => Fault = ({ operation }) => this.#nextFault(operation);

  private constructor(engine: Engine, account: Account | undefined, server: Server) {
    this.name = engine.name;
    this.#engine = engine;
    this.#account = account;
    this.#server = server;
    this.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('request', (request, response) => {
      this.#receive(request, response).catch(() => response.destroy()); // the client or the engine has gone
    });
  }

  /**
   * Puts itself before an engine, at an endpoint of its own, until it is closed.
   *
   * @param account who may ask, and what time it is there. @defaultValue anybody
   */
  static async before(engine: Engine, account?: Account): Promise<Network> {
    // It closes no connection by itself: nothing goes wrong but what is planned, however busy the machine is.
    const server = createServer({ keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Network(engine, account, server);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** What happens to the next attempts of an operation, one fault each. */
  plan(operation: string, ...faults: Fault[]): void {
    this.#plan.push({ operation, faults });
  }

  /** What happens to each attempt from now on, instead of what was planned. */
  planEach(decide: (attempt: Attempt) => Fault): void {
    this.#calls.length = 0;
    this.#decide = decide;
  }

  /** What comes just before each attempt, from now on. */
  interject(act: (operation: string) => unknown): void {
    this.#interject = act;
  }

  /** The process behind the client dies when it begins its next call but `calls`: nothing of it is sent any more. */
  crashAfter(calls: number): Promise<'crashed'> {
    return new Promise((resolve) => {
      this.planEach(({ call }) => {
        if (call < calls) return 'none';
        resolve('crashed');
        return 'hang';
      });
    });
  }

  /** Lets the requests that their client has given up on arrive. */
  async releaseZombies(): Promise<number> {
    const zombies = this.#zombies.splice(0);
    for (const zombie of zombies) await zombie();
    return zombies.length;
  }

  /** Keeps nothing of what it has seen so far. */
  forget(): void {
    this.sent.length = 0;
    this.struck.length = 0;
    this.#answers.clear();
    this.#calls.length = 0;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    if (this.#silent.has(request.socket)) return;
    const operation = String(request.headers['x-amz-target']).replace(/^.*\./, '');
    const input = JSON.parse(body) as Input;
    this.sent.push(operation);
    if (this.#account !== undefined) response.setHeader('date', new Date(this.#account.now).toUTCString());
    const refusal = await this.#account?.refusalOf(request, body);
    if (refusal !== undefined) return give(response, errorAnswer(400, refusal.name, refusal.message));
    const call = this.#callOf(operation, body);
    await this.#interject(operation);

    const memory = memoryOf(operation, input);
    const carryOut = async (other?: Input): Promise<Answer> => {
      const answer = await this.#sendOn(request, other === undefined ? body : JSON.stringify(other));
      if (memory !== undefined && answer.statusCode === 200) this.#answers.set(memory, answer);
      return answer;
    };
    const react = async (): Promise<Reaction> => {
      const fault = this.#decide({ operation, call: this.#calls.indexOf(call), attempt: call.attempts });
      const behaviour: FaultBehaviour | undefined = fault === 'none' ? undefined : FAULTS[fault];
      if (behaviour === undefined || behaviour.hits?.({ operation, input }) === false) return carryOut();
      this.struck.push(fault);
      const earlier = memory === undefined ? undefined : this.#answers.get(memory);
      const survive = (zombie: () => Promise<unknown>): void => void this.#zombies.push(() => zombie());
      return behaviour.happen({ operation, input, earlier, carryOut, survive });
    };
    const reaction = await react();
    call.hasFailed = isFailure(reaction);
    if (reaction === 'reset') for (const socket of this.#sockets) socket.resetAndDestroy();
    else if (reaction === 'silent') for (const socket of this.#sockets) this.#silent.add(socket);
    else if (reaction === 'broken') request.socket.destroy();
    else if (reaction !== 'none') give(response, reaction);
  }

  #nextFault(operation: string): Fault {
    const planned = this.#plan.find((plan) => plan.operation === operation && plan.faults.length > 0);
    return planned?.faults.shift() ?? 'none';
  }

  /** A request that is sent again after a failure is another attempt at the same call. */
  #callOf(operation: string, body: string): Call {
    const question = `${operation} ${body}`;
    const repeated = this.#calls.findLast((call) => call.question === question && call.hasFailed);
    const call = repeated ?? { question, attempts: 0, hasFailed: false };
    if (repeated === undefined) this.#calls.push(call);
    call.attempts += 1;
    call.hasFailed = false;
    return call;
  }

  /** Carries a request out, on a connection of its own: none that the engine closes while it is taken up again. */
  async #sendOn({ headers }: IncomingMessage, body: string): Promise<Answer> {
    const { host: _, connection: _hop, ...others } = headers;
    const given = { ...others, 'content-length': Buffer.byteLength(body) };
    const request = sendOn(this.#engine.endpoint, { method: 'POST', headers: given, agent: carrier });
    const received = once(request, 'response') as Promise<[IncomingMessage]>;
    request.end(body);
    const [response] = await received;
    return { statusCode: response.statusCode as number, body: await text(response) };
  }
}

const carrier = new Agent({ keepAlive: false, maxSockets: 100 });

type Input = Readonly<Record<string, unknown>>;

/** What a client asks for, by as many attempts as it takes. */
interface Call {
  readonly question: string;
  attempts: number;
  /** Whether the last attempt was of no use, so that there may be another. */
  hasFailed: boolean;
}

/** An answer of DynamoDB, read to its end. */
interface Answer {
  readonly statusCode: number;
  readonly body: string;
  /** Only its first half is sent, and then the connection breaks, or there is nothing more. */
  readonly half?: 'broken' | 'none';
  readonly isCompressed?: boolean;
  /** In place of its own. */
  readonly checksum?: number;
}

/**
 * What the client gets: an answer, a broken connection, nothing; or each of its connections is reset, or leads nowhere.
 */
type Reaction = Answer | 'broken' | 'none' | 'reset' | 'silent';

/** What was asked. */
interface Asked {
  readonly operation: string;
  readonly input: Input;
}

/** What a fault can do with a request. */
interface Exchange extends Asked {
  /** What this client was last answered to the same question, if it was a read. */
  readonly earlier: Answer | undefined;
  /** Carries the request out, or another one in its place. */
  readonly carryOut: (other?: Input) => Promise<Answer>;
  /** Keeps it for later. */
  readonly survive: (zombie: () => Promise<unknown>) => void;
}

interface FaultBehaviour {
  readonly meaning: string;
  readonly hits?: (asked: Asked) => boolean;
  readonly happen: (exchange: Exchange) => Promise<Reaction>;
}

const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem']);

/** Where a bulk answer tells what was left. */
const BULK: Readonly<Record<string, string>> = {
  BatchGetItem: 'UnprocessedKeys',
  BatchWriteItem: 'UnprocessedItems',
};

async function halfProcessed({ operation, input, carryOut }: Exchange): Promise<Answer> {
  const [[table, work]] = Object.entries(input['RequestItems'] as Record<string, Work>) as [[string, Work]];
  const half = Math.floor(itemsIn(work).length / 2);
  const left = { [BULK[operation] as string]: { [table]: withItems(work, (items) => items.slice(half)) } };
  if (half === 0) return answerOf({ Responses: { [table]: [] }, ...left });
  const answer = await carryOut({
    ...input,
    RequestItems: { [table]: withItems(work, (items) => items.slice(0, half)) },
  });
  return { ...answer, body: JSON.stringify({ ...(JSON.parse(answer.body) as object), ...left }) };
}

/** A table's part of a bulk request: write requests, or the keys to read. */
type Work = readonly unknown[] | { readonly Keys: readonly unknown[] };

const keysIn = (input: Input): readonly Input[] => Object.values(input['RequestItems'] as Record<string, Input>);

const itemsIn = (work: Work): readonly unknown[] => ('Keys' in work ? work.Keys : work);

const withItems = (work: Work, change: (items: readonly unknown[]) => readonly unknown[]): Work =>
  'Keys' in work ? { ...work, Keys: change(work.Keys) } : change(work);

const answerOf = (body: object, statusCode = 200): Answer => ({ statusCode, body: JSON.stringify(body) });

const errorAnswer = (statusCode: number, name: string, message: string): Answer =>
  answerOf({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message }, statusCode);

/** Whether a client may ask again. */
function isFailure(reaction: Reaction): boolean {
  if (typeof reaction === 'string') return true;
  const { statusCode, body, half, isCompressed, checksum } = reaction;
  const isWhole = half === undefined && !isCompressed && checksum === undefined && body.endsWith('}');
  return !isWhole || statusCode >= 500 || /#(Throttling|ProvisionedThroughputExceeded)Exception/.test(body);
}

/** Answers as DynamoDB does, but for what is wrong with the answer. */
function give(response: ServerResponse, { statusCode, body, half, isCompressed = false, checksum }: Answer): void {
  const sent = isCompressed ? gzipSync(body) : Buffer.from(body);
  response.writeHead(statusCode, {
    'content-type': 'application/x-amz-json-1.0',
    'content-length': sent.length,
    'x-amz-crc32': String(checksum ?? crc32(sent)),
    ...(isCompressed && { 'content-encoding': 'gzip' }),
  });
  if (half === undefined) response.end(sent);
  else response.write(sent.subarray(0, sent.length / 2), () => half === 'broken' && response.destroy());
}

/** Under what the answer to a read is remembered. How consistent it was asked to be makes no difference. */
function memoryOf(operation: string, input: Input): string | undefined {
  if (operation !== 'GetItem' && operation !== 'Query' && operation !== 'BatchGetItem') return undefined;
  const { ReturnConsumedCapacity: _, ...question } = input;
  const withoutConsistency = (name: string, value: unknown): unknown => (name === 'ConsistentRead' ? undefined : value);
  return `${operation} ${JSON.stringify(question, withoutConsistency)}`;
}
