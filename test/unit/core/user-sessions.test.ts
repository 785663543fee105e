import { beforeEach, describe, expect, it } from 'vitest';
import { GuardedLayer } from '../../../src/core/guarded-layer.js';
import { loggedOutBy } from '../../../src/core/marks.js';
import { resolveOptions } from '../../../src/core/options.js';
import { enforceBound } from '../../../src/core/user-sessions.js';
import { MemoryPersistenceLayer, type PersistenceLayer, type SessionRecord } from '../../../src/index.js';
import { changeOf, newHash, newId, NOW, recordOf, stored, written } from '../../world/records.js';
import { Browser, World } from '../../world/world.js';

const USER = 'user-1';

let memory: MemoryPersistenceLayer;
let calls: string[];
let world: World;

/** A layer whose calls are counted. */
beforeEach(() => {
  memory = new MemoryPersistenceLayer();
  calls = [];
  const counted = new Proxy(memory, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        calls.push(String(name));
        return Reflect.apply(member, target, args);
      };
    },
  });
  world = new World(counted);
});

/** A layer that knows of no marks. */
function withoutMarks(layer: PersistenceLayer): PersistenceLayer {
  return new Proxy(layer, {
    get(target, name) {
      if (name === 'raiseUserMark' || name === 'loadMarks') return undefined;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

const sessionOf = (parts: Partial<SessionRecord> = {}): Promise<string> =>
  stored(memory, recordOf({ userId: USER, ...parts }));
const recordAt = (id: string): Promise<SessionRecord | undefined> => memory.loadSession(id, { now: NOW });

describe('the list of a user’s sessions', () => {
  const list = async (): Promise<readonly string[]> => (await world.sessions().ofUser(USER)).map(({ id }) => id);

  it('shows just the user’s own live ones, even if the layer brings others', async () => {
    const { userId: _, ...anonymous } = recordOf();
    const brought: Record<string, SessionRecord> = {
      ofGeneration: recordOf({ userId: USER, generation: 7 }),
      ofLater: recordOf({ userId: USER, generation: 8 }),
      ofEarlier: recordOf({ userId: USER, generation: 6 }),
      ofNoGeneration: recordOf({ userId: USER }),
      expired: recordOf({ userId: USER, generation: 7, expiresAt: NOW }),
      another: recordOf({ userId: 'user-2', generation: 7 }),
      ofOtherType: recordOf({ userId: 42, generation: 7 }),
      anonymous: { ...anonymous, generation: 7 },
    };
    memory.loadUserSessions = () => Promise.resolve({ sessions: new Map(Object.entries(brought)), generation: 7 });
    expect((await list()).toSorted()).toEqual(['ofGeneration', 'ofLater']);
  });

  it('shows those that began before there was a mark', async () => {
    const id = await sessionOf();
    expect(await list()).toEqual([id]);
  });

  it('begins with those seen last; of those seen at once with the one that began last; and is always the same', async () => {
    const brought: [string, SessionRecord][] = [
      ['b', recordOf({ userId: USER, lastSeenAt: NOW - 5, createdAt: NOW - 10 })],
      ['seen first', recordOf({ userId: USER, lastSeenAt: NOW - 9, createdAt: NOW - 9 })],
      ['seen last', recordOf({ userId: USER, lastSeenAt: NOW - 1, createdAt: NOW - 20 })],
      ['begun last', recordOf({ userId: USER, lastSeenAt: NOW - 5, createdAt: NOW - 6 })],
      ['a', recordOf({ userId: USER, lastSeenAt: NOW - 5, createdAt: NOW - 10 })],
      ['c', recordOf({ userId: USER, lastSeenAt: NOW - 5, createdAt: NOW - 10 })],
    ];
    for (const sessions of [brought, brought.toReversed()]) {
      memory.loadUserSessions = () => Promise.resolve({ sessions: new Map(sessions) });
      expect(await list()).toEqual(['seen last', 'begun last', 'a', 'b', 'c', 'seen first']);
    }
  });
});

describe('a logout everywhere but here', () => {
  /** Whether the session passes a check of its user's mark. */
  async function isAlive(id: string): Promise<boolean> {
    const record = await recordAt(id);
    return record !== undefined && loggedOutBy(id, record, await memory.loadMarks(USER)) === undefined;
  }
  const logOutBut = (id: string): Promise<void> => world.sessions().logOutUser(USER, { except: { id } });

  it('spares the session, the first time and each time after', async () => {
    const id = await sessionOf();
    for (let time = 0; time < 3; time += 1) {
      const other = await sessionOf({ generation: (await memory.loadMarks(USER)).generation ?? 0 });
      await logOutBut(id);
      expect([await isAlive(id), await isAlive(other)]).toEqual([true, false]);
    }
  });

  it.each([
    ['that an earlier one has ended and the index hid', NOW - 1],
    ['of an unmarked time that an earlier one has ended and the index hid', undefined],
  ])('does not bring back a session %s', async (_, generation) => {
    await memory.raiseUserMark(USER, NOW + 100, { now: NOW });
    const id = await sessionOf(generation === undefined ? {} : { generation });
    await logOutBut(id);
    expect(await isAlive(id)).toBe(false);
  });

  it.each<[string, Partial<SessionRecord>]>([
    ['another user', { userId: 'user-2' }],
    ['a user whose ID is of another type', { userId: 1n }],
  ])('leaves a session of %s as it is', async (_, parts) => {
    const id = await sessionOf(parts);
    const before = await recordAt(id);
    await logOutBut(id);
    expect(await recordAt(id)).toBe(before);
  });

  it('leaves an anonymous session as it is, and needs none', async () => {
    const { userId: _, ...anonymous } = recordOf();
    const id = await stored(memory, anonymous);
    await logOutBut(id);
    expect(await recordAt(id)).toBe(anonymous);
    await logOutBut(newId());
  });

  it('asks for the mark only if a session is to be spared', async () => {
    await world.sessions().logOutUser(USER);
    expect(calls).not.toContain('loadMarks');
    expect(calls).not.toContain('loadSession');
  });

  it('writes nothing to the session that it spares where there are no marks', async () => {
    const [id, other] = [await sessionOf(), await sessionOf()];
    const before = await recordAt(id);
    await new World(withoutMarks(memory)).sessions().logOutUser(USER, { except: { id } });
    expect(await recordAt(id)).toBe(before);
    expect(await recordAt(other)).toBeUndefined();
  });

  it('reads the session that it spares freshly, and says that it was everywhere', async () => {
    const id = await sessionOf();
    const load = memory.loadSession.bind(memory);
    const fresh: unknown[] = [];
    memory.loadSession = (...call) => {
      fresh.push(call[1]?.fresh);
      return load(...call);
    };
    await logOutBut(id);
    expect(fresh).toEqual([true]);
    expect(world.events).toMatchObject([{ type: 'logged-out', everywhere: true, userId: USER }]);
  });

  it('writes nothing to the session that it spares: the mark says so, in one write', async () => {
    const id = await sessionOf({ generation: 5 });
    const before = await recordAt(id);
    await logOutBut(id);
    expect(await recordAt(id)).toBe(before);
    expect((await memory.loadMarks(USER)).spared).toEqual({ id, generation: 5 });
    expect(calls.filter((call) => call === 'raiseUserMark')).toHaveLength(1);
    expect(calls).not.toContain('saveSession');
  });

  describe('while the mark is about to be raised', () => {
    /** Something happens when the session has been seen alive, and the mark is about to be raised: so many times. */
    function between(act: (time: number) => Promise<unknown>, times = 1): void {
      const raise = memory.raiseUserMark.bind(memory);
      let count = 0;
      let isActing = false;
      memory.raiseUserMark = async (...args) => {
        if (!isActing && count < times) {
          count += 1;
          isActing = true;
          await act(count);
          isActing = false;
        }
        return raise(...args);
      };
    }

    const raises = (): number => calls.filter((call) => call === 'raiseUserMark').length;

    it('leaves what another request writes: a touch, a rotation, and another secret', async () => {
      const id = await sessionOf();
      const before = (await recordAt(id)) as SessionRecord;
      const after = written(before, { secretHash: newHash(), lastSeenAt: NOW + 50, auth: 1 });
      between(() => memory.saveSession(id, after, changeOf(before, { touched: true, rotated: true }), { now: NOW }));
      await logOutBut(id);
      expect(await recordAt(id)).toEqual(after);
      expect([await isAlive(id), raises()]).toEqual([true, 1]);
    });

    it('spares it although another logout everywhere has spared it, too', async () => {
      const [id, other] = [await sessionOf(), await sessionOf()];
      between(() => logOutBut(id));
      await logOutBut(id);
      expect([await isAlive(id), await isAlive(other)]).toEqual([true, false]);
    });

    it.each<[string, (id: string) => Promise<unknown>]>([
      ['spared none', () => world.sessions().logOutUser(USER)],
      ['spared another one', async () => logOutBut(await sessionOf())],
    ])('does not bring it back if another logout everywhere has %s', async (_, logOut) => {
      const id = await sessionOf();
      between(() => logOut(id));
      await logOutBut(id);
      expect(await isAlive(id)).toBe(false);
      expect((await memory.loadMarks(USER)).spared).toBeUndefined();
    });

    it('spares it after others have, each time anew', async () => {
      const id = await sessionOf();
      const login = async (): Promise<void> => {
        const before = (await recordAt(id)) as SessionRecord;
        const generation = (await memory.raiseUserMark(USER, NOW + 100, { now: NOW })) as number;
        const after = written(before, { generation, auth: before.auth + 1 });
        await memory.saveSession(id, after, changeOf(before, { userAttached: true, rotated: true }), { now: NOW });
      };
      between(login, 5);
      await logOutBut(id);
      expect(await isAlive(id)).toBe(true);
    });

    it('gives it up some time if others never stop, ends nothing, and says that it can be tried again', async () => {
      const [id, other] = [await sessionOf(), await sessionOf()];
      between(() => memory.raiseUserMark(USER, NOW + 100, { now: NOW, spare: { id: 'x', generation: 0 } }), 1_000);
      memory.loadMarks = () => Promise.resolve({}); // as if it were read just before
      await expect(logOutBut(id)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE', retryable: true });
      expect(raises()).toBe(30);
      expect(await recordAt(other)).toBeDefined();
      expect(world.events.filter(({ type }) => type === 'logged-out')).toEqual([]);
    });
  });
});

describe('a logout everywhere', () => {
  it('ends what the list still shows, until it shows nothing new, and gives that up after 30 lists', async () => {
    const shown: string[] = [];
    memory.userSessions = async () => [...shown, await sessionOf().then((id) => (shown.push(id), id))];
    await expect(world.sessions().logOutUser(USER)).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
    expect(shown).toHaveLength(30);
    expect(await Promise.all(shown.map(recordAt))).toEqual(shown.map(() => undefined));
  });
});

describe('an exclusive login', () => {
  it.each<[string, (layer: PersistenceLayer) => PersistenceLayer]>([
    ['that has marks', (layer) => layer],
    ['without marks', withoutMarks],
  ])('deletes the user’s other sessions, more than fit into one group, from a layer %s', async (_, layerOf) => {
    const others = await Promise.all(Array.from({ length: 60 }, () => sessionOf()));
    const browser = new Browser(new World(layerOf(memory)).sessions());
    await browser.request((session) => session.logIn(USER, { exclusive: true }));
    expect(await Promise.all(others.map(recordAt))).toEqual(others.map(() => undefined));
    expect(await memory.userSessions(USER, { now: NOW })).toHaveLength(1);
  });

  it('leaves a login alone that has come after it', async () => {
    const raise = memory.raiseUserMark.bind(memory);
    let later: string | undefined;
    memory.raiseUserMark = async (...args) => {
      const generation = await raise(...args);
      later = await sessionOf({ generation: (generation as number) + 1 });
      return generation;
    };
    await new Browser(world.sessions()).request((session) => session.logIn(USER, { exclusive: true }));
    expect(await recordAt(later as string)).toBeDefined();
  });
});

describe('the bound on sessions of a user (L9)', () => {
  const logIn = (maxSessionsPerUser?: number): Promise<unknown> => {
    const options = maxSessionsPerUser === undefined ? {} : { maxSessionsPerUser };
    return new Browser(world.sessions(options)).request((session) => session.logIn(USER));
  };

  /** What a login of this session does about the bound. */
  async function enforceAt(id: string, maxSessionsPerUser: number, record?: SessionRecord): Promise<boolean> {
    const options = { persistence: memory, maxSessionsPerUser, clock: { now: () => NOW * 1_000 } };
    const own = record ?? ((await recordAt(id)) as SessionRecord);
    return enforceBound(new GuardedLayer(resolveOptions(options)), USER, [id, own]);
  }

  it('costs nothing where there is none, and one call within it', async () => {
    await logIn();
    expect(calls).not.toContain('userSessions');
    expect(calls).not.toContain('loadUserSessions');
    calls.length = 0;
    await logIn(2);
    expect(calls.filter((call) => call === 'userSessions')).toHaveLength(1);
    expect(calls).not.toContain('loadUserSessions');
  });

  it('ends each session that is too many once, and says so, however many there are', async () => {
    for (let index = 0; index < 40; index += 1) await sessionOf({ lastSeenAt: NOW - index });
    await logIn(3);
    expect(await memory.userSessions(USER, { now: NOW })).toHaveLength(3);
    const revoked = world.events.filter(({ type }) => type === 'revoked');
    expect(revoked).toHaveLength(38);
    expect(new Set(revoked.map(({ session }) => session)).size).toBe(38);
  });

  it('never ends the session that has just logged in, though a clock that is ahead has seen others later', async () => {
    for (let index = 1; index <= 4; index += 1) await sessionOf({ lastSeenAt: NOW + index });
    const browser = new Browser(world.sessions({ maxSessionsPerUser: 2 }));
    await browser.request((session) => session.logIn(USER));
    expect((await browser.start()).userId).toBe(USER);
    expect(await memory.userSessions(USER, { now: NOW })).toHaveLength(2);
  });

  it('ends the oldest logins, whichever of the sessions were seen last', async () => {
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1)
      ids.push(await sessionOf({ authenticatedAt: NOW - index - 0.5, lastSeenAt: NOW + index }));
    await logIn(3);
    const left = await Promise.all(ids.map(recordAt));
    expect(left.map((record) => record !== undefined)).toEqual([true, true, false, false, false]);
  });

  it('takes a session without a time of login for the oldest', async () => {
    const [timeless, timed] = [await sessionOf({ lastSeenAt: NOW + 9 }), await sessionOf({ authenticatedAt: 1 })];
    await logIn(2);
    expect([await recordAt(timeless), await recordAt(timed)]).toEqual([undefined, expect.anything()]);
  });

  it('ends nothing that is newer than the login: by the time, and by the ID where that is the same', async () => {
    const logins = [
      ['b', NOW + 0.2],
      ['a', NOW + 0.1],
      ['own', NOW + 0.1],
      ['z', NOW + 0.1],
      ['c', NOW],
    ] as const;
    for (const [id, authenticatedAt] of logins) {
      const record = recordOf({ userId: USER, authenticatedAt });
      await memory.saveSession(id, record, { kind: 'create' }, { now: NOW });
    }
    expect(await enforceAt('own', 2)).toBe(false);
    expect(await memory.userSessions(USER, { now: NOW })).toEqual(['b', 'a']);
    expect(await enforceAt('a', 1)).toBe(false);
    expect(await memory.userSessions(USER, { now: NOW })).toEqual(['b']);
    expect(await enforceAt('b', 1)).toBe(true);
    expect(await memory.userSessions(USER, { now: NOW })).toEqual(['b']);
  });

  it('is kept to where the index does not know of the login yet', async () => {
    const [old, own] = [await sessionOf({ authenticatedAt: NOW - 1 }), await sessionOf({ authenticatedAt: NOW })];
    memory.userSessions = () => Promise.resolve([old]);
    const list = memory.loadUserSessions.bind(memory);
    memory.loadUserSessions = async (...args) => {
      const { sessions, ...marks } = await list(...args);
      return { sessions: new Map([...sessions].filter(([id]) => id !== own)), ...marks };
    };
    expect(await enforceAt(own, 1)).toBe(true);
    expect([await recordAt(old), await recordAt(own)]).toEqual([undefined, expect.anything()]);
  });

  it('lets a login give way to so many newer ones: it is nobody’s, and no cookie is sent', async () => {
    const newer = [await sessionOf({ authenticatedAt: NOW + 1 }), await sessionOf({ authenticatedAt: NOW + 2 })];
    const browser = new Browser(world.sessions({ maxSessionsPerUser: 2 }));
    const session = await browser.start();
    session.set('theme', 'dark');
    await session.logIn(USER);
    expect([session.id, session.userId, session.keys()]).toEqual([undefined, undefined, []]);
    expect(await session.user()).toBeUndefined();
    expect(world.takeEvents()).toEqual(['created', 'logged-in', 'revoked']);
    session.set('theme', 'light');
    expect(await browser.finish(session)).toEqual({ kind: 'keep' });
    expect(world.takeEvents()).toEqual(['lost-write']);
    expect((await memory.userSessions(USER, { now: NOW })).toSorted()).toEqual(newer.toSorted());
  });

  it('lets the newest of any number of logins at once stay, in whatever order they get to it', async () => {
    for (let round = 0; round < 20; round += 1) {
      const ids = await Promise.all(
        Array.from({ length: 12 }, () => sessionOf({ authenticatedAt: NOW + Math.floor(Math.random() * 3) / 1_000 })),
      );
      const timeOf = async (id: string): Promise<number> => (await recordAt(id))?.authenticatedAt ?? 0;
      const times = new Map(await Promise.all(ids.map(async (id) => [id, await timeOf(id)] as const)));
      const newest = ids
        .toSorted((a, b) => (times.get(b) ?? 0) - (times.get(a) ?? 0) || (a < b ? -1 : 1))
        .slice(0, 5)
        .toSorted();
      const records = await Promise.all(ids.map(async (id) => [id, (await recordAt(id)) as SessionRecord] as const));
      await Promise.all(records.map(([id, record]) => enforceAt(id, 5, record)));
      expect((await memory.userSessions(USER, { now: NOW })).toSorted()).toEqual(newest);
      await memory.deleteSessions(ids, { now: NOW });
    }
  });

  it('does not end a session that has logged in again since it was listed', async () => {
    const old = await sessionOf({ authenticatedAt: 1 });
    const end = memory.deleteSession.bind(memory);
    memory.deleteSession = async (...args) => {
      const before = (await recordAt(old)) as SessionRecord;
      await memory.saveSession(old, written(before, { auth: 1 }), changeOf(before, { rotated: true }), { now: NOW });
      return end(...args);
    };
    await logIn(1);
    expect(await recordAt(old)).toMatchObject({ auth: 1 });
    expect(world.events.map(({ type }) => type)).not.toContain('revoked');
  });

  it('fails no login because the store fails: the session is logged in, and its cookie is sent', async () => {
    await sessionOf();
    memory.userSessions = () => Promise.reject(new Error('down'));
    const browser = new Browser(world.sessions({ maxSessionsPerUser: 1 }));
    expect(await browser.request((session) => session.logIn(USER))).toMatchObject({ kind: 'set' });
    expect(world.events.map(({ type }) => type)).toContain('store-failure');
    expect((await browser.start()).userId).toBe(USER);
  });

  it('is kept to by an exclusive login: that ends all others, whose it is to do', async () => {
    for (let index = 0; index < 5; index += 1) await sessionOf({ authenticatedAt: NOW + index });
    const browser = new Browser(world.sessions({ maxSessionsPerUser: 3 }));
    await browser.request((session) => session.logIn(USER, { exclusive: true }));
    expect(await memory.userSessions(USER, { now: NOW })).toHaveLength(1);
    expect((await browser.start()).userId).toBe(USER);
  });
});
