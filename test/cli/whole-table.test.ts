import { beforeEach, describe, expect, it } from 'vitest';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { sizeOfItem } from '../../src/cli/item-size.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import type { Item } from '../../src/table/port.js';
import { ExpressSessionStore } from '../../src/express/index.js';
import { Sessions } from '../../src/index.js';
import { CLEANUP_CHECKPOINT, EVERYONE_MARK } from '../../src/table-schema.js';
import { capabilities, type Engine, engines } from '../engines/index.js';
import { callsOf } from '../express/calls.js';
import { fault, ok, startFaultyEndpoint, startLossyProxy } from '../world/endpoint.js';
import { newId } from '../world/records.js';
import { command } from './command.js';
import { expiredItem, nowSeconds, type OperatedTable, openTable, sessionItem, withoutUser } from './table.js';
const many = (amount: number, make: () => Item): Item[] => Array.from({ length: amount }, () => make());
/** 120 of these are more than a page of each of four parts. */
const LARGE = { data: new Map([['x', 'x'.repeat(60_000)]]) };
const idsOf = (items: readonly Item[]): Set<string | undefined> => new Set(items.map((item) => item['id']?.S));

describe.each<Engine>(engines())('the operators’ command over a whole table on $name', (engine) => {
  let table: OperatedTable;

  beforeEach(async () => {
    table = await openTable(engine);
    return () => table.drop();
  });

  const run = (...args: string[]) => command.run([...args, ...table.args]);
  const json = async (...args: string[]) => {
    const { stdout, exitCode } = await run(...args, '--json');
    return { document: JSON.parse(stdout), exitCode };
  };

  describe('stats', () => {
    it('counts what lives and what has expired, by age and by size', async () => {
      const now = nowSeconds();
      const DAY = 86_400;
      const alive = [
        sessionItem({ userId: 'u', epoch: 1, createdAt: now - 60 }),
        sessionItem({ userId: 'u', epoch: 1, createdAt: now - 2 * DAY, data: new Map([['cart', 'x'.repeat(2_000)]]) }),
        sessionItem({ userId: 42, epoch: 1, createdAt: now - 40 * DAY, data: new Map([['cart', 'x'.repeat(70_000)]]) }),
        withoutUser(sessionItem({ createdAt: now - 60 })),
      ];
      const others = [
        ...many(3, () => expiredItem()),
        { ...sessionItem(), version: { N: '2' } },
        { ...sessionItem(), auth: { S: 'x' } },
        { id: { S: newId() }, version: { N: '1' }, endedAt: { N: '1' }, expiresAt: { N: '9999999999' } },
        { id: { S: 'user#s:u' }, version: { N: '1' }, generation: { N: '1' }, expiresAt: { N: '9999999999' } },
        { id: { S: 'login#x' }, version: { N: '1' }, expiresAt: { N: '9999999999' } },
        { id: { S: CLEANUP_CHECKPOINT }, version: { N: '1' } },
        { id: { S: EVERYONE_MARK }, version: { N: '1' }, generation: { N: '1' } },
        { id: { S: newId() }, ['data.a']: { M: { x: { L: [{ NULL: true }, { NS: ['1'] }] } } } },
      ];
      await table.put([...alive, ...others]);

      const { document, exitCode } = await json('stats');
      expect(exitCode).toBe(0);
      const bytes = (items: readonly Item[]): number => items.reduce((sum, item) => sum + sizeOfItem(item), 0);
      expect(document).toMatchObject({
        table: table.tableName,
        complete: true,
        samplePercent: 100,
        items: 15,
        bytes: bytes([...alive, ...others]),
        live: { sessions: 4, loggedIn: 3, bytes: bytes(alive) },
        expired: { sessions: 3, bytes: bytes(others.slice(0, 3)) },
        newerVersion: 1,
        unreadable: 2,
        userMarks: 1,
        loginMarks: 1,
        tombstones: 1,
        largest: { id: alive[2]?.['id']?.S },
        byAge: [
          { upToSeconds: 3_600, sessions: 2 },
          { upToSeconds: 86_400, sessions: 0 },
          { upToSeconds: 604_800, sessions: 1 },
          { upToSeconds: 2_592_000, sessions: 0 },
          { sessions: 1 },
        ],
        bySize: [
          { upToBytes: 1_024, sessions: 2 },
          { upToBytes: 4_096, sessions: 1 },
          { upToBytes: 16_384, sessions: 0 },
          { upToBytes: 65_536, sessions: 0 },
          { sessions: 1 },
        ],
      });
      expect(Date.parse(document.oldestExpiredAt)).toBeLessThanOrEqual((now - 3_600) * 1_000);

      const { stdout, stderr } = await run('stats');
      expect(stdout).toMatch(/live sessions +4 \(3 logged in\); 7[\d.]+ KB/);
      expect(stdout).toMatch(/expired longest +1 hour ago/);
      expect(stdout).toMatch(/over 30 days +▇+ +1\n/);
      // dynalite counts no items; and there is no bar where there is no terminal.
      expect(stderr).toMatch(engine.name === 'dynalite' ? /^$/ : /^Reading about .* for about .* read units?\.\n$/);
    });

    it('does not announce the size of a table of which DynamoDB has counted nothing yet', async () => {
      const { exitCode, stderr } = await run('stats');
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    });

    it('counts what ended sessions leave as tombstones, those of a migration from express-session, too', async () => {
      const { id } = await table.logIn('user-1');
      await table.sessions.revoke(id);
      const migrateFrom = { load: async () => undefined };
      const store = new ExpressSessionStore({ persistence: table.layer, migrateFrom });
      await callsOf(store).destroy(newId());
      expect((await json('stats')).document).toMatchObject({
        items: 2,
        live: { sessions: 0 },
        expired: { sessions: 0 },
        unreadable: 0,
        tombstones: 2,
      });
      expect((await run('stats')).stdout).toMatch(/tombstones +2\n/);
    });

    it('is not stopped by a time that no Date can hold', async () => {
      const ended = { ...expiredItem(), expiresAt: { N: '-9E+15' } };
      const older = { ...expiredItem(), expiresAt: { N: '-1E+125' } };
      await table.put([ended, withoutUser(sessionItem({ expiresAt: 9e15 }))]);
      const counts = { live: { sessions: 1 }, expired: { sessions: 1 }, oldestExpiredAt: '-9000000000000000' };
      expect(await json('stats')).toMatchObject({ exitCode: 0, document: counts });
      await table.put([older]);
      expect(await json('stats')).toMatchObject({ exitCode: 0, document: { ...counts, oldestExpiredAt: '-1e+125' } });
      expect(await run('stats')).toMatchObject({ exitCode: 0 });
    });

    it('reads no more than its budget, and says that it is not all', async () => {
      await table.put(many(120, () => sessionItem(LARGE)));
      const { document, exitCode } = await json('stats', '--read-budget', '1');
      expect(exitCode).toBe(1);
      expect(document.complete).toBe(false);
      expect(document.items).toBeLessThan(120);
      expect((await run('stats', '--read-budget', '1')).stdout).toContain('Incomplete');
    });

    it('estimates from a sample', async () => {
      await table.put(many(400, sessionItem));
      const { document, exitCode } = await json('stats', '--sample', '50');
      expect(exitCode).toBe(0);
      expect(document).toMatchObject({ complete: true, samplePercent: 50 });
      expect(document.items).toBeGreaterThan(100);
      expect(document.items).toBeLessThan(300);
      expect((await run('stats', '--sample', '50')).stdout).toMatch(/items +about \d+/);
    });

    it('is about an empty table, too', async () => {
      expect(await json('stats')).toMatchObject({ exitCode: 0, document: { items: 0, live: { sessions: 0 } } });
      expect(await run('stats')).toMatchObject({ exitCode: 0 });
    });
  });

  describe('cleanup', () => {
    it('13. deletes what has expired, never a session that is alive', async () => {
      const alive = many(20, sessionItem);
      await table.put([...alive, ...many(30, () => expiredItem())]);
      const dry = await json('cleanup', '--grace', '0', '--dry-run');
      expect(dry).toMatchObject({ exitCode: 0, document: { dryRun: true, scanned: 50, expired: 30, deleted: 0 } });
      expect(await table.items()).toHaveLength(50);
      expect((await run('cleanup', '--grace', '0', '--dry-run')).stdout).toMatch(
        /^30 expired items found; nothing was deleted\.\n/,
      );

      const { exitCode, stdout, stderr } = await run('cleanup', '--grace', '0');
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(stdout).toMatch(/^Deleted 30 expired items\.\nRead 50 items for \d+ read units?, in \d+ s\.\n/);
      expect(stdout).toContain('The oldest of them expired 1 hour ago.');
      expect(idsOf(await table.items())).toEqual(idsOf(alive));
      expect(await json('cleanup')).toMatchObject({ exitCode: 0, document: { kind: 'finished', deleted: 0 } });
    });

    const hasTtl = capabilities[engine.name].ttl;
    it(`leaves to TTL what expired less than two days ago${hasTtl ? '' : ', but where there is none'}`, async () => {
      const [fresh, old] = [expiredItem(3_600), expiredItem(2 * 86_400)];
      await table.put([fresh, old]);
      expect((await json('cleanup')).document).toMatchObject({ scanned: 2, deleted: hasTtl ? 1 : 2 });
      expect(idsOf(await table.items())).toEqual(idsOf(hasTtl ? [fresh] : []));
      await table.put([fresh]);
      expect((await json('cleanup', '--grace', '3660')).document).toMatchObject({ expired: 0 });
      expect((await json('cleanup', '--grace', '3600')).document).toMatchObject({ deleted: 1 });
    });

    it('deletes no faster than it is told', async () => {
      await table.put(many(10, expiredItem));
      const start = Date.now();
      const { document } = await json('cleanup', '--grace', '0', '--writes-per-second', '5');
      expect(document.deleted).toBe(10);
      expect(Date.now() - start).toBeGreaterThanOrEqual(1_800);
    });

    it('ends in order at Ctrl-C, says what it has done, and the next run goes on from there', async () => {
      const alive = many(20, sessionItem);
      await table.put([...alive, ...many(600, expiredItem)]);
      const proxy = await startLossyProxy(engine, {});
      const args = ['cleanup', '--grace', '0', '--json', '--table', table.tableName, '--endpoint', proxy.endpoint];
      const deletions = (): number => proxy.operations.filter((operation) => operation === 'DeleteItem').length;
      const { exitCode, stdout, stderr } = await command.run(args, {
        interrupt: { signal: 'SIGINT', isTime: () => deletions() >= 10 },
      });
      const report = JSON.parse(stdout);
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 130, stderr: expect.stringContaining('Interrupted') });
      expect(report).toMatchObject({ kind: 'unfinished', reason: 'aborted' });
      expect(report.deleted).toBeGreaterThan(0);
      expect(report.deleted).toBeLessThan(600);

      const rest = await json('cleanup', '--grace', '0');
      expect(rest).toMatchObject({ exitCode: 0, document: { kind: 'finished' } });
      expect(report.deleted + rest.document.deleted).toBe(600);
      expect(idsOf(await table.items())).toEqual(idsOf(alive));
    });

    it('says that it is not done if its budget is used up', async () => {
      const args = ['cleanup', '--read-budget', '1', '--writes-per-second', '100000'];
      const large = (): Item => withoutUser(sessionItem({ ...LARGE, expiresAt: 1_700_000_000 }));
      await table.put(many(120, large));
      const { document, exitCode } = await json(...args);
      expect({ exitCode, ...document }).toMatchObject({ exitCode: 1, kind: 'unfinished', reason: 'budget' });
      await table.put(many(120, large));
      expect((await run(...args)).stdout).toContain(
        'The read budget is used up. The next cleanup continues from here.',
      );
    });
  });

  describe('log-out-everyone', () => {
    it('ends every session that was logged in, once it is confirmed', async () => {
      const { client, tableName } = table;
      const cookies = [await table.logIn('a'), await table.logIn('b')].map(({ token }) => token);
      const alive = async (): Promise<boolean[]> => {
        const sessions = new Sessions({
          persistence: new DynamoDBPersistenceLayer({ client, tableName }),
          revocationCheck: 'always',
        });
        const found = await Promise.all(cookies.map((token) => sessions.start({ tokens: [token] })));
        return found.map(({ userId }) => userId !== undefined);
      };
      const asked = await run('log-out-everyone');
      expect(asked).toMatchObject({ exitCode: 2, stdout: '' });
      expect(asked.stderr).toContain('add --yes. Nothing was ended.');
      expect(await alive()).toEqual([true, true]);

      const of = { table: table.tableName, loggedOut: true };
      expect(await json('log-out-everyone', '--yes')).toEqual({ exitCode: 0, document: of });
      expect(await alive()).toEqual([false, false]);
      expect((await run('log-out-everyone', '--yes')).stdout).toMatch(/^Logged everyone out\. .* within 10 seconds/);
    });

    it('leaves a table of which stats and cleanup say what it is', async () => {
      await Promise.all([table.logIn('a'), table.logIn('b')]);
      const anonymous = withoutUser(sessionItem());
      await table.put([anonymous]);
      await run('log-out-everyone', '--yes');
      const { id } = await table.logIn('c');

      const { document } = await json('stats');
      expect(document).toMatchObject({
        live: { sessions: 2, loggedIn: 1 },
        loggedOut: { sessions: 2, bytes: expect.any(Number) },
        expired: { sessions: 0 },
        newerVersion: 0,
        unreadable: 0,
      });
      expect(document.loggedOut.bytes).toBeGreaterThan(300);
      expect([id, anonymous['id']?.S]).toContain(document.largest.id);
      expect((await run('stats')).stdout).toMatch(/logged out +2; \d+ bytes/);
      expect((await json('cleanup')).document).toMatchObject({ kind: 'finished', skipped: 0 });
      expect((await run('cleanup')).stdout).not.toContain('newer version');
    });
  });

  const isExact = capabilities[engine.name].capacityUnits;
  it(`counts an item’s bytes as DynamoDB does${isExact ? '' : ', which this engine does not'}`, async () => {
    // One byte more than a KB costs a write unit more.
    const unitsOf = async (Item: Item): Promise<number | undefined> => {
      const put = new PutItemCommand({ TableName: table.tableName, Item, ReturnConsumedCapacity: 'TOTAL' });
      return (await table.client.send(put)).ConsumedCapacity?.CapacityUnits;
    };
    const item = withoutUser(sessionItem({ data: new Map([['√', '']]) }));
    const padded = { ...item, 'data.pad': { S: '' } };
    const pad = (bytes: number): Item => ({ ...item, 'data.pad': { S: 'x'.repeat(bytes - sizeOfItem(padded)) } });
    expect(sizeOfItem(pad(1_024))).toBe(1_024);
    expect([await unitsOf(pad(1_024)), await unitsOf(pad(1_025))]).toEqual([1, isExact ? 2 : 1]);
  });
});

