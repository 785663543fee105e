import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PersistenceLayer, Session, Sessions } from '../../src/index.js';
import { engines } from '../engines/index.js';
import { type Instance, openStage, type Stage } from '../faults/stage.js';
import { Gate } from '../world/gate.js';
import { clientInTurn } from '../world/clients.js';
import { layerWith } from '../world/layer-with.js';
import { type Setting, useStore } from '../world/setting.js';
import { stores } from '../world/stores.js';
import { type App, Browser, World } from '../world/world.js';

// "Log out all other devices", and exclusive logins, however they overlap: the device that asks stays.

describe.each(stores())('9. a logout of all others, on $name,', (each) => {
  let { store, world, sessions, user } = {} as Setting;
  /** How often that is tried which may go either way. */
  const MANY = each.name === 'memory' ? 40 : 20;
  const SOME = each.name === 'memory' ? 40 : 6;

  useStore(each, (setting) => {
    ({ store, world, sessions, user } = setting);
  });

  const device = async (who = user): Promise<Browser> => {
    const browser = new Browser(sessions);
    await browser.request((session) => (session.set('cart', ['book']), session.logIn(who)));
    return browser;
  };

  /** Whether it is logged in for a request in which its user's mark is read. */
  const lives = async ({ token }: Browser, who = user): Promise<boolean> =>
    (await world.sessions({ revocationCheck: 'always' }).read({ tokens: [token as string] })).userId === who;

  /** The same for each, without and with the touch interval gone by. */
  const expectLives = async (browsers: readonly Browser[], expected: readonly boolean[]): Promise<void> => {
    expect(await Promise.all(browsers.map((browser) => lives(browser)))).toEqual(expected);
    world.now += 300;
    const found = await Promise.all(browsers.map((browser) => browser.start()));
    expect(found.map(({ userId }) => userId === user)).toEqual(expected);
  };

  /** A layer that answers like the store, at a moment of the test's choice. */
  const held = (
    operation: 'raiseUserMark' | 'loadMarks' | 'userSessions' | 'loadSession',
    gate: Gate,
  ): PersistenceLayer =>
    layerWith(store.persistence, {
      [operation]: async (...call: never[]) => {
        await gate.pass();
        const original = store.persistence[operation] as (...given: never[]) => Promise<unknown>;
        return original.apply(store.persistence, call);
      },
    });

  const blind = (): PersistenceLayer => layerWith(store.persistence, { userSessions: () => Promise.resolve([]) });

  it(`clicked twice, leaves the one that asks, ${MANY} of ${MANY}, and no other`, async () => {
    const survivors: (readonly boolean[])[] = [];
    for (let round = 0; round < MANY; round += 1) {
      const [mine, other, another] = [await device(), await device(), await device()];
      await Promise.all([0, 1].map(async () => sessions.logOutUser(user, { except: await mine.start() })));
      survivors.push([await lives(mine), await lives(other), await lives(another)]);
      await sessions.logOutUser(user);
    }
    expect(survivors).toEqual(Array(MANY).fill([true, false, false]));
  });

  it('clicked five times, leaves the one that asks', async () => {
    const [mine, other] = [await device(), await device()];
    await Promise.all(Array.from({ length: 5 }, async () => sessions.logOutUser(user, { except: await mine.start() })));
    await expectLives([mine, other], [true, false]);
  });

  it('clicked twice, ends those that the index does not show as well', async () => {
    const [mine, hidden] = [await device(), await device()];
    const unseeing = new World(blind()).sessions();
    await Promise.all([0, 1].map(async () => unseeing.logOutUser(user, { except: await mine.start() })));
    await expectLives([mine, hidden], [true, false]);
  });

  it.each(['raiseUserMark', 'userSessions'] as const)(
    'clicked a second time while the first waits for its %s, leaves the one that asks',
    async (operation) => {
      const [mine, other] = [await device(), await device()];
      const gate = new Gate();
      const first = world
        .sessions({ persistence: held(operation, gate) })
        .logOutUser(user, { except: await mine.start() });
      await gate.reached;
      await sessions.logOutUser(user, { except: await mine.start() });
      gate.open();
      await first;
      await expectLives([mine, other], [true, false]);
    },
  );

  it('leaves the one that asks, though it logs in, and asks once more, between the two looks of the first', async () => {
    const [mine, other] = [await device(), await device()];
    await sessions.logOutUser(user, { except: await mine.start() });
    const gate = new Gate();
    let looks = 0;
    const pass = async (): Promise<void> => {
      looks += 1;
      if (looks === 2) await gate.pass();
    };
    const persistence = layerWith(store.persistence, {
      loadSession: async (...call) => pass().then(() => store.persistence.loadSession(...call)),
      loadMarks: async (...call) =>
        pass().then(() => (store.persistence as Required<PersistenceLayer>).loadMarks(...call)),
    });
    const first = world.sessions({ persistence }).logOutUser(user, { except: { id: (await mine.start()).id } });
    await gate.reached;
    await mine.request((session) => session.logIn(user));
    await sessions.logOutUser(user, { except: await mine.start() });
    gate.open();
    await first;
    await expectLives([mine, other], [true, false]);
  });

  it('leaves none, if a full logout comes between its look at the session and its mark', async () => {
    for (const logOutAll of [() => sessions.logOutUser(user), () => new World(blind()).sessions().logOutUser(user)]) {
      const [mine, other] = [await device(), await device()];
      const gate = new Gate();
      const asking = world
        .sessions({ persistence: held('raiseUserMark', gate) })
        .logOutUser(user, { except: await mine.start() });
      await gate.reached;
      await logOutAll();
      gate.open();
      await asking;
      await expectLives([mine, other], [false, false]);
    }
  });

  it('leaves none, if a full logout comes between two of one device that overlap', async () => {
    const mine = await device();
    const gates = [new Gate(), new Gate()];
    const asking = await Promise.all(
      gates.map(async (gate) => {
        const instance = world.sessions({ persistence: held('raiseUserMark', gate) });
        return { done: instance.logOutUser(user, { except: await mine.start() }) };
      }),
    );
    await Promise.all(gates.map((gate) => gate.reached));
    gates[0]?.open();
    await asking[0]?.done;
    await new World(blind()).sessions().logOutUser(user);
    gates[1]?.open();
    await asking[1]?.done;
    await expectLives([mine], [false]);
  });

  it('leaves the one of two devices that asks last, if each asks for itself', async () => {
    const [one, two] = [await device(), await device()];
    await sessions.logOutUser(user, { except: await one.start() });
    await expectLives([one, two], [true, false]);

    const [third, fourth] = [await device(), await device()];
    const gate = new Gate();
    const asking = world
      .sessions({ persistence: held('raiseUserMark', gate) })
      .logOutUser(user, { except: await third.start() });
    await gate.reached;
    await new World(blind()).sessions().logOutUser(user, { except: await fourth.start() });
    gate.open();
    await asking;
    expect([await lives(third), await lives(fourth)].filter(Boolean)).toHaveLength(0);
  });

  it('leaves at most one of two devices that each ask for themselves at once', async () => {
    for (let round = 0; round < MANY; round += 1) {
      const both = [await device(), await device()];
      await Promise.all(both.map(async (mine) => sessions.logOutUser(user, { except: await mine.start() })));
      expect((await Promise.all(both.map((mine) => lives(mine)))).filter(Boolean).length).toBeLessThanOrEqual(1);
      await sessions.logOutUser(user);
    }
  });

  it('leaves the one that asks, also after it has logged in again, and again', async () => {
    const mine = await device();
    for (let time = 0; time < 3; time += 1) {
      const other = await device();
      await sessions.logOutUser(user, { except: await mine.start() });
      await expectLives([mine, other], [true, false]);
      await mine.request((session) => session.logIn(user));
    }
    await sessions.logOutUser(user, { except: await mine.start() });
    await expectLives([mine], [true]);
    expect((await mine.start()).get('cart')).toEqual(['book']);
  });

  it.each([
    ['for the first time', 0],
    ['after it has been spared before', 1],
  ])('leaves the one that asks, though it logs in again between the look at it and the mark, %s', async (_, before) => {
    const [mine, other] = [await device(), await device()];
    for (let time = 0; time < before; time += 1) await sessions.logOutUser(user, { except: await mine.start() });
    const gate = new Gate();
    const asking = world
      .sessions({ persistence: held('raiseUserMark', gate) })
      .logOutUser(user, { except: await mine.start() });
    await gate.reached;
    await mine.request((session) => session.logIn(user));
    gate.open();
    await asking;
    await expectLives([mine, other], [true, false]);
  });

  it('does not let a full logout spare the session that an earlier one has spared', async () => {
    const mine = await device();
    await sessions.logOutUser(user, { except: await mine.start() });
    await new World(blind()).sessions().logOutUser(user);
    await expectLives([mine], [false]);
  });

  it('spares nothing, if what is given is a session of another user, an anonymous one, or one that was never there', async () => {
    const anonymous = new Browser(sessions);
    await anonymous.request((session) => session.set('theme', 'dark'));
    const others = await device(`${user}-other`);
    for (const except of [await others.start(), await anonymous.start(), { id: 'A'.repeat(22) }]) {
      const mine = await device();
      const hidden = await device();
      await sessions.logOutUser(user, { except });
      await expectLives([mine, hidden], [false, false]);
    }
    expect(await lives(others, `${user}-other`)).toBe(true);
    expect((await anonymous.start()).get('theme')).toBe('dark');
  });

  it('spares nothing of a session that a logout has ended, though its cookie comes with the request', async () => {
    const [mine, other] = [await device(), await device()];
    const except = await mine.start();
    await sessions.revoke(except.id as string);
    await sessions.logOutUser(user, { except });
    await expectLives([mine, other], [false, false]);
  });

  describe('as an exclusive login,', () => {
    const both = async (browser: Browser, instance: Sessions<App>): Promise<Browser[]> => {
      const tokens = browser.token === undefined ? [] : [browser.token];
      const requests = await Promise.all([0, 1].map(() => instance.start({ tokens })));
      await Promise.all(requests.map((session) => session.logIn(user, { exclusive: true })));
      return Promise.all(
        requests.map(async (session) => {
          const own = new Browser(sessions);
          own.receive(await session.commit());
          return own;
        }),
      );
    };

    it.each<[string, (browser: Browser) => Promise<unknown>]>([
      ['nothing', () => Promise.resolve()],
      ['an anonymous session', (browser) => browser.request((session) => session.set('cart', ['book']))],
      ['a session of the user', (browser) => browser.request((session) => session.logIn(user))],
      ['a session of another user', (browser) => browser.request((session) => session.logIn(`${user}-other`))],
    ])(
      `sent twice from one browser with %s, leaves one, ${SOME} of ${SOME}, though the index lags`,
      async (_, begin) => {
        const counts: number[] = [];
        for (let round = 0; round < SOME; round += 1) {
          const browser = new Browser(sessions);
          await begin(browser);
          const sent = await both(browser, round % 2 === 0 ? new World(blind()).sessions() : sessions);
          counts.push((await Promise.all(sent.map((one) => lives(one)))).filter(Boolean).length);
          await sessions.logOutUser(user);
        }
        expect(counts).toEqual(Array(SOME).fill(1));
      },
    );

    it('sent twice, leaves one after the touch interval as well, without the index', async () => {
      const browser = new Browser(sessions);
      await browser.request((session) => session.set('cart', ['book']));
      const sent = await both(browser, new World(blind()).sessions());
      world.now += 300;
      const found = await Promise.all(sent.map((one) => one.start()));
      expect(found.filter(({ userId }) => userId === user)).toHaveLength(1);
      expect(found.find(({ userId }) => userId === user)?.get('cart')).toEqual(['book']);
    });

    it.each(['raiseUserMark', 'saveSession'] as const)(
      'while another waits for its %s, leaves one',
      async (operation) => {
        for (const begin of [
          (session: Session<App>) => session.set('cart', ['book']),
          (session: Session<App>) => session.logIn(user),
        ]) {
          const browser = new Browser(sessions);
          await browser.request(begin);
          const gate = new Gate();
          let calls = 0;
          const persistence = layerWith(blind(), {
            [operation]: async (...call: never[]) => {
              calls += 1;
              if (calls === 1) await gate.pass();
              return (store.persistence[operation] as (...given: never[]) => unknown).apply(store.persistence, call);
            },
          });
          const slow = await world.sessions({ persistence }).start({ tokens: [browser.token as string] });
          const first = slow.logIn(user, { exclusive: true });
          await gate.reached;
          const fast = await new World(blind()).sessions().start({ tokens: [browser.token as string] });
          await fast.logIn(user, { exclusive: true });
          const other = new Browser(sessions);
          other.receive(await fast.commit());
          gate.open();
          await first;
          browser.receive(await slow.commit());
          expect([await lives(browser), await lives(other)].filter(Boolean)).toHaveLength(1);
        }
      },
    );

    it('of two devices at once, leaves one', async () => {
      for (let round = 0; round < SOME; round += 1) {
        const devices = [await device(), new Browser(sessions)];
        await Promise.all(devices.map((one) => one.request((session) => session.logIn(user, { exclusive: true }))));
        expect((await Promise.all(devices.map((one) => lives(one)))).filter(Boolean)).toHaveLength(1);
      }
    });

    it('beside a logout of all others of another device, leaves at most one', async () => {
      for (let round = 0; round < SOME; round += 1) {
        const [one, two] = [await device(), await device()];
        await Promise.all([
          one.request((session) => session.logIn(user, { exclusive: true })),
          two.start().then((except) => sessions.logOutUser(user, { except })),
        ]);
        expect([await lives(one), await lives(two)].filter(Boolean).length).toBeLessThanOrEqual(1);
        await sessions.logOutUser(user);
      }
    });

    it('leaves the device, though it asks for a logout of all others while the login waits to be stored', async () => {
      const [mine, other] = [await device(), await device()];
      const gate = new Gate();
      const persistence = layerWith(store.persistence, {
        async saveSession(...call) {
          await gate.pass();
          return store.persistence.saveSession(...call);
        },
      });
      const session = await world.sessions({ persistence }).start({ tokens: [mine.token as string] });
      const login = session.logIn(user, { exclusive: true });
      await gate.reached;
      await sessions.logOutUser(user, { except: await mine.start() });
      gate.open();
      await login;
      mine.receive(await session.commit());
      await expectLives([mine, other], [true, false]);
    });

    it('beside a logout of all others of the same device, leaves that one', async () => {
      for (let round = 0; round < SOME; round += 1) {
        const [mine, other] = [await device(), await device()];
        const except = await mine.start();
        await Promise.all([
          mine.request((session) => session.logIn(user, { exclusive: true })),
          sessions.logOutUser(user, { except }),
        ]);
        expect([await lives(mine), await lives(other)]).toEqual([true, false]);
        await sessions.logOutUser(user);
      }
    });
  });
});

