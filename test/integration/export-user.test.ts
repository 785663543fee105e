import { PutItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { GuardedLayer } from '../../src/core/guarded-layer.js';
import { loginOf } from '../../src/core/provider-login.js';
import { RECORD_ATTRIBUTE_NAMES, RECORD_ATTRIBUTES } from '../../src/core/record.js';
import { inGroups } from '../../src/core/user-sessions.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { itemOf } from '../../src/table/item.js';
import type { Item } from '../../src/table/port.js';
import {
  ConfigurationError,
  type PersistenceLayer,
  type SessionUser,
  StoreUnavailableError,
  type UserId,
} from '../../src/index.js';
import { endLogin, endLoginsOf } from '../../src/oidc/end-logins.js';
import { type ExportedSession, exportUser, type UserExport } from '../../src/personal-data/index.js';
import { type Engine, engines } from '../engines/index.js';
import { layerWith } from '../world/layer-with.js';
import { fullRecord, newId } from '../world/records.js';
import { secretsIn } from '../world/secrets.js';
import { type Setting, useStore } from '../world/setting.js';
import { stores } from '../world/stores.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { textLayer } from '../world/text-layer.js';
import { Browser, World } from '../world/world.js';

const only = ({ sessions }: UserExport): ExportedSession => {
  expect(sessions).toHaveLength(1);
  return sessions[0] as ExportedSession;
};

describe.each(stores())('what is exported of a user, on $name,', (each) => {
  let { store, world, sessions, user } = {} as Setting;
  useStore(each, (setting) => {
    ({ store, world, sessions, user } = setting);
  });

  const signedIn = async (who: UserId = user): Promise<Browser> => {
    const browser = new Browser(sessions);
    const session = await browser.start({ address: '203.0.113.7', userAgent: 'Browser' });
    session.set('cart', ['book']);
    await session.logIn(who);
    await browser.finish(session);
    return browser;
  };

  it('is each session, with its times, client and data', async () => {
    const { token } = await signedIn();
    world.now += 3_600;
    const second = await signedIn();
    const { sessions: exported, ...rest } = await exportUser(sessions, user);
    expect(rest).toEqual({ user: `s:${user}` });
    expect(exported).toHaveLength(2);
    const id = (token as string).split('.')[0] as string;
    expect(exported.find((session) => session.id === id)).toEqual({
      id,
      state: 'live',
      createdAt: '2027-01-15T08:00:00.000Z',
      lastSeenAt: '2027-01-15T08:00:00.000Z',
      rotatedAt: '2027-01-15T08:00:00.000Z',
      authenticatedAt: '2027-01-15T08:00:00.000Z',
      expiresAt: '2027-01-16T08:00:00.000Z',
      absoluteExpiresAt: '2027-02-14T08:00:00.000Z',
      auth: 0,
      address: '203.0.113.7',
      userAgent: 'Browser',
      data: { cart: { value: ['book'] } },
    });
    expect(exported.map((session) => session.id)).toContain((await second.start()).id);
  });

  it('is every attribute that a session can have, but for those that are random bytes', async () => {
    const { now } = world;
    const record = fullRecord({ userId: user, expiresAt: now + 60, epoch: 3 });
    const id = newId();
    await store.persistence.saveSession(id, record, { kind: 'create' }, { now });
    const exported = only(await exportUser(sessions, user));
    for (const name of RECORD_ATTRIBUTE_NAMES) {
      expect(record, 'the test’s record has every attribute').toHaveProperty(name);
      const isBytes = RECORD_ATTRIBUTES[name].kind === 'bytes';
      expect([name, name in exported]).toEqual([name, !isBytes]);
    }
    const time = (seconds: number): string => new Date(seconds * 1_000).toISOString();
    expect(exported).toMatchObject({
      previousUntil: time(record.previousUntil as number),
      authenticatedAt: time(record.authenticatedAt as number),
      auth: record.auth,
      fence: record.fence,
      generation: record.generation,
      epoch: 3,
    });
  });

  it('says of a session whose login has been ended at its provider that it is logged out, and when the user was', async () => {
    const layer = new GuardedLayer<SessionUser>(sessions.options as never);
    const idToken = { iss: 'https://issuer.example', iat: world.now, sid: user, auth_time: world.now - 60 };
    const browser = new Browser(sessions);
    await browser.request((session) => session.logIn(user, { idToken }));
    expect(only(await exportUser(sessions, user))).toMatchObject({
      state: 'live',
      login: loginOf(idToken.iss, user),
      provenAt: '2027-01-15T07:59:00.000Z',
    });
    await endLogin(layer, loginOf(idToken.iss, user), undefined);
    expect(only(await exportUser(sessions, user))).toMatchObject({ state: 'logged-out' });
    await endLoginsOf(layer, user, world.now);
    expect((await exportUser(sessions, user)).mark).toMatchObject({ issuedBefore: '2027-01-15T08:00:00.000Z' });
  });

  it('holds no secret, no hash of one, and nothing that one is derived from', async () => {
    const browser = await signedIn();
    const tokens = new Set([browser.token as string]);
    for (let hour = 0; hour < 3; hour += 1) {
      world.now += 3_600;
      await browser.request((session) => session.set('visits', hour));
      tokens.add(browser.token as string);
    }
    expect(tokens.size).toBeGreaterThan(2);
    await browser.request((session) => session.regenerate());
    world.now += 3_600;
    await browser.request();
    tokens.add(browser.token as string);
    const { sessions: exported } = await exportUser(sessions, user);
    const id = exported[0]?.id as string;
    const record = await store.persistence.loadSession(id, { now: world.now, fresh: true });
    const bytes = [record?.secretHash, record?.previousHash, record?.nonce, record?.lastWrite].map((each) =>
      Buffer.from(each as Uint8Array).toString('base64url'),
    );
    const secrets = [...tokens].map((token) => token.split('.')[1] as string);
    expect(secretsIn(record, bytes)).toEqual(bytes); // the search would find them
    expect(secretsIn(exported, [...secrets, ...bytes])).toEqual([]);
  });

  it('is of that user only: 42, "42" and 42n are three', async () => {
    const number = Math.floor(Math.random() * 2 ** 48);
    const users: UserId[] = [number, String(number), BigInt(number)];
    for (const who of users) await signedIn(who);
    const found = await Promise.all(users.map((who) => exportUser(sessions, who)));
    expect(found.map((each) => each.user)).toEqual([`n:${number}`, `s:${number}`, `b:${number}`]);
    expect(new Set(found.map((each) => only(each).id)).size).toBe(3);
    expect(await exportUser(sessions, user)).toEqual({ user: `s:${user}`, sessions: [] });
  });

  it('is plain JSON, whatever the data is, and whatever the codec cannot read says so', async () => {
    const browser = new Browser(sessions);
    await browser.request(async (session) => {
      const anything = session as unknown as { set(key: string, value: unknown): void };
      anything.set('since', new Date(0));
      anything.set('balance', 10n ** 20n);
      anything.set('roles', new Map([['admin', new Set([1])]]));
      anything.set('__proto__', { constructor: 1 });
      anything.set('theme', 'dark');
      await session.logIn(user);
    });
    const exported = await exportUser(sessions, user);
    expect(JSON.parse(JSON.stringify(exported))).toEqual(exported);
    expect(Object.entries(only(exported).data ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))).toEqual([
      ['__proto__', { value: { constructor: 1 } }],
      ['balance', { value: '100000000000000000000' }],
      ['roles', { value: [['admin', [1]]] }],
      ['since', { value: '1970-01-01T00:00:00.000Z' }],
      ['theme', { value: 'dark' }],
    ]);

    const strict = {
      encode: String,
      decode: (text: string): unknown => {
        if (text === '"dark"') throw new Error('not mine');
        return text.length;
      },
    };
    const { data } = only(await exportUser(world.sessions({ codec: strict }), user));
    expect(data).toMatchObject({ theme: { unreadable: '"dark"' }, balance: { value: expect.any(Number) } });
  });

  it('is all of them, however many, each once, and the oldest first', async () => {
    const ids: string[] = [];
    await inGroups([...Array(105).keys()], async (age) => {
      const id = newId();
      ids[age] = id;
      const record = fullRecord({ userId: user, createdAt: world.now - age, expiresAt: world.now + 60 });
      await store.persistence.saveSession(id, record, { kind: 'create' }, { now: world.now });
    });
    const { sessions: exported } = await exportUser(sessions, user);
    expect(exported.map(({ id }) => id)).toEqual(ids.toReversed());
  });

  it('is what has expired as well, and what was logged out and hidden, as long as it is stored', async () => {
    await signedIn();
    world.now += 86_400;
    await signedIn();
    const unseeing = layerWith(store.persistence, { userSessions: () => Promise.resolve([]) });
    await world.sessions({ persistence: unseeing }).logOutUser(user);
    await signedIn();
    const { sessions: exported } = await exportUser(sessions, user);
    expect(exported.map(({ state }) => state).toSorted()).toEqual(['expired', 'live', 'logged-out']);
    for (const { data } of exported) expect(data).toEqual({ cart: { value: ['book'] } });
    expect(world.takeEvents()).not.toContain('expired');
  });

  it('is no session that has ended, though the index still shows it', async () => {
    const browser = await signedIn();
    const { id = '' } = await browser.start();
    await browser.request((session) => session.destroy());
    const late = layerWith(store.persistence, { userSessions: () => Promise.resolve([id]) });
    expect(await exportUser(world.sessions({ persistence: late }), user)).toEqual({ user: `s:${user}`, sessions: [] });
  });

  it('is the user’s mark, with what it spares and until when it is kept', async () => {
    const mine = await (await signedIn()).start();
    await sessions.logOutUser(user);
    const until = new Date((world.now + 401 * 86_400) * 1_000).toISOString();
    expect((await exportUser(sessions, user)).mark).toEqual({ generation: world.now + 1, expiresAt: until });
    const [current, other] = [await (await signedIn()).start(), await signedIn()];
    await sessions.logOutUser(user, { except: current });
    expect(mine.id).not.toBe(current.id);
    const { mark, sessions: exported } = await exportUser(sessions, user);
    expect(mark).toEqual({
      generation: world.now + 2,
      spared: { id: current.id, generation: world.now + 1 },
      expiresAt: until,
    });
    expect(exported).toMatchObject([{ id: current.id, state: 'live', generation: world.now + 1 }]);
    expect((await other.start()).userId).toBeUndefined();
  });

  it('is nothing, but an error and an event at the present time, if the store fails', async () => {
    await signedIn();
    for (const operation of ['userSessions', 'loadSession', 'loadMarks'] as const) {
      world.takeEvents();
      const broken = layerWith(store.persistence, { [operation]: () => Promise.reject(new Error('down')) });
      const exporting = exportUser(world.sessions({ persistence: broken }), user);
      await expect(exporting).rejects.toBeInstanceOf(StoreUnavailableError);
      expect(world.events).toMatchObject([{ type: 'store-failure', operation, at: new Date(world.now * 1_000) }]);
    }
  });
});

