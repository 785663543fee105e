import {
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  ScanCommand,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { createBatchClient } from '../../src/cleanup/batch-client.js';
import { cleanUp } from '../../src/cleanup/cleanup.js';
import type { CleanupOptions } from '../../src/cleanup/options.js';
import type { CleanupReport } from '../../src/cleanup/report.js';
import { ConfigurationError, StoreUnavailableError } from '../../src/core/errors.js';
import { userKey } from '../../src/core/user-id.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { itemOf } from '../../src/table/item.js';
import type { Item } from '../../src/table/port.js';
import type { Client } from '../../src/dynamodb/sender.js';
import { CLEANUP_CHECKPOINT, EVERYONE_MARK, USER_MARK_PREFIX } from '../../src/table-schema.js';
import { type Engine, engines } from '../engines/index.js';
import { type Answer, fault, ok, startFaultyEndpoint } from '../world/endpoint.js';
import { type Fault, Network } from '../world/faults.js';
import { changeOf, newId, recordOf, withData } from '../world/records.js';
import { createTestTable, type TestTable } from '../world/tables.js';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const region = 'us-east-1';
const n = (value: number): { N: string } => ({ N: String(value) });
/** So far ahead that the engine's own TTL takes nothing away. */
const NOW = 4_000_000_000;
const LONG_AGO = NOW - 600;
const FAR = NOW + 3_600;

describe.each(engines())('the cleanup on $name', (engine: Engine) => {
  let table: TestTable;
  let client: DynamoDBClient;
  /** Seconds since the epoch. */
  let now: number;

  beforeAll(async () => {
    table = await createTestTable(engine);
    return () => table.drop();
  });

  beforeEach(() => {
    client = createBatchClient({ endpoint: engine.endpoint, region, credentials });
    now = NOW;
    return async () => {
      client.destroy();
      await empty();
    };
  });

  /** What goes wrong between the client and the engine from now on. */
  const networkBefore = async (): Promise<Network> => {
    const network = await Network.before(engine);
    onTestFinished(() => network.close());
    client.destroy();
    client = createBatchClient({ endpoint: network.endpoint, region, credentials });
    return network;
  };

  const empty = async (): Promise<void> => {
    const keys = (await table.items()).map(({ id }) => ({ id: id as Item[string] }));
    await Promise.all(keys.map((Key) => table.client.send(new DeleteItemCommand({ TableName: table.tableName, Key }))));
  };

  const run = (options: Partial<CleanupOptions> = {}): Promise<CleanupReport> =>
    cleanUp({ client, tableName: table.tableName, clock: { now: () => now * 1_000 }, grace: 0, ...options });

  const put = async (item: Item): Promise<string> => {
    await table.client.send(new PutItemCommand({ TableName: table.tableName, Item: item }));
    return item['id']?.S as string;
  };
  const putSession = (expiresAt: number, userId?: string): Promise<string> =>
    put(itemOf(newId(), recordOf({ expiresAt, ...(userId !== undefined && { userId }) })));
  const putSessions = (count: number, expiresAt: number): Promise<string[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => putSession(expiresAt, `user-${index}`)));
  const update = (id: string, input: Partial<UpdateItemCommandInput>): Promise<unknown> =>
    table.client.send(new UpdateItemCommand({ TableName: table.tableName, Key: { id: { S: id } }, ...input }));
  const extend = (id: string): Promise<unknown> =>
    update(id, { UpdateExpression: 'SET expiresAt = :far', ExpressionAttributeValues: { ':far': n(FAR) } });

  const ids = async (): Promise<Set<string>> => new Set((await table.items()).map((item) => item['id']?.S as string));
  const checkpoint = async (): Promise<Item | undefined> =>
    (await table.items()).find((item) => item['id']?.S === CLEANUP_CHECKPOINT);

  /** The client, with something done before each command. */
  const before = (act: (command: object) => unknown): Client => ({
    send: (async (command: never, options: never) => {
      await act(command);
      return client.send(command, options);
    }) as Client['send'],
  });

  describe('13. never deletes a session that is alive', () => {
    it('deletes what has expired, and nothing else', async () => {
      const alive = [...(await putSessions(20, FAR)), ...(await putSessions(5, NOW + 1))];
      await putSessions(30, LONG_AGO);
      const report = await run();
      expect(report).toMatchObject({
        kind: 'finished',
        scanned: 55,
        expired: 30,
        deleted: 30,
        extended: 0,
        skipped: 0,
        oldestExpiredAt: LONG_AGO,
        segments: 4,
        segmentsDone: 4,
      });
      expect(report.readUnits).toBeGreaterThan(0);
      expect(await ids()).toEqual(new Set(alive));
    });

    it('leaves a minute for clocks that are wrong', async () => {
      const kept = await putSession(NOW - 59);
      await putSession(NOW - 60);
      expect(await run()).toMatchObject({ expired: 1, deleted: 1 });
      expect(await ids()).toEqual(new Set([kept]));
    });

    it('leaves to TTL what expired less than two days ago, or as long as you like', async () => {
      const DAY = 86_400;
      const kept = await putSession(NOW - 2 * DAY + 1);
      await putSession(NOW - 2 * DAY);
      const byDefault = await cleanUp({ client, tableName: table.tableName, clock: { now: () => NOW * 1_000 } });
      expect(byDefault).toMatchObject({ scanned: 2, expired: 1, deleted: 1 });
      expect(await run({ grace: 2 * DAY })).toMatchObject({ expired: 0 });
      expect(await ids()).toEqual(new Set([kept]));
      expect(await run({ grace: 2 * DAY - 1 })).toMatchObject({ expired: 1, deleted: 1 });
    });

    it('deletes expired marks and tombstones too, and keeps those that are still needed', async () => {
      const mark = (user: string, expiresAt: number): Item => ({
        id: { S: USER_MARK_PREFIX + userKey(user) },
        version: n(1),
        generation: n(7),
        expiresAt: n(expiresAt),
      });
      const tombstone = (expiresAt: number): Item => ({
        id: { S: newId() },
        version: n(1),
        endedAt: n(LONG_AGO),
        expiresAt: n(expiresAt),
      });
      await Promise.all([put(mark('a', LONG_AGO)), put(tombstone(LONG_AGO))]);
      const kept = await Promise.all([put(mark('b', FAR)), put(tombstone(FAR))]);
      expect(await run()).toMatchObject({ deleted: 2, skipped: 0 });
      expect(await ids()).toEqual(new Set(kept));
    });

    it('F9: leaves a session alone that is extended after it was found', async () => {
      const found = await putSessions(20, LONG_AGO);
      const extended = new Set(found.slice(0, 7));
      const racing = before(async (command) => {
        const key = (command as { input: { Key?: Item } }).input.Key?.['id']?.S;
        if (key !== undefined && extended.has(key)) await extend(key);
      });
      expect(await run({ client: racing })).toMatchObject({ kind: 'finished', expired: 20, deleted: 13, extended: 7 });
      expect(await ids()).toEqual(extended);
    });

    it('F9: leaves sessions alone that are touched by requests with a slower clock meanwhile', async () => {
      const persistence = new DynamoDBPersistenceLayer({ client: table.client, tableName: table.tableName });
      const record = recordOf({ expiresAt: NOW + 1 });
      const touched = await Promise.all(Array.from({ length: 20 }, () => put(itemOf(newId(), record))));
      await putSessions(20, LONG_AGO);
      const cleaning = run({ clock: { now: () => (NOW + 5) * 1_000 } });
      const saved = await Promise.all(
        touched.map((id) =>
          persistence.saveSession(
            id,
            { ...withData(record, { seen: 'true' }), expiresAt: FAR },
            changeOf(record, { touched: true, set: ['seen'] }),
            { now: NOW - 5 },
          ),
        ),
      );
      expect(await cleaning).toMatchObject({ kind: 'finished', deleted: 20 });
      expect(saved.map((outcome) => outcome?.kind)).toEqual(touched.map(() => 'saved'));
      expect(await ids()).toEqual(new Set(touched));
    });
  });

  describe('D3: goes past what it does not understand', () => {
    const poisons: Record<string, Item> = {
      'a newer version': { version: n(2), expiresAt: n(LONG_AGO) },
      'a newer version, and an end to come': { version: n(2), expiresAt: n(FAR) },
      'a version that is text': { version: { S: '1' }, expiresAt: n(LONG_AGO) },
      'a version that is text, and an end to come': { version: { S: '1' }, expiresAt: n(FAR) },
      'no version': { expiresAt: n(LONG_AGO) },
      'no end': { version: n(1) },
      'an end that is text': { version: n(1), expiresAt: { S: String(LONG_AGO) } },
      'an end that is null': { version: n(1), expiresAt: { NULL: true } },
      'an end that is a set': { version: n(1), expiresAt: { NS: [String(LONG_AGO)] } },
    };

    it.each(Object.entries(poisons))('leaves an item with %s alone', async (_, poison) => {
      const id = await put({ id: { S: newId() }, ...poison });
      await putSessions(3, LONG_AGO);
      expect(await run()).toMatchObject({ kind: 'finished', scanned: 4, expired: 3, deleted: 3, skipped: 1 });
      expect(await ids()).toEqual(new Set([id]));
    });

    it('leaves an item alone that a newer version writes after it was found', async () => {
      const id = await putSession(LONG_AGO);
      const racing = before(async (command) => {
        if ((command as { input: { Key?: Item } }).input.Key?.['id']?.S !== id) return;
        await update(id, {
          UpdateExpression: 'SET #version = :two',
          ExpressionAttributeNames: { '#version': 'version' },
          ExpressionAttributeValues: { ':two': n(2) },
        });
      });
      expect(await run({ client: racing })).toMatchObject({ deleted: 0, extended: 1 });
      expect(await ids()).toEqual(new Set([id]));
    });

    it('does not take everyone’s mark, which never expires, for an item that it does not understand', async () => {
      await new DynamoDBPersistenceLayer({ client: table.client, tableName: table.tableName }).raiseEpoch();
      await putSessions(3, LONG_AGO);
      expect(await run()).toMatchObject({ kind: 'finished', scanned: 4, deleted: 3, skipped: 0 });
      expect(await ids()).toEqual(new Set([EVERYONE_MARK]));
    });

    it('deletes an expired item that is no session', async () => {
      await put({ id: { S: newId() }, version: n(1), expiresAt: n(LONG_AGO), secretHash: { S: 'text' } });
      expect(await run()).toMatchObject({ deleted: 1 });
    });

    it('takes an end in milliseconds or beyond all measure for one to come', async () => {
      await put({ id: { S: newId() }, version: n(1), expiresAt: n(NOW * 1_000) });
      await put({ id: { S: newId() }, version: n(1), expiresAt: { N: '1E+125' } });
      expect(await run()).toMatchObject({ scanned: 2, expired: 0, skipped: 0 });
    });
  });

  describe('keeps its place', () => {
    it('stops when its read budget is used up, and gets through the table in several runs', async () => {
      const alive = await putSessions(30, FAR);
      await putSessions(60, LONG_AGO);
      const reports: CleanupReport[] = [];
      do {
        reports.push(await run({ readBudget: 1, pageSize: 5, segments: 2 }));
      } while (reports.at(-1)?.kind === 'unfinished' && reports.length < 50);
      expect(reports.length).toBeGreaterThan(3);
      expect(reports.slice(0, -1).every((report) => report.kind === 'unfinished' && report.reason === 'budget')).toBe(
        true,
      );
      expect(reports.at(-1)).toMatchObject({ kind: 'finished', segmentsDone: 2 });
      expect(total(reports, 'deleted')).toBe(60);
      // Each item was read once: no run began anew.
      expect(total(reports, 'scanned')).toBe(90);
      expect(await ids()).toEqual(new Set(alive));
    });

    it('stops before its deadline, says how far it is, and goes on in the next run', async () => {
      await putSessions(120, LONG_AGO);
      let calls = 0;
      const slow = before(() => {
        calls += 1;
      });
      // The ten calls that may be under way at once do not take all that is kept for the checkpoint.
      const report = await run({ client: slow, pageSize: 5, segments: 2, remainingTimeMs: () => 10_000 - 80 * calls });
      expect(report).toMatchObject({ kind: 'unfinished', reason: 'deadline' });
      expect(report.deleted).toBeLessThan(120);
      expect(await checkpoint()).toMatchObject({ id: { S: CLEANUP_CHECKPOINT } });
      expect(await run()).toMatchObject({ kind: 'finished' });
      expect(await run({ segments: 2 })).toMatchObject({ kind: 'finished', expired: 0 });
      expect(await ids()).toEqual(new Set());
    });

    it('does nothing when there is no time', async () => {
      await putSession(LONG_AGO);
      expect(await run({ remainingTimeMs: () => 400 })).toMatchObject({
        kind: 'unfinished',
        reason: 'deadline',
        scanned: 0,
      });
    });

    it('stops when it is told to', async () => {
      await putSessions(20, LONG_AGO);
      const controller = new AbortController();
      const report = await run({
        pageSize: 2,
        signal: controller.signal,
        onProgress: () => controller.abort(),
      });
      expect(report).toMatchObject({ kind: 'unfinished', reason: 'aborted' });
      expect(await run()).toMatchObject({ kind: 'finished' });
      expect((await run()).expired).toBe(0);
      expect(await run({ signal: AbortSignal.abort() })).toMatchObject({ kind: 'unfinished', reason: 'aborted' });
    });

    it('begins anew after it has finished, and leaves nothing in the table', async () => {
      expect(await run()).toMatchObject({ kind: 'finished', scanned: 0 });
      expect(await table.items()).toEqual([]);
      await putSessions(3, LONG_AGO);
      expect(await run()).toMatchObject({ kind: 'finished', deleted: 3 });
      expect(await table.items()).toEqual([]);
    });

    it('begins anew when it is told of another number of segments', async () => {
      await putSessions(20, LONG_AGO);
      await run({ readBudget: 1, pageSize: 2, segments: 2 });
      expect(await run({ segments: 3 })).toMatchObject({ kind: 'finished' });
      expect(await ids()).toEqual(new Set());
    });

    it.each<[string, Record<string, Item[string]>]>([
      ['is text', { places: { S: 'here' } }],
      ['has places of no kind', { places: { L: [{ N: '1' }, { S: '' }, { M: {} }, { NULL: true }] } }],
      ['has places that are in no segment', { places: { L: ['a', 'b', 'c', 'd'].map((id) => ({ S: id })) } }],
    ])('is not stopped by a checkpoint that %s', async (_, poison) => {
      await putSessions(20, LONG_AGO);
      await put({ id: { S: CLEANUP_CHECKPOINT }, version: n(1), ...poison });
      expect(await run()).toMatchObject({ kind: 'finished' });
      // A place that an engine accepts without being in the segment costs what is before it, once.
      expect(await run()).toMatchObject({ kind: 'finished' });
      expect(await ids()).toEqual(new Set());
    });
  });

  describe('runs as often as it is started', () => {
    it('F9: two at once do no harm, and leave nothing', async () => {
      const alive = await putSessions(10, FAR);
      await putSessions(40, LONG_AGO);
      const reports = await Promise.all([run({ pageSize: 5 }), run({ pageSize: 5, segments: 3 })]);
      expect(reports.map(({ kind }) => kind)).toEqual(['finished', 'finished']);
      expect(total(reports, 'extended')).toBe(0);
      expect(await ids()).toEqual(new Set(alive));
    });

    it('finishes at once what a run that died has left: Lambda asks again after a minute, and then no more', async () => {
      await putSessions(10, LONG_AGO);
      await expect(run({ client: dyingAfter(3) })).rejects.toMatchObject({ cause: { message: 'died' } });
      expect(await run()).toMatchObject({ kind: 'finished' });
      expect(await ids()).toEqual(new Set());
    });

    it('notes its place every quarter of a minute, so that one that dies has not read for nothing', async () => {
      await putSessions(20, FAR);
      let scans = 0;
      const dying = before((command) => {
        if (!(command instanceof ScanCommand)) return;
        scans += 1;
        now += 5;
        if (scans > 4) throw Object.assign(new Error('died'), { name: 'ExpiredTokenException' });
      });
      const died = run({ client: neverLeaving(dying), segments: 1, pageSize: 4 });
      await expect(died).rejects.toMatchObject({ cause: { message: 'died' } });
      expect(await run({ segments: 1 })).toMatchObject({ kind: 'finished', scanned: 20 - 3 * 4 });
    });

    it('goes on from the place of the slower of two that is noted last, and misses nothing', async () => {
      await putSessions(20, LONG_AGO);
      let other: CleanupReport | undefined;
      const slow = before(async (command) => {
        if (other !== undefined || !(command instanceof ScanCommand)) return;
        other = await run({ segments: 1 });
        await putSessions(5, LONG_AGO);
      });
      const first = await run({ client: slow, segments: 1, pageSize: 2, readBudget: 1 });
      expect(other).toMatchObject({ kind: 'finished', deleted: 20 });
      expect(first).toMatchObject({ kind: 'unfinished' });
      const second = await run({ segments: 1 });
      expect(first.deleted + second.deleted).toBe(5);
      expect(await table.items()).toEqual([]);
    });
  });

  describe('takes its time', () => {
    it('takes no more write units in a second than it may', async () => {
      await putSessions(20, LONG_AGO);
      const start = Date.now();
      expect(await run({ writesPerSecond: 40 })).toMatchObject({ kind: 'finished', deleted: 20 });
      expect(Date.now() - start).toBeGreaterThanOrEqual((19 * 1_000) / 40);
    });

    it('counts a large item as the units that it takes', async () => {
      const large = (): Item =>
        itemOf(newId(), recordOf({ expiresAt: LONG_AGO, data: new Map([['x', 'x'.repeat(9_300)]]) }));
      await Promise.all(Array.from({ length: 6 }, () => put(large())));
      const start = Date.now();
      expect(await run({ writesPerSecond: 50, segments: 1, pageSize: 1 })).toMatchObject({ deleted: 6 });
      expect(Date.now() - start).toBeGreaterThanOrEqual((5 * 10 * 1_000) / 50);
    });

    it('ends before its deadline rather than wait for a turn beyond it', async () => {
      await putSessions(20, LONG_AGO);
      const end = Date.now() + 3_000;
      const report = await run({ writesPerSecond: 1, remainingTimeMs: () => end - Date.now() });
      expect(report).toMatchObject({ kind: 'unfinished', reason: 'deadline' });
      expect(report.deleted).toBeLessThan(4);
      expect(Date.now()).toBeLessThan(end);
    });
  });

  describe('F8: a crash leaves nothing that the next run does not put right', () => {
    it('after any number of calls', async () => {
      const alive = await putSessions(4, FAR);
      for (let calls = 0, died = true; died; calls += 1) {
        await putSessions(6, LONG_AGO);
        died = await run({ client: dyingAfter(calls), pageSize: 3, segments: 2 }).then(
          () => false,
          () => true,
        );
        expect(await run({ pageSize: 3, segments: 2 })).toMatchObject({ kind: 'finished' });
        expect([calls, await ids()]).toEqual([calls, new Set(alive)]);
      }
    });

    it('takes no deletion whose answer was lost for a session that was extended', async () => {
      await putSessions(6, LONG_AGO);
      (await networkBefore()).plan('DeleteItem', 'drop-after', 'none', 'drop-after');
      expect(await run()).toMatchObject({ kind: 'finished', deleted: 6, extended: 0 });
    });

    it('is slowed down by throttling, not stopped, and the log stays quiet', async () => {
      await putSessions(60, LONG_AGO);
      const network = await networkBefore();
      network.plan('Scan', 'throttle', 'throttle', 'throttle');
      network.plan('DeleteItem', ...Array.from({ length: 90 }, (): Fault => 'throttle'));
      const warnings: string[] = [];
      const onWarning = ({ name }: Error): unknown => warnings.push(name);
      process.on('warning', onWarning);
      onTestFinished(() => {
        process.off('warning', onWarning);
      });
      expect(await run()).toMatchObject({ kind: 'finished', deleted: 60 });
      expect(warnings).toEqual([]);
    });

    it('says that it is not finished if it was throttled until its deadline', async () => {
      await putSessions(10, LONG_AGO);
      const network = await networkBefore();
      network.plan('DeleteItem', 'none', 'none', ...Array.from({ length: 1_000 }, (): Fault => 'throttle'));
      const end = Date.now() + 2_500;
      const report = await run({ remainingTimeMs: () => end - Date.now() });
      expect(report).toMatchObject({ kind: 'unfinished', reason: 'deadline', deleted: 2 });
      expect(Date.now()).toBeLessThan(end);
    });
  });

  describe('a dry run', () => {
    it('counts, and writes nothing', async () => {
      await Promise.all([putSessions(5, FAR), putSessions(7, LONG_AGO)]);
      const all = await table.items();
      const network = await networkBefore();
      expect(await run({ dryRun: true })).toMatchObject({ kind: 'finished', scanned: 12, expired: 7, deleted: 0 });
      expect(new Set(network.sent)).toEqual(new Set(['Scan']));
      expect(await table.items()).toEqual(all);
    });

    it('reads the whole table, wherever the last run has stopped, and does not count the checkpoint', async () => {
      await putSessions(20, FAR);
      await run({ readBudget: 1, pageSize: 2, segments: 1 });
      expect(await checkpoint()).toBeDefined();
      expect(await run({ dryRun: true, segments: 1 })).toMatchObject({ kind: 'finished', scanned: 20, skipped: 0 });
    });
  });

  it('tells of its progress', async () => {
    await putSessions(20, LONG_AGO);
    const seen: number[] = [];
    const report = await run({ pageSize: 5, segments: 2, onProgress: ({ scanned }) => seen.push(scanned) });
    expect(seen).toEqual(seen.toSorted((a, b) => a - b));
    expect(seen.at(-1)).toBe(report.scanned);
    expect(seen.length).toBeGreaterThan(2);
  });

  it('says what to do if there is no such table', async () => {
    await expect(run({ tableName: 'not-there' })).rejects.toMatchObject({
      name: 'StoreUnavailableError',
      retryable: false,
      message: expect.stringContaining('The table was not found'),
    });
  });

  /** A client whose process dies without a chance to say where it is. */
  function neverLeaving(dying: Client): Client {
    let dead = false;
    return {
      send: (async (command: never, options: never) => {
        if (dead) throw Object.assign(new Error('died'), { name: 'ExpiredTokenException' });
        try {
          return await dying.send(command, options);
        } catch (error) {
          dead = true;
          throw error;
        }
      }) as Client['send'],
    };
  }

  /** A client whose process dies: after so many calls nothing is sent any more. */
  function dyingAfter(calls: number): Client {
    let left = calls;
    return before(() => {
      left -= 1;
      if (left < 0) throw Object.assign(new Error('died'), { name: 'ExpiredTokenException' });
    });
  }
});

