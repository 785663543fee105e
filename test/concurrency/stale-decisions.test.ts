import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cached } from '../../src/cache/index.js';
import {
  MemoryPersistenceLayer,
  type PersistenceLayer,
  type Session,
  type Sessions,
  type SessionsOptions,
} from '../../src/index.js';
import { engines } from '../engines/index.js';
import { openStage, type Stage } from '../faults/stage.js';
import { withClients } from '../world/clients.js';
import { Gate } from '../world/gate.js';
import { layerWith } from '../world/layer-with.js';
import type { Attempt } from '../world/faults.js';
import { type App, Browser, World } from '../world/world.js';

// What is read may be old: from this instance's memory, or from a replica that lags. Nothing is refused, ended or
// written by an old record.

/** Two instances: one whose reads may be old, and one that changes things meanwhile. */
interface Pair {
  /** Its reads are what it last saw, from now on and until it is told to see again. */
  readonly stale: PersistenceLayer;
  readonly fresh: PersistenceLayer;
  /** Takes note of what a session is now, so that this is what a stale read answers. */
  see(sessions: Sessions<App>, token: string): Promise<void>;
  close(): Promise<void>;
}

const inMemory = (): Pair => {
  const fresh = new MemoryPersistenceLayer();
  const stale = cached(fresh, { maxAge: 3_600, maxSize: 100 });
  return {
    stale,
    fresh,
    see: async (sessions, token) => void (await sessions.read({ tokens: [token] })),
    close: () => Promise.resolve(),
  };
};

async function onEngine({ engine, client }: Where): Promise<Pair> {
  const stage: Stage = await openStage(engine, client);
  const { layer, network } = await stage.instance({ consistentRead: false });
  return {
    stale: layer,
    fresh: stage.sound,
    async see(sessions, token) {
      network.planEach(() => 'none');
      await sessions.read({ tokens: [token] });
      network.planEach(({ operation }: Attempt) => (operation === 'GetItem' ? 'stale' : 'none'));
    },
    close: () => stage.close(),
  };
}

const WHERE = withClients(engines());
type Where = (typeof WHERE)[number];

const pairs = (): { name: string; open: () => Promise<Pair> }[] => [
  { name: 'cached(), in memory', open: () => Promise.resolve(inMemory()) },
  ...WHERE.map((where) => ({ name: `eventually consistent reads, ${where.name}`, open: () => onEngine(where) })),
];

