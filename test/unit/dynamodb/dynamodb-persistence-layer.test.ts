import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { BriefClient } from '../../../src/dynamodb/brief-client.js';
import { createSession } from '../../../src/table/commands.js';
import { DynamoDBPersistenceLayer, type DynamoDBPersistenceLayerOptions } from '../../../src/dynamodb/index.js';
import { itemOf, LIMITS, readItem } from '../../../src/table/item.js';
import type { Item } from '../../../src/table/port.js';
import {
  ConfigurationError,
  type LoadFinding,
  NotStorableError,
  type RaiseOptions,
  type SessionRecord,
} from '../../../src/index.js';
import { capabilities, engines } from '../../engines/index.js';
import { ok, startFaultyEndpoint, startLossyProxy } from '../../world/endpoint.js';
import { type Fault, Network } from '../../world/faults.js';
import {
  changeOf,
  expectSaved,
  fullRecord,
  listed,
  newHash,
  newId,
  NOW,
  recordOf,
  stored,
  type Update,
  withData,
  written,
} from '../../world/records.js';
import { clientFor, createTestTable, type TestTable } from '../../world/tables.js';
import { tombstoneAt } from '../../world/tombstones.js';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

describe('the options of DynamoDBPersistenceLayer', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each<[string, object]>([
    ['tableName', { tableName: '' }],
    ['tableName', { tableName: 5 }],
    ['timeoutMs', { tableName: 'T', timeoutMs: 0 }],
    ['timeoutMs', { tableName: 'T', timeoutMs: 1.5 }],
    ['timeoutMs', { tableName: 'T', timeoutMs: '2000' }],
    ['consistentRead', { tableName: 'T', consistentRead: 'no' }],
    ['client', { tableName: 'T', client: {} }],
    ['loadUser', { tableName: 'T', loadUser: 'users' }],
    ['roleHierarchy', { tableName: 'T', roleHierarchy: new Map() }],
    ['table', { table: 'T' }],
  ])('refuse for %s what it cannot be, and name it: %j', (option, options) => {
    expect(() => new DynamoDBPersistenceLayer(options as DynamoDBPersistenceLayerOptions)).toThrow(ConfigurationError);
    expect(() => new DynamoDBPersistenceLayer(options as DynamoDBPersistenceLayerOptions)).toThrow(option);
  });

  it('take what the environment says when they are first used: where the layer is made, it may say nothing yet', async () => {
    const store = await startFaultyEndpoint(ok());
    for (const name of ['AWS_REGION', 'DYNAMODB_SESSIONS_REGION', 'DYNAMODB_SESSIONS_TABLE'])
      vi.stubEnv(name, undefined);
    vi.stubEnv('AWS_CONFIG_FILE', '/dev/null');
    const layer = new DynamoDBPersistenceLayer();
    await expect(layer.loadSession('ID')).rejects.toThrow(ConfigurationError);
    await expect(layer.deleteSessions(['ID'])).rejects.toThrow('DYNAMODB_SESSIONS_TABLE');

    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', store.endpoint);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    vi.stubEnv('DYNAMODB_SESSIONS_TABLE', 'T');
    await expect(layer.loadSession('ID')).rejects.toThrow('set AWS_REGION');
    vi.stubEnv('DYNAMODB_SESSIONS_REGION', 'eu-west-1');
    expect(await layer.loadSession('ID')).toBeUndefined();
    expect(store.operations).toEqual(['GetItem']);
  });

  it.each([
    ['the table’s', { DYNAMODB_SESSIONS_REGION: 'eu-west-3', AWS_REGION: 'eu-west-1' }, 'eu-west-3'],
    ['the SDK’s, where that is not set', { DYNAMODB_SESSIONS_REGION: undefined, AWS_REGION: 'eu-west-1' }, 'eu-west-1'],
    ['the SDK’s, where that is empty', { DYNAMODB_SESSIONS_REGION: '', AWS_REGION: 'eu-west-1' }, 'eu-west-1'],
  ])('sign for the region that is %s', async (_, environment, region) => {
    const store = await startFaultyEndpoint(ok());
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', store.endpoint);
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'test');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test');
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    await new DynamoDBPersistenceLayer({ tableName: 'T' }).loadSession('ID');
    expect(store.authorizations).toEqual([expect.stringContaining(`/${region}/dynamodb/`)]);
  });

  it('say that an eventually consistent read may be stale', () => {
    expect(new DynamoDBPersistenceLayer({ tableName: 'T' }).mayBeStale).toBe(false);
    expect(new DynamoDBPersistenceLayer({ tableName: 'T', consistentRead: false }).mayBeStale).toBe(true);
  });
});

