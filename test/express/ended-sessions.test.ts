import type { SessionData } from 'express-session';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ExpressSessionStore, type ExpressSessionStoreOptions, storedIdOf } from '../../src/express/index.js';
import type { PersistenceLayer, SessionEvent } from '../../src/index.js';
import { engines } from '../engines/index.js';
import { openStage, type Stage } from '../faults/stage.js';
import { clientInTurn } from '../world/clients.js';
import type { Fault, Network } from '../world/faults.js';
import { Gate } from '../world/gate.js';
import { layerWith } from '../world/layer-with.js';
import { newId } from '../world/records.js';
import { stores, type TestStore } from '../world/stores.js';
import { type Calls, callsOf, sessionOf } from './calls.js';

// What a store of express-session ends stays ended, whatever lands late; and every call to it returns.

const HOUR = 3_600_000;

/** A store that sessions are moved from, in memory. */
function formerStore({ isReadOnly = false } = {}): {
  readonly sessions: Map<string, object>;
  readonly from: NonNullable<ExpressSessionStoreOptions['migrateFrom']>;
} {
  const sessions = new Map<string, object>();
  const load = async (sid: string): Promise<never> => {
    const data = sessions.get(sid);
    const found = data && {
      session: JSON.parse(JSON.stringify(sessionOf(data, HOUR))) as object,
      expiresAt: Math.floor(Date.now() / 1000) + 3_600,
    };
    return found as never;
  };
  const remove = async (sid: string): Promise<void> => void sessions.delete(sid);
  return { sessions, from: isReadOnly ? { load } : { load, delete: remove } };
}

describe.each(engines())('ExpressSessionStore, when writes are repeated on $name', (engine) => {
  const client = clientInTurn(engine);
  let stage: Stage;
  let network: Network;
  let persistence: PersistenceLayer;
  let events: SessionEvent[];
  let sid: string;
  let user: string;
  let users = 0;

  beforeAll(async () => {
    stage = await openStage(engine, client);
    return () => stage.close();
  });

  beforeEach(async () => {
    const instance = await stage.instance();
    ({ network } = instance);
    persistence = instance.layer;
    events = [];
    sid = newId();
    users += 1;
    user = `user-${users}`;
  });

  afterEach(() => network.releaseZombies());

  const open = (options: ExpressSessionStoreOptions = {}): { store: ExpressSessionStore; calls: Calls } => {
    const store = new ExpressSessionStore({
      persistence,
      userId: (session) => session.user,
      onEvent: (event) => events.push(event),
      ...options,
    });
    return { store, calls: callsOf(store) };
  };

  const left = async (): Promise<string[]> => {
    const item = (await stage.table.items()).find(({ id }) => id?.S === storedIdOf(sid));
    return Object.keys(item ?? {}).filter((name) => /^secretHash$|^user$|^data\./.test(name));
  };

  const repeated: [string, Fault[]][] = [
    ['was given up once', ['zombie']],
    ['was given up twice', ['zombie', 'zombie']],
    ['was throttled', ['throttle']],
    ['was given up and throttled', ['zombie', 'throttle']],
    ['lost its answer', ['drop-after']],
  ];

  describe.each(repeated)('of which the creation %s', (_how, faults) => {
    const copies = faults.filter((fault) => fault === 'zombie').length;

    it.each<[string, (those: { store: ExpressSessionStore; calls: Calls }) => Promise<unknown>]>([
      ['destroy', ({ calls }) => calls.destroy(sid)],
      ['logOutUser', ({ store }) => store.sessions.logOutUser(user)],
      ['revoke', ({ store }) => store.sessions.revoke(storedIdOf(sid), { ofUser: user })],
      ['a logout of all others', ({ store }) => store.sessions.logOutUser(user, { except: { id: newId() } })],
    ])('1. has ended at once and for good, after %s', async (_, end) => {
      const app = open();
      network.plan('PutItem', ...faults);
      await calls(app).set(sid, sessionOf({ user, cart: ['book'] }, HOUR));
      expect(await calls(app).get(sid)).toMatchObject({ user });
      await end(app);
      expect(await calls(app).get(sid)).toBeNull();
      expect(await network.releaseZombies()).toBe(copies);
      expect(await calls(app).get(sid)).toBeNull();
      expect(await app.store.sessions.ofUser(user)).toEqual([]);
      expect(await left()).toEqual([]);
      // Nor does whoever still has its object bring it back.
      await calls(app).set(sid, sessionOf({ user, cart: ['late'] }, HOUR));
      await calls(app).touch(sid, sessionOf({ user }, HOUR));
      expect(await calls(app).get(sid)).toBeNull();
    });

    it.each([false, true])(
      'returns from destroy in a few calls, with migrateFrom (read only: %s)',
      async (isReadOnly) => {
        const former = formerStore({ isReadOnly });
        const app = open({ migrateFrom: former.from });
        network.plan('PutItem', ...faults);
        await calls(app).set(sid, sessionOf({ user }, HOUR));
        network.forget();
        await calls(app).destroy(sid);
        expect(network.sent.length).toBeLessThanOrEqual(3);
        expect(await network.releaseZombies()).toBe(copies);
        expect(await calls(app).get(sid)).toBeNull();

        network.forget();
        await calls(app).destroy(sid);
        expect(network.sent.length).toBeLessThanOrEqual(4);
        expect(events.filter(({ type }) => type === 'destroyed')).toHaveLength(1);
      },
    );

    it.each([false, true])(
      'of a former session that was moved: it has ended for good after destroy (read only: %s)',
      async (isReadOnly) => {
        const former = formerStore({ isReadOnly });
        former.sessions.set(sid, { user });
        const app = open({ migrateFrom: former.from });
        network.plan('PutItem', ...faults);
        expect(await calls(app).get(sid)).toMatchObject({ user });
        network.forget();
        await calls(app).destroy(sid);
        expect(network.sent.length).toBeLessThanOrEqual(3);
        expect(await network.releaseZombies()).toBe(copies);
        expect(await calls(app).get(sid)).toBeNull();
        expect(await left()).toEqual([]);
      },
    );
  });

  it.each<[string, Fault[]]>([
    ['is given up once', ['zombie']],
    ['loses its answer', ['drop-after']],
    ['is given up, and the next loses its answer', ['zombie', 'drop-after']],
  ])('returns from a destroy of which the end %s, with migrateFrom, and tells of it once', async (_, faults) => {
    const app = open({ migrateFrom: formerStore().from });
    await calls(app).set(sid, sessionOf({ user }, HOUR));
    network.forget();
    network.plan('PutItem', ...faults);
    await calls(app).destroy(sid);
    expect(network.sent.length).toBeLessThanOrEqual(6);
    await network.releaseZombies();
    expect(await calls(app).get(sid)).toBeNull();
    expect(events.filter(({ type }) => type === 'destroyed')).toHaveLength(1);
  });

  it('8. keeps what is saved after a save that was repeated, whatever lands late', async () => {
    const { calls: on } = open();
    await on.set(sid, sessionOf({ theme: 'light' }, HOUR));
    network.plan('UpdateItem', 'zombie');
    await on.set(sid, Object.assign((await on.get(sid)) as SessionData, { theme: 'dark' }));
    await on.set(sid, Object.assign((await on.get(sid)) as SessionData, { theme: 'light' }));
    expect(await network.releaseZombies()).toBe(1);
    expect(await on.get(sid)).toMatchObject({ theme: 'light' });
  });

  it('8. saves twice with one object, of which the first save was repeated', async () => {
    const { calls: on } = open();
    await on.set(sid, sessionOf({ theme: 'light' }, HOUR));
    const session = (await on.get(sid)) as SessionData & { theme?: string };
    network.plan('UpdateItem', 'zombie');
    await on.set(sid, Object.assign(session, { theme: 'dark' }));
    await on.set(sid, Object.assign(session, { theme: 'light' }));
    expect(await network.releaseZombies()).toBe(1);
    expect(await on.get(sid)).toMatchObject({ theme: 'light' });
  });

  const calls = (app: { calls: Calls }): Calls => app.calls;
});