describe.each(engines())('9. the mark of a user, on $name,', (engine) => {
  const client = clientInTurn(engine);
  let stage: Stage;
  let user: string;
  let users = 0;

  beforeAll(async () => {
    stage = await openStage(engine, client);
    return () => stage.close();
  });

  beforeEach(() => {
    users += 1;
    user = `user-${users}`;
  });

  const DAY = 86_400;

  it.each<[string, (sessions: Sessions<App>) => Promise<unknown>]>([
    ['logOutUser', (sessions) => sessions.logOutUser(user)],
    ['a logout of all others', (sessions) => sessions.logOutUser(user, { except: { id: 'A'.repeat(22) } })],
    ['an exclusive login', async (sessions) => (await sessions.start()).logIn(user, { exclusive: true })],
  ])('outlives every session, whoever raises it: %s', async (_, raise) => {
    const world = new World(stage.sound);
    const application = world.sessions({ idleTimeout: 90 * DAY, absoluteTimeout: 90 * DAY, touchInterval: 300 });
    const hidden = new Browser(application);
    await hidden.request((session) => session.logIn(user));
    const unseeing = layerWith(stage.sound, { userSessions: () => Promise.resolve([]) });
    // A script of its own, with the defaults: its sessions would live for 30 days.
    const script = new World(unseeing);
    await raise(script.sessions());

    const mark = (await stage.table.items()).find(({ id }) => id?.S?.endsWith(`s:${user}`) === true);
    expect(Number(mark?.['expiresAt']?.N)).toBeGreaterThan(world.now + 400 * DAY);
    world.now += 31 * DAY;
    expect((await hidden.start()).id).toBeUndefined();
  });

  const mark = async (): Promise<{ instance: Instance; world: World }> => {
    const instance = await stage.instance();
    return { instance, world: new World(instance.layer) };
  };

  it('is not raised by a late copy of a raise after which another has come: a login since then stays', async () => {
    const { instance, world } = await mark();
    const sessions = world.sessions({ revocationCheck: 'always' });
    instance.network.plan('UpdateItem', 'zombie');
    await sessions.logOutUser(user);
    await sessions.logOutUser(user);
    const browser = new Browser(sessions);
    await browser.request((session) => session.logIn(user));
    expect(await instance.network.releaseZombies()).toBe(1);
    expect((await browser.start()).userId).toBe(user);
  });

  it('is not raised by a late copy of an exclusive login’s raise: the later exclusive login stays', async () => {
    const { instance, world } = await mark();
    const sessions = world.sessions({ revocationCheck: 'always' });
    const [one, two] = [new Browser(sessions), new Browser(sessions)];
    instance.network.plan('UpdateItem', 'zombie');
    await one.request((session) => session.logIn(user, { exclusive: true }));
    await two.request((session) => session.logIn(user, { exclusive: true }));
    expect(await instance.network.releaseZombies()).toBe(1);
    expect([(await one.start()).userId, (await two.start()).userId]).toEqual([undefined, user]);
  });

  it('is not raised by a late copy of a logout of all others: a device that logs in afterwards stays', async () => {
    const { instance, world } = await mark();
    const sessions = world.sessions({ revocationCheck: 'always' });
    const [mine, other] = [new Browser(sessions), new Browser(sessions)];
    await mine.request((session) => session.logIn(user));
    instance.network.plan('UpdateItem', 'zombie');
    await sessions.logOutUser(user, { except: await mine.start() });
    await sessions.logOutUser(user, { except: await mine.start() });
    await other.request((session) => session.logIn(user));
    expect(await instance.network.releaseZombies()).toBe(1);
    expect([(await mine.start()).userId, (await other.start()).userId]).toEqual([user, user]);
  });

  it('of everyone is not raised by a late copy, either: a login since then stays', async () => {
    const { instance, world } = await mark();
    const sessions = world.sessions({ revocationCheck: 'always' });
    instance.network.plan('UpdateItem', 'zombie');
    await sessions.logOutEveryone();
    await sessions.logOutEveryone();
    const browser = new Browser(sessions);
    await browser.request((session) => session.logIn(user));
    expect(await instance.network.releaseZombies()).toBe(1);
    world.now += 11;
    expect((await browser.start()).userId).toBe(user);
  });
});
