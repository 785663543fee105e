import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExpressSessionStore, type ExpressSessionStoreOptions, storedIdOf } from '../../src/express/index.js';
import { ExtendablePersistenceLayer, type PersistenceLayer } from '../../src/index.js';
import { newId } from '../world/records.js';
import { stores, type TestStore } from '../world/stores.js';
import { startExpress } from './apps.js';
import { Browser } from './browser.js';
import { callsOf, sessionOf } from './calls.js';

describe.each(stores())("a user's sessions on $name", (engine) => {
  let table: TestStore;
  let now: number;

  beforeEach(async () => {
    table = await engine.open();
    now = Date.now();
  });
  afterEach(() => table.close());

  const newStore = (options: ExpressSessionStoreOptions = {}): ExpressSessionStore =>
    new ExpressSessionStore({
      persistence: table.persistence,
      userId: (session) => session.user,
      clock: { now: () => now },
      ...options,
    });

  it('are listed with their device, and this one is known', async () => {
    const store = newStore();
    const app = await startExpress(store);
    const browser = new Browser(app.url);
    await browser.send('POST', '/login/user-1');
    const sid = /^s:([^.]+)/.exec(decodeURIComponent([...browser.cookies.values()][0] as string))?.[1] as string;
    const devices = await store.sessions.ofUser('user-1', { current: { id: storedIdOf(sid) } });
    expect(devices).toMatchObject([{ current: true, address: '127.0.0.1', userAgent: 'node' }]);
    await app.close();
  });

  it('are found whether or not the login took a new session ID', async () => {
    const store = newStore();
    const calls = callsOf(store);
    const sid = newId();
    await calls.set(sid, sessionOf());
    await calls.set(sid, Object.assign((await calls.get(sid)) as object, { user: 'user-1' }) as never);
    expect(await store.sessions.ofUser('user-1')).toHaveLength(1);
    await calls.set(sid, Object.assign((await calls.get(sid)) as object, { user: 'user-2' }) as never);
    expect(await store.sessions.ofUser('user-1')).toHaveLength(0);
    expect(await store.sessions.ofUser('user-2')).toHaveLength(1);
    await store.sessions.logOutUser('user-2');
    expect(await calls.get(sid)).toBeNull();
  });

  it('end one by one, and all but this one', async () => {
    const store = newStore();
    const calls = callsOf(store);
    const sids = [newId(), newId(), newId()] as const;
    for (const sid of sids) await calls.set(sid, sessionOf({ user: 'user-1' }));
    expect(await store.sessions.revoke(storedIdOf(sids[0]), { ofUser: 'user-1' })).toBe(true);
    await store.sessions.logOutUser('user-1', { except: { id: storedIdOf(sids[1]) } });
    now += 400_000;
    expect(await Promise.all(sids.map(async (sid) => (await calls.get(sid)) !== null))).toEqual([false, true, false]);
  });

  it.each([
    ['always', [true, false]],
    ['touch', [true, true]],
    ['never', [true, true]],
  ] as const)('end where the index hides them, by revocationCheck: %o', async (revocationCheck, alive) => {
    const hidden = hiding(table.persistence);
    const store = newStore({ persistence: hidden, revocationCheck });
    const calls = callsOf(store);
    const sid = newId();
    await calls.set(sid, sessionOf({ user: 'user-1' }));
    const before = (await calls.get(sid)) !== null;
    await store.sessions.logOutUser('user-1');
    expect([before, (await calls.get(sid)) !== null]).toEqual(alive);
    now += 301_000;
    expect((await calls.get(sid)) !== null).toBe(revocationCheck === 'never');
  });

  it('end where the index hides them, though every request saves something', async () => {
    const store = newStore({ persistence: hiding(table.persistence) });
    const calls = callsOf(store);
    const sid = newId();
    await calls.set(sid, sessionOf({ user: 'user-1' }));
    await store.sessions.logOutUser('user-1');
    for (let visits = 1; visits <= 6; visits += 1) {
      now += 60_000;
      const session = await calls.get(sid);
      if (session) await calls.set(sid, Object.assign(session, { visits }));
    }
    expect(await calls.get(sid)).toBeNull();
  });
});

/** A layer whose index has not seen any session yet. */
function hiding(layer: PersistenceLayer): PersistenceLayer {
  return new ExtendablePersistenceLayer({
    loadSession: layer.loadSession.bind(layer),
    saveSession: layer.saveSession.bind(layer),
    deleteSession: layer.deleteSession.bind(layer),
    loadMarks: (...parameters) => (layer.loadMarks as NonNullable<typeof layer.loadMarks>)(...parameters),
    raiseUserMark: (...parameters) => (layer.raiseUserMark as NonNullable<typeof layer.raiseUserMark>)(...parameters),
  });
}
