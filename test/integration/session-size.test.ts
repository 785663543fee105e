import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NotStorableError, type PersistenceLayer } from '../../src/index.js';
import { longestText } from '../world/longest-text.js';
import { stores, type TestStore } from '../world/stores.js';
import { Browser, World } from '../world/world.js';

const KB = 1_024;

describe.each(stores().filter(({ name }) => name !== 'memory'))('12. the size of a session (D4) on $name', (each) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await each.open();
  });
  afterAll(() => store.close());

  /** A world whose calls to the store are counted. */
  function begin(): { world: World; browser: Browser; calls: string[] } {
    const calls: string[] = [];
    const counted = new Proxy(store.persistence, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          calls.push(String(name));
          return Reflect.apply(member, target, args);
        };
      },
    }) as PersistenceLayer;
    const world = new World(counted);
    return { world, browser: new Browser(world.sessions()), calls };
  }

  const stored = async (browser: Browser): Promise<Map<string, unknown>> => new Map((await browser.start()).entries());

  it.each(['x', 'é', '€', '🎉'])('398 KB of %s are stored, and come back', async (character) => {
    const { browser } = begin();
    const text = character.repeat((398 * KB) / Buffer.byteLength(character));
    await browser.request((session) => session.set('challenge', text));
    expect((await browser.start()).get('challenge')).toBe(text);
  });

  it.each([400, 401, 4_000])(
    '%i KB are refused at once, before any I/O, and what is stored stays as it was',
    async (size) => {
      const { browser, calls } = begin();
      await browser.request((session) => {
        session.set('theme', 'dark');
        session.set('challenge', 'intact');
      });
      const before = await stored(browser);
      const session = await browser.start();
      session.set('visits', 1);
      calls.length = 0;
      expect(() => session.set('challenge', '€'.repeat((size * KB) / 3))).toThrow(NotStorableError);
      expect(calls).toEqual([]);
      await expect(session.update('cart', () => ['€'.repeat((size * KB) / 3)])).rejects.toBeInstanceOf(
        NotStorableError,
      );
      expect(session.get('challenge')).toBe('intact');
      expect(await stored(browser)).toEqual(before);
      await browser.finish(session);
      expect(await stored(browser)).toEqual(new Map([...before, ['visits', 1]]));
    },
  );

  it('what is refused of a new session leaves it usable', async () => {
    const { browser } = begin();
    await browser.request((session) => {
      expect(() => session.set('challenge', 'x'.repeat(401 * KB))).toThrow(NotStorableError);
      session.set('theme', 'dark');
    });
    expect(await stored(browser)).toEqual(new Map([['theme', 'dark']]));
  });

  it('whatever set accepts for a new session is stored at the end of the request', async () => {
    const { browser } = begin();
    const text = await longestText(browser);
    await browser.request((session) => session.set('challenge', text));
    expect((await browser.start()).get('challenge')).toBe(text);
  });

  it.each<[string, (browser: Browser, world: World) => Promise<unknown>]>([
    [
      'a rotation',
      async (browser, world) => {
        world.now += 2 * 3_600;
        await browser.request();
      },
    ],
    [
      'the confirmation of a rotation',
      async (browser, world) => {
        world.now += 2 * 3_600;
        await browser.request();
        await browser.request();
      },
    ],
    [
      'a touch by a client that says more of itself',
      async (browser, world) => {
        world.now += 600;
        await browser.finish(await browser.start({ address: '2001:db8::1', userAgent: 'Mozilla/5.0 '.repeat(30) }));
      },
    ],
    ['a login', (browser) => browser.request((session) => session.logIn('user-1'))],
  ])('a session that is as large as set accepts survives %s', async (_, happen) => {
    const { browser, world } = begin();
    await browser.request((session) => session.set('theme', 'dark'));
    const text = await longestText(browser);
    await browser.request((session) => session.set('challenge', text));
    await happen(browser, world);
    expect((await browser.start()).get('challenge')).toBe(text);
  });

  it('200 keys changed in one request are stored, one more is refused at once; of a new session any number is', async () => {
    const { browser, calls } = begin();
    const keys = Array.from({ length: 201 }, (_, index) => `key ${index}` as 'theme');
    await browser.request((session) => {
      for (const key of keys) session.set(key, 'light');
    });
    expect((await stored(browser)).size).toBe(201);
    const session = await browser.start();
    for (const key of keys.slice(0, 200)) session.set(key, 'dark');
    calls.length = 0;
    expect(() => session.set(keys[200] as 'theme', 'dark')).toThrow(NotStorableError);
    expect(() => session.delete(keys[200] as 'theme')).toThrow(NotStorableError);
    expect(calls).toEqual([]);
    await browser.finish(session);
    expect([...(await stored(browser)).values()].filter((value) => value === 'dark')).toHaveLength(200);
    await browser.request((each) => {
      for (const key of keys.slice(0, 200)) each.delete(key);
    });
    expect([...(await stored(browser)).keys()]).toEqual([keys[200]]);
  });

  it('changes of two requests that are too large together: the later one is refused, the earlier one stays', async () => {
    const { browser } = begin();
    await browser.request((session) => session.set('theme', 'dark'));
    const [first, second] = [await browser.start(), await browser.start()];
    first.set('challenge', 'x'.repeat(250 * KB));
    second.set('cart', ['x'.repeat(250 * KB)]);
    await browser.finish(first);
    await expect(second.commit()).rejects.toBeInstanceOf(NotStorableError);
    expect([...(await stored(browser)).keys()].toSorted()).toEqual(['challenge', 'theme']);
  });
});