describe('a cleanup that DynamoDB refuses', () => {
  const refused = async (name: string, remainingMs = 60_000): Promise<{ error: Error; attempts: number }> => {
    const { endpoint, operations } = await startFaultyEndpoint(fault(400, name));
    const client = createBatchClient({ endpoint, region, credentials });
    onTestFinished(() => client.destroy());
    const end = Date.now() + remainingMs;
    const error = await cleanUp({ client, tableName: 'T', remainingTimeMs: () => end - Date.now() }).then(
      () => expect.unreachable(),
      (reason: Error) => reason,
    );
    return { error, attempts: operations.length };
  };

  it('says which rights it needs if it is denied', async () => {
    const { error, attempts } = await refused('AccessDeniedException');
    expect(attempts).toBe(1);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error).toMatchObject({
      retryable: false,
      message: expect.stringMatching(/Scan.*DeleteItem.*GetItem.*UpdateItem/),
    });
  });

  it('fails if it was throttled from its beginning to its deadline', async () => {
    const { error, attempts } = await refused('ProvisionedThroughputExceededException', 2_000);
    expect(attempts).toBeGreaterThan(2);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error).toMatchObject({ retryable: true, message: expect.stringContaining('throttled') });
  });
});

describe('a cleanup that is told to stop while DynamoDB does not answer', () => {
  it.each<[string, [Answer, ...Answer[]], string]>([
    ['to the question where it was', ['hang'], 'GetItem'],
    ['to the reading', [ok(), 'hang'], 'Scan'],
  ])('%s, says so, and is no failure', async (_, answers, operation) => {
    const { endpoint, operations } = await startFaultyEndpoint(...answers);
    const requestHandler = { requestTimeout: 300, throwOnRequestTimeout: true };
    const client = new DynamoDBClient({ endpoint, region, credentials, maxAttempts: 1, requestHandler });
    onTestFinished(() => client.destroy());
    const controller = new AbortController();
    const cleaning = cleanUp({ client, tableName: 'T', signal: controller.signal });
    while (!operations.includes(operation)) await sleep(5);
    const stoppedAt = performance.now();
    controller.abort();
    expect(await cleaning).toMatchObject({ kind: 'unfinished', reason: 'aborted', scanned: 0, deleted: 0 });
    expect(performance.now() - stoppedAt).toBeLessThan(5_000);
  });
});

