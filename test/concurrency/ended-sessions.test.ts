import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Session, type Sessions, type SessionsOptions, StoreUnavailableError } from '../../src/index.js';
import { engines } from '../engines/index.js';
import { type Instance, openStage, type Stage } from '../faults/stage.js';
import { clientInTurn } from '../world/clients.js';
import type { Fault, Network } from '../world/faults.js';
import { type Setting, useStore } from '../world/setting.js';
import { stores } from '../world/stores.js';
import { type App, Browser, World } from '../world/world.js';

// A session that was ended stays ended from that moment on: no test here moves the clock before it looks.

/** Every way to end a session. `mine` is the browser whose session it is. */
interface Ending {
  readonly options?: SessionsOptions;
  readonly end: (those: { mine: Browser; sessions: Sessions<App>; user: string; id: string }) => Promise<unknown>;
}

const ENDINGS: Readonly<Record<string, Ending>> = {
  destroy: { end: ({ mine }) => mine.request((session) => session.destroy()) },
  logOut: { end: ({ mine }) => mine.request((session) => session.logOut()) },
  'logOut that keeps something': { end: ({ mine }) => mine.request((session) => session.logOut({ keep: ['theme'] })) },
  'a login of another user': { end: ({ mine, user }) => mine.request((session) => session.logIn(`${user}-other`)) },
  revoke: { end: ({ sessions, id }) => sessions.revoke(id) },
  logOutUser: { end: ({ sessions, user }) => sessions.logOutUser(user) },
  'a logout of all others': {
    async end({ sessions, user }) {
      const other = new Browser(sessions);
      await other.request((session) => session.logIn(user));
      await sessions.logOutUser(user, { except: await other.start() });
    },
  },
  'an exclusive login elsewhere': {
    end: ({ sessions, user }) => new Browser(sessions).request((session) => session.logIn(user, { exclusive: true })),
  },
  'a login beyond the bound': {
    options: { maxSessionsPerUser: 1 },
    end: ({ sessions, user }) => new Browser(sessions).request((session) => session.logIn(user)),
  },
  'a client that is another': {
    options: { acceptChangingUserAgent: { otherwise: 'destroy' } },
    end: ({ sessions, mine }) => sessions.start({ tokens: [mine.token as string], userAgent: 'another' }),
  },
};

const begin = async (mine: Browser, user: string): Promise<void> => {
  await mine.request(async (session) => {
    session.set('theme', 'dark');
    await session.logIn(user);
  });
};

describe.each(stores())('a session that was ended, on $name', (each) => {
  let { store, world, user } = {} as Setting;
  useStore(each, (setting) => {
    ({ store, world, user } = setting);
  });

  it.each(Object.entries(ENDINGS))('1. leaves nothing of itself behind, after %s', async (_, { options, end }) => {
    const sessions = world.sessions({ ...options });
    const mine = new Browser(sessions);
    let tick = 0;
    const ticking = { now: () => world.now * 1000 + (tick += 1) };
    const logins = world.sessions({ ...options, clock: ticking });
    await begin(mine, user);
    const [token, session] = [mine.token as string, await mine.start()];
    const hash = JSON.stringify(
      (await store.persistence.loadSession(session.id as string, { now: world.now }))?.secretHash,
    );
    await end({ mine, sessions: logins, user, id: session.id as string });

    expect((await sessions.start({ tokens: [token] })).id).toBeUndefined();
    const left = (await store.dump()).filter((record) => record.includes(session.id as string));
    for (const record of left) {
      expect(record).not.toContain(user);
      expect(record).not.toContain('dark');
      expect(record).not.toContain(hash);
    }
    expect((await sessions.ofUser(user)).map(({ id }) => id)).not.toContain(session.id);
    expect(await sessions.revoke(session.id as string)).toBe(false);
  });

  it('1. says that it has ended to one of those who end it at once, and to one only', async () => {
    for (let round = 0; round < 20; round += 1) {
      const mine = new Browser(world.sessions());
      await begin(mine, user);
      const requests = await Promise.all(Array.from({ length: 5 }, () => mine.start()));
      world.takeEvents();
      await Promise.all(requests.map((session) => session.logOut()));
      const actions = await Promise.all(requests.map((session) => session.commit()));
      expect(actions.filter(({ kind }) => kind === 'clear')).toHaveLength(1);
      expect(actions.filter(({ kind }) => kind === 'keep')).toHaveLength(4);
      expect(world.takeEvents()).toEqual(['logged-out']);
    }
  });

  it('1. stays ended, whatever all requests that began before write at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      const sessions = world.sessions();
      const mine = new Browser(sessions);
      await begin(mine, user);
      const token = mine.token as string;
      const requests = await Promise.all(Array.from({ length: 6 }, () => mine.start()));
      const writes: ((session: Session<App>) => unknown)[] = [
        (session) => session.set('visits', 1),
        (session) => session.update('visits', (n = 0) => n + 1),
        (session) => session.getAndDelete('theme'),
        (session) => session.regenerate(),
        (session) => session.touch(),
        (session) => session.save(),
      ];
      await Promise.all([
        sessions.logOutUser(user),
        ...requests.map(async (session, index) => {
          try {
            await writes[index]?.(session);
          } catch {
            // It came too late.
          }
          await session.commit();
        }),
      ]);
      await sessions.logOutUser(user);
      expect((await sessions.start({ tokens: [token] })).id).toBeUndefined();
      expect(await sessions.ofUser(user)).toEqual([]);
      expect(
        (await store.dump()).filter((record) => record.includes(`s:${user}"`) && record.includes('secretHash')),
      ).toEqual([]);
    }
  });
});

