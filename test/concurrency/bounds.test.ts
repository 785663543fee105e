import { describe, expect, it } from 'vitest';
import type { PersistenceLayer, Sessions, SessionsOptions } from '../../src/index.js';
import { Gate } from '../world/gate.js';
import { layerWith } from '../world/layer-with.js';
import { newId } from '../world/records.js';
import { type Setting, useStore } from '../world/setting.js';
import { stores } from '../world/stores.js';
import { type App, Browser, World } from '../world/world.js';

// All logins of a user have one order, by time and then by ID. However they come together, the newest stay.

describe.each(stores())('maxSessionsPerUser on $name', (each) => {
  let { store, world, user } = {} as Setting;
  /** Milliseconds by which the clock is ahead of the world's. */
  let ticks: number;

  useStore(each, (setting) => {
    ({ store, world, user } = setting);
    ticks = 0;
  });

  /** Sessions whose clock ticks a millisecond whenever somebody looks. */
  const bounded = (maxSessionsPerUser: number, options: SessionsOptions = {}): Sessions<App> =>
    world.sessions({ maxSessionsPerUser, clock: { now: () => world.now * 1000 + (ticks += 1) }, ...options });

  const still = { now: (): number => world.now * 1000 };

  const signedIn = async (devices: readonly Browser[]): Promise<number[]> => {
    const found = await Promise.all(devices.map((device) => device.start()));
    return [...found.keys()].filter((index) => found[index]?.userId === user);
  };

  const logIn = (device: Browser): Promise<unknown> => device.request((session) => session.logIn(user));

  it.each([
    ['a clock that ticks', {}],
    ['a clock that stands still', { clock: 'still' }],
  ])('leaves one of two devices that log in at once, 20 of 20, with %s', async (_, { clock }: { clock?: string }) => {
    const counts: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      user = `user-${newId()}`;
      const sessions = bounded(1, clock === undefined ? {} : { clock: still });
      const devices = [new Browser(sessions), new Browser(sessions)];
      await Promise.all(devices.map(logIn));
      counts.push((await signedIn(devices)).length);
      expect(await sessions.ofUser(user)).toHaveLength(1);
    }
    expect(counts).toEqual(Array(20).fill(1));
  });

  it('leaves one of two devices, if the one that began first is stored last', async () => {
    const gate = new Gate();
    const slowLayer = layerWith(store.persistence, {
      async saveSession(...call) {
        await gate.pass();
        return store.persistence.saveSession(...call);
      },
    });
    const slow = new Browser(bounded(1, { persistence: slowLayer }));
    const fast = new Browser(bounded(1));
    const first = logIn(slow);
    await gate.reached;
    await logIn(fast);
    gate.open();
    await first;
    expect(await signedIn([slow, fast])).toEqual([1]);
    expect(await bounded(1).ofUser(user)).toHaveLength(1);
  });

  it('leaves one of two devices, if both are stored before either looks', async () => {
    const gates = [new Gate(), new Gate()];
    const devices = gates.map((gate) => {
      const persistence = layerWith(store.persistence, {
        async userSessions(...call) {
          await gate.pass();
          return store.persistence.userSessions(...call);
        },
      });
      return new Browser(bounded(1, { persistence }));
    });
    const logins = devices.map(logIn);
    await Promise.all(gates.map((gate) => gate.reached));
    for (const [index, gate] of gates.entries()) {
      gate.open();
      await logins[index];
    }
    expect(await signedIn(devices)).toHaveLength(1);
  });

  it('keeps to the bound, though the index has not learned of the login itself yet', async () => {
    const old = new Browser(bounded(1));
    await logIn(old);
    const known = await store.persistence.userSessions(user);
    const lagging = layerWith(store.persistence, {
      userSessions: async () => known,
      async loadUserSessions(userId, options) {
        const found = await (store.persistence as Required<PersistenceLayer>).loadUserSessions(userId, options);
        return { ...found, sessions: new Map([...found.sessions].filter(([id]) => known.includes(id))) };
      },
    });
    const fresh = new Browser(bounded(1, { persistence: lagging }));
    await logIn(fresh);
    expect(await signedIn([old, fresh])).toEqual([1]);
  });

  /** The same layer, which notes when each login was. */
  const noting = (times: Map<string, number>): PersistenceLayer =>
    layerWith(store.persistence, {
      saveSession(id, record, ...rest) {
        if (record.authenticatedAt !== undefined) times.set(id, record.authenticatedAt);
        return store.persistence.saveSession(id, record, ...rest);
      },
    });

  it('leaves the browser of a double click signed in, when the responses come in the order of the logins', async () => {
    for (let round = 0; round < 20; round += 1) {
      user = `user-${newId()}`;
      const browser = new Browser(bounded(1));
      if (round % 2 === 0) await browser.request((session) => session.set('cart', ['book']));
      const tokens = browser.token === undefined ? [] : [browser.token];
      const clicks = await Promise.all(
        [0, 1].map(async () => {
          const times = new Map<string, number>();
          return { times, session: await bounded(1, { persistence: noting(times) }).start({ tokens }) };
        }),
      );
      await Promise.all(clicks.map(({ session }) => session.logIn(user)));
      const timeOf = ({ times }: { times: Map<string, number> }): number => Math.max(...times.values());
      for (const { session } of clicks.toSorted((one, other) => timeOf(one) - timeOf(other)))
        browser.receive(await session.commit());
      const found = await browser.start();
      expect([found.userId, found.get('cart')]).toEqual([user, round % 2 === 0 ? ['book'] : undefined]);
      expect(await bounded(1).ofUser(user)).toHaveLength(1);
    }
  });

  it('tells a request whose login is older than those that stay: it is nobody, and sends no cookie', async () => {
    const gate = new Gate();
    const slowLayer = layerWith(store.persistence, {
      async saveSession(...call) {
        await gate.pass();
        return store.persistence.saveSession(...call);
      },
    });
    const slow = await bounded(1, { persistence: slowLayer }).start();
    const login = slow.logIn(user);
    await gate.reached;
    const browser = new Browser(bounded(1));
    await logIn(browser);
    gate.open();
    await login;
    expect([slow.id, slow.userId]).toEqual([undefined, undefined]);
    slow.set('theme', 'dark');
    expect(await slow.commit()).toEqual({ kind: 'keep' });
    expect(await signedIn([browser])).toEqual([0]);
  });

  it('leaves the newer of two logins within one second', async () => {
    for (let round = 0; round < 10; round += 1) {
      user = `user-${newId()}`;
      const devices = [new Browser(bounded(1)), new Browser(bounded(1))];
      for (const device of devices) await logIn(device);
      expect(ticks).toBeLessThan(1_000);
      expect(await signedIn(devices)).toEqual([1]);
      ticks = 0;
    }
  });

  it('leaves a newer login on an old session, rather than an older one on a new session', async () => {
    const sessions = bounded(2);
    const [old, second, third] = [new Browser(sessions), new Browser(sessions), new Browser(sessions)];
    await old.request((session) => session.set('theme', 'dark'));
    world.now += 100;
    await logIn(second);
    world.now += 100;
    await logIn(old);
    world.now += 100;
    await second.request((session) => session.set('visits', 1));
    await logIn(third);
    expect(await signedIn([old, second, third])).toEqual([0, 2]);
  });

  const count = each.name === 'memory' ? 100 : 30;

  it(`leaves the five newest of ${count} that log in at once, and the cookies of those are good`, async () => {
    const times = new Map<string, number>();
    const sessions = bounded(5, { persistence: noting(times) });
    const devices = Array.from({ length: count }, () => new Browser(sessions));
    await Promise.all(devices.map(logIn));
    expect(new Set(times.values()).size).toBe(count);
    const newest = [...times.keys()]
      .toSorted((a, b) => (times.get(b) as number) - (times.get(a) as number))
      .slice(0, 5);
    const listed = (await sessions.ofUser(user)).map(({ id }) => id);
    expect(listed.toSorted()).toEqual(newest.toSorted());
    const found = await Promise.all(devices.map((device) => device.start()));
    expect(found.flatMap(({ id }) => id ?? []).toSorted()).toEqual(newest.toSorted());
  });

  it.each(['userSessions', 'loadUserSessions', 'deleteSession'] as const)(
    'lets a login stand, with its cookie, if it cannot be kept to: %s fails',
    async (operation) => {
      const old = new Browser(bounded(1));
      await logIn(old);
      const failing = layerWith(store.persistence, { [operation]: () => Promise.reject(new Error('down')) });
      const device = new Browser(bounded(1, { persistence: failing }));
      world.takeEvents();
      expect(await logIn(device)).toMatchObject({ kind: 'set' });
      expect(world.takeEvents()).toEqual(['created', 'logged-in', 'store-failure']);
      expect(await signedIn([device])).toEqual([0]);
    },
  );

  it('does not end a session on which the user has logged in again since it was listed', async () => {
    const old = new Browser(bounded(1));
    await logIn(old);
    const gate = new Gate();
    const slowLayer = layerWith(store.persistence, {
      async deleteSession(...call) {
        await gate.pass();
        return store.persistence.deleteSession(...call);
      },
    });
    const device = new Browser(bounded(1, { persistence: slowLayer }));
    const login = logIn(device);
    await gate.reached;
    await logIn(old);
    world.takeEvents();
    gate.open();
    await login;
    expect(await signedIn([old, device])).toEqual([0]);
    expect(world.takeEvents()).not.toContain('revoked');
  });

  it('counts no session that a mark has ended, and ends none of another user', async () => {
    const sessions = bounded(2);
    const other = new Browser(sessions);
    await other.request((session) => session.logIn(`${user}-other`));
    const [hidden, second, third] = [new Browser(sessions), new Browser(sessions), new Browser(sessions)];
    await logIn(hidden);
    const blind = layerWith(store.persistence, { userSessions: () => Promise.resolve([]) });
    await new World(blind).sessions().logOutUser(user);
    await logIn(second);
    await logIn(third);
    expect(await signedIn([second, third])).toEqual([0, 1]);
    expect((await other.start()).userId).toBe(`${user}-other`);
  });

  it('tells of each session once that was one too many', async () => {
    const sessions = bounded(1);
    await Promise.all(Array.from({ length: 10 }, () => logIn(new Browser(sessions))));
    expect(world.takeEvents().filter((type) => type === 'revoked')).toHaveLength(9);
  });

  it('shows the millisecond of a login as it was', async () => {
    for (let millisecond = 0; millisecond < 1_000; millisecond += 37) {
      const session = await world.sessions({ clock: { now: () => world.now * 1000 + millisecond } }).start();
      await session.logIn(user);
      expect((session.authenticatedAt as Date).getTime()).toBe(world.now * 1000 + millisecond);
    }
  });
});
