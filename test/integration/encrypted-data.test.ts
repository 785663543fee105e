import { beforeEach, describe, expect, it } from 'vitest';
import { cached } from '../../src/cache/index.js';
import { NO_CHANGE } from '../../src/core/persistence-layer.js';
import { encryptedData } from '../../src/encryption/index.js';
import { type ExportOptions, exportUser } from '../../src/personal-data/index.js';
import { NotStorableError, type Session, type Sessions, StoreUnavailableError } from '../../src/index.js';
import { sealedIn, storedAt } from '../world/encryption.js';
import { layerWith } from '../world/layer-with.js';
import { longestText } from '../world/longest-text.js';
import { type Setting, useStore } from '../world/setting.js';
import { stores } from '../world/stores.js';
import { textLayer } from '../world/text-layer.js';
import { type App, Browser } from '../world/world.js';

/** A client that says as much of itself as is kept. */
const FULL = { address: '2001:db8::1', userAgent: 'Mozilla/5.0 '.repeat(30) };

const AGES = 3_600; // after which a rotation is due

/** By node:crypto, or before it is asked. */
const UNREADABLE = /unable to authenticate|initialization vector|no sealed value|authentication tag|No key is stored/;

describe.each(stores())('encrypted data on $name', (each) => {
  let { store, world, browser } = {} as Setting;
  /** Functions that seal, that only open, and that know of nothing. */
  let sealing: Sessions<App>;
  let opening: Sessions<App>;
  let without: Sessions<App>;

  useStore(each, (setting) => {
    ({ store, world } = setting);
    sealing = world.sessions({ encryption: encryptedData() });
    opening = world.sessions({ encryption: encryptedData({ seal: false }) });
    without = world.sessions({ encryption: undefined as never });
    browser = new Browser(sealing);
  });

  /** A browser with the same cookie, whose requests others serve. */
  const at = (sessions: Sessions<App>): Browser => {
    const same = new Browser(sessions);
    same.token = browser.token;
    return same;
  };
  const idOf = ({ token = '' }: Browser): string => token.split('.')[0] as string;
  const entries = async (of: Browser): Promise<Partial<App>> => Object.fromEntries((await of.start()).entries());
  const isSealed = (): Promise<Record<string, boolean>> => sealedIn(store.persistence, idOf(browser));
  const unreadable = (): unknown[] =>
    world.events.splice(0).flatMap((event) => (event.type === 'unreadable' ? [event.key] : []));

  const everything: App = { theme: 'dark', cart: ['book', '✓ 🎉'], visits: 3, challenge: '' };
  const setEverything = (of: Browser = browser): Promise<unknown> =>
    of.request((session) => {
      for (const key of Object.keys(everything) as (keyof App)[]) session.set(key, everything[key]);
    });

  it('18. comes back equal, and each value is stored sealed, under the name of its key', async () => {
    await setEverything();
    expect(await entries(browser)).toEqual(everything);
    expect(await isSealed()).toEqual({ theme: true, cart: true, visits: true, challenge: true });
    expect((await storedAt(store.persistence, idOf(browser))).wrappedKey).toHaveLength(60);
    expect(unreadable()).toEqual([]);
  });

  it('18. stays readable through rotation, lost rotation, login, regenerate and rotation again', async () => {
    await setEverything();
    const lifetime: (() => Promise<unknown>)[] = [
      async () => {
        world.now += AGES;
        await browser.request();
      },
      async () => {
        await browser.request(); // the new secret is seen
        world.now += AGES;
        await at(sealing).request(); // and the next one lost
      },
      () => browser.request((session) => session.logIn('user-1')),
      () => browser.request((session) => session.regenerate()),
      async () => {
        world.now += AGES;
        await browser.request((session) => session.set('visits', 4));
      },
    ];
    for (const happen of lifetime) {
      await happen();
      expect(await entries(browser)).toMatchObject({ ...everything, visits: expect.any(Number) as number });
    }
    expect(await entries(browser)).toEqual({ ...everything, visits: 4 });
    expect(unreadable()).toEqual([]);
  });

  it('has another wrapped key after each new secret, and the same sealed values', async () => {
    await setEverything();
    const before = await storedAt(store.persistence, idOf(browser));
    world.now += AGES;
    await browser.request();
    const after = await storedAt(store.persistence, idOf(browser));
    expect(after.wrappedKey).not.toEqual(before.wrappedKey);
    expect(after.data).toEqual(before.data);
    await browser.request((session) => session.logIn('user-1'));
    expect((await storedAt(store.persistence, idOf(browser))).formerKey).toHaveLength(60);
    world.now += AGES;
    await browser.request();
    expect((await storedAt(store.persistence, idOf(browser))).formerKey).toBeUndefined();
  });

  it('18. changes of different keys by holders of the present and of the previous secret all survive', async () => {
    await setEverything();
    world.now += AGES;
    const previous = at(sealing);
    await browser.request();
    const sessions = await Promise.all([previous.start(), browser.start(), previous.start()]);
    sessions[0]?.set('theme', 'light');
    sessions[1]?.set('cart', ['pen']);
    await sessions[2]?.update('visits', (visits = 0) => visits + 1);
    await Promise.all(sessions.map((session) => session.commit()));
    expect(await entries(browser)).toEqual({ theme: 'light', cart: ['pen'], visits: 4, challenge: '' });
    expect(unreadable()).toEqual([]);
  });

  it('what is set as it is stored is not written', async () => {
    await setEverything();
    const before = await storedAt(store.persistence, idOf(browser));
    await setEverything();
    expect((await storedAt(store.persistence, idOf(browser))).lastWrite).toEqual(before.lastWrite);
  });

  it('14. a one-time value is handed out, once', async () => {
    await browser.request((session) => session.set('challenge', 'x'));
    const [one, two] = [await browser.start(), await browser.start()];
    const taken = [await one.getAndDelete('challenge'), await two.getAndDelete('challenge')];
    expect(taken).toEqual(['x', undefined]);
  });

  it('what a logout keeps is sealed anew, in a session with a key of its own', async () => {
    await setEverything();
    await browser.request((session) => session.logIn('user-1'));
    const before = await storedAt(store.persistence, idOf(browser));
    await browser.request((session) => session.logOut({ keep: ['cart', 'visits'] }));
    expect(await entries(browser)).toEqual({ cart: everything.cart, visits: 3 });
    const after = await storedAt(store.persistence, idOf(browser));
    expect(after.data.get('cart')).not.toBe(before.data.get('cart'));
    const seal = encryptedData().sealOf(idOf(browser));
    seal.learn(after.wrappedKey, () => Buffer.from((browser.token ?? '').split('.')[1] as string, 'base64url'));
    expect(seal.open('cart', after.data.get('cart') as string)).toBe(JSON.stringify(everything.cart));
    expect(() => seal.open('cart', before.data.get('cart') as string)).toThrow(UNREADABLE);
  });

  it('18. a login whose answer was lost and that is repeated finds the data, sealed anew', async () => {
    await setEverything();
    const lost = at(sealing);
    await lost.request((session) => session.logIn('user-1'));
    await lost.request((session) => session.set('visits', 4));
    const first = await storedAt(store.persistence, idOf(lost));
    await browser.request((session) => session.logIn('user-1'));
    expect(idOf(browser)).not.toBe(idOf(lost));
    expect(await entries(browser)).toEqual({ ...everything, visits: 4 });
    const second = await storedAt(store.persistence, idOf(browser));
    expect(second.data.get('cart')).not.toBe(first.data.get('cart'));
    expect(unreadable()).toEqual([]);
  });

  it('E4: of whoever has no cookie of it, the user’s list, revoke and logout work, and open nothing', async () => {
    const user = `user ${each.name}`;
    await browser.request((session) => (session.set('cart', ['book']), session.logIn(user)));
    expect(await without.ofUser(user)).toHaveLength(1);
    expect(await without.revoke(idOf(browser))).toBe(true);
    expect((await browser.start()).id).toBeUndefined();
  });

  describe('while it is rolled out,', () => {
    it.each<[string, () => Browser]>([
      ['with functions that only open', () => new Browser(opening)],
      ['without the option', () => new Browser(without)],
    ])('a session that was begun %s is read, and what is set in it from then on is sealed', async (_, begin) => {
      browser = begin();
      await setEverything();
      expect(await isSealed()).toEqual({ theme: false, cart: false, visits: false, challenge: false });
      browser = at(sealing);
      expect(await entries(browser)).toEqual(everything);
      await browser.request((session) => session.set('cart', ['pen']));
      await browser.request((session) => session.set('theme', 'dark'));
      expect(await isSealed()).toEqual({ theme: true, cart: true, visits: false, challenge: false });
      await browser.request((session) => session.update('visits', (visits = 0) => visits + 1));
      expect(await isSealed()).toMatchObject({ visits: true });
      expect(await entries(at(opening))).toEqual({ ...everything, cart: ['pen'], visits: 4 });
    });

    it('functions that seal and functions that only open serve one session in turn, and lose nothing', async () => {
      await setEverything();
      for (const [index, sessions] of [opening, sealing, opening, opening, sealing].entries()) {
        world.now += AGES;
        browser = at(sessions);
        await browser.request((session) => session.set('visits', index));
        expect(await entries(browser)).toEqual({ ...everything, visits: index });
        await browser.request((session) => session.logIn('user-1'));
        expect(await isSealed()).toEqual({ theme: true, cart: true, challenge: true, visits: sessions === sealing });
      }
      expect(unreadable()).toEqual([]);
    });

    it('a session gets one key, with the first value that is set in it', async () => {
      browser = new Browser(without);
      await setEverything();
      const session = await at(sealing).start();
      for (const visits of [4, 5]) {
        session.set('visits', visits);
        await session.save();
      }
      expect(await storedAt(store.persistence, idOf(browser))).toMatchObject({ fence: 1 });
      expect(await isSealed()).toMatchObject({ visits: true, cart: false });
    });

    it.each<[string, (session: Session<App>) => Promise<unknown>]>([
      ['sets something', (session) => (session.set('visits', 9), session.commit())],
      ['regenerates', (session) => session.regenerate()],
      ['logs in', (session) => session.logIn('user-1')],
    ])(
      'a request that %s after two rotations, which cannot know the key, is a 503 and replaces no key',
      async (_, act) => {
        browser = new Browser(without);
        await setEverything();
        const slow = await at(sealing).start();
        browser = at(sealing);
        for (const visits of [4, 5]) {
          world.now += AGES;
          await browser.request((session) => session.set('visits', visits));
          await browser.request((session) => session.set('cart', ['pen']));
          world.now += 121;
        }
        await expect(act(slow)).rejects.toBeInstanceOf(StoreUnavailableError);
        expect(await entries(browser)).toEqual({ ...everything, cart: ['pen'], visits: 5 });
        expect(unreadable()).toEqual([]);
      },
    );

    it('turned off again, what is sealed is read, and what is set is plain', async () => {
      await setEverything();
      browser = at(opening);
      expect(await entries(browser)).toEqual(everything);
      await browser.request((session) => session.set('theme', 'dark'));
      await browser.request((session) => session.set('cart', ['pen']));
      expect(await isSealed()).toEqual({ theme: false, cart: false, visits: true, challenge: true });
      const fresh = new Browser(opening);
      await fresh.request((session) => session.set('cart', ['x']));
      expect((await storedAt(store.persistence, idOf(fresh))).wrappedKey).toBeUndefined();
    });

    it('functions without the option read no sealed value, tell of it, and replace no secret of such a session', async () => {
      await setEverything();
      browser = at(without);
      world.now += AGES;
      await browser.request((session) => {
        expect([session.get('theme'), session.has('theme')]).toEqual([undefined, true]);
        session.set('visits', 9);
      });
      expect(unreadable()).toEqual(['theme']);
      browser = at(sealing);
      expect(await entries(browser)).toEqual({ ...everything, visits: 9 });
    });
  });

  describe('of a session from before, with others at once,', () => {
    beforeEach(async () => {
      browser = new Browser(opening);
      await browser.request((session) => session.set('theme', 'dark'));
    });

    /** What is there for the browser that has received the last cookie, and nothing that does not open. */
    const expectHeld = async (of: Browser, data: Partial<App>): Promise<void> => {
      world.events.length = 0;
      expect(await entries(of)).toEqual({ theme: 'dark', ...data });
      expect(unreadable()).toEqual([]);
    };

    it('two first keys are one, and the values of both requests open', async () => {
      const [mine, theirs] = [await at(sealing).start(), await at(sealing).start()];
      mine.set('visits', 1);
      theirs.set('cart', ['pen']);
      await theirs.commit();
      await mine.commit();
      await expectHeld(at(sealing), { visits: 1, cart: ['pen'] });
    });

    it.each<[string, (session: Session<App>) => unknown]>([
      ['rotates', () => (world.now += AGES)],
      ['regenerates', (session) => session.regenerate()],
      ['logs in', (session) => session.logIn('user-1')],
    ])('a request that sets something and %s stores both under one key', async (_, act) => {
      const same = at(sealing);
      const session = await same.start();
      session.set('visits', 1);
      await act(session);
      await same.finish(session);
      await expectHeld(same, { visits: 1 });
    });

    it('a first key is wrapped for the new secret, where the request has the previous one', async () => {
      const late = at(sealing);
      world.now += AGES;
      await browser.request();
      await late.request((session) => session.set('visits', 1));
      await expectHeld(browser, { visits: 1 });
      await expectHeld(late, { visits: 1 });
    });

    it('a first key is not wrapped for a secret that another request replaces meanwhile', async () => {
      const session = await at(sealing).start();
      session.set('visits', 1);
      world.now += AGES;
      await browser.request();
      await session.save();
      await expectHeld(browser, { visits: 1 });
    });

    it.each<[string, () => Sessions<App>, (session: Session<App>) => unknown]>([
      ['rotation', () => opening, () => {}],
      ['rotation', () => sealing, () => {}],
      ['login', () => opening, (session) => session.logIn('user-1')],
      ['login', () => sealing, (session) => session.logIn('user-1')],
    ])('a %s leaves no key behind that is added meanwhile', async (_, sessions, act) => {
      world.now += AGES;
      const slow = at(sessions());
      const session = await slow.start();
      const quick = await at(sealing).start();
      quick.set('visits', 1);
      await quick.save();
      await act(session);
      await slow.finish(session);
      await expectHeld(slow, { visits: 1 });
    });

    it('a plain write leaves the key as a rotation meanwhile has wrapped it', async () => {
      browser = at(sealing);
      await browser.request((session) => session.set('visits', 1));
      world.now += AGES;
      const session = await browser.start();
      await browser.request();
      session.set('cart', ['pen']);
      await session.save();
      await expectHeld(browser, { visits: 1, cart: ['pen'] });
    });

    it('what only takes a value away adds no key', async () => {
      await at(sealing).request((session) => session.delete('theme'));
      expect((await storedAt(store.persistence, idOf(browser))).wrappedKey).toBeUndefined();
    });
  });

  it('set as it is stored, is no change that a failing store could lose', async () => {
    await setEverything();
    const failing = layerWith(store.persistence, { saveSession: () => Promise.reject(new Error('no answer')) });
    world.now += AGES;
    const session = await at(world.sessions({ encryption: encryptedData(), persistence: failing })).start();
    session.set('cart', everything.cart);
    expect(await session.commit()).toEqual({ kind: 'keep' });
  });

  it('a rotation wraps the key anew, and raises no fence', async () => {
    await setEverything();
    world.now += AGES;
    await browser.request();
    expect((await storedAt(store.persistence, idOf(browser))).fence).toBeUndefined();
  });

  describe('what does not open', () => {
    const damage = async (change: (record: Awaited<ReturnType<typeof storedAt>>) => object): Promise<void> => {
      const id = idOf(browser);
      const record = await storedAt(store.persistence, id);
      const damaged = { ...record, ...change(record) };
      const set = [...damaged.data.keys()];
      const expected = { now: world.now, auth: record.auth };
      const update = { ...NO_CHANGE, set, keyed: true, expected };
      await store.persistence.saveSession(id, damaged, update, { now: world.now });
    };

    it('E3: a value that was moved to another key is unreadable there, and the others are not', async () => {
      await setEverything();
      await damage(({ data }) => ({ data: new Map([...data, ['theme', data.get('challenge') as string]]) }));
      const { theme: _, ...others } = everything;
      expect(await entries(browser)).toEqual({ ...others, theme: undefined });
      expect(unreadable()).toEqual(['theme']);
    });

    it('E3: a value of another session is unreadable', async () => {
      await setEverything();
      const other = new Browser(sealing);
      await setEverything(other);
      const foreign = (await storedAt(store.persistence, idOf(other))).data.get('cart') as string;
      await damage(({ data }) => ({ data: new Map([...data, ['cart', foreign]]) }));
      expect((await entries(browser)).cart).toBeUndefined();
      expect(unreadable()).toEqual(['cart']);
      await browser.request((session) => session.set('cart', ['new']));
      expect((await entries(browser)).cart).toEqual(['new']);
    });

    it.each<[string, Uint8Array | undefined]>([
      ['is damaged', new Uint8Array(60)],
      ['is of another length', new Uint8Array(3)],
      ['is gone', undefined],
    ])(
      'if the key %s, the session lives without its data, and gets a new key with what is set',
      async (_, wrappedKey) => {
        await browser.request((session) => (session.set('cart', ['book']), session.logIn('user-1')));
        await damage(() => ({ wrappedKey }));
        expect((await browser.start()).userId).toBe('user-1');
        expect((await entries(browser)).cart).toBeUndefined();
        expect(unreadable()).toEqual(['cart']);
        await browser.request((session) => session.set('theme', 'light'));
        expect(await entries(browser)).toEqual({ theme: 'light', cart: undefined });
        expect(await isSealed()).toMatchObject({ theme: true });
        await browser.request((session) => session.set('cart', ['new']));
        world.now += AGES;
        await browser.request();
        expect(await entries(browser)).toEqual({ theme: 'light', cart: ['new'] });
        await browser.request((session) => session.logOut());
        expect((await browser.start()).id).toBeUndefined();
      },
    );

    it('is not carried over into another session', async () => {
      await setEverything();
      await damage(({ data }) => ({ data: new Map([...data, ['theme', data.get('challenge') as string]]) }));
      await browser.request((session) => session.logOut({ keep: ['theme', 'cart'] }));
      expect(await entries(browser)).toEqual({ cart: everything.cart });
    });
  });

  describe.skipIf(each.name === 'memory')('12. of a session that is full (D4),', () => {
    const KB = 1_024;

    it('what is stored is counted: a value takes 29 bytes more than without encryption', async () => {
      const sealed = (await longestText(browser)).length;
      browser = new Browser(without);
      expect((await longestText(browser)).length - sealed).toBe(29);
      expect(sealed).toBeGreaterThan(398 * KB);
    });

    it('whatever set accepts is stored, and survives rotation, login and rotation again', async () => {
      const text = await longestText(browser);
      await browser.request((session) => session.set('challenge', text));
      for (const happen of [() => {}, (session: Session<App>) => session.logIn('user-1'), () => {}]) {
        world.now += AGES;
        await browser.finish(await (async (session) => (await happen(session), session))(await browser.start(FULL)));
        expect((await browser.start()).get('challenge')).toBe(text);
      }
      expect(unreadable()).toEqual([]);
    });

    it.each([400, 401])('%i KB are refused before any I/O, and what is stored stays as it was', async (size) => {
      await browser.request((session) => session.set('challenge', 'intact'));
      const session = await browser.start();
      expect(() => session.set('challenge', 'x'.repeat(size * KB))).toThrow(NotStorableError);
      await browser.finish(session);
      expect((await browser.start()).get('challenge')).toBe('intact');
    });
  });

  it.skipIf(each.name === 'memory')(
    '200 keys of a session from before are sealed in one request, one more is refused',
    async () => {
      const keys = Array.from({ length: 201 }, (_, index) => `key ${index}` as 'theme');
      browser = new Browser(without);
      await browser.request((session) => keys.forEach((key) => session.set(key, 'light')));
      const session = await at(sealing).start();
      for (const key of keys.slice(0, 200)) session.set(key, 'light');
      expect(() => session.set(keys[200] as 'theme', 'light')).toThrow(NotStorableError);
      await session.commit();
      expect(Object.values(await isSealed()).filter(Boolean)).toHaveLength(200);
      const again = await at(sealing).start();
      for (const key of keys) again.set(key, 'light');
      await again.commit();
      expect(Object.values(await isSealed()).filter(Boolean)).toHaveLength(201);
    },
  );

  it('E4: is exported by whoever has its cookie, and named to everyone else', async () => {
    const user = `exported on ${each.name}`;
    await setEverything();
    await browser.request((session) => session.logIn(user));
    const dataOf = async (options: ExportOptions = {}): Promise<unknown> =>
      (await exportUser(sealing, user, options)).sessions.map(({ data }) => data);
    const keys = Object.keys(everything);
    expect(await dataOf()).toEqual([Object.fromEntries(keys.map((key) => [key, { encrypted: true }]))]);
    const values = Object.entries(everything).map(([key, value]) => [key, { value }]);
    expect(await dataOf({ session: await browser.start() })).toEqual([Object.fromEntries(values)]);
    const another = await new Browser(sealing).start();
    expect(await dataOf({ session: another })).toEqual(await dataOf());
  });

  it('is opened through a cache, which holds what is sealed', async () => {
    browser = new Browser(
      world.sessions({
        encryption: encryptedData(),
        persistence: cached(store.persistence, { maxAge: 5, maxSize: 100 }),
      }),
    );
    await setEverything();
    expect(await entries(browser)).toEqual(everything);
    world.now += AGES;
    await browser.request((session) => session.set('visits', 4));
    expect(await entries(browser)).toEqual({ ...everything, visits: 4 });
  });

  it('is stored as text by a layer that stores text', async () => {
    browser = new Browser(world.sessions({ encryption: encryptedData(), persistence: textLayer() }));
    await setEverything();
    await browser.request((session) => session.logIn('user-1'));
    world.now += AGES;
    await browser.request((session) => session.set('visits', 4));
    expect(await entries(browser)).toEqual({ ...everything, visits: 4 });
    expect(unreadable()).toEqual([]);
  });
});
