import { BatchWriteItemCommand, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, inject, it } from 'vitest';
import { CLEANUP_CHECKPOINT, CLEANUP_ENVIRONMENT, PARTITION_KEY, TTL_ATTRIBUTE } from '../../src/table-schema.js';
import { engines } from '../engines/index.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { LambdaFunction } from './lambda-function.js';
import { environmentOf, storeThatHangs, storeThatIsSlow } from './surroundings.js';

// The proof that the cleanup's bundle, as `cdk synth` made it, keeps to its time: AWS's own runtime client counts the
// remaining time down, which the emulated AWS of test/deploy/ does not. That the schedule starts it is shown there;
// what may start it, and what it may do, in the assertions on the template.

const { cleanup } = inject('functions');
const SCHEDULED = { version: '0', 'detail-type': 'Scheduled Event', source: 'aws.scheduler', detail: {} };
const ITEMS = 6_000;
const EXPIRED = ITEMS / 20;
const HOUR = 3_600;

/** Fills the table. Every twentieth item has expired. */
async function plant({ client, tableName }: TestTable): Promise<void> {
  const now = Math.floor(Date.now() / 1_000);
  const requests = Array.from({ length: ITEMS }, (_, index) => ({
    PutRequest: {
      Item: {
        [PARTITION_KEY]: { S: `session-${index}` },
        [TTL_ATTRIBUTE]: { N: String(now + (index % 20 === 0 ? -HOUR : HOUR)) },
        version: { N: '1' },
      },
    },
  }));
  const batches = Array.from({ length: ITEMS / 25 }, (_, index) => requests.slice(index * 25, (index + 1) * 25));
  const write = async (): Promise<void> => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop())
      await client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: batch } }));
  };
  await Promise.all(Array.from({ length: 8 }, write));
}

describe.each(inject('runtimes'))('the deployed cleanup on Node $major', (runtime) => {
  const engine = engines().at(-1)!;
  let table: TestTable;

  beforeEach(async () => {
    table = await createTestTable(engine);
  });
  afterEach(() => table.drop());

  const start = (endpoint: string): Promise<LambdaFunction> =>
    LambdaFunction.start({
      runtime,
      ...cleanup,
      environment: {
        ...environmentOf({ endpoint }, table),
        [CLEANUP_ENVIRONMENT.segments]: '1',
        [CLEANUP_ENVIRONMENT.grace]: '0',
      },
    });
  const checkpoint = async (): Promise<unknown> => {
    const Key = { [PARTITION_KEY]: { S: CLEANUP_CHECKPOINT } };
    const read = new GetItemCommand({ TableName: table.tableName, Key, ConsistentRead: true });
    return (await table.client.send(read)).Item;
  };

  it('stops in time when it is given three seconds, says so, and goes on from there next time', async () => {
    await using store = await storeThatIsSlow(engine.endpoint, 'Scan', 500);
    const instance = await start(store.endpoint);
    try {
      await instance.call({ ...SCHEDULED, dryRun: true }); // no cold start in the three seconds
      await plant(table);
      const first = await instance.call<{ scanned: number; deleted: number }>(SCHEDULED, 3_000);
      expect(first).toMatchObject({ kind: 'unfinished', reason: 'deadline', segments: 1, segmentsDone: 0 });
      expect(first.scanned).toBeGreaterThan(0);
      expect(first.scanned).toBeLessThan(ITEMS);
      expect(first.deleted).toBeGreaterThan(0);

      const { scanned: Scanned, deleted: Deleted } = first;
      expect(instance.records).toContainEqual(
        expect.objectContaining({
          _aws: expect.objectContaining({
            CloudWatchMetrics: [expect.objectContaining({ Dimensions: [['TableName']] })],
          }),
          TableName: table.tableName,
          Scanned,
          Deleted,
          Finished: 0,
          Unfinished: 1,
          outcome: 'unfinished',
          reason: 'deadline',
        }),
      );
      expect(await checkpoint()).toMatchObject({ places: { L: [{ S: expect.stringMatching(/^session-/) }] } });

      const second = await instance.call<{ scanned: number; deleted: number }>(SCHEDULED, 20_000);
      expect(second.scanned).toBeLessThan(ITEMS);
      // The deadline can cut off the answers to some deletions, of which 32 go at a time: they are not counted.
      expect(first.deleted + second.deleted).toBeLessThanOrEqual(EXPIRED);
      expect(first.deleted + second.deleted).toBeGreaterThanOrEqual(EXPIRED - 32);
      expect(second).toMatchObject({ kind: 'finished', segmentsDone: 1 });
      expect(instance.records.at(-1)).toMatchObject({ Finished: 1, Unfinished: 0, outcome: 'finished' });
      expect(await checkpoint()).toBeUndefined();
      expect(await table.items()).toHaveLength(ITEMS - EXPIRED);
    } finally {
      await instance.stop();
    }
  });

  it('ends in time when DynamoDB hangs, and says so', async () => {
    await using store = await storeThatHangs();
    const instance = await start(store.endpoint);
    try {
      const outcome = await instance.invoke(SCHEDULED, 3_000);
      expect(outcome).toMatchObject({ kind: 'error', error: { errorType: 'StoreUnavailableError' } });
      expect(instance.records).toContainEqual(
        expect.objectContaining({ TableName: table.tableName, Finished: 0, Failed: 1, outcome: 'failed' }),
      );
    } finally {
      await instance.stop();
    }
  });

  it('fails loudly when its table is missing', async () => {
    const instance = await LambdaFunction.start({
      runtime,
      ...cleanup,
      environment: environmentOf(engine, { tableName: 'missing' }),
    });
    try {
      const outcome = await instance.invoke(SCHEDULED);
      expect(outcome).toMatchObject({
        kind: 'error',
        error: { errorType: 'StoreUnavailableError', errorMessage: expect.stringContaining('table was not found') },
      });
      expect(instance.records).toContainEqual(
        expect.objectContaining({ TableName: 'missing', Finished: 0, Failed: 1, outcome: 'failed' }),
      );
    } finally {
      await instance.stop();
    }
  });
});
