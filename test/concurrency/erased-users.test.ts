import { inspect } from 'node:util';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cleanUp } from '../../src/cleanup/cleanup.js';
import { inGroups } from '../../src/core/user-sessions.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { itemOf } from '../../src/table/item.js';
import type { Item } from '../../src/table/port.js';
import { ExpressSessionStore } from '../../src/express/index.js';
import {
  ConfigurationError,
  type Marks,
  type PersistenceLayer,
  type Sessions,
  type SessionsOptions,
  StoreUnavailableError,
  type UserId,
} from '../../src/index.js';
import { eraseUser, exportUser } from '../../src/personal-data/index.js';
import { type Engine, engines } from '../engines/index.js';
import { Gate } from '../world/gate.js';
import { layerWith } from '../world/layer-with.js';
import { fullRecord, newId } from '../world/records.js';
import { type Setting, useStore } from '../world/setting.js';
import { stores } from '../world/stores.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { textLayer } from '../world/text-layer.js';
import { tombstoneAt } from '../world/tombstones.js';
import { type App, Browser, World } from '../world/world.js';

// A user is erased: nothing that the user was logged in with lives on, neither now nor when the mark is gone.

const DAY = 86_400;

describe.each(stores())('a user who was erased, on $name,', (each) => {
  let { store, world, sessions, user } = {} as Setting;
  useStore(each, (setting) => {
    ({ store, world, sessions, user } = setting);
  });

  const signedIn = async (who: UserId = user, at = sessions): Promise<Browser> => {
    const browser = new Browser(at);
    await browser.request((session) => (session.set('cart', ['book']), session.logIn(who)));
    return browser;
  };

  /** Whose the session is, in a request in which its user's mark is read. */
  const userOf = async ({ token }: Browser, persistence = store.persistence): Promise<UserId | undefined> =>
    (await world.sessions({ revocationCheck: 'always', persistence }).read({ tokens: [token as string] })).userId;

  /** The store as a lagging index shows it: no session of any user. */
  const unseeing = (): PersistenceLayer =>
    layerWith(store.persistence, { userSessions: () => Promise.resolve([]), loadUserSessions: undefined as never });

  /** The store when its marks have been cleared away. */
  const withoutMarks = (): PersistenceLayer =>
    layerWith(store.persistence, { loadMarks: () => Promise.resolve({} as Marks) });

  /** All sessions that are stored, expired ones too. */
  const everything = async (): Promise<string> =>
    inspect(await store.sessions(), { depth: 5, maxArrayLength: null, maxStringLength: null });

  const seconds = (date: Date | undefined): number => (date as Date).getTime() / 1_000;

  it('leaves nothing but a mark with the user’s ID, and tombstones without it, and says until when', async () => {
    const [first] = [await signedIn(), await signedIn()];
    const erasure = await eraseUser(sessions, user);
    expect(erasure).toEqual({
      sessions: 0,
      markUntil: new Date((world.now + 2 * DAY) * 1_000),
      tombstonesUntil: new Date((world.now + 3_600) * 1_000),
    });
    expect(await userOf(first)).toBeUndefined();
    expect(await exportUser(sessions, user)).toEqual({
      user: `s:${user}`,
      sessions: [],
      mark: { generation: world.now + 1, expiresAt: erasure.markUntil?.toISOString() },
    });
    expect(world.events.at(-1)).toMatchObject({ type: 'logged-out', everywhere: true, userId: user });
  });

  it('takes no session of another user along: 42, "42" and 42n are three', async () => {
    const number = Math.floor(Math.random() * 2 ** 48);
    const users: UserId[] = [number, String(number), BigInt(number)];
    const browsers = await Promise.all(users.map((who) => signedIn(who)));
    await eraseUser(sessions, users[1] as string);
    world.now += 300;
    expect(await Promise.all(browsers.map((browser) => userOf(browser)))).toEqual([users[0], undefined, users[2]]);
  });

  it('had any number of sessions, of which none is left', async () => {
    await inGroups([...Array(105).keys()], async () => {
      const record = fullRecord({ userId: user, createdAt: world.now, expiresAt: world.now + 60 });
      await store.persistence.saveSession(newId(), record, { kind: 'create' }, { now: world.now });
    });
    expect(await eraseUser(sessions, user)).toMatchObject({ sessions: 0 });
    expect(await everything()).not.toContain(user);
  });

  it('has none of the sessions left that had expired, and were not cleared away', async () => {
    const expired = await signedIn();
    world.now += 2 * DAY;
    await eraseUser(sessions, user);
    expect(await everything()).not.toContain(user);
    expect(await userOf(expired)).toBeUndefined();
  });

  describe('9. the mark', () => {
    it('is kept for a day longer than the idle timeout', async () => {
      const { markUntil } = await eraseUser(world.sessions({ idleTimeout: 600, absoluteTimeout: 7 * DAY }), user);
      expect(seconds(markUntil)).toBe(world.now + 600 + DAY);
    });

    it('is kept for a day longer than the absolute timeout where requests touch without a look at it', async () => {
      const options: SessionsOptions = { revocationCheck: 'never', idleTimeout: 600, absoluteTimeout: 7 * DAY };
      expect(seconds((await eraseUser(world.sessions(options), user)).markUntil)).toBe(world.now + 8 * DAY);
    });

    it('is kept for a day longer than any cookie of Express may say', async () => {
      const express = new ExpressSessionStore({
        persistence: store.persistence,
        clock: { now: () => world.now * 1_000 },
      });
      expect(seconds((await eraseUser(express.sessions, user)).markUntil)).toBe(world.now + 401 * DAY);
    });

    it('is kept for longer, and it says so, if a logout everywhere came meanwhile', async () => {
      const gate = new Gate();
      const held = layerWith(store.persistence, {
        loadUserSessions: async (...call) => gate.pass().then(() => store.persistence.loadUserSessions!(...call)),
      });
      const erasing = eraseUser(world.sessions({ persistence: held }), user);
      await gate.reached;
      await sessions.logOutUser(user);
      gate.open();
      expect(seconds((await erasing).markUntil)).toBe(world.now + 401 * DAY);
    });

    it('is no longer a user’s who was logged out everywhere before', async () => {
      await sessions.logOutUser(user);
      expect(seconds((await eraseUser(sessions, user)).markUntil)).toBe(world.now + 2 * DAY);
    });

    it('would be missed if it went at once: a session that the index hid would live', async () => {
      const hidden = await signedIn();
      await eraseUser(world.sessions({ persistence: unseeing() }), user);
      expect(await userOf(hidden, withoutMarks())).toBe(user);
    });
  });

  describe('1. 9. had a session that the index hid, which', () => {
    it('is dead within one touch interval, and is seen by nobody in a list', async () => {
      const hidden = await signedIn();
      await eraseUser(world.sessions({ persistence: unseeing() }), user);
      expect(await userOf(hidden)).toBeUndefined();
      expect(await sessions.ofUser(user)).toEqual([]);
      world.now += 300;
      expect((await hidden.start()).userId).toBeUndefined();
    });

    it.each([1, 299, 301, 3_600, DAY - 1])(
      'is not kept alive until the mark is gone by requests every %d seconds, nor found then',
      async (pause) => {
        const hidden = await signedIn();
        const { token } = hidden;
        // What it writes in the end, it says of the time at which it began.
        const slow = await hidden.start();
        world.now += 299;
        const slower = await hidden.start();
        const { markUntil } = await eraseUser(world.sessions({ persistence: unseeing() }), user);
        const erasedAt = world.now;
        await slow.commit();
        world.now += 900; // as long as a Lambda runs
        await slower.commit();
        for (let requests = 0; requests < 20; requests += 1) {
          await hidden.request((session) => session.userId === user && session.set('visits', requests));
          expect(world.now - erasedAt < 301 + 900 || (await hidden.start()).userId === undefined).toBe(true);
          world.now += pause;
        }
        world.now = seconds(markUntil);
        const present = world.sessions({ persistence: withoutMarks() });
        expect((await present.start({ tokens: [token as string] })).userId).toBeUndefined();
        const stored = await store.persistence.loadSession((token as string).split('.')[0] as string, {
          now: world.now,
        });
        expect(stored).toBeUndefined();
      },
    );

    it('is not kept alive by one that is touched in the second of the erasure either', async () => {
      const hidden = await signedIn();
      world.now += 300;
      const touching = await hidden.start(); // has looked at the mark
      const { markUntil } = await eraseUser(world.sessions({ persistence: unseeing() }), user);
      await touching.commit();
      const { expiresAt } = (await store.persistence.loadSession(touching.id as string, { now: world.now })) ?? {};
      expect(expiresAt).toBe(world.now + DAY); // it was touched
      expect(seconds(markUntil)).toBeGreaterThanOrEqual((expiresAt as number) + DAY);
      expect(await userOf(hidden)).toBeUndefined();
    });

    it('is erased by a second call, once the index shows it', async () => {
      await signedIn();
      await eraseUser(world.sessions({ persistence: unseeing() }), user);
      expect(await eraseUser(sessions, user)).toMatchObject({ sessions: 0 });
      expect(await everything()).not.toContain(user);
    });

    it('is counted if the index shows it in the end only', async () => {
      await signedIn();
      const late = layerWith(store.persistence, { userSessions: () => Promise.resolve([]) });
      expect(await eraseUser(world.sessions({ persistence: late }), user)).toMatchObject({ sessions: 1 });
    });
  });

  describe('9. was logging in at the same time,', () => {
    const atLogin = async (moment: 'before its look at the mark' | 'after it'): Promise<Browser> => {
      const gate = new Gate();
      const loadMarks = store.persistence.loadMarks?.bind(store.persistence) as NonNullable<
        PersistenceLayer['loadMarks']
      >;
      const held = layerWith(store.persistence, {
        async loadMarks(...call) {
          if (moment === 'before its look at the mark') await gate.pass();
          const marks = await loadMarks(...call);
          if (moment === 'after it') await gate.pass();
          return marks;
        },
      });
      const browser = new Browser(world.sessions({ persistence: held }));
      const login = browser.request((session) => (session.set('cart', ['book']), session.logIn(user)));
      await gate.reached;
      await eraseUser(sessions, user);
      gate.open();
      await login;
      return browser;
    };

    it('and is logged in if that began after the erasure: then, and when the mark is gone', async () => {
      const browser = await atLogin('before its look at the mark');
      expect(await userOf(browser)).toBe(user);
      expect(await userOf(browser, withoutMarks())).toBe(user);
    });

    it('and is not if it began before: neither at once, nor when the mark is gone', async () => {
      const browser = await atLogin('after it');
      expect(await userOf(browser)).toBeUndefined();
      expect(await sessions.ofUser(user)).toEqual([]);
      const { expiresAt = 0 } =
        (await store.persistence.loadSession((browser.token as string).split('.')[0] as string, { now: world.now })) ??
        {};
      expect(expiresAt).toBeGreaterThan(world.now);
      expect(expiresAt).toBeLessThan(world.now + 2 * DAY);
    });

    it('is told of, if the index knows of the login', async () => {
      const list = store.persistence.loadUserSessions?.bind(store.persistence) as NonNullable<
        PersistenceLayer['loadUserSessions']
      >;
      const held = layerWith(store.persistence, {
        async loadUserSessions(...call) {
          await signedIn();
          return list(...call);
        },
      });
      expect(await eraseUser(world.sessions({ persistence: held }), user)).toMatchObject({ sessions: 1 });
    });

    it.each([1, 2, 3])('or has five sessions at once: each is dead or newer than the erasure (%d)', async () => {
      const logins = Array.from({ length: 5 }, () => signedIn());
      const [browsers] = await Promise.all([Promise.all(logins), eraseUser(sessions, user)]);
      const generation = (await store.persistence.loadMarks?.(user, { now: world.now }))?.generation as number;
      for (const browser of browsers) {
        const id = (browser.token as string).split('.')[0] as string;
        const record = await store.persistence.loadSession(id, { now: world.now });
        expect((await userOf(browser)) === user).toBe(record !== undefined && record.generation === generation);
      }
    });
  });

  it('1. stays erased though a copy of a creation lands late: of one that was ended, and of one that never came', async () => {
    const creations: Parameters<PersistenceLayer['saveSession']>[] = [];
    let arrives = true;
    const recording = layerWith(store.persistence, {
      async saveSession(...call) {
        if (call[2].kind === 'create') creations.push(call);
        return arrives ? store.persistence.saveSession(...call) : undefined;
      },
    });
    const at = world.sessions({ persistence: recording });
    const ended = await signedIn(user, at);
    arrives = false;
    const neverCame = await signedIn(user, at);
    await eraseUser(sessions, user);
    expect(creations).toHaveLength(2);
    const outcomes = await Promise.all(creations.map((call) => store.persistence.saveSession(...call)));
    expect(outcomes).toEqual([{ kind: 'gone' }, { kind: 'saved' }]);
    expect(await userOf(ended)).toBeUndefined();
    expect(await userOf(neverCame)).toBeUndefined();
    expect(await sessions.ofUser(user)).toEqual([]);
    expect(await eraseUser(sessions, user)).toMatchObject({ sessions: 0 });
    expect(await everything()).not.toContain(user);
  });

  it('9. who comes back is logged in, and stays so when the mark is gone', async () => {
    const before = await signedIn();
    const { markUntil } = await eraseUser(sessions, user);
    const back = await signedIn();
    expect([await userOf(before), await userOf(back)]).toEqual([undefined, user]);
    while (world.now < seconds(markUntil)) {
      world.now += DAY / 2;
      await back.request();
    }
    expect(await userOf(back, withoutMarks())).toBe(user);
  });

  it('is an error, and can be tried again, if the store fails in any step', async () => {
    await signedIn();
    for (const operation of ['raiseUserMark', 'userSessions', 'deleteSessions', 'loadUserSessions'] as const) {
      const broken = layerWith(store.persistence, { [operation]: () => Promise.reject(new Error('down')) });
      const erasing = eraseUser(world.sessions({ persistence: broken }), user);
      await expect(erasing).rejects.toBeInstanceOf(StoreUnavailableError);
    }
    expect(await eraseUser(sessions, user)).toMatchObject({ sessions: 0 });
    expect(await everything()).not.toContain(user);
  });
});