describe.each(stores())('ExpressSessionStore with migrateFrom on $name', (each) => {
  let store: TestStore;
  let sid: string;

  beforeAll(async () => {
    store = await each.open();
    return () => store.close();
  });

  beforeEach(() => {
    sid = newId();
  });

  const open = (options: ExpressSessionStoreOptions): Calls =>
    callsOf(new ExpressSessionStore({ persistence: store.persistence, userId: (session) => session.user, ...options }));

  it.each([false, true])('1. lets no destroy be overtaken by a move, 20 of 20 (read only: %s)', async (isReadOnly) => {
    const found: unknown[] = [];
    for (let round = 0; round < 20; round += 1) {
      sid = newId();
      const former = formerStore({ isReadOnly });
      former.sessions.set(sid, { user: 'user-1', round });
      const calls = open({ migrateFrom: former.from });
      await Promise.all([calls.get(sid), calls.destroy(sid), calls.get(sid)]);
      found.push(await calls.get(sid));
    }
    expect(found).toEqual(Array(20).fill(null));
  });

  it.each(['loadSession', 'saveSession'] as const)(
    '1. lets a move that waits for its %s bring nothing back',
    async (operation) => {
      const former = formerStore();
      former.sessions.set(sid, { user: 'user-1' });
      const gate = new Gate();
      let calls = 0;
      const slow = layerWith(store.persistence, {
        [operation]: async (...call: never[]) => {
          calls += 1;
          if (calls === 1) await gate.pass();
          return (store.persistence[operation] as (...given: never[]) => unknown).apply(store.persistence, call);
        },
      });
      const moving = open({ persistence: slow, migrateFrom: former.from }).get(sid);
      await gate.reached;
      const others = open({ migrateFrom: former.from });
      await others.destroy(sid);
      gate.open();
      expect(await moving).toBeNull();
      expect(await others.get(sid)).toBeNull();
    },
  );

  it('returns from a destroy that is refused, in a few calls, and the session has ended', async () => {
    await open({}).set(sid, sessionOf({ user: 'user-1' }, HOUR));
    let calls = 0;
    const refusing = layerWith(store.persistence, {
      deleteSession: async () => {
        calls += 1;
        return { kind: 'refused' as const };
      },
    });
    await open({ persistence: refusing, migrateFrom: formerStore().from }).destroy(sid);
    expect(calls).toBeLessThanOrEqual(5);
    expect(await open({}).get(sid)).toBeNull();
  });

  it('gives up a save that meets another each time', async () => {
    await open({}).set(sid, sessionOf({ theme: 'light' }, HOUR));
    let calls = 0;
    const crowded = layerWith(store.persistence, {
      async saveSession(id, session, change, options) {
        calls += 1;
        const current = (await store.persistence.loadSession(id)) as never;
        return change.kind === 'create'
          ? store.persistence.saveSession(id, session, change, options)
          : { kind: 'conflict' as const, current };
      },
    });
    const on = open({ persistence: crowded });
    const session = Object.assign((await on.get(sid)) as SessionData, { theme: 'dark' });
    await expect(on.set(sid, session)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
    expect(calls).toBeLessThanOrEqual(30);
  });
});