describe('what is exported of a user, with a layer', () => {
  it('of six functions, is the sessions', async () => {
    const world = new World(textLayer());
    const own = textLayer();
    const ids = new Set<string>();
    const layer = layerWith(own, {
      saveSession: (id, ...rest) => (ids.add(id), own.saveSession(id, ...rest)),
      userSessions: () => Promise.resolve([...ids]),
    });
    const sessions = world.sessions({ persistence: layer });
    await new Browser(sessions).request((session) => session.logIn('user-1'));
    await new Browser(sessions).request((session) => session.logIn('user-2'));
    expect(await exportUser(sessions, 'user-1')).toMatchObject({ sessions: [{ state: 'live' }] });
  });

  it('that does not know whose sessions are whose, is a ConfigurationError and not “nothing”', async () => {
    const layer: PersistenceLayer = textLayer();
    const exporting = exportUser(new World(layer).sessions(), 'user-1');
    await expect(exporting).rejects.toThrow(ConfigurationError);
    await expect(exporting).rejects.toThrow('expected userSessions');
  });
});

describe.each<Engine>(engines())('what is exported of a user, of a table on $name,', (engine) => {
  let table: TestTable;
  let client: DynamoDBClient;

  beforeAll(async () => {
    table = await createTestTable(engine);
    client = table.client;
    return () => table.drop();
  });

  const put = (item: Item) => client.send(new PutItemCommand({ TableName: table.tableName, Item: item }));

  it('is every attribute of every item that names the user', async () => {
    const world = new World(new DynamoDBPersistenceLayer({ client, tableName: table.tableName }));
    const sessions = world.sessions();
    await sessions.logOutUser('user-1');
    const browser = new Browser(sessions);
    const session = await browser.start({ address: '203.0.113.7', userAgent: 'Browser' });
    session.set('theme', 'dark');
    await session.logIn('user-1');
    await browser.finish(session);
    await sessions.logOutUser('user-1', { except: await browser.start() });
    await new Browser(sessions).request((other) => other.logIn('user-2'));

    const items = (await table.items()).filter((item) => JSON.stringify(item).includes('s:user-1'));
    expect(items).toHaveLength(2);
    const text = JSON.stringify(await exportUser(sessions, 'user-1'));
    for (const item of items) {
      for (const [name, value] of Object.entries(item)) {
        if (value.B !== undefined || name === 'version') continue; // random bytes, and this package's own
        const [shown = ''] = [value.S?.replace(/^(user#)?s:/, '').replaceAll('"', ''), value.N].filter(Boolean);
        const isTime = /(At|Until)$/.test(name);
        expect(text).toContain(isTime ? new Date(Number(shown) * 1_000).toISOString() : shown);
      }
    }
  });

  it('says of a damaged item, and of one of a newer version, that it is there and what it is', async () => {
    const user = 'user-damaged';
    const item = (): Item => itemOf(newId(), fullRecord({ userId: user, expiresAt: 1_900_000_000 }));
    const [damaged, newer, never, odd] = [item(), item(), item(), item()] as [Item, Item, Item, Item];
    await put({ ...damaged, auth: { S: 'x' } });
    await put({ ...newer, version: { N: '2' } });
    await put({ ...never, expiresAt: { N: '0' } });
    await put({ ...odd, createdAt: { N: '9000000000000000' }, 'data.theme': { S: '{' } });
    await put({ id: { S: `user#s:${user}` }, version: { N: '1' }, generation: { S: 'x' }, expiresAt: { N: '1e99' } });
    const world = new World(new DynamoDBPersistenceLayer({ client, tableName: table.tableName }));
    const { sessions: exported, mark } = await exportUser(world.sessions(), user);
    const byId = new Map(exported.map(({ id, ...session }) => [id, session]));
    expect(byId.get(damaged['id']?.S as string)).toEqual({ state: 'unreadable' });
    expect(byId.get(newer['id']?.S as string)).toEqual({ state: 'newer-version' });
    expect(byId.get(never['id']?.S as string)).toMatchObject({
      state: 'expired',
      expiresAt: '1970-01-01T00:00:00.000Z',
    });
    expect(byId.get(odd['id']?.S as string)).toMatchObject({
      createdAt: '9000000000000000',
      data: { theme: { unreadable: '{' } },
    });
    expect(mark).toEqual({ generation: 'unreadable', expiresAt: '1e+99' });
    expect(world.takeEvents()).toEqual([]);
  });
});
