import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createBatchClient } from '../../src/cleanup/batch-client.js';
import { cleanUp } from '../../src/cleanup/cleanup.js';
import { RECORD_VERSION } from '../../src/core/record.js';
import { readItem, tombstoneOf } from '../../src/table/item.js';
import type { Item } from '../../src/table/port.js';
import { EVERYONE_MARK, LOGIN_MARK_PREFIX, USER_MARK_PREFIX } from '../../src/table-schema.js';
import { engines } from '../engines/index.js';
import { secretsIn } from '../world/secrets.js';
import { createTestTable } from '../world/tables.js';
import { ACTIONS, LAMBDAS, RULES, Traffic } from './traffic.js';

const SECONDS = Number(process.env['SOAK_SECONDS'] ?? 30);
/** What is loaded and compiled on the way is there after the first round. */
const FIRST_ROUND = 10;
/** Longer than any session lives. */
const LONGEST_ROUND = 20;
const LEAST_REQUESTS = 30;
const MOST_REQUESTS = 500;
/** How much the memory in use may grow after the first round, however many requests there are. */
const MOST_GROWTH = 3_000_000;

describe.each(engines())('a soak on $name', (engine) => {
  it(`${LAMBDAS} Lambdas, half of them without the SDK, a failing network, ${SECONDS} s: every promise holds, in answers and in the table`, async () => {
    const table = await createTestTable(engine);
    const traffic = await Traffic.on(engine, table.tableName);
    const { ledger } = traffic;
    const client = createBatchClient({ endpoint: engine.endpoint, ...LOCAL });
    const cleaned = { deleted: 0, alive: 0 };

    const round = async (seconds: number): Promise<void> => {
      await traffic.run(seconds, MOST_REQUESTS * seconds);
      const items = await table.items();
      ledger.violations.push(...violationsIn(items, traffic));

      const { now } = traffic;
      const alive = items.filter((item) => endOf(item) > now);
      cleaned.alive += alive.length;
      cleaned.deleted += (
        await cleanUp({ client, tableName: table.tableName, clock: { now: () => now * 1_000 }, grace: 0 })
      ).deleted;
      const left = new Set((await table.items()).map(idOf));
      if (!alive.every((item) => left.has(idOf(item)))) ledger.violated(13, 'the cleanup deleted what is alive');

      await traffic.showEveryCookie();
      traffic.forget();
    };
    await round(FIRST_ROUND);
    const [before, requestsBefore] = [await memoryInUse(), traffic.requests];
    for (let left = SECONDS - FIRST_ROUND; left > 0; left -= LONGEST_ROUND) await round(Math.min(left, LONGEST_ROUND));
    const growth = (await memoryInUse()) - before;

    await traffic.close();
    client.destroy();
    await table.drop();

    console.log(engine.name);
    console.table(ledger.counts);
    console.table(traffic.faults);
    console.log(`the cleanup deleted ${cleaned.deleted} items, and left ${cleaned.alive} that were alive`);
    console.log(
      `the memory in use grew by ${Math.round(growth / 1_000)} kB over ${traffic.requests - requestsBefore} requests; violations: ${ledger.violations.length}`,
    );

    expect(ledger.violations).toEqual([]);
    expect(growth).toBeLessThan(MOST_GROWTH);
    expect(traffic.requests).toBeGreaterThan(LEAST_REQUESTS * SECONDS);
    for (const what of [
      ...Object.keys(ACTIONS),
      'logOutEveryone',
      'logouts by sid',
      'logouts by sub',
      'logouts said twice',
      'logins refused that the provider had ended',
      'late requests landed',
      'cookies shown that are good',
    ])
      expect(ledger.counts, what).toHaveProperty(what);
    expect(Object.keys(traffic.faults).length).toBeGreaterThan(10);
    expect(Math.min(cleaned.deleted, cleaned.alive)).toBeGreaterThan(0);
  });
});

const OF_A_TOMBSTONE = new Set(Object.keys(tombstoneOf('ID', 0, new Uint8Array())));

const LOCAL = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

/** What no item of the table may be, whatever has happened. */
function violationsIn(items: readonly Item[], { ledger }: Traffic): string[] {
  const secrets = [...ledger.tokens].map((token) => token.split('.')[1] as string);
  const violations = secretsIn(items, secrets).map(() => '5. a secret is in the table');
  const marks = new Map(items.map((item) => [idOf(item), item]));
  for (const item of items) {
    const id = idOf(item);
    if (Number(item['version']?.N) !== RECORD_VERSION) violations.push('an item has no version');
    if (id === EVERYONE_MARK) continue;
    if (!Number.isSafeInteger(endOf(item))) violations.push('an item has no end');
    if (id.startsWith(USER_MARK_PREFIX) || id.startsWith(LOGIN_MARK_PREFIX)) continue;
    const stored = readItem(item);
    if (stored.kind === 'tombstone') {
      if (Object.keys(item).some((name) => !OF_A_TOMBSTONE.has(name)))
        violations.push('1. something of an ended session is in the table');
      continue;
    }
    if (stored.kind !== 'session') {
      violations.push(`an item is ${stored.kind}`);
      continue;
    }
    const { record } = stored;
    const known = ledger.get(id);
    if (known?.ended) violations.push('1. an ended session is in the table');
    const { createdAt = record.createdAt } = known ?? {};
    if (record.createdAt !== createdAt || record.absoluteExpiresAt !== createdAt + RULES.absoluteTimeout)
      violations.push('10. a lifetime changed');
    if (record.expiresAt > record.absoluteExpiresAt) violations.push('10. an end is beyond the absolute one');
    const owner = item['data.owner']?.S;
    if (owner !== undefined && owner !== JSON.stringify(record.userId)) {
      violations.push('6. a session holds the data of another user');
    }
    if (known && known.deadFrom < Infinity && !isBelow(marks, id, item)) {
      violations.push('9. a session that was logged out everywhere is not below a mark');
    }
    if (known && known.loginOverFrom < Infinity && !marks.has(`${LOGIN_MARK_PREFIX}${item['login']?.S}`)) {
      violations.push('9. a session whose login is over has no mark that says so');
    }
    const visits = Number(item['data.visits']?.S ?? 0);
    if (known && (visits < known.visits.done || visits > known.visits.done + known.visits.unknown)) {
      violations.push(`8. ${known.visits.done} updates were acknowledged, and ${visits} are stored`);
    }
  }
  return violations;
}

/** Whether its user's mark or everyone's says of a session that it was logged out. */
function isBelow(marks: ReadonlyMap<string, Item>, id: string, session: Item): boolean {
  const mark = marks.get(`${USER_MARK_PREFIX}${session['user']?.S}`);
  const [own, raised] = [numberOf(session, 'generation'), numberOf(mark, 'generation')];
  const isSpared = mark?.['spared']?.S === id && own >= numberOf(mark, 'sparedGeneration');
  return (own < raised && !isSpared) || numberOf(session, 'epoch') < numberOf(marks.get(EVERYONE_MARK), 'generation');
}

const idOf = (item: Item): string => item['id']?.S as string;
const endOf = (item: Item): number => Number(item['expiresAt']?.N);
const numberOf = (item: Item | undefined, name: string): number => Number(item?.[name]?.N ?? 0);

async function memoryInUse(): Promise<number> {
  for (let time = 0; time < 3; time += 1) {
    await delay(100);
    globalThis.gc?.();
  }
  const { heapUsed, external } = process.memoryUsage(); // external: buffers, too
  return heapUsed + external;
}
