import { describe, expect, it } from 'vitest';
import { type CookieAction, NotStorableError, type Session, SessionGoneError } from '../../src/index.js';
import { layerWith } from '../world/layer-with.js';
import { type Setting, useStore } from '../world/setting.js';
import { stores, type TestStore } from '../world/stores.js';
import { expectEnded } from '../world/tombstones.js';
import { type App, Browser, World } from '../world/world.js';

// The promises that hold on every layer and engine. Those about lost answers, late writes and a store
// that is down are in lost-answers.test.ts; the one about secrets in security/secrets.test.ts.

describe.each(stores())('the promises on $name', (each) => {
  let { store, world, sessions, browser, user } = {} as Setting;
  useStore(each, (setting) => {
    ({ store, world, sessions, browser, user } = setting);
  });

  const countStored = async (text: string): Promise<number> =>
    (await store.dump()).filter((record) => record.includes(text)).length;

  describe('1. an ended session stays ended, whatever a request that began earlier still writes', () => {
    const endings: Record<string, (id: string) => Promise<unknown>> = {
      destroy: () => browser.request((session) => session.destroy()),
      logOut: () => browser.request((session) => session.logOut()),
      'logOut that keeps something': () => browser.request((session) => session.logOut({ keep: ['theme'] })),
      revoke: (id) => sessions.revoke(id),
      logOutUser: () => sessions.logOutUser(user),
    };
    const lateWrites: Record<
      string,
      { later?: number; write: (session: Awaited<ReturnType<Browser['start']>>) => unknown; throws: boolean }
    > = {
      'a save': { write: (session) => session.set('cart', ['late']), throws: false },
      'a touch': { later: 400, write: () => {}, throws: false },
      'a rotation': { later: 3_700, write: () => {}, throws: false },
      'an explicit save': { write: (session) => (session.set('cart', ['late']), session.save()), throws: true },
      'an update': { write: (session) => session.update('visits', () => 1), throws: true },
      'an update that changes nothing': { write: (session) => session.update('theme', () => 'dark'), throws: true },
      'a getAndDelete': { write: (session) => session.getAndDelete('theme'), throws: true },
      'a regenerate': { write: (session) => session.regenerate(), throws: true },
    };

    for (const [ending, end] of Object.entries(endings)) {
      for (const [name, { later = 0, write, throws }] of Object.entries(lateWrites)) {
        it(`${name} after ${ending} is refused, leaves nothing of the session, and sends no cookie (F1)`, async () => {
          await browser.request(async (session) => {
            session.set('theme', 'dark');
            await session.logIn(user);
          });
          world.now += later;
          const late = await browser.start();
          const id = late.id as string;
          await end(id);

          const attempt = Promise.resolve().then(() => write(late));
          if (throws) await expect(attempt).rejects.toThrow(SessionGoneError);
          else await attempt;
          expect(await late.commit()).toEqual({ kind: 'keep' });
          await expectEnded(store, id, world.now);
          expect(await sessions.ofUser(user)).toEqual([]);
        });
      }
    }

    it('says that a write was lost', async () => {
      await browser.request((session) => session.set('theme', 'dark'));
      const late = await browser.start();
      await browser.request((session) => session.destroy());
      world.takeEvents();
      late.set('theme', 'light');
      await late.commit();
      expect(world.takeEvents()).toEqual(['lost-write']);
    });
  });

  describe('2. an expired session is absent everywhere, to the second, and is never revived', () => {
    const begin = async (): Promise<{ id: string; expiresAt: number }> => {
      await browser.request((session) => session.logIn(user));
      const session = await browser.start();
      return { id: session.id as string, expiresAt: (session.expiresAt as Date).getTime() / 1000 };
    };

    it('is there in its last second, and gone in the next', async () => {
      const { id, expiresAt } = await begin();
      world.now = expiresAt - 1;
      expect((await browser.start()).id).toBe(id);
      expect(await sessions.ofUser(user)).toHaveLength(1);
      world.now = expiresAt;
      expect((await browser.start()).id).toBeUndefined();
      expect(await sessions.ofUser(user)).toEqual([]);
      expect(await sessions.revoke(id)).toBe(false);
    });

    it('is not revived by a request that began before: no touch, no save, no rotation, no update', async () => {
      const { expiresAt } = await begin();
      world.now = expiresAt - 1;
      const late = await browser.start();
      const other = await browser.start();
      world.now = expiresAt;
      late.set('theme', 'dark');
      expect(await late.commit()).toEqual({ kind: 'keep' });
      await expect(other.update('visits', () => 1)).rejects.toThrow(SessionGoneError);
      expect((await browser.start()).id).toBeUndefined();
    });

    it('is refused however long the browser keeps its cookie, within Max-Age and beyond (L5)', async () => {
      const began = world.now;
      const action = await browser.request((session) => session.logIn(user));
      const { token, maxAge } = action as Extract<CookieAction, { kind: 'set' }>;
      for (const kept of [86_400, maxAge - 1, maxAge, 10 * maxAge]) {
        world.now = began + kept;
        const session = await sessions.start({ tokens: [token] });
        expect(session.id).toBeUndefined();
        expect(await session.commit()).toEqual({ kind: 'keep' });
      }
    });

    it('gives way to a new session when its client is given one', async () => {
      const { id, expiresAt } = await begin();
      world.now = expiresAt;
      await browser.request((session) => session.set('theme', 'dark'));
      const session = await browser.start();
      expect(session.id).not.toBe(id);
      expect([session.get('theme'), session.userId]).toEqual(['dark', undefined]);
    });
  });

  it('3. changes to different keys by concurrent requests all survive', async () => {
    await browser.request((session) => session.set('theme', 'light'));
    const [one, two, three] = await Promise.all([browser.start(), browser.start(), browser.start()]);
    one.set('cart', ['book']);
    two.set('visits', 7);
    three.delete('theme');
    await Promise.all([one.commit(), two.commit(), three.commit()]);
    const session = await browser.start();
    expect(Object.fromEntries(session.entries())).toEqual({ cart: ['book'], visits: 7 });
  });

  it.each(['save', 'logIn'] as const)('3. what is set while %s is under way is not forgotten', async (operation) => {
    await browser.request((session) => session.set('theme', 'light'));
    await browser.request(async (session) => {
      session.set('theme', 'dark');
      session.set('visits', 1);
      const underway = operation === 'save' ? session.save() : session.logIn(user);
      session.set('cart', ['book']);
      session.set('visits', 2);
      await underway;
    });
    const data = Object.fromEntries((await browser.start()).entries());
    expect(data).toEqual({ theme: 'dark', visits: 2, cart: ['book'] });
  });

  it('3. concurrent updates of one key lose none', async () => {
    await browser.request((session) => session.set('visits', 0));
    const requests = await Promise.all(Array.from({ length: 10 }, () => browser.start()));
    await Promise.all(requests.map((session) => session.update('visits', (n = 0) => n + 1)));
    expect((await browser.start()).get('visits')).toBe(10);
  });

  it.each(['save', 'logIn', 'regenerate'] as const)(
    '3. an update after %s loses none that came between',
    async (operation) => {
      await browser.request((session) => session.set('visits', 0));
      const [one, two] = await Promise.all([browser.start(), browser.start()]);
      await two.update('visits', (n = 0) => n + 1);
      one.set('theme', 'dark');
      await (operation === 'logIn' ? one.logIn(user) : one[operation]());
      expect(await one.update('visits', (n = 0) => n + 1)).toBe(2);
    },
  );

  describe('4. of any number of concurrent rotations one wins, and nobody is logged out', () => {
    it.each([2, 10])('%i requests that rotate at once send one and the same cookie (F4)', async (count) => {
      await browser.request((session) => session.logIn(user));
      world.now += 3_600;
      const requests = await Promise.all(Array.from({ length: count }, () => browser.start()));
      const before = browser.token;
      const actions = await Promise.all(requests.map((session) => session.commit()));
      expect(new Set(actions.map((action) => JSON.stringify(action))).size).toBe(1);
      expect(actions[0]).toMatchObject({ kind: 'set' });
      browser.receive(actions[0]!);
      expect(browser.token).not.toBe(before);
      expect((await browser.start()).userId).toBe(user);
      expect(world.takeEvents().filter((type) => type === 'rotated')).toHaveLength(1);
    });

    it('keeps what the losers of the rotation have set', async () => {
      await browser.request((session) => session.logIn(user));
      world.now += 3_600;
      const [one, two] = await Promise.all([browser.start(), browser.start()]);
      one.set('theme', 'dark');
      two.set('visits', 2);
      browser.receive(await one.commit());
      browser.receive(await two.commit());
      const session = await browser.start();
      expect(Object.fromEntries(session.entries())).toEqual({ theme: 'dark', visits: 2 });
    });

    it('sends the same cookie again when the response with it was lost (L4)', async () => {
      await browser.request((session) => session.logIn(user));
      world.now += 3_600;
      const lost = await (await browser.start()).commit();
      world.now += 10_000;
      expect(await browser.request()).toMatchObject({ kind: 'set', token: (lost as { token: string }).token });
      expect((await browser.start()).userId).toBe(user);
    });

    it.each([
      ['before the new one was seen', false],
      ['within the grace', true],
    ])('gives six requests with the old cookie, %s, one and the same new one (L2)', async (_, isSeen) => {
      await browser.request((session) => session.logIn(user));
      const old = browser.token as string;
      world.now += 3_600;
      await browser.request();
      if (isSeen) await browser.request();
      if (isSeen) world.now += 119;
      const requests = await Promise.all(Array.from({ length: 6 }, () => sessions.start({ tokens: [old] })));
      expect(requests.map(({ userId }) => userId)).toEqual(Array(6).fill(user));
      const actions = await Promise.all(requests.map((session) => session.commit()));
      expect(actions.map((action) => action.kind === 'set' && action.token)).toEqual(Array(6).fill(browser.token));
      expect(browser.token).not.toBe(old);
      expect((await browser.start()).userId).toBe(user);
    });

    it('accepts the old cookie until the grace after the new one was seen is over, and then ends the session (L2, L3)', async () => {
      await browser.request((session) => session.logIn(user));
      const thief = new Browser(sessions);
      thief.token = browser.token;
      world.now += 3_600;
      await browser.request();
      await browser.request();
      world.now += 119;
      expect((await thief.start()).userId).toBe(user);
      world.now += 1;
      world.takeEvents();
      expect((await thief.start()).userId).toBeUndefined();
      expect(world.takeEvents()).toEqual(['reused']);
      expect((await browser.start()).userId).toBeUndefined();
    });

    it('does not accept a retired cookie again because a slow request has seen the new one, too (L3)', async () => {
      await browser.request((session) => session.logIn(user));
      const copy = new Browser(sessions);
      copy.token = browser.token;
      world.now += 3_600;
      await browser.request();
      const slow = await browser.start();
      await browser.request();
      world.now += 200;
      await slow.commit();
      expect((await copy.start()).userId).toBeUndefined();
    });

    it('only refuses a secret that never was, and one from before the last (L3)', async () => {
      await browser.request((session) => session.logIn(user));
      const first = browser.token as string;
      for (let hour = 0; hour < 2; hour += 1) {
        world.now += 3_600;
        await browser.request();
        await browser.request();
      }
      const [id] = first.split('.');
      for (const token of [first, `${id}.${'A'.repeat(32)}`]) {
        expect((await sessions.start({ tokens: [token] })).userId).toBeUndefined();
      }
      expect((await browser.start()).userId).toBe(user);
    });
  });

  describe('6. a session that was anonymous at login cannot be used by whoever planted its cookie', () => {
    it('refuses the planted cookie at once, and a write begun with it (L1)', async () => {
      await browser.request((session) => session.set('theme', 'dark'));
      const attacker = new Browser(sessions);
      attacker.token = browser.token;
      const inFlight = await attacker.start();
      await browser.request((session) => session.logIn(user));

      expect((await attacker.start()).id).toBeUndefined();
      inFlight.set('cart', ['planted']);
      expect(await inFlight.commit()).toEqual({ kind: 'keep' });
      const session = await browser.start();
      expect([session.userId, session.get('theme'), session.get('cart')]).toEqual([user, 'dark', undefined]);
    });

    it('does not let the planted cookie end the session either (L3)', async () => {
      await browser.request((session) => session.set('theme', 'dark'));
      const attacker = new Browser(sessions);
      attacker.token = browser.token;
      const inFlight = await attacker.start();
      await browser.request((session) => session.logIn(user));
      world.now += 10_000;
      await attacker.start();
      await expect(inFlight.destroy()).rejects.toThrow(SessionGoneError);
      expect((await browser.start()).userId).toBe(user);
    });

    it('gives every user a session of their own: the data of the one before is gone', async () => {
      await browser.request(async (session) => {
        session.set('cart', ['private']);
        await session.logIn(user);
      });
      const first = (await browser.start()).id;
      await browser.request((session) => session.logIn(`${user}-other`));
      const session = await browser.start();
      expect([session.userId, session.get('cart')]).toEqual([`${user}-other`, undefined]);
      expect(session.id).not.toBe(first);
      await expectEnded(store, first as string, world.now);
    });

    it('gives a login whose session was ended meanwhile a new one, with nothing of what that one held', async () => {
      await browser.request((session) => session.set('cart', ['private']));
      const session = await browser.start();
      await browser.request((other) => other.destroy());
      session.set('theme', 'dark');
      await session.logIn(user);
      await browser.finish(session);
      const after = await browser.start();
      expect([after.userId, Object.fromEntries(after.entries())]).toEqual([user, { theme: 'dark' }]);
    });

    it('keeps after logout only what is asked for, in a session with another ID', async () => {
      await browser.request(async (session) => {
        session.set('cart', ['private']);
        session.set('theme', 'dark');
        await session.logIn(user);
      });
      const before = browser.token;
      await browser.request((session) => session.logOut({ keep: ['theme'] }));
      const session = await browser.start();
      expect([session.userId, Object.fromEntries(session.entries())]).toEqual([undefined, { theme: 'dark' }]);
      expect((await sessions.start({ tokens: [before as string] })).id).toBeUndefined();
    });
  });

  it.each<[string, (session: Session<App>) => Promise<void>]>([
    ['logs in again', (session) => session.logIn(user)],
    ['regenerates the secret', (session) => session.regenerate()],
    ['logs out and keeps something', (session) => session.logOut({ keep: ['theme'] })],
  ])('L1: when somebody %s, the cookie from before is refused at once, and a write begun with it', async (_, act) => {
    await browser.request(async (session) => {
      session.set('theme', 'dark');
      await session.logIn(user);
    });
    const old = browser.token as string;
    const inFlight = await browser.start();
    await browser.request(act);

    expect((await sessions.start({ tokens: [old] })).id).toBeUndefined();
    inFlight.set('cart', [`${user} late`]);
    expect(await inFlight.commit()).toEqual({ kind: 'keep' });
    expect(Object.fromEntries((await browser.start()).entries())).toEqual({ theme: 'dark' });
    expect(await countStored(`${user} late`)).toBe(0);
  });

  describe('9. logOutUser ends every session of the user (L8)', () => {
    const devices = async (count: number): Promise<Browser[]> => {
      const all = Array.from({ length: count }, () => new Browser(sessions));
      await Promise.all(all.map((device) => device.request((session) => session.logIn(user))));
      return all;
    };

    it('all of 60, at once', async () => {
      const all = await devices(60);
      await sessions.logOutUser(user);
      const found = await Promise.all(all.map((device) => device.start()));
      expect(found.filter((session) => session.id !== undefined)).toEqual([]);
      expect(await sessions.ofUser(user)).toEqual([]);
    });

    it('all but the one that asks', async () => {
      const all = await devices(5);
      const mine = all[2]!;
      const session = await mine.start();
      await sessions.logOutUser(user, { except: session });
      await mine.finish(session);
      world.now += 400;
      const found = await Promise.all(all.map((device) => device.start()));
      expect(found.map(({ userId }) => userId)).toEqual([undefined, undefined, user, undefined, undefined]);
    });

    it('those that the index did not show, at the next touch, or at once if every request checks (F5)', async () => {
      const [hidden] = await devices(1);
      const lagging = new World(withoutIndex(store.persistence));
      lagging.now = world.now;
      await lagging.sessions().logOutUser(user);
      expect((await hidden!.start()).userId).toBe(user);
      expect(
        (await world.sessions({ revocationCheck: 'always' }).start({ tokens: [hidden!.token as string] })).userId,
      ).toBeUndefined();
      await hidden!.request();
      world.now += 300;
      expect((await hidden!.start()).userId).toBeUndefined();
    });

    it('those that the index did not show, within one touch interval, whatever they do meanwhile (F5)', async () => {
      const [hidden] = await devices(1);
      await new World(withoutIndex(store.persistence)).sessions().logOutUser(user);
      for (let passed = 0; passed < 300; passed += 100) {
        world.now += 100;
        await hidden!.request((session) => session.id !== undefined && session.regenerate());
      }
      expect((await hidden!.start()).userId).toBeUndefined();
    });

    it('those whose last touch was under way when it came, counted from the beginning of that request (F5)', async () => {
      const [hidden] = await devices(1);
      world.now += 300;
      const slow = layerWith(store.persistence, {
        loadMarks: async (...call) => {
          const marks = await store.persistence.loadMarks?.(...call);
          await new World(withoutIndex(store.persistence)).sessions().logOutUser(user);
          world.now += 2;
          return marks ?? {};
        },
      });
      const began = world.now;
      const instance = new World(slow).sessions({ clock: { now: () => world.now * 1000 } });
      const session = await instance.start({ tokens: [hidden!.token as string] });
      expect(session.userId).toBe(user);
      hidden!.receive(await session.commit());
      world.now = began + 300;
      expect((await hidden!.start()).userId).toBeUndefined();
    });

    it('those that the index did not show, also if one of them then asks to log out all others', async () => {
      const [hidden] = await devices(1);
      await new World(withoutIndex(store.persistence)).sessions().logOutUser(user);
      const session = await hidden!.start();
      await sessions.logOutUser(user, { except: session });
      world.now += 300;
      expect((await hidden!.start()).userId).toBeUndefined();
      expect(await sessions.ofUser(user)).toEqual([]);
    });

    it('not the one that asks, although it loads another page meanwhile; nor what it holds, at an exclusive login', async () => {
      const mine = new Browser(sessions);
      await mine.request((session) => (session.set('cart', ['book']), session.logIn(user)));
      world.now += 400;
      const crowded = layerWith(store.persistence, {
        raiseUserMark: async (...call) => {
          const generation = await store.persistence.raiseUserMark?.(...call);
          const other = await mine.start();
          expect(other.userId).toBe(user);
          return generation;
        },
      });
      const instance = new World(crowded).sessions({ clock: { now: () => world.now * 1000 } });
      await instance.logOutUser(user, { except: await mine.start() });
      const session = await instance.start({ tokens: [mine.token as string] });
      await session.logIn(user, { exclusive: true });
      mine.receive(await session.commit());
      world.now += 400;
      const found = await mine.start();
      expect([found.userId, found.get('cart')]).toEqual([user, ['book']]);
    });

    it('the one that asks to be spared as well, if it has ended before that is noted', async () => {
      const [hidden] = await devices(1);
      const asking = await hidden!.start();
      const crowded = layerWith(store.persistence, {
        raiseUserMark: async (...call) => {
          await new World(withoutIndex(store.persistence)).sessions().logOutUser(user);
          return store.persistence.raiseUserMark?.(...call);
        },
      });
      await new World(crowded).sessions().logOutUser(user, { except: asking });
      world.now += 400;
      expect((await hidden!.start()).userId).toBeUndefined();
    });

    it('nobody else, and no login that comes after', async () => {
      const other = new Browser(sessions);
      await other.request((session) => session.logIn(`${user}-other`));
      await sessions.logOutUser(user);
      await browser.request((session) => session.logIn(user));
      world.now += 400;
      expect((await browser.start()).userId).toBe(user);
      expect((await other.start()).userId).toBe(`${user}-other`);
    });

    it('an exclusive login ends the others, and of two at once one survives', async () => {
      const [old] = await devices(1);
      const one = new Browser(sessions);
      const two = new Browser(sessions);
      await Promise.all(
        [one, two].map((device) => device.request((session) => session.logIn(user, { exclusive: true }))),
      );
      world.now += 400;
      const found = await Promise.all([old!, one, two].map((device) => device.start()));
      expect(found.filter(({ userId }) => userId === user)).toHaveLength(1);
      expect(found[0]?.userId).toBeUndefined();
    });

    it('keeps to the bound on sessions of a user, ending the oldest logins (L9)', async () => {
      const bounded = world.sessions({ maxSessionsPerUser: 3 });
      const all: Browser[] = [];
      for (let n = 0; n < 5; n += 1) {
        const device = new Browser(bounded);
        all.push(device);
        await device.request((session) => session.logIn(user));
        world.now += 1;
      }
      const found = await Promise.all(all.map((device) => device.start()));
      expect(found.map(({ userId }) => userId !== undefined)).toEqual([false, false, true, true, true]);
    });

    it('keeps to the bound when many log in at once; of those who stay, and of nobody else, the cookie is good (L9)', async () => {
      const bounded = world.sessions({ maxSessionsPerUser: 5 });
      const crowd = Array.from({ length: each.name === 'memory' ? 100 : 40 }, () => new Browser(bounded));
      await Promise.all(crowd.map((device) => device.request((session) => session.logIn(user))));
      const left = (await sessions.ofUser(user)).map(({ id }) => id);
      expect(left).toHaveLength(5);
      const found = await Promise.all(crowd.map((device) => device.start()));
      const signedIn = found.filter(({ userId }) => userId === user).map(({ id }) => id);
      expect(new Set(signedIn)).toEqual(new Set(left));
    });
  });

  it('10. the absolute lifetime never grows, whatever touches, rotates or logs in (L6)', async () => {
    const began = world.now;
    await browser.request((session) => session.set('visits', 0));
    const short = world.sessions({ absoluteTimeout: 90_000, idleTimeout: 80_000 });
    const limited = new Browser(short);
    await limited.request((session) => session.logIn(user));
    for (let n = 0; n < 24; n += 1) {
      world.now += 3_600;
      await limited.request((session) => (n % 8 === 7 ? session.logIn(user) : session.regenerate()));
      await limited.request();
    }
    expect((await limited.start()).userId).toBe(user);
    world.now = began + 90_000;
    expect((await limited.start()).id).toBeUndefined();
  });

  it('10. the absolute lifetime never grows, though every request touches, rotates or confirms a rotation (L6)', async () => {
    const requests = each.name === 'memory' ? 1_000 : 100;
    const end = world.now + 60 * requests;
    const timeouts = { idleTimeout: 600, absoluteTimeout: 60 * requests };
    const busy = new Browser(world.sessions({ ...timeouts, touchInterval: 0, rotationInterval: 1, rotationGrace: 0 }));
    await busy.request((session) => session.logIn(user));
    world.takeEvents();
    for (let request = 1; request < requests; request += 1) {
      world.now += 60;
      await busy.request();
    }
    expect(world.takeEvents().filter((type) => type === 'rotated').length).toBeGreaterThanOrEqual(requests / 2 - 1);
    world.now = end - 1;
    const { id, userId, expiresAt } = await busy.start();
    expect([userId, expiresAt]).toEqual([user, new Date(end * 1000)]);
    const record = await store.persistence.loadSession(id as string, { now: world.now });
    expect(record?.absoluteExpiresAt).toBe(end);
    world.now = end;
    expect((await busy.start()).id).toBeUndefined();
  });

  it('11. what a client sends never throws', async () => {
    const id = 'A'.repeat(22);
    const hostile = [
      '',
      '.',
      `${id}.`,
      `${id}.${'A'.repeat(32)}`,
      '__proto__.constructor',
      'user#s:user-1',
      `${'A'.repeat(1_000_000)}`,
      '\u0000',
      '💥',
    ];
    for (const token of hostile) {
      const session = await sessions.start({ tokens: [token], address: token, userAgent: token });
      expect(session.id).toBeUndefined();
      expect(await session.commit()).toEqual({ kind: 'keep' });
    }
    for (const device of ['', 'user#s:user-1', '../x', 'A'.repeat(5_000)])
      expect(await sessions.revoke(device, { ofUser: user })).toBe(false);
  });

  describe('12. what cannot be stored is an error before any I/O, and the session stays as it was', () => {
    it('refuses it when it is set, naming the key', async () => {
      await browser.request((session) => session.set('theme', 'dark'));
      const session = await browser.start();
      expect(() => session.set('cart', [() => {}] as never)).toThrow(NotStorableError);
      expect(() => session.set('cart', [() => {}] as never)).toThrow(/"cart"/);
      expect(() => session.set('\uD800' as never, 'x' as never)).toThrow(NotStorableError);
      session.set('visits', 1);
      await session.commit();
      expect(Object.fromEntries((await browser.start()).entries())).toEqual({ theme: 'dark', visits: 1 });
    });
  });

  it('3. an update is of what is stored, though it changes nothing of what its request has read', async () => {
    await browser.request((session) => session.set('visits', 5));
    const slow = await browser.start();
    await browser.request((session) => session.set('visits', 0));
    expect(await slow.update('visits', (n = 0) => Math.max(n, 5))).toBe(5);
    expect((await browser.start()).get('visits')).toBe(5);
    await browser.request((session) => session.set('visits', 7));
    expect(await slow.update('visits', (n = 0) => Math.max(n, 5))).toBe(7);
  });

  it('14. getAndDelete hands a value to exactly one caller', async () => {
    await browser.request((session) => session.set('challenge', 'once'));
    const requests = await Promise.all(Array.from({ length: 10 }, () => browser.start()));
    const values = await Promise.all(requests.map((session) => session.getAndDelete('challenge')));
    expect(values.filter((value) => value === 'once')).toHaveLength(1);
    expect(values.filter((value) => value === undefined)).toHaveLength(9);
  });

  it('14. getAndDelete hands a value to no second caller that has saved something else in between', async () => {
    await browser.request((session) => session.set('challenge', 'once'));
    const [first, second] = await Promise.all([browser.start(), browser.start()]);
    expect(await first.getAndDelete('challenge')).toBe('once');
    second.set('theme', 'dark');
    await second.save();
    expect(await second.getAndDelete('challenge')).toBeUndefined();
  });

  describe('15. no slow, losing or unknown request removes or replaces a cookie that another has set', () => {
    it('not one whose session a login has taken over meanwhile', async () => {
      await browser.request((session) => session.set('theme', 'dark'));
      world.now += 3_600;
      const slow = await browser.start();
      await browser.request((session) => session.logIn(user));
      slow.set('visits', 1);
      expect(await slow.commit()).toEqual({ kind: 'keep' });
    });

    it('not one that began with the previous cookie, when a login comes before it answers', async () => {
      await browser.request((session) => session.set('theme', 'dark'));
      const previous = browser.token as string;
      world.now += 3_600;
      const beforeRotation = await browser.start();
      await browser.request();
      const afterRotation = await sessions.start({ tokens: [previous] });
      const writer = await sessions.start({ tokens: [previous] });
      writer.set('visits', 1);
      await browser.request((session) => session.logIn(user));
      for (const slow of [beforeRotation, afterRotation, writer]) expect(await slow.commit()).toEqual({ kind: 'keep' });
    });

    it('not one that began with the previous cookie and ends after the next rotation; what it has set is saved', async () => {
      await browser.request((session) => session.logIn(user));
      const previous = browser.token as string;
      world.now += 3_600;
      await browser.request();
      const slow = await sessions.start({ tokens: [previous] });
      await browser.request();
      world.now += 3_600;
      await browser.request();
      slow.set('visits', 1);
      expect(await slow.commit()).toEqual({ kind: 'keep' });
      expect((await browser.start()).get('visits')).toBe(1);
    });

    it.each<[string, (session: Awaited<ReturnType<Browser['start']>>) => Promise<void>]>([
      ['destroys', (session) => session.destroy()],
      ['logs out', (session) => session.logOut()],
      ['logs out and keeps something', (session) => session.logOut({ keep: ['theme'] })],
    ])('not one that %s what another has ended, or what has expired', async (_, end) => {
      const logIn = (): Promise<unknown> =>
        browser.request(async (session) => {
          session.set('theme', 'dark');
          await session.logIn(user);
        });
      await logIn();
      const [one, two, late] = await Promise.all([browser.start(), browser.start(), browser.start()]);
      await end(one);
      await browser.finish(one);
      await logIn();
      world.takeEvents();
      await end(two);
      expect(await two.commit()).toEqual({ kind: 'keep' });
      expect(world.takeEvents().filter((type) => type === 'destroyed' || type === 'logged-out')).toEqual([]);

      await logIn();
      const expired = await browser.start();
      world.now += 86_400;
      for (const slow of [expired, late]) {
        await end(slow);
        expect(await slow.commit()).toEqual({ kind: 'keep' });
      }
    });

    it('not one with an unknown, expired or malformed cookie', async () => {
      for (const token of ['nonsense', `${'A'.repeat(22)}.${'A'.repeat(32)}`]) {
        expect(await (await sessions.start({ tokens: [token] })).commit()).toEqual({ kind: 'keep' });
      }
      await browser.request((session) => session.set('theme', 'dark'));
      world.now += 100_000;
      expect(await browser.request()).toEqual({ kind: 'keep' });
    });
  });

  it('L8: whoever is not signed in ends nobody’s session by its ID', async () => {
    await browser.request((session) => session.logIn(user));
    const id = (await browser.start()).id as string;
    const stranger = await sessions.start();
    expect(await sessions.revoke(id, { ofUser: stranger.userId })).toBe(false);
    expect(await sessions.revoke(id, { ofUser: `${user}-other` })).toBe(false);
    expect((await browser.start()).userId).toBe(user);
    expect(await sessions.revoke(id)).toBe(true);
  });

  it('L11: nothing is stored, and no cookie sent, for a visitor of whom nothing is known', async () => {
    const before = (await store.dump()).length;
    expect(await browser.request((session) => session.get('theme'))).toEqual({ kind: 'keep' });
    expect(await browser.request((session) => session.logOut())).toEqual({ kind: 'keep' });
    expect(await store.dump()).toHaveLength(before);
    const session = await browser.start({ create: true });
    expect(await session.commit()).toMatchObject({ kind: 'set' });
  });

  it('L10: requireRecentLogin asks for the password again when the login is too old', async () => {
    await browser.request((session) => session.logIn(user));
    world.now += 300;
    const session = await browser.start();
    session.requireRecentLogin(300);
    expect(() => session.requireRecentLogin(299)).toThrow('299 seconds');
    expect(() => session.requireRecentLogin(Number.NaN)).toThrow('NaN seconds');
    await session.logIn(user);
    session.requireRecentLogin(0);
  });
});

/** A layer whose index has not learned of any session yet. */
const withoutIndex = (persistence: TestStore['persistence']): TestStore['persistence'] =>
  layerWith(persistence, { userSessions: () => Promise.resolve([]) });
