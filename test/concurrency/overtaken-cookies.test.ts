import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { type CookieAction, type Session, SessionGoneError } from '../../src/index.js';
import { layerWith } from '../world/layer-with.js';
import { type Setting, useStore } from '../world/setting.js';
import { stores } from '../world/stores.js';
import { type App, Browser, World } from '../world/world.js';

// Requests that leave with the cookie of before a login arrive before it, during it and after it. What they set may be
// lost, but the cookie of the login stays.

/** What gives a session another cookie, and how to see that the browser still has it. */
interface Takeover {
  readonly before: (session: Session<App>, user: string) => unknown;
  readonly act: (session: Session<App>, user: string) => unknown;
  readonly isThere: (session: Session<App>, user: string) => boolean;
}

const withTheme = (session: Session<App>): void => session.set('theme', 'dark');
const loggedIn = (session: Session<App>, user: string): Promise<void> => (withTheme(session), session.logIn(user));
const isUsers = (session: Session<App>, user: string): boolean => session.userId === user;

const TAKEOVERS: Readonly<Record<string, Takeover>> = {
  'a login': { before: withTheme, act: (session, user) => session.logIn(user), isThere: isUsers },
  'an exclusive login': {
    before: withTheme,
    act: (session, user) => session.logIn(user, { exclusive: true }),
    isThere: isUsers,
  },
  'another login of the same user': { before: loggedIn, act: (session, user) => session.logIn(user), isThere: isUsers },
  'a login of another user': {
    before: (session, user) => loggedIn(session, `${user}-other`),
    act: (session, user) => session.logIn(user),
    isThere: isUsers,
  },
  'a regenerate': { before: loggedIn, act: (session) => session.regenerate(), isThere: isUsers },
  'a logout that keeps something': {
    before: loggedIn,
    act: (session) => session.logOut({ keep: ['theme'] }),
    isThere: (session) => session.userId === undefined && session.get('theme') === 'dark',
  },
  'a logout that sets a message': {
    before: loggedIn,
    act: async (session) => {
      await session.logOut();
      session.set('challenge', 'you are logged out');
    },
    isThere: (session) => session.userId === undefined && session.get('challenge') !== undefined,
  },
};

