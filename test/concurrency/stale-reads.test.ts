import { beforeEach, describe, expect, it } from 'vitest';
import { cached } from '../../src/cache/index.js';
import {
  MemoryPersistenceLayer,
  type PersistenceLayer,
  SessionGoneError,
  StoreUnavailableError,
} from '../../src/index.js';
import { layerWith } from '../world/layer-with.js';
import { Browser, World } from '../world/world.js';

// What is read may be from before another instance's write: with a cache, or without consistent reads. A request that
// comes after that write has to win against it all the same.

describe('a request whose read is from before another instance’s write', () => {
  let memory: PersistenceLayer;
  let others: Partial<PersistenceLayer>;
  let world: World;
  /** Goes to the instance with the cache. */
  let browser: Browser;
  /** The same browser, when its requests go to another instance. */
  let elsewhere: Browser;

  beforeEach(async () => {
    memory = new MemoryPersistenceLayer();
    others = {};
    world = new World(cached(layerWith(memory, others), { maxAge: 60, maxSize: 10 }));
    browser = new Browser(world.sessions());
    elsewhere = new Browser(new World(memory).sessions());
    await elsewhere.request((session) => session.set('theme', 'light'));
    browser.token = elsewhere.token;
    await browser.request();
  });

  const stored = async (): Promise<unknown> => Object.fromEntries((await elsewhere.start()).entries());

  it('sets back what the other has changed', async () => {
    await elsewhere.request((session) => session.set('theme', 'dark'));
    await browser.request((session) => session.set('theme', 'light'));
    expect(await stored()).toEqual({ theme: 'light' });
  });

  it('logs in with what it sets back', async () => {
    await elsewhere.request((session) => session.set('theme', 'dark'));
    await browser.request((session) => (session.set('theme', 'light'), session.logIn('user-1')));
    elsewhere.token = browser.token;
    expect(await stored()).toEqual({ theme: 'light' });
  });

  it('deletes what the other has set', async () => {
    await elsewhere.request((session) => session.set('challenge', 'once'));
    await browser.request((session) => session.delete('challenge'));
    expect(await stored()).toEqual({ theme: 'light' });
  });

  it('14. takes what the other has set, and nobody does afterwards', async () => {
    await elsewhere.request((session) => session.set('challenge', 'once'));
    await browser.request(async (session) => expect(await session.getAndDelete('challenge')).toBe('once'));
    await elsewhere.request(async (session) => expect(await session.getAndDelete('challenge')).toBeUndefined());
  });

  it('updates what the other has set', async () => {
    await elsewhere.request((session) => session.set('visits', 5));
    await browser.request(async (session) => expect(await session.update('visits', (n = 0) => Math.max(n, 0))).toBe(5));
  });

  it('7. is no success if what it sets cannot be compared with what is stored', async () => {
    const session = await browser.start();
    others.loadSession = () => Promise.reject(new Error('down'));
    session.set('theme', 'light');
    await expect(session.commit()).rejects.toThrow(StoreUnavailableError);
  });

  it('15. loses what it sets to a login, even what would change nothing, and sends no cookie', async () => {
    const session = await browser.start();
    await elsewhere.request((other) => other.logIn('user-1'));
    session.set('theme', 'light');
    world.takeEvents();
    expect(await session.commit()).toEqual({ kind: 'keep' });
    expect(world.takeEvents()).toEqual(['lost-write']);
  });

  it('L1: writes nothing more with what it has seen of a login that has come between', async () => {
    const session = await browser.start();
    await elsewhere.request((other) => other.logIn('user-1'));
    await expect(session.update('theme', () => 'light')).rejects.toThrow(SessionGoneError);
    session.set('cart', ['planted']);
    expect(await session.commit()).toEqual({ kind: 'keep' });
    expect(await stored()).toEqual({ theme: 'light' });
  });

  it('looks again once before its first write, whether or not what it sets makes a difference, and never to look only', async () => {
    let looks = 0;
    others.loadSession = (...call) => {
      looks += 1;
      return memory.loadSession(...call);
    };
    const looksOf = async (handle: Parameters<Browser['request']>[0]): Promise<number> => {
      await browser.request(); // after this it is in the cache
      looks = 0;
      await browser.request(handle);
      return looks;
    };
    expect(await looksOf((session) => session.get('theme'))).toBe(0);
    expect(await looksOf((session) => session.set('theme', 'dark'))).toBe(1);
    expect(await looksOf((session) => session.set('theme', 'dark'))).toBe(1);
    expect(await looksOf((session) => session.delete('cart'))).toBe(1);
    expect(await looksOf((session) => session.regenerate())).toBe(1);
    const often = async (session: Parameters<NonNullable<Parameters<Browser['request']>[0]>>[0]): Promise<void> => {
      for (const theme of ['dark', 'dark', 'light', 'dark', 'dark'] as const) {
        session.set('theme', theme);
        await session.save();
      }
    };
    expect(await looksOf(often)).toBe(1);
    await browser.request(); // into the cache
    world.now += 400;
    looks = 0;
    await browser.request(); // a touch is due
    expect(looks).toBe(1);
  });

  it('tells once that the session has expired', async () => {
    world.now += 2 * 86_400;
    world.takeEvents();
    await browser.start();
    expect(world.takeEvents()).toEqual(['expired']);
  });
});

it('a request whose read is fresh does not look again, though what it sets makes no difference', async () => {
  let looks = 0;
  const memory = new MemoryPersistenceLayer();
  const loadSession: PersistenceLayer['loadSession'] = (...call) => {
    looks += 1;
    return memory.loadSession(...call);
  };
  const browser = new Browser(new World(layerWith(memory, { loadSession })).sessions());
  for (let time = 0; time < 2; time += 1) await browser.request((session) => session.set('theme', 'dark'));
  expect(looks).toBe(1);
});