describe.each<Engine>(engines())('1. 9. a user who was erased, in a table on $name,', (engine) => {
  let table: TestTable;
  let layer: DynamoDBPersistenceLayer;
  let world: World;
  let sessions: Sessions<App>;

  beforeAll(async () => {
    table = await createTestTable(engine);
    layer = new DynamoDBPersistenceLayer({ client: table.client, tableName: table.tableName, timeoutMs: 15_000 });
    return () => table.drop();
  });

  beforeEach(() => {
    world = new World(layer);
    sessions = world.sessions();
  });

  const signedIn = async (user: string, at = sessions): Promise<Browser> => {
    const browser = new Browser(at);
    await browser.request((session) => (session.set('cart', [`of ${user}`]), session.logIn(user)));
    return browser;
  };
  const itemsOf = async (user: string): Promise<Item[]> =>
    (await table.items()).filter((item) => JSON.stringify(item).includes(user));

  it('is in no item but the mark, whatever was stored', async () => {
    const user = `user-${newId()}`;
    const mine = await (await signedIn(user)).start();
    await sessions.logOutUser(user, { except: mine });
    const item = (): Item => itemOf(newId(), fullRecord({ userId: user, expiresAt: world.now + 60 }));
    const items = [item(), { ...item(), auth: { S: 'x' } }, { ...item(), version: { N: '2' } }];
    for (const Item of items) await table.client.send(new PutItemCommand({ TableName: table.tableName, Item }));
    const ids = [mine.id as string, ...items.map(({ id }) => id?.S as string)];
    expect(await itemsOf(user)).toHaveLength(5);

    await eraseUser(sessions, user);
    expect(await itemsOf(user)).toEqual([
      {
        id: { S: `user#s:${user}` },
        version: { N: '1' },
        generation: { N: String(world.now + 2) },
        lastWrite: { B: expect.any(Uint8Array) as Uint8Array },
        expiresAt: { N: String(world.now + 2 * DAY) },
      },
    ]);
    const left = (await table.items()).filter(({ id }) => ids.includes(id?.S as string));
    expect(left).toHaveLength(4);
    expect(left).toEqual(expect.arrayContaining(ids.map((id) => tombstoneAt(id, world.now))));
  });

  it('is in none when the mark is cleared away, and what landed after the erasure is dead then, too', async () => {
    const user = `user-${newId()}`;
    let creation: Parameters<PersistenceLayer['saveSession']> | undefined;
    const losing = layerWith(layer, { saveSession: async (...call) => void (creation = call) });
    const late = await signedIn(user, world.sessions({ persistence: losing }));
    const { markUntil } = await eraseUser(sessions, user);
    world.now += 60;
    await layer.saveSession(...(creation as Parameters<PersistenceLayer['saveSession']>));
    const back = await signedIn(user);
    expect((await itemsOf(user)).length).toBe(3);

    const until = (markUntil as Date).getTime() / 1_000;
    for (; world.now < until + 120; world.now += DAY / 2) await back.request();
    const clock = { now: () => world.now * 1_000 };
    await cleanUp({ client: table.client, tableName: table.tableName, clock, grace: 0 });
    const [left, ...others] = await itemsOf(user);
    expect([left?.['id'], others]).toEqual([{ S: (await back.start()).id }, []]);
    expect((await late.start()).userId).toBeUndefined();
    expect((await back.start()).userId).toBe(user);

    // The next mark is above the one that is gone.
    const unseeing = layerWith(layer, { userSessions: () => Promise.resolve([]) });
    await world.sessions({ persistence: unseeing }).logOutUser(user);
    world.now += 300;
    expect((await back.start()).userId).toBeUndefined();
  });
});

describe('a user who is to be erased, with a layer', () => {
  it('without marks, has the sessions ended that it knows of, and no mark', async () => {
    const own = textLayer();
    const ids = new Set<string>();
    const layer = layerWith(own, {
      saveSession: (id, ...rest) => (ids.add(id), own.saveSession(id, ...rest)),
      userSessions: () => Promise.resolve([...ids]),
      deleteSession: async (id) => void ids.delete(id),
    });
    const world = new World(layer);
    await new Browser(world.sessions()).request((session) => session.logIn('user-1'));
    expect(ids.size).toBe(1);
    expect(await eraseUser(world.sessions(), 'user-1')).toMatchObject({ sessions: 0, markUntil: undefined });
    expect(ids.size).toBe(0);
  });

  it('that does not know whose sessions are whose, is a ConfigurationError and not “done”', async () => {
    await expect(eraseUser(new World(textLayer()).sessions(), 'user-1')).rejects.toThrow(ConfigurationError);
  });
});