describe.each(stores())('the cookie of before, on $name', (each) => {
  let { store, world, sessions, browser, user } = {} as Setting;
  useStore(each, (setting) => {
    ({ store, world, sessions, browser, user } = setting);
  });

  const old = (): string => browser.token as string;
  /** How many sessions are stored, whoever's they are. */
  const stored = async (): Promise<number> =>
    (await store.dump()).filter((record) => record.includes('secretHash')).length;

  describe.each(Object.entries(TAKEOVERS))('and %s', (name, { before, act, isThere }) => {
    const races = each.name === 'memory' || name === 'a login' ? 40 : 10;

    beforeEach(async () => {
      await browser.request((session) => before(session, user));
      world.takeEvents();
    });

    describe.each([false, true])('with create: %s', (create) => {
      it(`15. the browser has the new cookie in ${races} of ${races} races with five fetches that set something`, async () => {
        let kept = 0;
        for (let round = 0; round < races; round += 1) {
          const own = `${user}-${round}`;
          const device = new Browser(sessions);
          await device.request((session) => before(session, own));
          const tokens = [device.token as string];
          const fetches = Array.from({ length: 5 }, async (_, index) => {
            await delay((round + index) % 4);
            const session = await sessions.start({ tokens, create });
            if (index % 2 === 1) await delay(round % 3);
            session.set('visits', index);
            device.receive(await session.commit());
          });
          await Promise.all([device.request((session) => act(session, own)), ...fetches]);
          if (isThere(await device.start(), own)) kept += 1;
        }
        expect(kept).toBe(races);
      });

      it('15. a request that ends before it writes; one that began before it, and one that begins after it, write nothing', async () => {
        const tokens = [old()];
        const [early, during] = [await sessions.start({ tokens, create }), await sessions.start({ tokens, create })];
        early.set('visits', 1);
        expect(await early.commit()).toEqual({ kind: 'keep' });
        await browser.request((session) => act(session, user));

        const after = await sessions.start({ tokens, create });
        const there = await stored();
        world.takeEvents();
        for (const late of [during, after]) {
          late.set('visits', 2);
          expect(await late.commit()).toEqual({ kind: 'keep' });
          expect(world.takeEvents()).toEqual(['lost-write']);
        }
        expect(await stored()).toBe(there);
        expect(isThere(await browser.start(), user)).toBe(true);
        expect((await browser.start()).get('visits')).not.toBe(2);
      });

      it('15. a request that only looks, or takes away, loses nothing and sends no cookie', async () => {
        const tokens = [old()];
        await browser.request((session) => act(session, user));
        const there = await stored();
        world.takeEvents();
        for (const handle of [
          (session: Session<App>) => session.get('theme'),
          (session: Session<App>) => session.delete('theme'),
          async (session: Session<App>) => expect(await session.getAndDelete('theme')).toBeUndefined(),
          (session: Session<App>) => session.logOut(),
          (session: Session<App>) => session.destroy(),
          (session: Session<App>) => session.regenerate(),
          (session: Session<App>) => session.touch(),
        ]) {
          const late = await sessions.start({ tokens, create });
          await Promise.resolve(handle(late));
          expect(await late.commit()).toEqual({ kind: 'keep' });
        }
        expect(world.takeEvents()).toEqual([]);
        expect(await stored()).toBe(there);
        expect(isThere(await browser.start(), user)).toBe(true);
      });
    });

    it('15. what is written at once is refused: save, update', async () => {
      const tokens = [old()];
      await browser.request((session) => act(session, user));
      const there = await stored();
      for (const write of [
        (session: Session<App>) => (session.set('visits', 1), session.save()),
        (session: Session<App>) => session.update('visits', (n = 0) => n + 1),
      ]) {
        const late = await sessions.start({ tokens });
        await expect(write(late)).rejects.toThrow(SessionGoneError);
        expect(await late.commit()).toEqual({ kind: 'keep' });
      }
      expect(await stored()).toBe(there);
      expect(isThere(await browser.start(), user)).toBe(true);
    });

    it('15. a logout that ended nothing and then sets a message writes nothing, also if it keeps something', async () => {
      const tokens = [old()];
      const began = await sessions.start({ tokens });
      await browser.request((session) => act(session, user));
      const there = await stored();
      world.takeEvents();
      for (const late of [began, await sessions.start({ tokens })]) {
        await late.logOut().catch((error: unknown) => expect(error).toBeInstanceOf(SessionGoneError));
        late.set('challenge', 'you are logged out');
        await late
          .logOut({ keep: ['challenge'] })
          .catch((error: unknown) => expect(error).toBeInstanceOf(SessionGoneError));
        expect(await late.commit()).toEqual({ kind: 'keep' });
        expect(world.takeEvents()).toContain('lost-write');
      }
      expect(await stored()).toBe(there);
      expect(isThere(await browser.start(), user)).toBe(true);
    });

    it('logs in with it, and what is set afterwards is stored', async () => {
      const tokens = [old()];
      await browser.request((session) => act(session, user));
      const late = await sessions.start({ tokens });
      late.set('visits', 1);
      await late.logIn(`${user}-late`);
      late.set('challenge', 'x');
      browser.receive(await late.commit());
      const found = await browser.start();
      expect([found.userId, found.get('visits'), found.get('challenge')]).toEqual([`${user}-late`, 1, 'x']);
    });

    it('is of a new visitor after the grace, and not a second before', async () => {
      const tokens = [old()];
      await browser.request((session) => act(session, user));
      for (const [later, kind] of [
        [119, 'keep'],
        [1, 'set'],
      ] as const) {
        world.now += later;
        const late = await sessions.start({ tokens });
        late.set('visits', 1);
        const action: CookieAction = await late.commit();
        expect(action.kind).toBe(kind);
      }
    });
  });

  describe('and an end by others', () => {
    it.each<[string, (id: string) => Promise<unknown>]>([
      ['revoke', (id) => sessions.revoke(id)],
      ['logOutUser', () => sessions.logOutUser(user)],
      [
        'an exclusive login',
        () => new Browser(sessions).request((session) => session.logIn(user, { exclusive: true })),
      ],
    ])('15. nothing is stored within the grace after %s, and a login is good', async (_, end) => {
      await browser.request((session) => loggedIn(session, user));
      const id = (await browser.start()).id as string;
      const began = await browser.start();
      await end(id);
      const there = await stored();
      world.takeEvents();
      for (const late of [began, await browser.start({ create: true })]) {
        late.set('visits', 1);
        expect(await late.commit()).toEqual({ kind: 'keep' });
      }
      expect(world.takeEvents()).toEqual(['lost-write', 'lost-write']);
      expect(await stored()).toBe(there);
      await browser.request((session) => session.logIn(user));
      expect((await browser.start()).userId).toBe(user);
    });

    it('15. nothing is stored by the very request that finds the session ended by a mark', async () => {
      await browser.request((session) => loggedIn(session, user));
      const blind = layerWith(store.persistence, { userSessions: () => Promise.resolve([]) });
      await new World(blind).sessions().logOutUser(user);
      world.now += 300;
      const there = await stored();
      expect(await browser.request((session) => session.set('visits', 1))).toEqual({ kind: 'keep' });
      expect(world.takeEvents()).toContain('lost-write');
      expect(await stored()).toBe(there - 1);
    });

    it('15. nothing is stored by the very request whose client ends the session', async () => {
      const strict = world.sessions({ acceptRemoteIp: { otherwise: 'destroy' } });
      const session = await strict.start({ address: '192.0.2.1' });
      session.set('theme', 'dark');
      browser.receive(await session.commit());
      const there = await stored();
      const strange = await strict.start({ tokens: [old()], address: '198.51.100.1' });
      strange.set('visits', 1);
      expect(await strange.commit()).toEqual({ kind: 'keep' });
      expect(await stored()).toBe(there - 1);
    });
  });

  it('15. two tabs log out, the user logs in again: the second tab’s message does not sign the user out', async () => {
    await browser.request((session) => loggedIn(session, user));
    const [one, two] = [await browser.start(), await browser.start()];
    await one.logOut();
    await browser.finish(one);
    await browser.request((session) => session.logIn(user));
    await two.logOut();
    two.set('challenge', 'you are logged out');
    expect(await two.commit()).toEqual({ kind: 'keep' });
    expect((await browser.start()).userId).toBe(user);
  });

  it('of a stranger whose ID was never there, a new visitor', async () => {
    const stranger = await sessions.start({ tokens: [`${'A'.repeat(22)}.${'A'.repeat(32)}`] });
    stranger.set('visits', 1);
    expect(await stranger.commit()).toMatchObject({ kind: 'set' });
  });

  it('of a visitor whose session has expired, a new visitor', async () => {
    await browser.request(withTheme);
    world.now += 86_400;
    expect(await browser.request((session) => session.set('visits', 1))).toMatchObject({ kind: 'set' });
  });

  it('of a rotation is good within the grace, and what is set with it is stored', async () => {
    await browser.request((session) => loggedIn(session, user));
    const previous = old();
    world.now += 3_600;
    await browser.request();
    await browser.request();
    const late = await sessions.start({ tokens: [previous] });
    late.set('visits', 1);
    expect(await late.commit()).toMatchObject({ kind: 'set', token: old() });
    expect((await browser.start()).get('visits')).toBe(1);
  });

  it('6. neither stores nor ends anything for whoever planted it, before the login, during it and after it', async () => {
    await browser.request(withTheme);
    const attacker = new Browser(sessions);
    attacker.token = old();
    const during = await attacker.start();
    await browser.request((session) => session.logIn(user));
    for (const late of [during, await attacker.start()]) {
      late.set('cart', ['planted']);
      await late.logOut().catch((error: unknown) => expect(error).toBeInstanceOf(SessionGoneError));
      expect(await late.commit()).toEqual({ kind: 'keep' });
    }
    const own = await attacker.start();
    await own.logIn(`${user}-attacker`);
    attacker.receive(await own.commit());
    expect(Object.fromEntries((await attacker.start()).entries())).toEqual({});
    const found = await browser.start();
    expect([found.userId, Object.fromEntries(found.entries())]).toEqual([user, { theme: 'dark' }]);
  });
});
