import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { createBatchClient } from '../../src/cleanup/batch-client.js';
import { cleanUp } from '../../src/cleanup/cleanup.js';
import type { CleanupOptions } from '../../src/cleanup/options.js';
import type { CleanupReport } from '../../src/cleanup/report.js';
import { itemOf } from '../../src/table/item.js';
import { StoreUnavailableError } from '../../src/index.js';
import { CLEANUP_CHECKPOINT } from '../../src/table-schema.js';
import { type Engine, engines } from '../engines/index.js';
import { type Attempt, FAULTS, type Fault, Network } from '../world/faults.js';
import { newId, recordOf } from '../world/records.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { cellOf, isAwaited } from './attempts.js';
import { outcomeTables, rowFor } from './outcomes.js';

const tables = outcomeTables(new URL('cleanup.md', import.meta.url));
/** They befall connections, which a run's calls at once share: what else they strike, chance decides. */
const OF_CONNECTIONS: readonly string[] = ['reset', 'silent'];
const faults = Object.keys(FAULTS).filter((fault) => !OF_CONNECTIONS.includes(fault)) as Exclude<Fault, 'none'>[];

/** So far ahead that the engine's own TTL takes nothing away. */
const NOW = 4_000_000_000;
const EXPIRED = 6;
/** After these nothing is asked again. */
const HARMLESS = new Set<Fault>(['delayed', 'duplicated', 'miscounted']);

/** A call of a run: which of those of its kind it is, from 0. From then on there is no other of its kind. */
interface Step {
  readonly operation: string;
  readonly from: number;
  readonly options?: Partial<CleanupOptions>;
  /** How much time passes with each page, by the run's own clock. In seconds. @defaultValue none */
  readonly secondsPerPage?: number;
  /** What the run answers if nothing goes wrong. @defaultValue finished */
  readonly kind?: CleanupReport['kind'];
}

const STEPS: Readonly<Record<string, Step>> = {
  find: { operation: 'GetItem', from: 0 },
  scan: { operation: 'Scan', from: 1 },
  delete: { operation: 'DeleteItem', from: 1 },
  // Of one segment, for another could be read to its end while this call hangs.
  note: { operation: 'UpdateItem', from: 0, secondsPerPage: 15, options: { segments: 1 } },
  leave: { operation: 'UpdateItem', from: 0, options: { readBudget: 1 }, kind: 'unfinished' },
  remove: { operation: 'DeleteItem', from: EXPIRED },
};

describe.each(engines())('every call of a cleanup × every fault on $name', (engine) => {
  for (const fault of faults) {
    it.concurrent(`${fault}: ${FAULTS[fault].meaning} (F8)`, { timeout: 60_000 }, async () => {
      const cells = Object.entries(STEPS).map(async ([name, step]) => {
        const [first, all] = await Promise.all([tried(engine, fault, step, 1), tried(engine, fault, step)]);
        return [name, cellOf([first, first, all, all])] as const;
      });
      expect(Object.fromEntries(await Promise.all(cells))).toEqual(Object.fromEntries(rowFor(fault, tables)));
    });
  }
});

it('has a row for each fault and a column for each call, and no others', () => {
  expect(tables.map(({ columns, rows }) => [columns, [...rows.keys()]])).toEqual([[Object.keys(STEPS), faults]]);
});

/**
 * What comes of a run, in a word of the table: the answer, and what the next one finds.
 *
 * @param times how many calls the fault befalls
 */
async function tried(engine: Engine, fault: Fault, step: Step, times = Number.POSITIVE_INFINITY): Promise<string> {
  const table = await createTestTable(engine);
  const network = await Network.before(engine);
  const client = createBatchClient({
    endpoint: network.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  try {
    const alive = await put(table, 4, NOW + 3_600);
    await put(table, EXPIRED, NOW - 600);
    const sent = new Map<string, number>();
    network.planEach(({ operation }: Attempt) => {
      const number = sent.get(operation) ?? 0;
      sent.set(operation, number + 1);
      if (operation !== step.operation || number < step.from || number >= step.from + times) return 'none';
      began ??= Date.now();
      return fault;
    });
    // Time passes from the fault on: until then, the machine may be as slow as it is. The first answer is what the run
    // takes its reserve from.
    let began: number | undefined;
    let whole = 30_000;
    const remainingTimeMs = (): number => {
      const left = whole - (Date.now() - (began ?? Date.now()));
      whole = 4_000;
      return left;
    };
    const endsByItself = HARMLESS.has(fault) || (times === 1 && !isAwaited(fault));
    let now = NOW;
    const answer = await cleanUp({
      client,
      tableName: table.tableName,
      clock: { now: () => now * 1_000 },
      grace: 0,
      pageSize: 3,
      segments: 2,
      ...(!endsByItself && { remainingTimeMs }),
      onProgress: () => {
        now += step.secondsPerPage ?? 0;
      },
      ...step.options,
    }).catch((error: unknown) => error);
    if (!network.struck.includes(fault)) return '–';

    await network.releaseZombies();
    const last = { client: table.client, tableName: table.tableName, clock: { now: () => NOW * 1_000 }, grace: 0 };
    expect((await cleanUp({ ...last, segments: 2 })).kind).toBe('finished');
    expect((await idsIn(table)).toSorted()).toEqual(alive.toSorted());
    return wordFor(answer, step);
  } finally {
    client.destroy();
    await network.close();
    await table.drop();
  }
}

function wordFor(answer: unknown, { kind = 'finished' }: Step): string {
  if (answer instanceof StoreUnavailableError && answer.retryable) return 'fails';
  const report = answer as CleanupReport;
  const isWhole = kind === 'unfinished' || (report.deleted === EXPIRED && report.extended === 0);
  if (report.kind === 'unfinished' && report.reason === 'deadline') return 'stops';
  return report.kind === kind && isWhole ? 'done' : `answers ${JSON.stringify(answer)}`;
}

async function put(table: TestTable, count: number, expiresAt: number): Promise<string[]> {
  const ids = Array.from({ length: count }, newId);
  await Promise.all(
    ids.map((id) =>
      table.client.send(new PutItemCommand({ TableName: table.tableName, Item: itemOf(id, recordOf({ expiresAt })) })),
    ),
  );
  return ids;
}

const idsIn = async (table: TestTable): Promise<string[]> =>
  (await table.items()).map(({ id }) => id?.S as string).filter((id) => id !== CLEANUP_CHECKPOINT);