describe.each(pairs())('an instance with old reads ($name)', ({ open }) => {
  let pair: Pair;
  let world: World;
  let user: string;
  let users = 0;

  beforeAll(async () => {
    pair = await open();
    return () => pair.close();
  });

  beforeEach(() => {
    world = new World(pair.stale);
    users += 1;
    user = `user-${users}`;
  });

  /** The instance with old reads, and the other; with the same clock. */
  const instances = (options: SessionsOptions = {}): [Sessions<App>, Sessions<App>] => [
    world.sessions(options),
    world.sessions({ ...options, persistence: pair.fresh }),
  ];

  it.each(['touch', 'always'] as const)(
    'does not call a session logged out on which the user has logged in again since (revocationCheck: %s)',
    async (revocationCheck) => {
      const [here, elsewhere] = instances({ revocationCheck });
      const browser = new Browser(elsewhere);
      await browser.request((session) => session.logIn(user));
      await pair.see(here, browser.token as string);
      // The old record is below the mark, and the login comes after it.
      const login = await browser.start();
      await pair.fresh.raiseUserMark?.(user, world.now + 500 * 86_400, { now: world.now });
      await login.logIn(user);
      await browser.finish(login);
      world.now += 300;
      world.takeEvents();

      const session = await here.start({ tokens: [browser.token as string] });
      expect([session.id, session.userId]).toEqual([login.id, user]);
      expect(world.takeEvents()).toEqual([]);
      expect((await browser.start()).userId).toBe(user);
    },
  );

  it('calls no session reused, though the old record has another secret', async () => {
    const [here, elsewhere] = instances();
    const browser = new Browser(elsewhere);
    await browser.request((session) => session.logIn(user));
    world.now += 3_600;
    await browser.request();
    await browser.request();
    await pair.see(here, browser.token as string);
    world.now += 3_600;
    await browser.request();
    await browser.request();
    world.takeEvents();
    for (let time = 0; time < 2; time += 1) {
      const session = await here.start({ tokens: [browser.token as string] });
      expect(session.userId).toBe(user);
      session.set('visits', time);
      expect(await session.commit()).toEqual({ kind: 'keep' });
    }
    expect(world.takeEvents()).toEqual([]);
  });

  it('4. does not make a retired secret good again by a confirmation that has come before', async () => {
    const [here, elsewhere] = instances();
    const browser = new Browser(elsewhere);
    await browser.request((session) => session.logIn(user));
    const old = browser.token as string;
    world.now += 3_600;
    await browser.request();
    // The old record says that nobody has shown the new secret yet.
    await pair.see(here, browser.token as string);
    await browser.request();
    world.now += 200;
    const late = await here.start({ tokens: [browser.token as string] });
    expect(late.userId).toBe(user);
    await late.commit();
    world.now += 1;
    for (const instance of [here, elsewhere]) expect((await instance.start({ tokens: [old] })).userId).toBeUndefined();
  });

  it('4. leaves the end of the old secret where the first confirmation has put it', async () => {
    const [here, elsewhere] = instances();
    const browser = new Browser(elsewhere);
    await browser.request((session) => session.logIn(user));
    world.now += 3_600;
    await browser.request();
    const id = (browser.token as string).split('.')[0] as string;
    const until = async (): Promise<number | undefined> =>
      (await pair.fresh.loadSession(id, { now: world.now }))?.previousUntil;
    await pair.see(here, browser.token as string);

    const first = await elsewhere.start({ tokens: [browser.token as string] });
    world.now += 60;
    const second = await here.start({ tokens: [browser.token as string] });
    await first.commit();
    const set = await until();
    expect(set).toBe(world.now - 60 + 120);
    await second.commit();
    expect(await until()).toBe(set);
  });

  it('4. two confirmations at once: the second leaves the end where the first has put it', async () => {
    const [, elsewhere] = instances();
    for (let round = 0; round < 10; round += 1) {
      const browser = new Browser(elsewhere);
      await browser.request((session) => session.logIn(user));
      world.now += 3_600;
      await browser.request();
      const id = (browser.token as string).split('.')[0] as string;
      const early = await browser.start();
      world.now += 30;
      const late = await browser.start();
      const gate = new Gate();
      const persistence = layerWith(pair.fresh, {
        async saveSession(...call) {
          await gate.pass();
          return pair.fresh.saveSession(...call);
        },
      });
      const slow = await world.sessions({ persistence }).start({ tokens: [browser.token as string] });
      const confirming = slow.commit();
      await gate.reached;
      await (round % 2 === 0 ? early : late).commit();
      const before = (await pair.fresh.loadSession(id, { now: world.now }))?.previousUntil;
      gate.open();
      await confirming;
      await (round % 2 === 0 ? late : early).commit();
      expect((await pair.fresh.loadSession(id, { now: world.now }))?.previousUntil).toBe(before);
    }
  });

  it('neither ends nor refuses a session for a client that was another’s before', async () => {
    const [here, elsewhere] = instances({ acceptRemoteIp: { otherwise: 'destroy' } });
    const first = await elsewhere.start({ address: '192.0.2.1' });
    await first.logIn(user);
    const browser = new Browser(elsewhere);
    browser.receive(await first.commit());
    await pair.see(here, browser.token as string);
    // Its address is written anew by a touch within the policy of another application.
    world.now += 400;
    const lax = world.sessions({ persistence: pair.fresh });
    await (await lax.start({ tokens: [browser.token as string], address: '198.51.100.1' })).commit();
    world.takeEvents();
    const session = await here.start({ tokens: [browser.token as string], address: '198.51.100.1' });
    expect(session.userId).toBe(user);
    expect(world.takeEvents()).toEqual([]);
  });

  it('1. writes nothing to a session that was ended meanwhile, and tells nobody that it has ended it', async () => {
    const [here, elsewhere] = instances();
    for (const write of [
      (session: Session<App>) => session.set('visits', 1),
      (session: Session<App>) => session.set('theme', 'dark'),
      (session: Session<App>) => session.destroy(),
      (session: Session<App>) => session.logOut(),
    ]) {
      const browser = new Browser(elsewhere);
      await browser.request((session) => (session.set('theme', 'dark'), session.logIn(user)));
      await pair.see(here, browser.token as string);
      await elsewhere.logOutUser(user);
      const late = await here.start({ tokens: [browser.token as string] });
      world.takeEvents();
      await Promise.resolve(write(late));
      expect(await late.commit()).toEqual({ kind: 'keep' });
      expect(world.takeEvents().filter((type) => type !== 'lost-write')).toEqual([]);
      expect((await elsewhere.start({ tokens: [browser.token as string] })).id).toBeUndefined();
    }
  });

  it('15. lets a session begin with no cookie that a login has just replaced', async () => {
    const [here, elsewhere] = instances();
    const browser = new Browser(elsewhere);
    await browser.request((session) => session.set('theme', 'dark'));
    const old = browser.token as string;
    await pair.see(here, old);
    await browser.request((session) => session.logIn(user));
    for (const create of [false, true]) {
      const late = await here.start({ tokens: [old], create });
      late.set('visits', 1);
      expect(await late.commit()).toEqual({ kind: 'keep' });
    }
    expect((await browser.start()).userId).toBe(user);
  });

  it('14. takes no value that was taken elsewhere, and updates what is there', async () => {
    const [here, elsewhere] = instances();
    const browser = new Browser(elsewhere);
    await browser.request((session) => (session.set('challenge', 'once'), session.set('visits', 1)));
    await pair.see(here, browser.token as string);
    await browser.request(async (session) => {
      expect(await session.getAndDelete('challenge')).toBe('once');
      await session.update('visits', (n = 0) => n + 1);
    });
    const late = await here.start({ tokens: [browser.token as string] });
    expect(await late.getAndDelete('challenge')).toBeUndefined();
    const again = await here.start({ tokens: [browser.token as string] });
    let calls = 0;
    const visits = await again.update('visits', (n = 0) => {
      calls += 1;
      return n + 1;
    });
    expect([visits, calls]).toEqual([3, 1]);
  });

  it('rotates no secret that was rotated elsewhere, and sends the cookie that is good', async () => {
    const [here, elsewhere] = instances();
    const browser = new Browser(elsewhere);
    await browser.request((session) => session.logIn(user));
    const old = browser.token as string;
    await pair.see(here, old);
    world.now += 3_600;
    await browser.request();
    world.takeEvents();
    const late = await here.start({ tokens: [old] });
    expect(await late.commit()).toMatchObject({ kind: 'set', token: browser.token });
    expect(world.takeEvents()).toEqual([]);
    expect((await browser.start()).userId).toBe(user);
  });

  it('10. does not bring the end of a session forward, nor push it on, by an old touch', async () => {
    const [here, elsewhere] = instances();
    const browser = new Browser(elsewhere);
    await browser.request((session) => session.logIn(user));
    await pair.see(here, browser.token as string);
    world.now += 400;
    await browser.request();
    const { expiresAt } = await browser.start();
    world.now += 100;
    await (await here.start({ tokens: [browser.token as string] })).commit();
    expect((await browser.start()).expiresAt).toEqual(expiresAt);
  });

  it('2. finds a session that was touched elsewhere, though the old record has expired', async () => {
    const [here, elsewhere] = instances({ idleTimeout: 1_000, touchInterval: 10 });
    const browser = new Browser(elsewhere);
    await browser.request((session) => session.logIn(user));
    await pair.see(here, browser.token as string);
    world.now += 900;
    await browser.request();
    world.now += 200;
    world.takeEvents();
    expect((await here.start({ tokens: [browser.token as string] })).userId).toBe(user);
    expect(world.takeEvents()).toEqual([]);
  });
});

