import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  MemoryPersistenceLayer,
  NotStorableError,
  type PersistenceLayer,
  SessionGoneError,
  StoreUnavailableError,
} from '../../src/index.js';
import { layerWith } from '../world/layer-with.js';
import { type Setting, useStore } from '../world/setting.js';
import { stores } from '../world/stores.js';
import { Browser, World } from '../world/world.js';

// A handler may do several things with its session at once, and go on after one of them has failed.

describe.each(stores())('one request on $name', (each) => {
  let { store, sessions, browser, user } = {} as Setting;
  useStore(each, (setting) => {
    ({ store, sessions, browser, user } = setting);
  });

  const entries = async (): Promise<unknown> => Object.fromEntries((await browser.start()).entries());

  /** A browser with the same cookie whose requests get the answer to the first save after those to later ones. */
  function withLateAnswer(): Browser {
    let saves = 0;
    const persistence = layerWith(store.persistence, {
      saveSession: async (...call) => {
        const outcome = await store.persistence.saveSession(...call);
        saves += 1;
        if (saves === 1) await delay(100);
        return outcome;
      },
    });
    const other = new Browser(new World(persistence).sessions());
    other.token = browser.token;
    return other;
  }

  it('updates two keys of a session that is not stored yet: one session is, with both', async () => {
    const before = (await store.dump()).length;
    await browser.request((session) =>
      Promise.all([session.update('visits', (n = 0) => n + 1), session.update('theme', () => 'dark')]),
    );
    expect(await entries()).toEqual({ visits: 1, theme: 'dark' });
    expect(await store.dump()).toHaveLength(before + 1);
  });

  it.each<[string, (session: Awaited<ReturnType<Browser['start']>>) => Promise<unknown>]>([
    ['saves', (session) => session.save()],
    ['logs in', (session) => session.logIn(user)],
    ['takes a key', (session) => session.getAndDelete('challenge')],
  ])('%s while an update stores the session for the first time: one session is stored', async (_, act) => {
    const before = (await store.dump()).length;
    await browser.request((session) => {
      session.set('theme', 'dark');
      return Promise.all([session.update('visits', (n = 0) => n + 1), act(session)]);
    });
    expect(await entries()).toEqual({ visits: 1, theme: 'dark' });
    expect(await store.dump()).toHaveLength(before + 1);
  });

  it('stores with one write what the first update makes', async () => {
    const saves: string[] = [];
    const persistence = layerWith(store.persistence, {
      saveSession: (id, session, change, call) => {
        saves.push(change.kind);
        return store.persistence.saveSession(id, session, change, call);
      },
    });
    await new Browser(new World(persistence).sessions()).request((session) => session.update('visits', () => 1));
    expect(saves).toEqual(['create']);
  });

  it('L11: stores nothing, and sends no cookie, for a first update that fails', async () => {
    const before = (await store.dump()).length;
    const session = await browser.start();
    await expect(session.update('visits', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(session.update('visits', () => (() => 1) as never)).rejects.toThrow(NotStorableError);
    expect(await session.commit()).toEqual({ kind: 'keep' });
    expect(await store.dump()).toHaveLength(before);
  });

  it('keeps what is set while an update or a getAndDelete is under way', async () => {
    await browser.request((session) => {
      session.set('visits', 1);
      session.set('challenge', 'first');
    });
    await browser.request(async (session) => {
      const under = [session.update('visits', (n = 0) => n + 1), session.getAndDelete('challenge')];
      await Promise.resolve();
      session.set('visits', 100);
      session.set('challenge', 'second');
      await Promise.all(under);
    });
    expect(await entries()).toEqual({ visits: 100, challenge: 'second' });
  });

  it('loses no update beside a save whose answer comes last', async () => {
    await browser.request((session) => session.set('visits', 0));
    const session = await withLateAnswer().start();
    session.set('theme', 'dark');
    await Promise.all([session.save(), session.update('visits', (n = 0) => n + 1)]);
    await session.update('visits', (n = 0) => n + 1);
    await session.commit();
    expect(await entries()).toEqual({ visits: 2, theme: 'dark' });
  });

  it('sends the cookie of a regenerate beside a save whose answer comes last', async () => {
    await browser.request((session) => session.set('visits', 1));
    const other = withLateAnswer();
    const session = await other.start();
    session.set('theme', 'dark');
    await Promise.all([session.save(), session.regenerate()]);
    session.set('visits', 2);
    browser.receive(await other.finish(session));
    expect(await entries()).toEqual({ visits: 2, theme: 'dark' });
  });

  it('logs the same user in, into a new session, if its own was taken over meanwhile', async () => {
    await browser.request((session) => session.logIn(user));
    const slow = await browser.start();
    await browser.request((session) => session.regenerate());
    const id = (await browser.start()).id;
    await slow.logIn(user);
    expect(slow.id).not.toBe(id);
    expect(await slow.commit()).toMatchObject({ kind: 'set' });
    expect((await browser.start()).id).toBe(id);
  });

  it('logs the same user in, into a new session with what it had read, if its own was taken over meanwhile', async () => {
    await browser.request(async (session) => {
      session.set('cart', ['book']);
      await session.logIn(user);
    });
    const slow = await browser.start();
    const double = await browser.start();
    await double.logIn(user);
    double.set('visits', 1);
    await double.commit();
    slow.set('theme', 'dark');
    await slow.logIn(user);
    browser.receive(await slow.commit());
    expect(await entries()).toEqual({ cart: ['book'], theme: 'dark' });
    expect((await browser.start()).userId).toBe(user);
    expect(await sessions.ofUser(user)).toHaveLength(2);
  });

  it.each<[string, (session: Awaited<ReturnType<Browser['start']>>) => Promise<void>]>([
    ['ended', (session) => session.destroy()],
    ['taken over by another user', (session) => session.logIn(`${user}-other`)],
  ])('logs in with nothing but what it sets if its anonymous session was %s meanwhile', async (_, act) => {
    await browser.request((session) => session.set('cart', ['private']));
    const slow = await browser.start();
    await act(await browser.start());
    slow.set('theme', 'dark');
    await slow.logIn(user);
    browser.receive(await slow.commit());
    expect(await entries()).toEqual({ theme: 'dark' });
    expect((await browser.start()).userId).toBe(user);
  });

  it('logs nobody in over the session of another user that was taken over meanwhile: that one would stay', async () => {
    await browser.request((session) => session.logIn(user));
    const slow = await browser.start();
    await browser.request((session) => session.regenerate());
    await expect(slow.logIn(`${user}-other`)).rejects.toThrow(SessionGoneError);
    expect(await slow.commit()).toEqual({ kind: 'keep' });
    expect(await sessions.ofUser(`${user}-other`)).toEqual([]);
  });

  it('leaves no session behind when a logout that keeps something is refused', async () => {
    await browser.request((session) => session.set('theme', 'dark'));
    const late = await browser.start();
    await browser.request((session) => session.logIn(user));
    const before = await store.sessions();
    await expect(late.logOut({ keep: ['theme'] })).rejects.toThrow(SessionGoneError);
    expect(await store.sessions()).toEqual(before);
  });
});

describe('the user of one request', () => {
  const loadedUser = (loadUser: PersistenceLayer['loadUser']): Browser =>
    new Browser(new World(new MemoryPersistenceLayer({ loadUser })).sessions());

  it('stays the one that was logged in, when the secret is replaced', async () => {
    const session = await loadedUser(() => Promise.resolve(undefined)).start();
    const user = { id: 'user-1', roles: ['admin'] };
    await session.logIn(user);
    await session.regenerate();
    expect(await session.user()).toBe(user);
    await session.logOut();
    expect(await session.user()).toBeUndefined();
  });

  it('is asked for again after a failure, and once otherwise', async () => {
    let calls = 0;
    const browser = loadedUser((id) => {
      calls += 1;
      return calls === 1 ? Promise.reject(new Error('down')) : Promise.resolve({ id });
    });
    await browser.request((session) => session.logIn('user-1'));
    const session = await browser.start();
    await expect(session.user()).rejects.toThrow(StoreUnavailableError);
    expect(await session.user()).toEqual({ id: 'user-1' });
    expect(await session.user()).toEqual({ id: 'user-1' });
    expect(calls).toBe(2);
  });
});