describe.each(engines())('a copy of a write that lands after the end, on $name', (engine) => {
  const client = clientInTurn(engine);
  let stage: Stage;
  let instance: Instance;
  let network: Network;
  let world: World;
  let user: string;
  let users = 0;

  beforeAll(async () => {
    stage = await openStage(engine, client);
    return () => stage.close();
  });

  beforeEach(async () => {
    instance = await stage.instance();
    network = instance.network;
    world = new World(instance.layer);
    users += 1;
    user = `user-${users}`;
  });

  afterEach(() => network.releaseZombies());

  /** What of a session is stored. */
  const left = async (id: string): Promise<string[]> => {
    const { client, tableName } = stage.table;
    const { Item: item } = await client.send(
      new GetItemCommand({ TableName: tableName, Key: { id: { S: id } }, ConsistentRead: true }),
    );
    return Object.keys(item ?? {}).filter((name) => /^secretHash$|^previousHash$|^user$|^data\./.test(name));
  };

  const expectNobody = async (sessions: Sessions<App>, tokens: readonly string[], id: string): Promise<void> => {
    for (const token of tokens) {
      const session = await sessions.start({ tokens: [token] });
      expect([session.id, session.userId, session.get('theme')]).toEqual([undefined, undefined, undefined]);
    }
    expect((await sessions.ofUser(user)).map((listed) => listed.id)).not.toContain(id);
    expect(await left(id)).toEqual([]);
  };

  describe.each([
    ['once', ['zombie']],
    ['twice', ['zombie', 'zombie']],
    ['after an answer that was lost', ['zombie', 'drop-after']],
  ] as [string, Fault[]][])('of the creation by a login, which was repeated %s', (_repeated, faults) => {
    it.each(Object.entries(ENDINGS))('1. changes nothing at once, after %s', async (_, { options, end }) => {
      const sessions = world.sessions({ ...options, clock: { now: () => world.now * 1000 } });
      const mine = new Browser(sessions);
      network.plan('PutItem', ...faults);
      await begin(mine, user);
      const [token, id] = [mine.token as string, (await mine.start()).id as string];
      world.now += 1;
      await end({ mine, sessions, user, id });

      expect(await network.releaseZombies()).toBe(faults.filter((fault) => fault === 'zombie').length);
      await expectNobody(sessions, [token], id);
    });
  });

  it.each(Object.entries(ENDINGS))(
    '1. of the creation of an anonymous session that a login took over, changes nothing at once, after %s',
    async (_, { options, end }) => {
      const sessions = world.sessions({ ...options });
      const mine = new Browser(sessions);
      network.plan('PutItem', 'zombie');
      await mine.request((session) => session.set('theme', 'dark'));
      const anonymous = mine.token as string;
      await mine.request((session) => session.logIn(user));
      const [token, id] = [mine.token as string, (await mine.start()).id as string];
      world.now += 1;
      await end({ mine, sessions, user, id });

      expect(await network.releaseZombies()).toBe(1);
      await expectNobody(sessions, [anonymous, token], id);
    },
  );

  describe('9. of the creation, when the index did not show the session to logOutUser,', () => {
    const logOutUnseen = async (
      options: SessionsOptions,
    ): Promise<{ sessions: Sessions<App>; mine: Browser; id: string }> => {
      const sessions = world.sessions(options);
      const mine = new Browser(sessions);
      network.plan('PutItem', 'zombie');
      await begin(mine, user);
      const id = (await mine.start()).id as string;
      network.plan('Query', 'lagging', 'lagging', 'lagging');
      await sessions.logOutUser(user);
      expect(network.struck).toContain('lagging');
      return { sessions, mine, id };
    };

    it('changes nothing at once with revocationCheck "always"', async () => {
      const { sessions, mine, id } = await logOutUnseen({ revocationCheck: 'always' });
      expect(await network.releaseZombies()).toBe(1);
      await expectNobody(sessions, [mine.token as string], id);
    });

    it('changes nothing within the touch interval otherwise', async () => {
      const { sessions, mine, id } = await logOutUnseen({});
      expect(await network.releaseZombies()).toBe(1);
      world.now += 300;
      await expectNobody(sessions, [mine.token as string], id);
    });

    it('changes nothing when it lands after the mark has ended it', async () => {
      const { sessions, mine, id } = await logOutUnseen({});
      world.now += 300;
      expect((await mine.start()).id).toBeUndefined();
      expect(await network.releaseZombies()).toBe(1);
      await expectNobody(sessions, [mine.token as string], id);
    });
  });

  const writes: Record<string, { operation?: string; later?: number; write: (session: Session<App>) => unknown }> = {
    'a save': { write: (session) => (session.set('visits', 1), session.save()) },
    'a touch': { later: 400, write: (session) => session.touch() },
    'a rotation': { later: 3_600, write: (session) => session.commit() },
    'an update': { write: (session) => session.update('visits', (n = 0) => n + 1) },
    'a getAndDelete': { write: (session) => session.getAndDelete('theme') },
    'a regenerate': { write: (session) => session.regenerate() },
    'another login': { write: (session) => session.logIn(user) },
  };
  const endings = ['destroy', 'logOut', 'revoke', 'logOutUser', 'an exclusive login elsewhere'];

  describe.each(Object.entries(writes))('of %s that failed', (_write, { later = 0, write }) => {
    it.each(endings)('1. changes nothing at once, after %s', async (name) => {
      const sessions = world.sessions();
      const mine = new Browser(sessions);
      await begin(mine, user);
      world.now += later;
      const late = await mine.start();
      const id = late.id as string;
      // The user's mark is raised by an update, too: the faults are for this session's alone.
      network.plan('UpdateItem', 'zombie', 'zombie', 'zombie');
      await Promise.resolve(write(late)).catch((error: unknown) => expect(error).toBeInstanceOf(StoreUnavailableError));
      const token = mine.token as string;
      await ENDINGS[name]?.end({ mine, sessions, user, id });

      expect(await network.releaseZombies()).toBe(3);
      await expectNobody(sessions, [token], id);
    });
  });

  it('1. of the bulk deletion of logOutUser, sent twice and left half undone, does no harm to a login that has come since', async () => {
    const sessions = world.sessions();
    const devices = Array.from({ length: 30 }, () => new Browser(sessions));
    await Promise.all(devices.map((device) => begin(device, user)));
    network.plan('BatchWriteItem', 'zombie', 'unprocessed', 'zombie');
    await sessions.logOutUser(user);
    const tokens = devices.map(({ token }) => token as string);
    await Promise.all(devices.slice(0, 5).map((device) => begin(device, user)));
    expect(await network.releaseZombies()).toBe(2);
    for (const token of tokens) expect((await sessions.start({ tokens: [token] })).id).toBeUndefined();
    for (const device of devices.slice(0, 5)) expect((await device.start()).userId).toBe(user);
    expect(await sessions.ofUser(user)).toHaveLength(5);
  });

  it.each<[string, (session: Session<App>) => Promise<void>]>([
    ['destroy', (session) => session.destroy()],
    ['logOut', (session) => session.logOut()],
  ])('of a %s that failed does not end a login that has come since', async (_, end) => {
    const sessions = world.sessions();
    const mine = new Browser(sessions);
    await begin(mine, user);
    const failing = await mine.start();
    network.plan('PutItem', 'zombie', 'zombie', 'zombie');
    await expect(end(failing)).rejects.toThrow(StoreUnavailableError);
    await mine.request((session) => session.logIn(user));
    expect(await network.releaseZombies()).toBe(3);
    expect((await mine.start()).userId).toBe(user);
  });

  it('1. of a creation does not come between an end that lost its answer and the next: it is told as done once', async () => {
    const sessions = world.sessions();
    const mine = new Browser(sessions);
    network.plan('PutItem', 'zombie', 'none', 'drop-after');
    await begin(mine, user);
    const [token, session] = [mine.token as string, await mine.start()];
    const id = session.id as string;
    await session.logOut();
    expect(await mine.finish(session)).toEqual({ kind: 'clear' });
    expect(await network.releaseZombies()).toBe(1);
    expect(await sessions.revoke(id)).toBe(false);
    await expectNobody(sessions, [token], id);
  });
});
