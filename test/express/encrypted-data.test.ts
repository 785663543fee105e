import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encryptedData } from '../../src/encryption/index.js';
import { ExpressSessionStore, type ExpressSessionStoreOptions, storedIdOf } from '../../src/express/index.js';
import type { SessionEvent } from '../../src/index.js';
import { exportUser } from '../../src/personal-data/index.js';
import { sealedIn, storedAt } from '../world/encryption.js';
import { newId } from '../world/records.js';
import { stores, type TestStore } from '../world/stores.js';
import { allFrameworks } from './apps.js';
import { Browser } from './browser.js';
import { type Calls, callsOf, sessionOf } from './calls.js';

describe.each(stores())('encrypted data of express-session on $name', (engine) => {
  let table: TestStore;
  let events: SessionEvent[];
  let sid: string;
  let now: number;
  /** Stores that seal, that only open, and that know of nothing. */
  let sealing: Calls;
  let opening: Calls;
  let without: Calls;

  const newStore = (options: ExpressSessionStoreOptions): ExpressSessionStore =>
    new ExpressSessionStore({
      persistence: table.persistence,
      userId: (session) => session.user,
      onEvent: (event) => events.push(event),
      clock: { now: () => now },
      ...options,
    });

  beforeEach(async () => {
    table = await engine.open();
    events = [];
    sid = newId();
    now = Date.now();
    sealing = callsOf(newStore({ encryption: encryptedData() }));
    opening = callsOf(newStore({ encryption: encryptedData({ seal: false }) }));
    without = callsOf(newStore({}));
  });
  afterEach(() => table.close());

  /** A whole request: what the store gives is changed, and saved. */
  const request = async (calls: Calls, change: object): Promise<void> =>
    calls.set(sid, Object.assign((await calls.get(sid)) ?? {}, change) as never);
  const held = async (calls: Calls = sealing): Promise<object> => {
    const { cookie: _, ...data } = (await calls.get(sid)) ?? { cookie: undefined };
    return data;
  };
  const isSealed = (): Promise<Record<string, boolean>> => sealedIn(table.persistence, storedIdOf(sid));
  const unreadable = (): unknown[] =>
    events.splice(0).flatMap((event) => (event.type === 'unreadable' ? [event.key] : []));

  it.each(allFrameworks)('comes back with the cookie of $framework, also after a login', async ({ start }) => {
    const store = newStore({ encryption: encryptedData() });
    const app = await start(store);
    const browser = new Browser(app.url);
    await browser.send('PUT', '/data/theme/dark');
    await browser.send('PUT', '/data/cart/book');
    await browser.send('DELETE', '/data/theme');
    expect(await browser.session()).toEqual({ cart: 'book' });
    expect((await table.dump()).join('\n')).not.toContain('book');
    await browser.send('POST', '/login/user-1');
    await browser.send('PUT', '/data/theme/light');
    expect(await browser.session()).toEqual({ user: 'user-1', theme: 'light' });
    expect(await store.sessions.ofUser('user-1')).toMatchObject([{ encrypted: true }]);
    await app.close();
  });

  it('is stored sealed, each value for itself, and opens for its session ID alone (E2, E3)', async () => {
    await sealing.set(sid, sessionOf({ theme: 'dark', cart: ['book'] }));
    expect(await isSealed()).toEqual({ cookie: true, theme: true, cart: true });
    expect(await held()).toEqual({ theme: 'dark', cart: ['book'] });
    const id = storedIdOf(sid);
    const { wrappedKey } = await storedAt(table.persistence, id);
    const seal = encryptedData().sealOf(id);
    seal.learn(wrappedKey, () => Buffer.from(newId()));
    expect(seal.hasKey).toBe(false);
    seal.learn(wrappedKey, () => Buffer.from(sid));
    expect(seal.hasKey).toBe(true);
    expect(unreadable()).toEqual([]);
  });

  it('is not written if nothing has changed, and a change writes its key alone', async () => {
    await sealing.set(sid, sessionOf({ theme: 'dark', cart: ['book'] }));
    const before = await storedAt(table.persistence, storedIdOf(sid));
    await request(sealing, {});
    await sealing.touch(sid, (await sealing.get(sid)) as never);
    expect(await storedAt(table.persistence, storedIdOf(sid))).toEqual(before);
    await request(sealing, { theme: 'light' });
    const after = await storedAt(table.persistence, storedIdOf(sid));
    expect([...after.data.keys()].filter((key) => after.data.get(key) !== before.data.get(key))).toEqual(['theme']);
    expect(after.wrappedKey).toEqual(before.wrappedKey);
  });

  it('keeps the changes of concurrent requests to different keys, also those of two that add the first key', async () => {
    await without.set(sid, sessionOf({ theme: 'dark' }));
    const [mine, theirs] = [await sealing.get(sid), await sealing.get(sid)];
    await sealing.set(sid, Object.assign(theirs as object, { cart: ['book'] }) as never);
    await sealing.set(sid, Object.assign(mine as object, { visits: 1 }) as never);
    expect(await held()).toEqual({ theme: 'dark', cart: ['book'], visits: 1 });
    expect(await isSealed()).toEqual({ cookie: false, theme: false, cart: true, visits: true });
    expect(unreadable()).toEqual([]);
  });

  it('is sealed with the same key when a request saves again, whether it has begun the session or its key', async () => {
    for (const first of [sealing, without]) {
      sid = newId();
      await first.set(sid, sessionOf({ theme: 'dark' }));
      const session = first === sealing ? sessionOf({ theme: 'dark' }) : ((await sealing.get(sid)) as object);
      const keys = new Set<string>();
      for (const visits of [1, 2, 3]) {
        await sealing.set(sid, Object.assign(session, { visits }) as never);
        expect(await isSealed()).toMatchObject({ visits: true });
        keys.add(Buffer.from((await storedAt(table.persistence, storedIdOf(sid))).wrappedKey ?? []).toString('hex'));
      }
      expect(keys.size).toBe(1);
      expect(await held()).toEqual({ theme: 'dark', visits: 3 });
    }
    const session = sessionOf({ theme: 'dark' });
    sid = newId();
    await sealing.set(sid, session);
    const { wrappedKey } = await storedAt(table.persistence, storedIdOf(sid));
    await sealing.set(sid, Object.assign(session, { theme: 'light' }));
    expect(await isSealed()).toEqual({ cookie: true, theme: true });
    expect((await storedAt(table.persistence, storedIdOf(sid))).wrappedKey).toEqual(wrappedKey);
  });

  it('is given no key by a request that changes nothing and only touches', async () => {
    await without.set(sid, sessionOf({ theme: 'dark' }));
    now += 3_600_000;
    const { lastSeenAt } = await storedAt(table.persistence, storedIdOf(sid));
    await request(sealing, {});
    const after = await storedAt(table.persistence, storedIdOf(sid));
    expect([after.lastSeenAt - lastSeenAt, after.wrappedKey]).toEqual([3_600, undefined]);
  });

  it('counts what is stored: a large value takes the place of another', async () => {
    for (const calls of [sealing, without]) {
      sid = newId();
      await calls.set(sid, sessionOf({ first: 'x'.repeat(300_000) }));
      await request(calls, { first: undefined, second: 'y'.repeat(300_000) });
      expect(Object.keys(await held())).toEqual(['second']);
    }
  });

  it('of a session that is stored twice under one ID, the second opens and seals with the key of the first', async () => {
    await sealing.set(sid, sessionOf({ theme: 'dark' }));
    await sealing.set(sid, sessionOf({ theme: 'light', cart: ['book'] }));
    expect(await held()).toEqual({ theme: 'light', cart: ['book'] });
    expect(unreadable()).toEqual([]);
  });

  it('with seal: false, is opened and no more sealed, and is unreadable without the option', async () => {
    await sealing.set(sid, sessionOf({ theme: 'dark', cart: ['book'] }));
    await request(opening, { theme: 'light' });
    expect(await held(opening)).toEqual({ theme: 'light', cart: ['book'] });
    expect(await isSealed()).toEqual({ cookie: true, theme: false, cart: true });
    sid = newId();
    await opening.set(sid, sessionOf({ theme: 'dark' }));
    expect(await isSealed()).toEqual({ cookie: false, theme: false });
    expect(unreadable()).toEqual([]);
    expect((await storedAt(table.persistence, storedIdOf(sid))).wrappedKey).toBeUndefined();

    await request(sealing, { cart: ['book'] });
    expect(await held(without)).toEqual({ theme: 'dark' });
    expect(unreadable()).toEqual(['cart']);
    await request(without, { visits: 1 });
    expect(await held()).toEqual({ theme: 'dark', cart: ['book'], visits: 1 });
  });

  it('goes on where its key does not open: values are absent, and stay; what is set then has a new key', async () => {
    await sealing.set(sid, sessionOf({ theme: 'dark' }));
    const id = storedIdOf(sid);
    const record = await storedAt(table.persistence, id);
    await table.persistence.deleteSession(id, {}, { now: 0 });
    sid = newId();
    const other = storedIdOf(sid);
    const data = new Map([...record.data].filter(([key]) => key !== 'cookie'));
    data.set('cookie', '{"originalMaxAge":null}').set('odd', 'no JSON');
    await table.persistence.saveSession(other, { ...record, data }, { kind: 'create' }, { now: 0 });
    expect(await held()).toEqual({});
    expect(new Set(unreadable())).toEqual(new Set(['odd', 'theme']));
    await request(sealing, { visits: 1 });
    expect(await isSealed()).toEqual({ cookie: false, odd: false, theme: true, visits: true });
    await request(sealing, { theme: 'light' });
    unreadable();
    expect(await held()).toEqual({ theme: 'light', visits: 1 });
    expect(unreadable()).toEqual(['odd']);
  });

  it('is moved from another store sealed', async () => {
    const session = JSON.parse(JSON.stringify(sessionOf({ theme: 'dark' }))) as Record<string, unknown>;
    const moving = callsOf(
      newStore({ encryption: encryptedData(), migrateFrom: { load: () => Promise.resolve({ session }) } }),
    );
    expect(await held(moving)).toEqual({ theme: 'dark' });
    expect(await isSealed()).toEqual({ cookie: true, theme: true });
    expect(await held()).toEqual({ theme: 'dark' });
  });

  it('is named in an export, and not given (E4)', async () => {
    const user = newId();
    const store = newStore({ encryption: encryptedData() });
    await callsOf(store).set(sid, sessionOf({ user, theme: 'dark' }));
    const { sessions } = await exportUser(store.sessions, user);
    expect(sessions).toMatchObject([{ data: { theme: { encrypted: true }, user: { encrypted: true } } }]);
  });

  it('refuses what is no encryption', () => {
    expect(() => newStore({ encryption: {} as never })).toThrow(/encryption/);
  });
});