describe('the options of the cleanup', () => {
  const options: CleanupOptions = { client: { send: () => Promise.reject(new Error('unused')) }, tableName: 'T' };

  it.each<[Record<string, unknown>, string]>([
    [{ readBudget: 0 }, 'readBudget'],
    [{ readBudget: -1 }, 'readBudget'],
    [{ readBudget: 1.5 }, 'readBudget'],
    [{ segments: 0 }, 'segments'],
    [{ segments: 65 }, 'segments'],
    [{ pageSize: 0 }, 'pageSize'],
    [{ grace: -1 }, 'grace'],
    [{ grace: 31_536_001 }, 'grace'],
    [{ writesPerSecond: 0 }, 'writesPerSecond'],
    [{ writesPerSecond: 100_001 }, 'writesPerSecond'],
    [{ leaseSeconds: 60 }, 'leaseSeconds'],
    [{ tableName: '' }, 'tableName'],
    [{ client: {} }, 'client.send'],
    [{ onProgress: 1 }, 'onProgress'],
    [{ remainingTimeMs: 1 }, 'remainingTimeMs'],
    [{ clock: {} }, 'clock.now'],
    [{ dryrun: true }, 'dryrun'],
    [{ dryRun: 'true' }, 'Option dryRun is a value of type string; expected a boolean.'],
    [{ dryRun: 1 }, 'dryRun'],
    [{ dryRun: null }, 'dryRun'],
  ])('%j is refused by name', async (wrong, name) => {
    const refusal = cleanUp({ ...options, ...wrong } as CleanupOptions);
    await expect(refusal).rejects.toThrow(ConfigurationError);
    await expect(refusal).rejects.toThrow(name);
  });
});

const total = (reports: readonly CleanupReport[], name: 'deleted' | 'extended' | 'scanned'): number =>
  reports.reduce((sum, report) => sum + report[name], 0);
