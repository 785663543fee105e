import { writeFileSync } from 'node:fs';
import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { createBatchClient } from '../../src/cleanup/batch-client.js';
import { cleanUp } from '../../src/cleanup/cleanup.js';
import { itemOf } from '../../src/table/item.js';
import { engines } from '../../test/engines/index.js';
import { fullRecord, newId } from '../../test/world/records.js';
import { createTestTable, type TestTable } from '../../test/world/tables.js';
import { bareLoop, inBatches, oneByOne, parallelLoop } from './bare-loop.js';

// The cleanup beside loops that one would write by hand, in turns on one table; and what it holds in memory for a small
// and for a large table. Amazon DynamoDB Local shares this machine's processors, and takes much longer for 25 conditional
// deletions than for a batch of 25: so only the ratios say something, and that to the batches little.

const ITEMS = 100_000;
const SMALL = 10_000;
const EXPIRED = 0.2;
const ROUNDS = 3;

/** So far ahead that the engine's own TTL takes nothing away. In seconds. */
const now = 4_000_000_000;
const clock = { now: () => now * 1_000 };
/** All that has expired, as fast as it goes: the loops beside it know no grace and no limit. */
const options = { clock, grace: 0, writesPerSecond: 100_000 };

it('the cleanup beside loops written by hand', async () => {
  const engine = engines().find(({ name }) => name === 'dynamodb-local');
  if (engine === undefined) throw new Error('The benchmark needs Amazon DynamoDB Local.');
  const client = createBatchClient({
    endpoint: engine.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });

  const small = await createTestTable(engine);
  await fill(small, SMALL * (1 - EXPIRED), now + 86_400);
  await fill(small, SMALL * EXPIRED, now - 86_400);
  const smallGrowth = await heapGrowth(client, small.tableName, SMALL);
  console.log(`${SMALL} items: the heap grew by ${megabytes(smallGrowth)} MB`);
  await small.drop();

  const large = await createTestTable(engine);
  await fill(large, ITEMS * (1 - EXPIRED), now + 86_400);
  const again = (): Promise<void> => fill(large, ITEMS * EXPIRED, now - 86_400);
  await again();
  const largeGrowth = await heapGrowth(client, large.tableName, ITEMS);
  console.log(`${ITEMS} items: the heap grew by ${megabytes(largeGrowth)} MB`);

  const { client: plainClient, tableName } = large;
  const contestants = [
    { name: 'cleanup', seconds: 0, run: async () => (await cleanUp({ client, tableName, ...options })).deleted },
    {
      name: 'parallel loop, conditional',
      seconds: 0,
      run: () => parallelLoop(plainClient, tableName, now, { segments: 4, pageSize: 1_000, atOnce: 32 }),
    },
    { name: 'bare loop, one by one', seconds: 0, run: () => bareLoop(plainClient, tableName, now, oneByOne) },
    { name: 'bare loop, batches', seconds: 0, run: () => bareLoop(plainClient, tableName, now, inBatches) },
  ];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const contestant of round % 2 === 0 ? contestants : contestants.toReversed()) {
      await again();
      const seconds = await secondsOf(contestant.run);
      console.log(`round ${round + 1}: ${contestant.name}: ${rounded(seconds)} s`);
      contestant.seconds += seconds / ROUNDS;
    }
  }
  await large.drop();
  client.destroy();

  const [cleanup = { seconds: Number.NaN }] = contestants;
  const times = contestants.map(({ name, seconds }) => ({
    name,
    seconds: rounded(seconds),
    itemsPerSecond: Math.round(ITEMS / seconds),
    cleanupIsTimesAsFast: rounded(seconds / cleanup.seconds),
  }));
  const results = {
    items: ITEMS,
    expired: ITEMS * EXPIRED,
    rounds: ROUNDS,
    times,
    peakHeapGrowthMB: { [SMALL]: megabytes(smallGrowth), [ITEMS]: megabytes(largeGrowth) },
    node: process.version,
  };
  console.table(times);
  console.table({ 'peak heap growth, MB': results.peakHeapGrowthMB });
  writeFileSync(new URL('results.json', import.meta.url), `${JSON.stringify(results, undefined, 2)}\n`);
  expect(largeGrowth - smallGrowth).toBeLessThan(8 * 1_024 * 1_024);
});

/** How much the live heap grew at most while the cleanup ran: measured after a collection, at every page. */
async function heapGrowth(client: DynamoDBClient, tableName: string, items: number): Promise<number> {
  const live = (): number => {
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  await cleanUp({ client, tableName, ...options, dryRun: true }); // so that what is loaded and compiled once is not counted
  const before = live();
  let peak = before;
  const report = await cleanUp({
    client,
    tableName,
    ...options,
    onProgress: () => {
      peak = Math.max(peak, live());
    },
  });
  expect(report).toMatchObject({ kind: 'finished', scanned: items, deleted: items * EXPIRED });
  return peak - before;
}

async function secondsOf(run: () => Promise<number>): Promise<number> {
  const start = performance.now();
  expect(await run()).toBe(ITEMS * EXPIRED);
  return (performance.now() - start) / 1_000;
}

async function fill({ client, tableName }: TestTable, count: number, expiresAt: number): Promise<void> {
  const data = new Map([['cart', JSON.stringify('x'.repeat(400))]]);
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      const size = Math.min(25, left);
      left -= size;
      const requests = Array.from({ length: size }, () => ({
        PutRequest: { Item: itemOf(newId(), fullRecord({ expiresAt, data })) },
      }));
      await client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }));
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
}

const rounded = (value: number): number => Math.round(value * 100) / 100;
const megabytes = (bytes: number): number => rounded(bytes / 1_024 / 1_024);
