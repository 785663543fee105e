import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { cleanUp } from '../../src/cleanup/cleanup.js';
import { Partitions } from './partitions.js';

// The cleanup on a table that throttles by partition, which no local engine does: how fast it deletes, and how many of
// the users' writes are refused meanwhile. With a limit and without, in few segments and in many.

const SECONDS = 6;
const NO_LIMIT = 100_000;
const PARTITIONS = [1, 4, 16] as const;
/** What the users take of each partition. */
const SHARES = [0.2, 0.45, 0.8] as const;
const WAYS = [
  { way: 'no limit, 4 segments', writesPerSecond: NO_LIMIT, segments: 4 },
  { way: 'no limit, 32 segments', writesPerSecond: NO_LIMIT, segments: 32 },
  { way: '500 a second, 4 segments', writesPerSecond: 500, segments: 4 },
  { way: '500 a second, 32 segments', writesPerSecond: 500, segments: 32 },
] as const;

it('what is throttled while the cleanup deletes', async () => {
  const rows = [];
  for (const partitions of PARTITIONS) {
    for (const share of SHARES) {
      for (const { way, ...options } of WAYS) {
        const table = new Partitions({ items: 1_000_000, partitions, share });
        const start = performance.now();
        const report = await table.during(() =>
          cleanUp({
            client: table.client,
            tableName: 'T',
            grace: 0,
            ...options,
            remainingTimeMs: () => SECONDS * 1_000 - (performance.now() - start),
          }),
        );
        const seconds = (performance.now() - start) / 1_000;
        const { users, deletions } = table;
        rows.push({
          partitions,
          users: `${share * 100} %`,
          way,
          deletionsPerSecond: Math.round(report.deleted / seconds),
          usersThrottled: `${percent(users.throttled / users.asked)} %`,
          deletionsThrottled: `${percent(deletions.throttled / deletions.asked)} %`,
        });
        console.log(rows.at(-1));
        expect(users.asked).toBeGreaterThan(0);
      }
    }
  }
  console.table(rows);
  writeFileSync(new URL('throttling.json', import.meta.url), `${JSON.stringify(rows, undefined, 2)}\n`);
});

const percent = (share: number): number => Math.round(share * 10_000) / 100;
