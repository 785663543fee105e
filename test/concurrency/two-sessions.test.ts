import { beforeEach, describe, expect, it } from 'vitest';
import { type Session, SessionGoneError } from '../../src/index.js';
import { layerWith } from '../world/layer-with.js';
import { type Setting, useStore } from '../world/setting.js';
import { stores } from '../world/stores.js';
import { type App, Browser, World } from '../world/world.js';

// A site has changed its cookie's Domain or Path, or somebody has planted a second cookie: the browser sends two good
// tokens under one name, in any order, and goes on sending the one that the site does not replace.

describe.each(stores())('two live sessions under one name, on $name', (each) => {
  let { store, world, sessions, user } = {} as Setting;
  /** The cookie that the site sets now, and the one that it does not. */
  let current: Browser;
  let former: Browser;

  useStore(each, async (setting) => {
    ({ store, world, sessions, user } = setting);
    current = new Browser(sessions);
    former = new Browser(sessions);
    for (const [browser, cart] of [
      [current, ['new']],
      [former, ['old']],
    ] as const) {
      await browser.request((session) => (session.set('cart', [...cart]), session.logIn(user)));
    }
    world.takeEvents();
  });

  /** A request with both cookies. */
  const start = (instance = sessions): Promise<Session<App>> =>
    instance.start({ tokens: [former.token, current.token].filter((token) => token !== undefined) });

  const request = async (handler: (session: Session<App>) => unknown): Promise<ReturnType<Browser['receive']>> => {
    const session = await start();
    await handler(session);
    return current.finish(session);
  };

  const idOf = (browser: Browser): string => (browser.token as string).split('.')[0] as string;
  const isDead = async (token: string): Promise<boolean> =>
    (await sessions.start({ tokens: [token] })).id === undefined;

  it('are nobody’s, in whatever order they come', async () => {
    const tokens = [former.token as string, current.token as string];
    for (const order of [tokens, tokens.toReversed()]) {
      const session = await sessions.start({ tokens: order });
      expect([session.id, session.userId, session.get('cart')]).toEqual([undefined, undefined, undefined]);
      expect(await session.commit()).toEqual({ kind: 'keep' });
    }
    expect(await isDead(current.token as string)).toBe(false);
    expect(await isDead(former.token as string)).toBe(false);
  });

  it.each([false, true])('store nothing of what is set (create: %s)', async (create) => {
    const before = (await store.dump()).length;
    const session = await sessions.start({ tokens: [former.token as string, current.token as string], create });
    session.set('theme', 'dark');
    world.takeEvents();
    expect(await session.commit()).toEqual({ kind: 'keep' });
    expect(world.takeEvents()).toEqual(['lost-write']);
    expect(await store.dump()).toHaveLength(before);
    const writer = await start();
    await expect(writer.update('visits', () => 1)).rejects.toThrow(SessionGoneError);
  });

  it.each<[string, (session: Session<App>) => Promise<void>]>([
    ['a login', (session) => session.logIn(user)],
    ['an exclusive login', (session) => session.logIn(user, { exclusive: true })],
    ['a login of another user', (session) => session.logIn(`${user}-other`)],
  ])('are the user’s again after %s, though the other cookie still comes', async (name, logIn) => {
    const tokens = [former.token as string, current.token as string];
    expect(await request(logIn)).toMatchObject({ kind: 'set' });
    const found = await start();
    expect(found.userId).toBe(name.includes('another') ? `${user}-other` : user);
    expect(tokens).not.toContain(current.token);
    for (const token of tokens) expect(await isDead(token)).toBe(true);
    found.set('visits', 1);
    expect(await found.commit()).toEqual({ kind: 'keep' });
    expect((await start()).get('visits')).toBe(1);
  });

  it('keep what the request has set before the login', async () => {
    await request((session) => (session.set('theme', 'dark'), session.logIn(user)));
    expect(Object.fromEntries((await start()).entries())).toEqual({ theme: 'dark' });
  });

  it.each<[string, (session: Session<App>) => Promise<void>]>([
    ['logout', (session) => session.logOut()],
    ['logout that keeps something', (session) => session.logOut({ keep: ['cart'] })],
    ['destroy', (session) => session.destroy()],
  ])('are ended, both, by a %s, and the cookie is cleared', async (_, end) => {
    const tokens = [former.token as string, current.token as string];
    expect(await request(end)).toEqual({ kind: 'clear' });
    for (const token of tokens) expect(await isDead(token)).toBe(true);
    expect(await sessions.ofUser(user)).toEqual([]);
    expect(await request((session) => expect(session.userId).toBeUndefined())).toEqual({ kind: 'keep' });
  });

  it('are ended, though a login has taken one of them over meanwhile: that one stays', async () => {
    const both = await start();
    const taken = current.token as string;
    await current.request((session) => session.logIn(user));
    await both.logOut();
    expect(await isDead(former.token as string)).toBe(true);
    expect(await isDead(taken)).toBe(true);
    expect((await current.start()).userId).toBe(user);
  });

  it('stay as they are if another ended both meanwhile: the cookie is not cleared, and what is set is lost', async () => {
    const both = await start();
    await sessions.revoke(idOf(current));
    await sessions.revoke(idOf(former));
    await both.logOut();
    both.set('theme', 'dark');
    expect(await both.commit()).toEqual({ kind: 'keep' });
  });

  it('are ended by two logins at once, of which one browser has one', async () => {
    for (let round = 0; round < 10; round += 1) {
      const tokens = [former.token as string, current.token as string];
      await Promise.all([request((session) => session.logIn(user)), request((session) => session.logIn(user))]);
      expect((await start()).userId).toBe(user);
      for (const token of tokens) expect(await isDead(token)).toBe(true);
      former = new Browser(sessions);
      await former.request((session) => session.logIn(user));
    }
  });

  it('are the one that is good, if the other has ended, has expired, or is logged out everywhere', async () => {
    await sessions.revoke(idOf(former));
    expect((await start()).userId).toBe(user);
    former = new Browser(world.sessions({ idleTimeout: 10, touchInterval: 1 }));
    await former.request((session) => session.set('theme', 'dark'));
    world.now += 10;
    expect((await start()).userId).toBe(user);
    former = new Browser(sessions);
    await former.request((session) => session.logIn(`${user}-other`));
    await sessions.logOutUser(`${user}-other`);
    expect((await start()).userId).toBe(user);
  });

  it('are the one that is good, if a login has just taken the other over', async () => {
    const planted = former.token as string;
    await former.request((session) => session.regenerate());
    former.token = planted;
    const session = await start();
    session.set('visits', 1);
    expect(await session.commit()).toEqual({ kind: 'keep' });
    expect((await current.start()).get('visits')).toBe(1);
  });

  describe('are the one that is good, if the other', () => {
    it('is one whose user has been logged out everywhere', async () => {
      former = new Browser(sessions);
      await former.request((session) => session.logIn(`${user}-other`));
      const blind = layerWith(store.persistence, { userSessions: () => Promise.resolve([]) });
      await new World(blind).sessions().logOutUser(`${user}-other`);
      world.now += 300;
      expect((await start()).userId).toBe(user);
    });

    it('6. is one that another client’s address does not fit', async () => {
      const strict = world.sessions({ acceptRemoteIp: { otherwise: 'destroy' } });
      for (const [browser, address] of [
        [current, '192.0.2.1'],
        [former, '198.51.100.1'],
      ] as const) {
        const session = await strict.start({ address });
        await session.logIn(browser === current ? user : `${user}-attacker`);
        browser.receive(await session.commit());
      }
      const both = { tokens: [former.token as string, current.token as string], address: '192.0.2.1' };
      expect((await strict.start(both)).userId).toBe(user);
    });
  });

  describe('of which an attacker has planted one', () => {
    let attacker: Browser;

    beforeEach(async () => {
      attacker = new Browser(sessions);
      await attacker.request((session) => (session.set('cart', ['planted']), session.logIn(`${user}-attacker`)));
      former.token = attacker.token;
    });

    it('6. the attacker is not the victim, and the victim is not the attacker', async () => {
      const both = await start();
      expect([both.userId, both.get('cart')]).toEqual([undefined, undefined]);
      both.set('challenge', 'secret');
      expect(await both.commit()).toEqual({ kind: 'keep' });
      const found = await attacker.start();
      expect([found.userId, found.get('challenge')]).toEqual([`${user}-attacker`, undefined]);
    });

    it('6. after the victim’s login, the attacker has nothing, and nothing of the attacker’s is with the victim', async () => {
      const inFlight = await attacker.start();
      await request((session) => session.logIn(user));
      const found = await start();
      expect([found.userId, found.get('cart')]).toEqual([user, undefined]);
      expect((await attacker.start()).id).toBeUndefined();
      inFlight.set('cart', ['late']);
      expect(await inFlight.commit()).toEqual({ kind: 'keep' });
      const again = await attacker.start();
      await again.logIn(`${user}-attacker`);
      expect(again.entries()).toEqual([]);
    });

    it('6. after the victim’s logout, nobody is logged in at the victim’s browser', async () => {
      await request((session) => session.logOut());
      const found = await start();
      expect([found.id, found.userId]).toEqual([undefined, undefined]);
    });

    it('6. an anonymous one does not become the victim’s', async () => {
      attacker = new Browser(sessions);
      await attacker.request((session) => session.set('cart', ['planted']));
      former.token = attacker.token;
      await request((session) => session.logIn(user));
      expect([(await start()).userId, (await start()).get('cart')]).toEqual([user, undefined]);
      expect((await attacker.start()).id).toBeUndefined();
    });
  });
});