describe('a cleanup that is interrupted while DynamoDB fails', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends at %s with what it has done, and %d', async (signal, code) => {
    const { endpoint, operations } = await startFaultyEndpoint(ok({ Table: {} }), fault(500, 'InternalServerError'));
    const args = ['cleanup', '--grace', '0', '--json', '--table', 'Sessions', '--endpoint', endpoint];
    const isTime = (): boolean => operations.includes('GetItem');
    const { exitCode, stdout } = await command.run(args, { interrupt: { signal, isTime } });
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'unfinished', reason: 'aborted', deleted: 0 });
    expect(exitCode).toBe(code);
  });
});

describe('what stats costs', () => {
  it('is said before, as far as DynamoDB knows it', async () => {
    const { endpoint } = await startFaultyEndpoint(ok({ Table: { ItemCount: 2_000, TableSizeBytes: 819_200 } }), ok());
    const args = ['stats', '--sample', '10', '--table', 'Sessions', '--endpoint', endpoint];
    const { stdout, stderr } = await command.run(args);
    expect(stderr).toBe('Reading about 200 items (80 KB) for about 10 read units.\n');
    expect(stdout).not.toContain('about 0');
  });
});

describe('what may not be asked', () => {
  it('is done without: a job goes on if it may not describe the table', async () => {
    const { endpoint } = await startFaultyEndpoint(fault(400, 'AccessDeniedException'), {
      status: 200,
      body: { Items: [], Count: 0, ScannedCount: 0, ConsumedCapacity: { TableName: 'T', CapacityUnits: 0.5 } },
    });
    const { exitCode, stderr } = await command.run(['stats', '--table', 'Sessions', '--endpoint', endpoint]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain('dynamodb:DescribeTable');
  });
});
