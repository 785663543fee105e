import { describe, expect, it } from 'vitest';
import { createBatchClient } from '../../src/cleanup/batch-client.js';
import { cleanUp } from '../../src/cleanup/cleanup.js';
import { RECORD_VERSION } from '../../src/core/record.js';
import { type Item, readItem } from '../../src/dynamodb/item.js';
import { USER_MARK_PREFIX } from '../../src/table-schema.js';
import { engines } from '../engines/index.js';
import { secretsIn } from '../world/secrets.js';
import { createTestTable } from '../world/tables.js';
import { LAMBDAS, RULES, Traffic } from './traffic.js';

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 30);
const MOST_REQUESTS = 500 * SECONDS;
/** How much the live heap may grow: what is loaded and compiled on the way, and the ledger's notes on each request. */
const mostGrowth = (requests: number): number => 12_000_000 + 1_000 * requests;

describe.each(engines())('a soak on $name', (engine) => {
  it(`${LAMBDAS} Lambdas, a failing network, ${SECONDS} s: every promise holds, in answers and in the table`, async () => {
    const table = await createTestTable(engine);
    const traffic = new Traffic(engine, table.tableName);
    const { ledger } = traffic;

    await traffic.run(SECONDS / 3, MOST_REQUESTS / 3);
    const [before, requestsBefore] = [liveHeap(), ledger.counts['requests'] as number];
    await traffic.run((2 * SECONDS) / 3, MOST_REQUESTS);
    const growth = liveHeap() - before;
    const requests = (ledger.counts['requests'] as number) - requestsBefore;

    const items = await table.items();
    for (const violation of violationsIn(items, traffic)) ledger.violations.push(violation);

    const { now } = traffic;
    const client = createBatchClient({ endpoint: engine.endpoint, ...LOCAL });
    const cleanup = await cleanUp({ client, tableName: table.tableName, clock: { now: () => now * 1_000 } });
    const left = new Set((await table.items()).map(idOf));
    for (const item of items) {
      if (endOf(item) > now && !left.has(idOf(item))) ledger.violated(13, 'the cleanup deleted what is alive');
    }
    const faults: Record<string, number> = {};
    for (const fault of traffic.networks.flatMap(({ struck }) => struck)) faults[fault] = (faults[fault] ?? 0) + 1;
    traffic.close();
    client.destroy();
    await table.drop();

    console.log(engine.name);
    console.table(ledger.counts);
    console.table(faults);
    console.log(`${items.length} items, of which the cleanup deleted ${cleanup.deleted}; ${left.size} left`);
    console.log(
      `the heap grew by ${Math.round(growth / 1_000)} kB over ${requests} requests; violations: ${ledger.violations.length}`,
    );

    expect(ledger.violations).toEqual([]);
    expect(growth).toBeLessThan(mostGrowth(requests));
    expect(Object.keys(faults).length).toBeGreaterThan(10);
  });
});

const LOCAL = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

/** What no item of the table may be, whatever has happened. */
function violationsIn(items: readonly Item[], { ledger }: Traffic): string[] {
  const violations = secretsIn(items, ledger.secrets).map(() => '5. a secret is in the table');
  for (const item of items) {
    const id = idOf(item);
    if (Number(item['version']?.N) !== RECORD_VERSION || !Number.isSafeInteger(endOf(item))) {
      violations.push('an item has no version, or no end');
    }
    if (id.startsWith(USER_MARK_PREFIX)) continue;
    const stored = readItem(item);
    if (stored.kind === 'tombstone') continue;
    if (stored.kind !== 'session') {
      violations.push(`an item is ${stored.kind}`);
      continue;
    }
    const { record } = stored;
    const known = ledger.get(id);
    if (known?.ended) violations.push('1. an ended session is in the table');
    if (record.absoluteExpiresAt !== record.createdAt + RULES.absoluteTimeout)
      violations.push('10. a lifetime changed');
    if (record.expiresAt > record.absoluteExpiresAt) violations.push('10. an end is beyond the absolute one');
    const owner = item['data.owner']?.S;
    if (owner !== undefined && owner !== JSON.stringify(record.userId)) {
      violations.push('6. a session holds the data of another user');
    }
    const visits = Number(item['data.visits']?.S ?? 0);
    if (known && (visits < known.visits.done || visits > known.visits.done + known.visits.unknown + 1)) {
      violations.push(`8. ${known.visits.done} updates were acknowledged, and ${visits} are stored`);
    }
  }
  return violations;
}

const idOf = (item: Item): string => item['id']?.S as string;
const endOf = (item: Item): number => Number(item['expiresAt']?.N);

function liveHeap(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
