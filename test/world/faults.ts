import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

// What can go wrong between a client and DynamoDB. All of it happens at the SDK's request handler, below its retries:
// what the client is given is a broken connection, or an HTTP answer that the SDK itself has to make sense of.

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
    happen: () => Promise.reject(connectionLost()),
  },
  'drop-after': {
    meaning: 'the request is carried out, and the connection breaks before the answer',
    happen: async ({ carryOut }) => {
      await carryOut();
      throw connectionLost();
    },
  },
  truncated: {
    meaning: 'the request is carried out, and the connection breaks in the middle of the answer',
    happen: async ({ carryOut }) => ({ ...(await carryOut()), brokenOff: true }),
  },
  garbled: {
    meaning: 'the request is carried out, and something on the way ends the answer decently in its middle',
    happen: async ({ carryOut }) => {
      const answer = await carryOut();
      return { ...answer, body: answer.body.slice(0, answer.body.length / 2) };
    },
  },
  hang: {
    meaning: 'the request does not arrive, and there is no answer ever, whatever the client does',
    happen: () => new Promise(() => {}),
  },
  'hang-after': {
    meaning: 'the request is carried out, and there is no answer ever, whatever the client does',
    happen: async ({ carryOut }) => {
      await carryOut();
      return new Promise(() => {});
    },
  },
  zombie: {
    meaning: 'the client gives up waiting, and the request is carried out when the test says so',
    happen: ({ carryOut, survive }) => {
      survive(carryOut);
      return Promise.reject(Object.assign(new Error('the request took too long'), { name: 'TimeoutError' }));
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

/** The network between a client and its engine, which does to each request what the test has planned. */
export class Network {
  /** The operations that were sent, each attempt once: `GetItem`, `UpdateItem`… */
  readonly sent: string[] = [];
  /** The faults that befell a request, in order. One that cannot befall a request leaves it alone, and is not here. */
  readonly struck: Fault[] = [];
  readonly #plan: { readonly operation: string; readonly faults: Fault[] }[] = [];
  readonly #zombies: (() => Promise<unknown>)[] = [];
  readonly #answers = new Map<string, Answer>();
  readonly #calls = new Map<string, number>();
  #decide: (attempt: Attempt) => Fault = ({ operation }) => this.#nextFault(operation);

  /**
   * Puts itself between a client and its engine.
   *
   * @param carrier whose connections are used: of a client without timeouts, nothing goes wrong but what is planned,
   * however busy the machine is
   */
  constructor(client: DynamoDBClient, carrier: DynamoDBClient = client) {
    const inner = carrier.config.requestHandler;
    const handle: Handle = (request, options) => this.#handle(inner, request, options);
    client.config.requestHandler = new Proxy(inner, {
      get: (target, name) => {
        if (name === 'handle') return handle;
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }

  /** What happens to the next attempts of an operation, one fault each. */
  plan(operation: string, ...faults: Fault[]): void {
    this.#plan.push({ operation, faults });
  }

  /** What happens to each attempt from now on, instead of what was planned. */
  planEach(decide: (attempt: Attempt) => Fault): void {
    this.#calls.clear();
    this.#decide = decide;
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
    this.#calls.clear();
  }

  async #handle(inner: RequestHandler, request: Request, options: HandlerOptions): ReturnType<Handle> {
    const operation = request.headers['x-amz-target']?.split('.')[1] ?? 'unknown';
    const input = JSON.parse(bodyOf(request)) as Input;
    this.sent.push(operation);

    const memory = memoryOf(operation, input);
    const carryOut = async (other?: Input, given: HandlerOptions = {}): Promise<Answer> => {
      const { response } = await inner.handle(other === undefined ? request : withInput(request, other), given);
      const { statusCode, headers, body } = response;
      const answer = { statusCode, headers, body: await text(body as Readable) };
      if (memory !== undefined && statusCode === 200) this.#answers.set(memory, answer);
      return answer;
    };

    const fault = this.#decide({ operation, ...this.#numbersOf(request) });
    const behaviour: FaultBehaviour | undefined = fault === 'none' ? undefined : FAULTS[fault];
    if (behaviour === undefined || behaviour.hits?.({ operation, input }) === false) {
      return { response: responseOf(await carryOut(undefined, options)) };
    }
    this.struck.push(fault);
    const earlier = memory === undefined ? undefined : this.#answers.get(memory);
    const survive = (zombie: () => Promise<unknown>): void => void this.#zombies.push(() => zombie());
    return { response: responseOf(await behaviour.happen({ operation, input, earlier, carryOut, survive })) };
  }

  #nextFault(operation: string): Fault {
    const planned = this.#plan.find((plan) => plan.operation === operation && plan.faults.length > 0);
    return planned?.faults.shift() ?? 'none';
  }

  #numbersOf({ headers }: Request): Pick<Attempt, 'call' | 'attempt'> {
    const invocation = headers['amz-sdk-invocation-id'] ?? 'unknown';
    const call = this.#calls.get(invocation) ?? this.#calls.size;
    this.#calls.set(invocation, call);
    const attempt = Number(/attempt=(\d+)/.exec(headers['amz-sdk-request'] ?? '')?.[1] ?? 1);
    return { call, attempt };
  }
}

type RequestHandler = DynamoDBClient['config']['requestHandler'];
type Handle = RequestHandler['handle'];
type Request = Parameters<Handle>[0];
type HandlerOptions = Parameters<Handle>[1];
type Response = Awaited<ReturnType<Handle>>['response'];
type Input = Readonly<Record<string, unknown>>;

/** An answer of DynamoDB, read to its end. */
interface Answer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The connection breaks when half of it is sent. */
  readonly brokenOff?: boolean;
}

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
  readonly happen: (exchange: Exchange) => Promise<Answer>;
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

const connectionLost = (message = 'socket hang up'): Error =>
  Object.assign(new Error(message), { name: 'ECONNRESET', code: 'ECONNRESET' });

const answerOf = (body: object, statusCode = 200): Answer => ({
  statusCode,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify(body),
});

const errorAnswer = (statusCode: number, name: string, message: string): Answer =>
  answerOf({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message }, statusCode);

function responseOf({ statusCode, headers, body, brokenOff = false }: Answer): Response {
  return { statusCode, headers: { ...headers }, body: brokenOff ? halfOf(body) : Readable.from([Buffer.from(body)]) };
}

/** As Node's HTTP client gives an answer whose connection breaks. */
function halfOf(body: string): Readable {
  async function* half(): AsyncGenerator<Buffer> {
    yield Buffer.from(body.slice(0, body.length / 2));
    throw connectionLost('aborted');
  }
  return Readable.from(half());
}

const bodyOf = ({ body }: Request): string => (typeof body === 'string' ? body : new TextDecoder().decode(body));

function withInput(request: Request, input: Input): Request {
  const body = JSON.stringify(input);
  const headers = { ...request.headers, 'content-length': String(Buffer.byteLength(body)) };
  return Object.assign(Object.create(Object.getPrototypeOf(request) as object) as Request, request, { headers, body });
}

/** Under what the answer to a read is remembered. How consistent it was asked to be makes no difference. */
function memoryOf(operation: string, input: Input): string | undefined {
  if (operation !== 'GetItem' && operation !== 'Query' && operation !== 'BatchGetItem') return undefined;
  const { ReturnConsumedCapacity: _, ...question } = input;
  const withoutConsistency = (name: string, value: unknown): unknown => (name === 'ConsistentRead' ? undefined : value);
  return `${operation} ${JSON.stringify(question, withoutConsistency)}`;
}
