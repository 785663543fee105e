import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Session } from '../../src/index.js';
import { Gate } from '../world/gate.js';
import { layerWith } from '../world/layer-with.js';
import { type Setting, useStore } from '../world/setting.js';
import { stores } from '../world/stores.js';
import { type App, Browser, World } from '../world/world.js';

// A login that is sent twice: a double click, a form that is sent again because nothing came back.

describe.each(stores())('a login that is sent twice, on $name', (each) => {
  let { store, world, sessions, browser, user } = {} as Setting;
  useStore(each, async (setting) => {
    ({ store, world, sessions, browser, user } = setting);
    await browser.request((session) => session.set('cart', ['book']));
  });

  const logIn = async (token: string, who = user): Promise<Session<App>> => {
    const session = await sessions.start({ tokens: [token] });
    await session.logIn(who);
    return session;
  };

  const entriesWith = async (token: string | undefined): Promise<unknown> => {
    const session = await sessions.start({ tokens: token === undefined ? [] : [token] });
    return { user: session.userId, ...Object.fromEntries(session.entries()) };
  };

  it('has the cart, if the second leaves with the old cookie and arrives after the first', async () => {
    const old = browser.token as string;
    const first = await logIn(old);
    const second = await logIn(old);
    for (const session of [first, second]) {
      browser.receive(await session.commit());
      expect(await entriesWith(browser.token)).toEqual({ user, cart: ['book'] });
    }
  });

  it('has the cart in 20 of 20 races, whichever response comes last', async () => {
    for (let round = 0; round < 20; round += 1) {
      const who = `${user}-${round}`;
      const device = new Browser(sessions);
      await device.request((session) => session.set('cart', ['book']));
      const old = device.token as string;
      const both = await Promise.all([logIn(old, who), logIn(old, who)]);
      for (const session of round % 2 === 0 ? both : both.toReversed()) {
        device.receive(await session.commit());
        expect(await entriesWith(device.token)).toEqual({ user: who, cart: ['book'] });
      }
    }
  });

  it('has the cart, if both have found the session and the one takes it over while the other waits for its marks', async () => {
    const gate = new Gate();
    const waiting = layerWith(store.persistence, {
      async loadMarks(...call) {
        await gate.pass();
        return (await store.persistence.loadMarks?.(...call)) ?? {};
      },
    });
    const slow = await world.sessions({ persistence: waiting }).start({ tokens: [browser.token as string] });
    const late = slow.logIn(user);
    await gate.reached;
    const first = await logIn(browser.token as string);
    await first.commit();
    gate.open();
    await late;
    browser.receive(await slow.commit());
    expect(await entriesWith(browser.token)).toEqual({ user, cart: ['book'] });
  });

  it('has what it has set itself as well, and what it sets wins over what it has read', async () => {
    const old = browser.token as string;
    await (await logIn(old)).commit();
    const second = await sessions.start({ tokens: [old] });
    second.set('cart', ['book', 'pen']);
    second.set('theme', 'dark');
    await second.logIn(user);
    browser.receive(await second.commit());
    expect(await entriesWith(browser.token)).toEqual({ user, cart: ['book', 'pen'], theme: 'dark' });
  });

  it('has the cart, if the first response was lost and the login is repeated within the grace', async () => {
    const old = browser.token as string;
    await (await logIn(old)).commit();
    world.now += 119;
    browser.receive(await (await logIn(old)).commit());
    expect(await entriesWith(browser.token)).toEqual({ user, cart: ['book'] });
  });

  it('has the cart, if the session is that user’s already', async () => {
    await browser.request((session) => session.logIn(user));
    const old = browser.token as string;
    await (await logIn(old)).commit();
    browser.receive(await (await logIn(old)).commit());
    expect(await entriesWith(browser.token)).toEqual({ user, cart: ['book'] });
  });

  it('has nothing after the grace', async () => {
    const old = browser.token as string;
    await (await logIn(old)).commit();
    world.now += 120;
    browser.receive(await (await logIn(old)).commit());
    expect(await entriesWith(browser.token)).toEqual({ user });
  });

  it('gives another user nothing, at the same time and afterwards', async () => {
    const old = browser.token as string;
    const both = await Promise.all([sessions.start({ tokens: [old] }), sessions.start({ tokens: [old] })]);
    await both[0].logIn(user);
    await both[1].logIn(`${user}-other`);
    for (const session of [both[1], await logIn(old, `${user}-other`)]) {
      const device = new Browser(sessions);
      device.receive(await session.commit());
      expect(await entriesWith(device.token)).toEqual({ user: `${user}-other` });
    }
    // User IDs are kept apart by type.
    const number = randomInt(1_000_000, 2 ** 47);
    await browser.request((session) => session.set('cart', ['pen']));
    const device = new Browser(sessions);
    await device.request((session) => session.set('cart', ['pen']));
    const another = device.token as string;
    const asNumber = await sessions.start({ tokens: [another] });
    await asNumber.logIn(number);
    await asNumber.commit();
    device.receive(await (await logIn(another, String(number))).commit());
    expect(await entriesWith(device.token)).toEqual({ user: String(number) });
  });

  it.each<[string, (session: Session<App>, id: string) => Promise<unknown>]>([
    ['logout', (session) => session.logOut()],
    ['revoke', (_, id) => sessions.revoke(id)],
    ['logout everywhere', () => sessions.logOutUser(user)],
  ])('has nothing of a session that was ended meanwhile by a %s', async (_, end) => {
    const old = browser.token as string;
    const [inFlight, first] = [await sessions.start({ tokens: [old] }), await logIn(old)];
    browser.receive(await first.commit());
    const session = await browser.start();
    await end(session, session.id as string);
    await inFlight.logIn(user);
    for (const late of [inFlight, await logIn(old)]) {
      const device = new Browser(sessions);
      device.receive(await late.commit());
      expect(await entriesWith(device.token)).toEqual({ user });
    }
  });

  it('9. has nothing of a session that a mark has ended, where every request checks', async () => {
    const old = browser.token as string;
    await (await logIn(old)).commit();
    const blind = layerWith(store.persistence, { userSessions: () => Promise.resolve([]) });
    await new World(blind).sessions().logOutUser(user);
    const strict = world.sessions({ revocationCheck: 'always' });
    const late = await strict.start({ tokens: [old] });
    await late.logIn(user);
    expect(Object.fromEntries(late.entries())).toEqual({});
  });

  it('10. does not let the absolute lifetime grow beyond that of a new session', async () => {
    const old = browser.token as string;
    await (await logIn(old)).commit();
    const second = await logIn(old);
    expect((second.expiresAt as Date).getTime() / 1000).toBe(world.now + 86_400);
  });

  it('6. gives whoever planted the cookie nothing, though they log in with it at the same time', async () => {
    for (let round = 0; round < 20; round += 1) {
      const device = new Browser(sessions);
      await device.request((session) => session.set('cart', ['planted']));
      const planted = device.token as string;
      const [victim, attacker] = await Promise.all([
        sessions.start({ tokens: [planted] }),
        sessions.start({ tokens: [planted] }),
      ]);
      victim.set('challenge', 'secret');
      await Promise.all([victim.logIn(user), attacker.logIn(`${user}-attacker`)]);
      await Promise.all([victim.commit(), attacker.commit()]);
      expect([attacker.userId, attacker.get('challenge')]).toEqual([`${user}-attacker`, undefined]);
      expect([victim.userId, victim.get('challenge')]).toEqual([user, 'secret']);
      expect(victim.id).not.toBe(attacker.id);
    }
  });

  it('leaves the session of the first as it is: a browser that has got its cookie goes on with it', async () => {
    const old = browser.token as string;
    browser.receive(await (await logIn(old)).commit());
    await (await logIn(old)).commit();
    await browser.request((session) => session.set('visits', 1));
    expect(await entriesWith(browser.token)).toEqual({ user, cart: ['book'], visits: 1 });
    expect(await sessions.ofUser(user)).toHaveLength(2);
  });
});
