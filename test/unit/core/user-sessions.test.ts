import { beforeEach, describe, expect, it } from 'vitest';
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
    const [record, generation] = [await recordAt(id), (await memory.loadMarks(USER)).generation];
    return record !== undefined && (record.generation ?? 0) >= (generation ?? 0);
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

  describe('while the spared session is being written', () => {
    /** Another request writes when the session has been read and is about to be written. */
    function between(write: (save: MemoryPersistenceLayer['saveSession']) => Promise<unknown>): void {
      const save = memory.saveSession.bind(memory);
      memory.saveSession = async (...args) => {
        memory.saveSession = save;
        await write(save);
        return save(...args);
      };
    }

    it('leaves what another request writes: a touch, and a rotation', async () => {
      const id = await sessionOf();
      const before = (await recordAt(id)) as SessionRecord;
      const secretHash = newHash();
      between((save) =>
        save(
          id,
          written(before, { secretHash, lastSeenAt: NOW + 50 }),
          changeOf(before, { touched: true, rotated: true }),
          { now: NOW },
        ),
      );
      await logOutBut(id);
      expect(await recordAt(id)).toMatchObject({ secretHash, lastSeenAt: NOW + 50 });
      expect(await isAlive(id)).toBe(true);
    });

    it('spares it although another request changes its privileges', async () => {
      const id = await sessionOf();
      const before = (await recordAt(id)) as SessionRecord;
      between((save) =>
        save(id, written(before, { auth: 1, secretHash: newHash() }), changeOf(before, { rotated: true }), {
          now: NOW,
        }),
      );
      await logOutBut(id);
      expect(await recordAt(id)).toMatchObject({ auth: 1 });
      expect(await isAlive(id)).toBe(true);
    });
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
      later = await sessionOf({ generation: generation + 1 });
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
});