describe('an instance whose own reads are exact', () => {
  it.each(WHERE)(
    'reads a session once for a page view, and once for one that writes, on $name',
    async ({ engine, client }) => {
      const stage = await openStage(engine, client);
      const { layer, network } = await stage.instance();
      const browser = new Browser(new World(layer).sessions());
      await browser.request((session) => session.set('theme', 'dark'));
      for (const [handler, expected] of [
        [() => {}, ['GetItem']],
        [(session: Session<App>) => session.set('theme', 'light'), ['GetItem', 'UpdateItem']],
        [(session: Session<App>) => session.getAndDelete('theme'), ['GetItem', 'UpdateItem']],
        [(session: Session<App>) => session.destroy(), ['GetItem', 'PutItem']],
      ] as const) {
        network.forget();
        await browser.request(handler);
        expect(network.sent).toEqual(expected);
      }
      await stage.close();
    },
  );

  it.each(WHERE)(
    'with eventually consistent reads it reads once for a page view, and once more before it writes, on $name',
    async ({ engine, client }) => {
      const stage = await openStage(engine, client);
      const { layer, network } = await stage.instance({ consistentRead: false });
      const browser = new Browser(new World(layer).sessions());
      await browser.request((session) => session.set('theme', 'dark'));
      for (const [handler, expected] of [
        [() => {}, ['GetItem']],
        [(session: Session<App>) => session.set('theme', 'light'), ['GetItem', 'GetItem', 'UpdateItem']],
      ] as const) {
        network.forget();
        await browser.request(handler);
        expect(network.sent).toEqual(expected);
      }
      await stage.close();
    },
  );
});
