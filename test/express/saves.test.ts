import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SessionData } from 'express-session';
import { ExpressSessionStore, type ExpressSessionStoreOptions, storedIdOf } from '../../src/express/index.js';
import type { PersistenceLayer, SessionEvent } from '../../src/index.js';
import { changeOf, newId, type Update, written } from '../world/records.js';
import { layerWith } from '../world/layer-with.js';
import { stores } from '../world/stores.js';
import { type Calls, callsOf, sessionOf } from './calls.js';

// What a store is told by express-session, call by call: what @fastify/session tells it is the same.

describe.each(stores())('ExpressSessionStore on $name', (engine) => {
  let persistence: PersistenceLayer;
  let store: ExpressSessionStore;
  let calls: Calls;
  let events: SessionEvent[];
  let saves: number;
  let sid: string;
  let now: number;

  beforeAll(async () => {
    const table = await engine.open();
    persistence = table.persistence;
    return () => table.close();
  });

  const begin = (options: ExpressSessionStoreOptions = {}): void => {
    events = [];
    saves = 0;
    const counting = new Proxy(persistence, {
      get(layer, name) {
        const member: unknown = Reflect.get(layer, name);
        if (typeof member !== 'function') return member;
        if (name === 'saveSession') saves += 1;
        return member.bind(layer);
      },
    });
    store = new ExpressSessionStore({
      persistence: counting,
      clock: { now: () => now },
      onEvent: (event) => events.push(event),
      ...options,
    });
    calls = callsOf(store);
  };

  beforeEach(() => {
    now = Date.now();
    sid = newId();
    begin();
  });

  const takeEvents = (): string[] => events.splice(0).map(({ type }) => type);

  /** A request's session object, as express-session makes it of what the store has. */
  async function loaded(): Promise<SessionData> {
    const data = await calls.get(sid);
    if (!data) throw new Error('There is no such session.');
    const request = { sessionID: sid, sessionStore: store };
    return store.createSession(request as never, data);
  }

  const lastsFor = (session: SessionData, maxAge: number): void => {
    session.cookie.originalMaxAge = maxAge;
    session.cookie.expires = new Date(now + maxAge);
  };

  it('shows the application nothing of what it knows', async () => {
    await calls.set(sid, sessionOf({ name: 'Ann' }));
    for (const session of [await calls.get(sid), await loaded()]) {
      expect(Object.keys(session as object).toSorted()).toEqual(['cookie', 'name']);
      expect(JSON.parse(JSON.stringify(session))).toEqual(JSON.parse(JSON.stringify(sessionOf({ name: 'Ann' }))));
    }
  });

  it('writes nothing for a session in which nothing has changed, until a touch is due', async () => {
    await calls.set(sid, sessionOf({ name: 'Ann' }, 3_600_000));
    for (const end of [calls.touch, calls.set]) {
      saves = 0;
      for (const [later, expected] of [
        [299_000, 0],
        [2_000, 1],
      ] as const) {
        now += later;
        const session = await loaded();
        lastsFor(session, 3_600_000);
        await end(sid, session);
        expect(saves).toBe(expected);
      }
    }
  });

  it('touches a short session in time', async () => {
    await calls.set(sid, sessionOf({}, 20_000));
    for (let second = 0; second < 60; second += 2) {
      now += 2_000;
      const session = await loaded();
      lastsFor(session, 20_000);
      await calls.touch(sid, session);
    }
    now += 21_000;
    expect(await calls.get(sid)).toBeNull();
  });

  it.each([
    ['longer', 86_400_000, 80_000_000, true],
    ['shorter', 60_000, 61_000, false],
  ])('has a cookie that is made %s last so at once', async (_, maxAge, wait, isThere) => {
    await calls.set(sid, sessionOf({}, 3_600_000));
    const session = await loaded();
    lastsFor(session, maxAge);
    await calls.touch(sid, session);
    now += wait;
    expect((await calls.get(sid)) !== null).toBe(isThere);
  });

  it('ends a session that is saved with a cookie that has ended', async () => {
    await calls.set(sid, sessionOf({}, 3_600_000));
    const session = await loaded();
    lastsFor(session, -1_000);
    takeEvents();
    await calls.set(sid, session);
    expect(takeEvents()).toEqual(['destroyed']);
    expect(await calls.get(sid)).toBeNull();
  });

  it('ends a session whose cookie says nothing after the idle timeout, and every one after the absolute one', async () => {
    begin({ idleTimeout: 600, absoluteTimeout: 1_500 });
    await calls.set(sid, sessionOf());
    for (let minutes = 0; minutes < 20; minutes += 5) {
      now += 300_000;
      await calls.touch(sid, await loaded());
    }
    now += 301_000;
    expect(await calls.get(sid)).toBeNull();

    sid = newId();
    await calls.set(sid, sessionOf());
    now += 601_000;
    expect(await calls.get(sid)).toBeNull();
  });

  it('never creates a session by a touch', async () => {
    await calls.touch(sid, sessionOf({ name: 'Ann' }));
    expect(await calls.get(sid)).toBeNull();
    await calls.set(sid, sessionOf());
    const session = await loaded();
    await calls.destroy(sid);
    now += 400_000;
    await calls.touch(sid, session);
    await calls.touch(sid, sessionOf({ name: 'Ann' }));
    expect(await calls.get(sid)).toBeNull();
  });

  it('does not bring an expired session back', async () => {
    await calls.set(sid, sessionOf({}, 60_000));
    const session = await loaded();
    now += 61_000;
    lastsFor(session, 60_000);
    await calls.touch(sid, session);
    await calls.set(sid, Object.assign(session, { name: 'Ann' }));
    expect(await calls.get(sid)).toBeNull();
    expect(takeEvents()).toContain('lost-write');
  });

  it('refuses a second save of a session object that was destroyed after the first', async () => {
    const session = sessionOf();
    await calls.set(sid, session);
    await calls.destroy(sid);
    await calls.set(sid, Object.assign(session, { name: 'Ann' }));
    expect(await calls.get(sid)).toBeNull();
    expect(takeEvents()).toEqual(['created', 'destroyed', 'lost-write']);
  });

  it('takes a copy of a session object under another ID for a new session', async () => {
    await calls.set(sid, sessionOf({ name: 'Ann' }));
    const copy = Object.assign({}, await calls.get(sid)) as SessionData;
    const inherited = await calls.get(sid);
    await calls.destroy(sid);
    for (const session of [copy, inherited as SessionData]) {
      sid = newId();
      await calls.set(sid, session);
      expect(await calls.get(sid)).toMatchObject({ name: 'Ann' });
    }
  });

  it('forgets a key that a request sets, saves, deletes and saves again', async () => {
    await calls.set(sid, sessionOf());
    const session = (await loaded()) as { challenge?: string } & SessionData;
    session.challenge = 'x';
    await calls.set(sid, session);
    delete session.challenge;
    await calls.set(sid, session);
    expect(await calls.get(sid)).not.toHaveProperty('challenge');
  });

  it('keeps what other requests have changed since it was read', async () => {
    await calls.set(sid, sessionOf({ a: 1, b: 1, c: 1 }));
    const [first, second] = [await loaded(), await loaded()] as [SessionData, SessionData];
    await calls.set(sid, Object.assign(first, { a: 2 }));
    delete (second as { b?: number }).b;
    await calls.set(sid, Object.assign(second, { d: 2 }));
    await calls.set(sid, Object.assign(first, { e: 2 }));
    expect(await calls.get(sid)).toMatchObject({ a: 2, c: 1, d: 2, e: 2 });
    expect(await calls.get(sid)).not.toHaveProperty('b');
  });

  it.each(['constructor', 'toString', 'hasOwnProperty', '', 'user', 'id', 'data.x', 'a.b[0]', '#n', ':v', 'expiresAt'])(
    'stores a key %o like any other',
    async (key) => {
      await calls.set(sid, sessionOf({ [key]: { constructor: 1 } }));
      await calls.set(sid, Object.assign((await calls.get(sid)) as SessionData, { other: 1 }));
      expect(Object.entries((await calls.get(sid)) as object)).toContainEqual([key, { constructor: 1 }]);
    },
  );

  it('lets no stored key become a prototype', async () => {
    const poisoned = JSON.parse('{ "__proto__": { "admin": true } }') as object;
    await calls.set(sid, { ...sessionOf(), ...poisoned });
    await calls.set(sid, Object.defineProperty(sessionOf(), '__proto__', { value: { admin: true }, enumerable: true }));
    const data = await calls.get(sid);
    expect((data as { admin?: boolean }).admin).toBeUndefined();
    expect(Object.assign({}, data)).not.toHaveProperty('admin');
  });

  it('refuses what it cannot store, and keeps what is there', async () => {
    await calls.set(sid, sessionOf({ name: 'Ann' }));
    const cycle: { self?: object } = {};
    cycle.self = cycle;
    for (const bad of [{ a: 1n }, { a: cycle }, { '\ud800': 1 }]) {
      await expect(calls.set(sid, sessionOf(bad))).rejects.toMatchObject({ code: 'ERR_SESSION_NOT_STORABLE' });
    }
    expect(await calls.get(sid)).toMatchObject({ name: 'Ann' });
  });

  it('finds no session of its own in one that cannot be read, and says which key', async () => {
    await calls.set(sid, sessionOf({ name: 'Ann', theme: 'dark' }));
    const record = await persistence.loadSession(storedIdOf(sid));
    if (record === undefined) throw new Error('It was not stored.');
    const write = async (key: string): Promise<void> => {
      await persistence.saveSession(
        storedIdOf(sid),
        { ...record, data: new Map([...record.data, [key, '{']]) },
        changeOf(record, { set: [key], expected: { now: Math.floor(now / 1000) } }),
      );
    };
    await write('name');
    takeEvents();
    const { cookie: _, ...rest } = (await calls.get(sid)) as SessionData;
    expect(rest).toEqual({ theme: 'dark' });
    expect(events).toMatchObject([{ type: 'unreadable', key: 'name' }]);
    await write('cookie');
    expect(await calls.get(sid)).toBeNull();
  });

  describe('when a save was sent more than once', () => {
    /** The next saves of a change are said to have been sent so; `meanwhile` happens after the first. */
    function repeating(times: number, meanwhile: () => unknown = () => {}): Update[] {
      const changes: Update[] = [];
      const layer: PersistenceLayer = layerWith(persistence, {
        saveSession: async (...args) => {
          const outcome = await persistence.saveSession(...args);
          if (args[2].kind === 'create') return outcome;
          changes.push(args[2]);
          if (changes.length === 1) await meanwhile();
          return outcome?.kind === 'saved' && changes.length <= times ? { ...outcome, repeated: true } : outcome;
        },
      });
      begin({ persistence: layer });
      return changes;
    }

    const fenceOf = async (): Promise<unknown> => (await persistence.loadSession(storedIdOf(sid)))?.fence;

    it('F2: makes it once more with another fence, so that a copy which lands late undoes nothing', async () => {
      await calls.set(sid, sessionOf({ name: 'Ann' }));
      const changes = repeating(2);
      const session = await loaded();
      const before = await persistence.loadSession(storedIdOf(sid));
      await calls.set(sid, Object.assign(session, { name: 'Bob' }));
      expect(changes).toMatchObject([
        { set: ['name'], fenced: false, expected: { fence: 0 } },
        { set: ['name'], fenced: true, expected: { fence: 0 } },
      ]);
      expect(await fenceOf()).toBe(1);
      await calls.set(sid, Object.assign(session, { name: 'Cid' }));
      expect(changes).toHaveLength(3);
      expect(changes[2]).toMatchObject({ fenced: false, expected: { fence: 1 } });

      const [copy] = changes;
      if (before === undefined || copy === undefined) throw new Error('It was stored.');
      const late = { ...before, data: new Map([...before.data, ['name', '"Bob"']]), lastWrite: new Uint8Array(8) };
      expect(await persistence.saveSession(storedIdOf(sid), late, copy)).toMatchObject({ kind: 'conflict' });
      expect(await calls.get(sid)).toMatchObject({ name: 'Cid' });
    });

    it('goes on from the fence that another request has raised meanwhile', async () => {
      await calls.set(sid, sessionOf({ name: 'Ann' }));
      const record = await persistence.loadSession(storedIdOf(sid));
      if (record === undefined) throw new Error('It was stored.');
      const changes = repeating(1, () =>
        persistence.saveSession(
          storedIdOf(sid),
          written(record, { fence: 7 }),
          changeOf(record, { fenced: true, expected: { now: Math.floor(now / 1000) } }),
        ),
      );
      await calls.set(sid, Object.assign(await loaded(), { name: 'Bob' }));
      expect(changes.map(({ fenced, expected: { fence } }) => [fenced, fence])).toEqual([
        [false, 0],
        [true, 0],
        [true, 7],
      ]);
      expect(await fenceOf()).toBe(8);
      expect(await calls.get(sid)).toMatchObject({ name: 'Bob' });
    });

    it('makes it no more if the session has ended meanwhile, and says so', async () => {
      await calls.set(sid, sessionOf({ name: 'Ann' }));
      const changes = repeating(1, () => persistence.deleteSession(storedIdOf(sid)));
      const session = await loaded();
      takeEvents();
      await calls.set(sid, Object.assign(session, { name: 'Bob' }));
      expect([changes.length, takeEvents()]).toEqual([2, ['lost-write']]);
      expect(await calls.get(sid)).toBeNull();
    });
  });

  it('saves on top of a fence that was raised since the session was read', async () => {
    await calls.set(sid, sessionOf({ name: 'Ann' }));
    const session = await loaded();
    const record = await persistence.loadSession(storedIdOf(sid));
    if (record === undefined) throw new Error('It was stored.');
    const raise = changeOf(record, { fenced: true, expected: { now: Math.floor(now / 1000) } });
    await persistence.saveSession(storedIdOf(sid), written(record, { fence: 3 }), raise);
    await calls.set(sid, Object.assign(session, { name: 'Bob' }));
    expect(await calls.get(sid)).toMatchObject({ name: 'Bob' });
    expect(await persistence.loadSession(storedIdOf(sid))).toMatchObject({ fence: 3 });
  });

  it('needs no callback', async () => {
    void store.set(sid, sessionOf({ name: 'Ann' }));
    await expect.poll(() => calls.get(sid)).toMatchObject({ name: 'Ann' });
    void store.touch(sid, sessionOf());
    void store.destroy(sid);
    await expect.poll(() => calls.get(sid)).toBeNull();
  });
});

describe('the options of ExpressSessionStore', () => {
  it.each<[string, object, RegExp]>([
    ['an unknown one', { ttl: 60 }, /Unknown option ttl; expected one of persistence, migrateFrom/],
    ['a persistence layer that is none', { persistence: {} }, /Option persistence.loadSession is undefined/],
    ['former sessions that cannot be loaded', { migrateFrom: { delete() {} } }, /Option migrateFrom.load is undefined/],
    [
      'a user ID that is no function',
      { userId: 'user' },
      /Option userId is a value of type string; expected a function/,
    ],
    ['an idle timeout that is none', { idleTimeout: 0.5 }, /Option idleTimeout is 0.5/],
    ['an absolute timeout that is too short', { idleTimeout: 60, absoluteTimeout: 59 }, /Option absoluteTimeout is 59/],
    ['a touch interval that is too long', { idleTimeout: 60, touchInterval: 60 }, /Option touchInterval is 60/],
    ['another revocation check', { revocationCheck: 'sometimes' }, /Option revocationCheck/],
  ])('refuse %s', (_, options, message) => {
    expect(() => new ExpressSessionStore(options)).toThrow(message);
  });
});
