/** What a request cost and what happened in it. It is noted while the request is handled, and sent with its answer. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { ConsumedCapacity, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { SessionEvent } from 'dynamodb-sessions';

export interface Receipt {
  readonly method: string;
  readonly path: string;
  readonly calls: readonly Call[];
  /** Such as "logged in". */
  readonly happened: readonly Happening[];
}

/** One call to DynamoDB. */
export interface Call {
  /** Such as `GetItem`. */
  readonly operation: string;
  /** What DynamoDB says the call took; absent if the engine does not say. */
  readonly units?: Units;
  /** The attributes that it has changed. */
  readonly changed: readonly string[];
}

/** Units read, written to the table, and written to its index. */
export interface Units {
  readonly read: number;
  readonly written: number;
  readonly indexed: number;
}

export interface Happening {
  readonly what: string;
  readonly isGood: boolean;
}

interface OpenReceipt {
  readonly calls: Call[];
  readonly happened: Happening[];
}

/** The receipt of the current request. Lambda handles one at a time, `npm start` many. */
const open = new AsyncLocalStorage<OpenReceipt>();

/** Handles a request, and returns its receipt with the result. */
export async function withReceipt<Result>(
  { method, path }: Pick<Receipt, 'method' | 'path'>,
  handle: () => Promise<Result>,
): Promise<[result: Result, receipt: Receipt]> {
  const receipt: OpenReceipt = { calls: [], happened: [] };
  const result = await open.run(receipt, handle);
  return [result, { method, path, ...receipt }];
}

/** Gives a client a middleware that notes its calls. It comes before all others. */
export function noteCalls(client: DynamoDBClient): DynamoDBClient {
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      async (args) => {
        const operation = commandName.replace(/Command$/, '');
        const note = (call: Omit<Call, 'operation'>): void => void open.getStore()?.calls.push({ operation, ...call });
        try {
          const { output, ...rest } = await next({
            ...args,
            input: { ...args.input, ReturnConsumedCapacity: 'INDEXES' },
          });
          const changed = changedBy(args.input);
          note({ ...unitsOf(operation, output), changed });
          if (changed.includes('lastSeenAt')) happens({ what: 'touched', isGood: true });
          return { output, ...rest };
        } catch (error) {
          note({ changed: [] }); // refused, or failed: DynamoDB does not say what it took
          throw error;
        }
      },
    { step: 'initialize', name: 'noteCalls' },
  );
  return client;
}

/** For `onEvent`. */
export function noteEvent(event: SessionEvent): void {
  const isGood = ![
    'reused',
    'binding-refused',
    'anomaly',
    'provider-logout-refused',
    'unreadable',
    'lost-write',
    'csrf-refused',
    'store-failure',
  ].includes(event.type);
  happens({ what: event.type.replaceAll('-', ' '), isGood });
}

/** What several calls took together; absent if the engine does not say. */
export function sumOf(calls: readonly Call[]): Units | undefined {
  const said = calls.flatMap(({ units }) => units ?? []);
  if (said.length === 0) return undefined;
  const sum = (kind: keyof Units): number => said.reduce((total, units) => total + units[kind], 0);
  return { read: sum('read'), written: sum('written'), indexed: sum('indexed') };
}

function happens(happening: Happening): void {
  open.getStore()?.happened.push(happening);
}

function unitsOf(operation: string, output: object): { readonly units?: Units } {
  const { ConsumedCapacity: consumed = [] } = output as { ConsumedCapacity?: ConsumedCapacity | ConsumedCapacity[] };
  const all = [consumed].flat();
  if (all.length === 0) return {};
  const sum = (numbers: readonly (number | undefined)[]): number => numbers.reduce<number>((a, b = 0) => a + b, 0);
  // Not every engine tells the table from its index.
  const table = sum(all.map(({ Table, CapacityUnits }) => Table?.CapacityUnits ?? CapacityUnits));
  const indexes = sum(
    all.flatMap(({ GlobalSecondaryIndexes = {} }) =>
      Object.values(GlobalSecondaryIndexes).map(({ CapacityUnits }) => CapacityUnits),
    ),
  );
  return {
    units: /Put|Update|Delete|Write/.test(operation)
      ? { read: 0, written: table, indexed: indexes }
      : { read: table + indexes, written: 0, indexed: 0 },
  };
}

/** The names of what an update sets and removes, except the writer's mark, which is in each update. */
function changedBy(input: object): string[] {
  const { UpdateExpression = '', ExpressionAttributeNames: names = {} } = input as {
    UpdateExpression?: string;
    ExpressionAttributeNames?: Record<string, string>;
  };
  const placeholders = new Set(UpdateExpression.match(/#\w+/g));
  return [...placeholders].flatMap((placeholder) => names[placeholder] ?? []).filter((name) => name !== 'lastWrite');
}
