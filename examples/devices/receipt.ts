/** What a request cost and what happened in it. It is noted while the request is handled, and sent with its answer. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { AttributeValue, ConsumedCapacity, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Session, SessionEvent } from 'dynamodb-sessions';

export interface Receipt {
  readonly method: string;
  readonly path: string;
  readonly calls: readonly Call[];
  /** Such as "logged in". */
  readonly happened: readonly Happening[];
  /** What the table holds of the request's session, after its last call; absent if there is no session. */
  readonly item: Item | undefined;
}

/** An item of the table, as DynamoDB has it. */
export type Item = Readonly<Record<string, AttributeValue>>;

/** One call to DynamoDB. */
export interface Call {
  /** Such as `GetItem`. */
  readonly operation: string;
  /** What DynamoDB says the call took; absent if the engine does not say. */
  readonly units?: Units;
  /** The attributes that it has changed. */
  readonly changed: readonly string[];
  /** The item that it has read or written, as it is then; absent if the call does not say. */
  readonly item?: Item | undefined;
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
  session?: Pick<Session, 'id'>;
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
  const { calls, happened, session: { id } = {} } = receipt;
  const items = calls.flatMap(({ item }) => (id !== undefined && item?.['id']?.S === id ? [item] : []));
  return [result, { method, path, calls, happened, item: items.at(-1) }];
}

/** Says of which session the receipt of the current request has the item. */
export function noteSession<Noted extends Pick<Session, 'id'>>(session: Noted): Noted {
  const receipt = open.getStore();
  if (receipt !== undefined) receipt.session = session;
  return session;
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
            input: {
              ...args.input,
              ReturnConsumedCapacity: 'INDEXES',
              ...(operation === 'UpdateItem' && { ReturnValues: 'ALL_NEW' }), // it takes no more units
            },
          });
          const changed = changedBy(args.input);
          note({ ...unitsOf(operation, output), changed, item: itemOf(args.input, output) });
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

/** What a call to read or write one item says of it. */
function itemOf(input: object, output: object): Item | undefined {
  const { Item: written } = input as { Item?: Item };
  const { Item: read, Attributes: updated } = output as { Item?: Item; Attributes?: Item };
  return written ?? read ?? updated;
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
