import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { BriefClient } from '../../../src/dynamodb/brief-client.js';
import { createSession } from '../../../src/dynamodb/commands.js';
import { DynamoDBPersistenceLayer, type DynamoDBPersistenceLayerOptions } from '../../../src/dynamodb/index.js';
import { itemOf, type Item, readItem } from '../../../src/dynamodb/item.js';
import { ConfigurationError, type LoadFinding, NotStorableError, type SessionRecord } from '../../../src/index.js';
import { engines } from '../../engines/index.js';
import { ok, startFaultyEndpoint, startLossyProxy } from '../../world/endpoint.js';
import { Network } from '../../world/faults.js';
import {
  changeOf,
  expectSaved,
  fullRecord,
  newHash,
  newId,
  NOW,
  recordOf,
  stored,
  withData,
  written,
} from '../../world/records.js';
import { clientFor, createTestTable, type TestTable } from '../../world/tables.js';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

describe('the options of DynamoDBPersistenceLayer', () => {
  afterEach(() => vi.unstubAllEnvs());

  it.each<[string, object]>([
    ['tableName', {}],
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

  it('take the table’s name from the environment', () => {
    vi.stubEnv('DYNAMODB_SESSIONS_TABLE', 'T');
    expect(() => new DynamoDBPersistenceLayer()).not.toThrow();
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

    it.each<[LoadFinding, Item]>([
      ['unreadable', { secretHash: { S: 'x' } }],
      ['unreadable', { version: { S: '1' } }],
      ['unreadable', { 'data.theme': { NULL: true } }],
      ['newer-version', { version: { N: '2' } }],
    ])('is reported as %s, and no session to load or to change: %j', async (finding, change) => {
      const id = newId();
      await put(poison(id, change));
      const before = await itemAt(id);
      const findings: LoadFinding[] = [];
      expect(await layer.loadSession(id, { now: NOW, report: (each) => findings.push(each) })).toBeUndefined();
      expect(findings).toEqual([finding]);
      expect(await layer.saveSession(id, recordOf(), { kind: 'create' }, { now: NOW })).toEqual({ kind: 'gone' });
      expect(await itemAt(id)).toEqual(before);
      expect((await layer.loadUserSessions('poisoned', { now: NOW })).sessions.has(id)).toBe(false);
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

  describe('a session whose creation was sent twice', () => {
    /** A layer that loses the first answer to these operations, and asks again, as the SDK does. */
    async function lossyLayer(losses: Record<string, number>): Promise<DynamoDBPersistenceLayer> {
      const { endpoint } = await startLossyProxy(engine, losses);
      const client = new BriefClient({ endpoint, region: 'us-east-1', credentials });
      onTestFinished(() => client.destroy());
      return new DynamoDBPersistenceLayer({ client, tableName: table.tableName, timeoutMs: 10_000 });
    }

    /** The copy of the creation that was still under way, and lands now. */
    const landLate = (id: string, record: SessionRecord): Promise<unknown> =>
      table.client
        .send(new PutItemCommand(createSession(table.tableName, id, record)))
        .catch((error: unknown) => error);

    it('F3: is stored once, and says so', async () => {
      const record = fullRecord();
      const id = await stored(await lossyLayer({ PutItem: 1 }), record);
      expect(await layer.loadSession(id, { now: NOW })).toEqual(record);
      expect(await itemAt(id)).toMatchObject({ mayReappear: { BOOL: true } });
    });

    it('F2: is not brought back by the copy after its end', async () => {
      const record = fullRecord();
      const id = await stored(await lossyLayer({ PutItem: 1 }), record);
      expect(await layer.deleteSession(id, { auth: record.auth }, { now: NOW })).toEqual({ kind: 'deleted' });
      expect(await itemAt(id)).toEqual({
        id: { S: id },
        version: { N: '1' },
        endedAt: { N: String(NOW) },
        lastWrite: { B: expect.any(Uint8Array) as Uint8Array },
        expiresAt: { N: String(NOW + 3_600) },
      });
      await landLate(id, record);
      const findings: LoadFinding[] = [];
      expect(await layer.loadSession(id, { now: NOW, report: (finding) => findings.push(finding) })).toBeUndefined();
      expect(findings).toEqual([]);
      expect(await layer.userSessions(record.userId as string)).toEqual([]);
    });

    it.each<[string, (id: string, record: SessionRecord) => Promise<unknown>]>([
      ['in another request', (id, record) => layer.deleteSession(id, { auth: record.auth }, { now: NOW })],
      ['by its ID', (id) => layer.deleteSession(id, {}, { now: NOW })],
      ['with its user’s others', (id) => layer.deleteSession(id, { generationBelow: NOW + 1_000_000 }, { now: NOW })],
    ])('F2: is not brought back by the copy after it was ended twice, the second time %s', async (_, endAgain) => {
      const record = fullRecord();
      const id = await stored(await lossyLayer({ PutItem: 1 }), record);
      await layer.deleteSession(id, { auth: record.auth }, { now: NOW });
      await endAgain(id, record);
      await landLate(id, record);
      expect(await layer.loadSession(id, { now: NOW })).toBeUndefined();
    });

    it('is not ended on a condition that does not hold', async () => {
      const record = fullRecord();
      const id = await stored(await lossyLayer({ PutItem: 1 }), record);
      expect(await layer.deleteSession(id, { auth: record.auth + 1 }, { now: NOW })).toEqual({ kind: 'refused' });
      expect(await layer.loadSession(id, { now: NOW })).toEqual(record);
    });

    /** Another does something before the layer sends its first command of this kind. */
    function interrupted(client: Pick<DynamoDBClient, 'send'>, kind: string, act: () => unknown): DynamoDBClient {
      let isDone = false;
      const send = async (command: never, ...rest: never[]): Promise<unknown> => {
        if (!isDone && (command as object).constructor.name === kind) {
          isDone = true;
          await act();
        }
        return client.send(command, ...rest);
      };
      return { send } as unknown as DynamoDBClient;
    }

    it('F2: is not brought back by the note that it may reappear, nor by the copy, when it has ended before that', async () => {
      const { endpoint } = await startLossyProxy(engine, { PutItem: 1 });
      const lossy = new BriefClient({ endpoint, region: 'us-east-1', credentials });
      onTestFinished(() => lossy.destroy());
      const id = newId();
      const record = fullRecord();
      const client = interrupted(lossy, 'UpdateItemCommand', () => layer.deleteSession(id));
      const late = new DynamoDBPersistenceLayer({ client, tableName: table.tableName, timeoutMs: 10_000 });
      expect(await late.saveSession(id, record, { kind: 'create' }, { now: NOW })).toEqual({ kind: 'gone' });
      await landLate(id, record);
      expect(readItem((await itemAt(id)) ?? {})).toEqual({ kind: 'tombstone' });
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
    ])('is not ended by one who comes second: another %s in between', async (_, act, kind, left) => {
      const record = fullRecord();
      const id = await stored(await lossyLayer({ PutItem: 1 }), record);
      const client = interrupted(table.client, 'PutItemCommand', () => act(id, record));
      const second = new DynamoDBPersistenceLayer({ client, tableName: table.tableName });
      expect(await second.deleteSession(id, { auth: record.auth }, { now: NOW + 1 })).toEqual({ kind });
      expect(readItem((await itemAt(id)) ?? {})).toMatchObject({ kind: left });
    });

    it.each(['UpdateItem', 'DeleteItem'])(
      'F3: answers as if nothing had happened where the answer to an %s was lost',
      async (operation) => {
        const lossy = await lossyLayer({ [operation]: 1 });
        const before = fullRecord();
        const id = await stored(layer, before);
        const after = written(before, { secretHash: newHash(), auth: before.auth + 1 });
        expectSaved(
          await lossy.saveSession(
            id,
            after,
            changeOf(before, { rotated: true, expected: { secretHash: before.secretHash } }),
            { now: NOW },
          ),
        );
        expect(await layer.loadSession(id, { now: NOW })).toEqual(after);
        expect(await lossy.deleteSession(id, { auth: after.auth }, { now: NOW })).toEqual({ kind: 'deleted' });
        expect(await itemAt(id)).toBeUndefined();
      },
    );
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
    expect(await repeated()).toEqual({ kind: 'saved' });
    expect(await layer.loadSession(id, { now: NOW })).toEqual(others);
  });

  it.each([[{}], [{ auth: 3 }], [{ generationBelow: 3 }]])(
    'deletes with one call what is not there, on the condition %j',
    async (condition) => {
      const client = clientFor(engine);
      onTestFinished(() => client.destroy());
      const { sent } = new Network(client);
      const counted = new DynamoDBPersistenceLayer({ client, tableName: table.tableName });
      expect(await counted.deleteSession(newId(), condition, { now: NOW })).toEqual({ kind: 'absent' });
      expect(sent).toEqual(['DeleteItem']);
    },
  );

  describe('the user’s mark', () => {
    it('goes up when it is raised after it has expired and been removed', async () => {
      const user = newId();
      const first = await layer.raiseUserMark(user, NOW + 10, { now: NOW });
      await table.client.send(
        new DeleteItemCommand({ TableName: table.tableName, Key: { id: { S: `user#s:${user}` } } }),
      );
      expect((await layer.loadMarks(user)).generation).toBeUndefined();
      expect(await layer.raiseUserMark(user, NOW + 200, { now: NOW + 100 })).toBeGreaterThan(first);
    });

    it('is kept until the time that it was raised with', async () => {
      const user = newId();
      await layer.raiseUserMark(user, NOW + 10, { now: NOW });
      expect(await itemAt(`user#s:${user}`)).toMatchObject({ expiresAt: { N: String(NOW + 10) } });
    });

    it('is kept until the latest time that it was raised with', async () => {
      const user = newId();
      for (const [until, kept] of [
        [500, 500],
        [1_000, 1_000],
        [10, 1_000],
      ] as const) {
        await layer.raiseUserMark(user, NOW + until, { now: NOW });
        expect(await itemAt(`user#s:${user}`)).toMatchObject({ expiresAt: { N: String(NOW + kept) } });
      }
    });

    it('is raised by one call if it stays as long as the raise wants', async () => {
      const user = newId();
      const client = clientFor(engine);
      onTestFinished(() => client.destroy());
      const { sent } = new Network(client);
      const counted = new DynamoDBPersistenceLayer({ client, tableName: table.tableName });
      for (let time = 0; time < 2; time += 1) await counted.raiseUserMark(user, NOW + 10, { now: NOW });
      expect(sent).toEqual(['UpdateItem', 'UpdateItem']);
    });

    it('goes up once by a raise that arrives twice', async () => {
      const user = newId();
      const first = await layer.raiseUserMark(user, NOW + 10, { now: NOW });
      const client = clientFor(engine);
      onTestFinished(() => client.destroy());
      const network = new Network(client);
      network.planEach(() => 'duplicated');
      const lossy = new DynamoDBPersistenceLayer({ client, tableName: table.tableName });
      expect(await lossy.raiseUserMark(user, NOW + 10, { now: NOW })).toBe(first + 1);
      expect(await layer.loadMarks(user)).toEqual({ generation: first + 1 });
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

  it('D4: refuses before any I/O what is too large, and what changes too many keys at once', async () => {
    const { endpoint, operations } = await startFaultyEndpoint(ok());
    const client = new BriefClient({ endpoint, region: 'us-east-1', credentials });
    onTestFinished(() => client.destroy());
    const silent = new DynamoDBPersistenceLayer({ client, tableName: 'T' });
    const large = recordOf({ data: new Map([['a', 'ü'.repeat(205_000)]]) });
    expect(() => silent.checkStorable(large.data)).toThrow(NotStorableError);
    await expect(silent.saveSession('ID', large, { kind: 'create' })).rejects.toBeInstanceOf(NotStorableError);
    const keys = Array.from({ length: 1_000 }, (_, index) => `key ${index}`);
    const many = recordOf({ data: new Map(keys.map((key) => [key, '1'])) });
    await expect(silent.saveSession('ID', many, changeOf(many, { set: keys }))).rejects.toBeInstanceOf(
      NotStorableError,
    );
    expect(operations).toEqual([]);
  });
});