describe.each(engines())('DynamoDBPersistenceLayer on $name', (engine) => {
  let table: TestTable;
  let layer: DynamoDBPersistenceLayer;
  beforeAll(async () => {
    table = await createTestTable(engine);
    layer = new DynamoDBPersistenceLayer({ client: table.client, tableName: table.tableName });
  });
  afterAll(() => table.drop());

  const put = (item: Item): Promise<unknown> =>
    table.client.send(new PutItemCommand({ TableName: table.tableName, Item: item }));
  const itemAt = async (id: string): Promise<Item | undefined> =>
    (await table.items()).find((item) => item['id']?.S === id);

  it('takes a document client for a client', async () => {
    const document = new DynamoDBPersistenceLayer({
      client: DynamoDBDocumentClient.from(table.client),
      tableName: table.tableName,
    });
    const record = fullRecord({ data: new Map([['__proto__', '1']]) });
    expect(await layer.loadSession(await stored(document, record), { now: NOW })).toEqual(record);
    expect(await document.loadSession(await stored(layer, record), { now: NOW })).toEqual(record);
  });

  describe('D3: an item that is no session to this code', () => {
    const poison = (id: string, change: Item): Item => ({
      ...itemOf(id, fullRecord({ userId: 'poisoned' })),
      ...change,
    });

    it.each<[LoadFinding, Item, isListed?: boolean]>([
      ['unreadable', { secretHash: { S: 'x' } }],
      ['unreadable', { version: { S: '1' } }],
      // A list is read without them.
      ['unreadable', { 'data.theme': { NULL: true } }, true],
      ['unreadable', { nonce: { S: 'x' } }, true],
      ['newer-version', { version: { N: '2' } }],
    ])('is reported as %s, and no session to load or to change: %j', async (finding, change, isListed = false) => {
      const id = newId();
      await put(poison(id, change));
      const before = await itemAt(id);
      const findings: LoadFinding[] = [];
      expect(await layer.loadSession(id, { now: NOW, report: (each) => findings.push(each) })).toBeUndefined();
      expect(findings).toEqual([finding]);
      expect(await layer.saveSession(id, recordOf(), { kind: 'create' }, { now: NOW })).toEqual({ kind: 'gone' });
      expect(await itemAt(id)).toEqual(before);
      expect((await layer.loadUserSessions('poisoned', { now: NOW })).sessions.has(id)).toBe(isListed);
    });

    it('is not written into if its version is newer', async () => {
      const before = fullRecord();
      const id = newId();
      const item = { ...itemOf(id, before), version: { N: '2' } };
      await put(item);
      expect(
        await layer.saveSession(id, withData(before, { theme: '1' }), changeOf(before, { set: ['theme'] }), {
          now: NOW,
        }),
      ).toEqual({ kind: 'gone' });
      expect(await itemAt(id)).toEqual(item);
    });

    it.each([[{}], [{ auth: 4 }]])(
      'is never deleted if its version is newer: on the condition %j',
      async (condition) => {
        const id = newId();
        const item = { ...itemOf(id, fullRecord()), version: { N: '2' } };
        await put(item);
        await layer.deleteSession(id, condition, { now: NOW });
        expect(await itemAt(id)).toEqual(item);
      },
    );
  });

  /** A layer that loses the first answers to these operations, and asks again, as the SDK does. */
  async function lossyLayer(losses: Record<string, number>, meanwhile?: () => unknown) {
    const { endpoint, operations } = await startLossyProxy(engine, losses, meanwhile);
    const client = new BriefClient({ endpoint, region: 'us-east-1', credentials });
    onTestFinished(() => client.destroy());
    const lossy = new DynamoDBPersistenceLayer({ client, tableName: table.tableName, timeoutMs: 10_000 });
    return { lossy, operations };
  }

  /** Another does something before the layer sends its command number `index` of this kind. */
  function interrupted(kind: string, act: () => unknown, index = 1): DynamoDBPersistenceLayer {
    let count = 0;
    const send = async (command: never, ...rest: never[]): Promise<unknown> => {
      if ((command as object).constructor.name === kind) {
        count += 1;
        if (count === index) await act();
      }
      return table.client.send(command, ...rest);
    };
    return new DynamoDBPersistenceLayer({
      client: { send } as unknown as DynamoDBClient,
      tableName: table.tableName,
    });
  }

  /** A layer on a client of its own, and what it sends. */
  async function counted(): Promise<{ readonly layer: DynamoDBPersistenceLayer; readonly network: Network }> {
    const network = await Network.before(engine);
    const client = clientFor(network);
    onTestFinished(async () => {
      client.destroy();
      await network.close();
    });
    return { layer: new DynamoDBPersistenceLayer({ client, tableName: table.tableName }), network };
  }

  describe('a session whose creation was sent twice', () => {
    async function storedTwice(record: SessionRecord): Promise<string> {
      const { lossy, operations } = await lossyLayer({ PutItem: 1 });
      const id = newId();
      expect(await lossy.saveSession(id, record, { kind: 'create' }, { now: NOW })).toEqual({ kind: 'saved' });
      expect(operations.slice(0, 2)).toEqual(['PutItem', 'PutItem']);
      return id;
    }

    /** The copy of the creation that was still under way, and lands now. */
    const landLate = (id: string, record: SessionRecord): Promise<unknown> =>
      table.client
        .send(new PutItemCommand(createSession(table.tableName, id, record)))
        .catch((error: unknown) => error);

    it('F3: is stored once, as if it had been sent once', async () => {
      const record = fullRecord();
      const id = await storedTwice(record);
      expect(await layer.loadSession(id, { now: NOW })).toEqual(record);
      expect(await itemAt(id)).toEqual(itemOf(id, record));
    });

    it.each<[string, (id: string, record: SessionRecord) => Promise<unknown>]>([
      ['after its end', (id, record) => layer.deleteSession(id, { auth: record.auth }, { now: NOW })],
      ['after the end of all of its user’s', (id) => layer.deleteSessions([id], { now: NOW })],
    ])('F2: is not brought back by the copy %s', async (_, end) => {
      const record = fullRecord();
      const id = await storedTwice(record);
      await end(id, record);
      expect(await itemAt(id)).toEqual(tombstoneAt(id, NOW));
      await landLate(id, record);
      expect(await itemAt(id)).toEqual(tombstoneAt(id, NOW));
      const findings: unknown[] = [];
      const report = (...finding: unknown[]): number => findings.push(finding);
      expect(await layer.loadSession(id, { now: NOW, report })).toBeUndefined();
      expect(findings).toEqual([['ended', NOW]]);
      expect(await layer.userSessions(record.userId as string)).toEqual([]);
    });

    it.each<[string, (id: string, record: SessionRecord) => Promise<unknown>]>([
      ['in another request', (id, record) => layer.deleteSession(id, { auth: record.auth }, { now: NOW })],
      ['by its ID', (id) => layer.deleteSession(id, {}, { now: NOW })],
      ['with its user’s others', (id) => layer.deleteSession(id, { generationBelow: NOW + 1_000_000 }, { now: NOW })],
      ['with all of its user’s', (id) => layer.deleteSessions([id], { now: NOW })],
    ])('F2: is not brought back by the copy after it was ended twice, the second time %s', async (_, endAgain) => {
      const record = fullRecord();
      const id = await storedTwice(record);
      await layer.deleteSession(id, { auth: record.auth }, { now: NOW });
      await endAgain(id, record);
      await landLate(id, record);
      expect(await itemAt(id)).toEqual(tombstoneAt(id, NOW));
    });

    it('F2: is gone if it was ended between the two, and so never seen', async () => {
      const id = newId();
      const record = fullRecord();
      const { lossy } = await lossyLayer({ PutItem: 1 }, () => layer.deleteSession(id, {}, { now: NOW }));
      expect(await lossy.saveSession(id, record, { kind: 'create' }, { now: NOW })).toEqual({ kind: 'gone' });
      expect(await itemAt(id)).toEqual(tombstoneAt(id, NOW));
    });

    it('is not ended on a condition that does not hold', async () => {
      const record = fullRecord();
      const id = await storedTwice(record);
      expect(await layer.deleteSession(id, { auth: record.auth + 1 }, { now: NOW })).toEqual({ kind: 'refused' });
      expect(await layer.loadSession(id, { now: NOW })).toEqual(record);
    });
  });

  describe('an end', () => {
    it('leaves a tombstone, with nothing of the session in it', async () => {
      const ids = await Promise.all([fullRecord(), fullRecord(), recordOf()].map((record) => stored(layer, record)));
      const [first = '', ...others] = ids;
      expect(await layer.deleteSession(first, { auth: 4 }, { now: NOW + 1 })).toEqual({ kind: 'deleted' });
      await layer.deleteSessions(others, { now: NOW + 1 });
      for (const id of ids) expect(await itemAt(id)).toEqual(tombstoneAt(id, NOW + 1));
    });

    it.each<[string, (id: string, record: SessionRecord) => Promise<unknown>, string, string]>([
      [
        'has ended it',
        (id, record) => layer.deleteSession(id, { auth: record.auth }, { now: NOW }),
        'absent',
        'tombstone',
      ],
      [
        'has logged in with it',
        (id, record) => {
          const login = written(record, { auth: record.auth + 1, secretHash: newHash() });
          return layer.saveSession(id, login, changeOf(record, { rotated: true }), { now: NOW });
        },
        'refused',
        'session',
      ],
    ])('is not made by one who comes second: another %s in between', async (_, act, kind, left) => {
      const record = fullRecord();
      const id = await stored(layer, record);
      const second = interrupted('PutItemCommand', () => act(id, record));
      expect(await second.deleteSession(id, { auth: record.auth }, { now: NOW + 1 })).toEqual({ kind });
      expect(readItem((await itemAt(id)) ?? {})).toMatchObject({ kind: left });
    });

    // Not every engine returns with the refusal what is there, and none returns that nothing is.
    const look = capabilities[engine.name].oldItemOnFailedCondition ? [] : ['GetItem'];

    it.each([[{}], [{ auth: 4 }], [{ generationBelow: NOW + 6 }]])(
      'is one call, and a look where nothing is there any more, on the condition %j',
      async (condition) => {
        const id = await stored(layer, fullRecord());
        const { layer: own, network } = await counted();
        const ended: unknown[] = [];
        for (const each of [id, id, newId()]) ended.push(await own.deleteSession(each, condition, { now: NOW }));
        expect(ended).toEqual([{ kind: 'deleted' }, { kind: 'absent' }, { kind: 'absent' }]);
        expect(network.sent).toEqual(['PutItem', 'PutItem', ...look, 'PutItem', 'GetItem']);
      },
    );

    it('F3: says that it has ended the session where the answer to it was lost', async () => {
      const record = fullRecord();
      const id = await stored(layer, record);
      const { lossy, operations } = await lossyLayer({ PutItem: 1 });
      expect(await lossy.deleteSession(id, { auth: record.auth }, { now: NOW })).toEqual({ kind: 'deleted' });
      expect(operations).toEqual(['PutItem', 'PutItem', ...look]);
      expect(await itemAt(id)).toEqual(tombstoneAt(id, NOW));
    });

    it('leaves what a newer version has ended as it is', async () => {
      const id = newId();
      const item = { id: { S: id }, version: { N: '2' }, endedAt: { N: '1' } };
      await put(item);
      await layer.deleteSession(id, {}, { now: NOW });
      expect(await itemAt(id)).toEqual(item);
    });

    it('ends an item that is no session to this code', async () => {
      const id = newId();
      await put({ id: { S: id }, secretHash: { S: 'poison' } });
      expect(await layer.deleteSession(id, { auth: 0 }, { now: NOW })).toEqual({ kind: 'deleted' });
      expect(await itemAt(id)).toEqual(tombstoneAt(id, NOW));
    });

    describe('of many', () => {
      const takenUntil = NOW + 400 * 86_400;

      it.each<[string, (id: string) => Promise<unknown>]>([
        ['a session', (id) => layer.saveSession(id, recordOf(), { kind: 'create' })],
        ['a tombstone', (id) => layer.deleteSessions([id], { now: NOW - 9 })],
        ['nothing', () => Promise.resolve()],
        ['what is no session to this code', (id) => put({ id: { S: id }, secretHash: { S: 'poison' } })],
      ])('leaves a tombstone, for as long as it is told to, where %s is, by one call', async (_, begin) => {
        const id = newId();
        await begin(id);
        const { layer: own, network } = await counted();
        await own.deleteSessions([id], { now: NOW, takenUntil });
        expect(network.sent).toEqual(['BatchWriteItem']);
        expect(await itemAt(id)).toEqual(tombstoneAt(id, NOW, takenUntil));
      });

      it('F3: is made where the answer to it was lost', async () => {
        const id = newId();
        const { lossy } = await lossyLayer({ BatchWriteItem: 1 });
        await lossy.deleteSessions([id, id], { now: NOW });
        expect(await itemAt(id)).toEqual(tombstoneAt(id, NOW));
      });
    });
  });

  describe('of a change, it is said whether it was sent more than once, so that a copy of it may still land,', () => {
    const before = fullRecord();
    const after = withData(before, { theme: '"light"' });
    const change = changeOf(before, { set: ['theme'], expected: { fence: before.fence as number } });

    it.each<[Fault, boolean]>([
      ['none', false],
      ['delayed', false],
      ['drop-before', true],
      ['drop-after', true],
      ['fail', true],
      ['fail-after', true],
      ['zombie', true],
    ])('F2: after %s: %s', async (fault, repeated) => {
      const id = await stored(layer, before);
      const { layer: own, network } = await counted();
      network.plan('UpdateItem', fault);
      expect(await own.saveSession(id, after, change, { now: NOW })).toEqual({ kind: 'saved', repeated });
      expect(network.sent).toEqual(repeated ? ['UpdateItem', 'UpdateItem'] : ['UpdateItem']);
      expect(await layer.loadSession(id, { now: NOW })).toEqual(after);
    });
  });

  it('F3: a login whose answer was lost is saved, although another has written with its secret before it was repeated', async () => {
    const before = fullRecord();
    const id = await stored(layer, before);
    const login = written(before, { secretHash: newHash(), auth: before.auth + 1 });
    const repeated = (): Promise<unknown> =>
      layer.saveSession(id, login, changeOf(before, { rotated: true, userAttached: true }), { now: NOW });
    await repeated();
    const others = withData(login, { theme: '"light"' });
    expectSaved(await layer.saveSession(id, others, changeOf(login, { set: ['theme'] }), { now: NOW }));
    expect(await repeated()).toEqual({ kind: 'saved', repeated: false });
    expect(await layer.loadSession(id, { now: NOW })).toEqual(others);
  });

  it('loads of a user’s sessions what a list needs: no data, and nothing by which they are proven again', async () => {
    const record = fullRecord({ epoch: 0, data: new Map([['cart', 'x'.repeat(10_000)]]) });
    const id = await stored(layer, record);
    const { sessions } = await layer.loadUserSessions(record.userId as string, { now: NOW });
    const { secretHash, rotatedAt, auth, lastWrite, absoluteExpiresAt } = record;
    const required = { secretHash, rotatedAt, auth, lastWrite, absoluteExpiresAt };
    expect(sessions).toEqual(new Map([[id, { ...listed(record), ...required, data: new Map() }]]));
  });

  describe('the user’s mark', () => {
    it('goes up when it is raised after it has expired and been removed', async () => {
      const user = newId();
      const first = await layer.raiseUserMark(user, NOW + 10, { now: NOW });
      await table.client.send(
        new DeleteItemCommand({ TableName: table.tableName, Key: { id: { S: `user#s:${user}` } } }),
      );
      expect((await layer.loadMarks(user)).generation).toBeUndefined();
      expect(await layer.raiseUserMark(user, NOW + 200, { now: NOW + 100 })).toBeGreaterThan(first as number);
    });

    it('is kept until the time that it was last raised with', async () => {
      const user = newId();
      for (const until of [500, 1_000, 1_001]) {
        await layer.raiseUserMark(user, NOW + until, { now: NOW });
        expect(await itemAt(`user#s:${user}`)).toMatchObject({ expiresAt: { N: String(NOW + until) } });
      }
    });

    it('is left as it is to spare a session that was seen alive at a mark which has expired and been removed', async () => {
      const user = newId();
      const spare = { id: 'a', generation: 0 };
      expect(await layer.raiseUserMark(user, NOW + 10, { now: NOW, spare, since: NOW - 5 })).toBeUndefined();
      expect(await itemAt(`user#s:${user}`)).toBeUndefined();
    });

    it('is raised by one call', async () => {
      const user = newId();
      const { layer: own, network } = await counted();
      const since = await own.raiseUserMark(user, NOW + 10, { now: NOW });
      await own.raiseUserMark(user, NOW + 10, { now: NOW, spare: { id: 'a', generation: 0 }, since });
      expect(network.sent).toEqual(['UpdateItem', 'UpdateItem']);
    });

    it.each<[string, RaiseOptions]>([
      ['', {}],
      [', and spares a session', { spare: { id: 'a', generation: 0 } }],
    ])('goes up once by a raise that arrives twice%s', async (_, options) => {
      const user = newId();
      const first = (await layer.raiseUserMark(user, NOW + 10, { now: NOW })) as number;
      const { layer: own, network } = await counted();
      network.planEach(() => 'duplicated');
      const raise = { now: NOW, since: first, ...options };
      expect(await own.raiseUserMark(user, NOW + 10, raise)).toBe(first + 1);
      const marks = { generation: first + 1, expiresAt: NOW + 10, ...(options.spare && { spared: options.spare }) };
      expect(await layer.loadMarks(user)).toEqual(marks);
    });

    it.each<[string, RaiseOptions]>([
      ['', {}],
      [' that has spared a session', { spare: { id: 'a', generation: 0 } }],
    ])('F2: goes up by no copy of a raise%s which lands after others have raised it', async (_, options) => {
      const user = newId();
      const since = (await layer.raiseUserMark(user, NOW + 10, { now: NOW })) as number;
      const { layer: own, network } = await counted();
      network.plan('UpdateItem', 'zombie');
      expect(await own.raiseUserMark(user, NOW + 10, { now: NOW, since, ...options })).toBe(since + 1);
      expect(network.sent).toEqual(['UpdateItem', 'UpdateItem', 'UpdateItem']);
      const spare = { id: 'a', generation: 1 };
      const later = await layer.raiseUserMark(user, NOW + 10, { now: NOW, since: since + 1, spare });
      const marks = { generation: since + 2, spared: spare, expiresAt: NOW + 10 };
      expect([later, await layer.loadMarks(user)]).toEqual([since + 2, marks]);
      expect(await network.releaseZombies()).toBe(1);
      expect(await layer.loadMarks(user)).toEqual(marks);
    });

    it('is read once, though it is poisoned so that the index shows it among the sessions', async () => {
      const user = newId();
      await put({
        id: { S: `user#s:${user}` },
        user: { S: `s:${user}` },
        createdAt: { N: '1' },
        generation: { N: '7' },
      });
      await expect.poll(() => layer.userSessions(user)).toHaveLength(1);
      expect(await layer.loadUserSessions(user)).toMatchObject({ sessions: new Map(), generation: 7 });
    });

    it('is above any generation if it cannot be read, so that nobody whom it concerns is logged in', async () => {
      const user = newId();
      await put({ id: { S: `user#s:${user}` }, version: { N: '1' }, generation: { S: 'poison' } });
      expect((await layer.loadMarks(user)).generation).toBe(Number.POSITIVE_INFINITY);
      expect((await layer.loadUserSessions(user)).generation).toBe(Number.POSITIVE_INFINITY);
    });
  });

  describe('D4: the limits', () => {
    async function silentLayer() {
      const { endpoint, operations } = await startFaultyEndpoint(ok());
      const client = new BriefClient({ endpoint, region: 'us-east-1', credentials });
      onTestFinished(() => client.destroy());
      return { silent: new DynamoDBPersistenceLayer({ client, tableName: 'T' }), operations };
    }

    const large = recordOf({ data: new Map([['a', 'ü'.repeat(205_000)]]) });

    it('refuse before any I/O what is too large, and what changes too many keys at once', async () => {
      const { silent, operations } = await silentLayer();
      expect(silent.limits).toEqual(LIMITS);
      await expect(silent.saveSession('ID', large, { kind: 'create' })).rejects.toBeInstanceOf(NotStorableError);
      await expect(silent.saveSession('ID', large, changeOf(large, { set: ['a'] }))).rejects.toBeInstanceOf(
        NotStorableError,
      );
      const keys = Array.from({ length: 1_000 }, (_, index) => `key ${index}`);
      const many = recordOf({ data: new Map(keys.map((key) => [key, '1'])) });
      await expect(silent.saveSession('ID', many, changeOf(many, { set: keys }))).rejects.toBeInstanceOf(
        NotStorableError,
      );
      expect(operations).toEqual([]);
    });

    it('count the bytes of keys and values, and of what is put before each key', async () => {
      const { silent, operations } = await silentLayer();
      const room = LIMITS.dataBytes - 2 * LIMITS.keyOverhead - Buffer.byteLength('aé');
      const record = (bytes: number): SessionRecord =>
        recordOf({
          data: new Map([
            ['a', '€'],
            ['é', 'x'.repeat(bytes - 3)],
          ]),
        });
      await expect(silent.saveSession('ID', record(room + 1), { kind: 'create' })).rejects.toThrow(
        `The session's data would take ${LIMITS.dataBytes + 1} bytes; expected at most ${LIMITS.dataBytes}.`,
      );
      expect(await silent.saveSession('ID', record(room), { kind: 'create' })).toEqual({ kind: 'saved' });
      expect(operations).toEqual(['PutItem']);
    });

    it.each<[string, Partial<Update>]>([
      ['a touch and a rotation', { touched: true, rotated: true }],
      ['a raise of the fence', { fenced: true }],
      ['a key that is taken away', { removed: ['b'] }],
    ])('never stand in the way of %s: a session of another limit can still be used', async (_, parts) => {
      const { silent, operations } = await silentLayer();
      expect(await silent.saveSession('ID', large, changeOf(large, parts))).toMatchObject({ kind: 'saved' });
      expect(operations).toEqual(['UpdateItem']);
    });
  });
});
