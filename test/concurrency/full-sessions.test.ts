import { beforeEach, describe, expect, it } from 'vitest';
import { sessionAuthorizer } from '../../src/lambda/index.js';
import { MemoryPersistenceLayer, NotStorableError, type Session, Sessions } from '../../src/index.js';
import { type Setting, useStore } from '../world/setting.js';
import { stores } from '../world/stores.js';

// Two requests at once can fill a session beyond what either may set: it stays a session, and no page fails for it.

type Data = Record<string, string>;

const KB = 1_024;

describe.each(stores().filter(({ name }) => name !== 'memory'))('a session that is full, on $name', (each) => {
  let { store, world, user } = {} as Setting;
  let sessions: Sessions<Data>;
  let token: string | undefined;

  useStore(each, (setting) => {
    ({ store, world, user } = setting);
    sessions = world.sessions() as unknown as Sessions<Data>;
    token = undefined;
  });

  const start = (request: { userAgent?: string; address?: string } = {}): Promise<Session<Data>> =>
    sessions.start({ tokens: token === undefined ? [] : [token], ...request });

  const finish = async (session: Session<Data>): Promise<string> => {
    const action = await session.commit();
    if (action.kind === 'set') token = action.token;
    return action.kind;
  };

  const begin = async (data: Data = { theme: 'dark' }): Promise<void> => {
    const session = await sessions.start();
    for (const [key, value] of Object.entries(data)) session.set(key, value);
    await finish(session);
  };

  /** How long the second key's value may be, beside the first one's and the rest. */
  let longest: number | undefined;

  /** Fills the session by requests at once, each of which has room: DynamoDB has about this many bytes left then. */
  const fill = async (room: number): Promise<void> => {
    if (token === undefined) await begin();
    const [first, ...others] = (await Promise.all(Array.from({ length: 40 }, () => start()))) as [
      Session<Data>,
      ...Session<Data>[],
    ];
    first.set('first', 'x'.repeat(200 * KB));
    await first.commit();
    for (let size = (longest ?? 200 * KB) - room; others.length > 0; size -= 32) {
      const other = others.pop() as Session<Data>;
      other.set('second', 'x'.repeat(size));
      const isStored = await other.commit().then(
        () => true,
        (error: unknown) => expect(error).toBeInstanceOf(NotStorableError),
      );
      if (isStored !== true) continue;
      longest ??= size + room;
      return;
    }
    throw new Error('It was never small enough.');
  };

  const isWhole = (session: Session<Data>): boolean =>
    session.get('first')?.length === 200 * KB && (session.get('second')?.length ?? 0) > 190 * KB;

  describe('with no room left', () => {
    beforeEach(() => fill(0));

    it('is read', async () => {
      const session = await start();
      expect(isWhole(session)).toBe(true);
      expect(await finish(session)).toBe('keep');
    });

    it.each([
      ['', false],
      [', though a rotation is due for which there is no room', 3_600],
    ] as const)('is touched, and so does not expire%s', async (_, rotationInterval) => {
      sessions = world.sessions({ rotationInterval }) as unknown as Sessions<Data>;
      for (let time = 0; time < 5; time += 1) {
        world.now += 80_000;
        const session = await start();
        expect(isWhole(session)).toBe(true);
        await finish(session);
      }
    });

    it('fails no page for a touch by a client that says more of itself', async () => {
      world.now += 600;
      const session = await start({ address: '2001:db8::1', userAgent: 'Mozilla/5.0 '.repeat(30) });
      await finish(session);
      expect(isWhole(await start())).toBe(true);
    });

    it('fails no page for a rotation and its confirmation, and every cookie is good', async () => {
      for (let time = 0; time < 4; time += 1) {
        world.now += 3_600;
        await finish(await start());
        await finish(await start());
        expect(isWhole(await start())).toBe(true);
      }
    });

    it('lets an authorizer’s answer be, though there is no room for its touch', async () => {
      const login = await sessions.start();
      await login.logIn(user);
      await finish(login);
      await fill(0);
      world.now += 600;
      const answer = await sessionAuthorizer(sessions)({
        type: 'REQUEST',
        version: '2.0',
        routeArn: 'arn:aws:execute-api:eu-west-1:123456789012:api/stage/GET/x',
        rawPath: '/x',
        cookies: [`__Host-id=${token}`],
        headers: { 'user-agent': 'Mozilla/5.0 '.repeat(30) },
        requestContext: { http: { method: 'GET', path: '/x', sourceIp: '2001:db8::1' } },
      } as never);
      expect(answer).toMatchObject({ isAuthorized: true });
    });

    it('refuses a login with a typed error, if DynamoDB has no room for it, and stays as it is', async () => {
      const session = await start();
      await session
        .logIn(user.padEnd(200, 'x'))
        .catch((error: unknown) => expect(error).toBeInstanceOf(NotStorableError));
      await finish(session);
      expect(isWhole(await start())).toBe(true);
    });

    it('accepts what is stored already, and what makes it smaller', async () => {
      const session = await start();
      session.set('theme', 'dark');
      expect(await finish(session)).toBe('keep');
      const smaller = await start();
      smaller.set('theme', 'd');
      smaller.delete('second');
      await finish(smaller);
      expect((await start()).get('theme')).toBe('d');
    });

    it('is emptied, updated, taken from, logged out and destroyed', async () => {
      const taken = await start();
      expect((await taken.getAndDelete('second'))?.length).toBeGreaterThan(190 * KB);
      await finish(taken);
      expect(await (await start()).update('theme', () => 'light')).toBe('light');
      const session = await start();
      await session.logOut();
      expect(await finish(session)).toBe('clear');
    });

    it('is destroyed', async () => {
      const session = await start();
      await session.destroy();
      expect(await finish(session)).toBe('clear');
      expect((await start()).id).toBeUndefined();
    });
  });

  it.each<[string, (session: Session<Data>) => Promise<void>]>([
    ['a login', (session) => session.logIn(user)],
    ['an exclusive login', (session) => session.logIn(user, { exclusive: true })],
    ['a regenerate', (session) => session.regenerate()],
  ])('survives %s, with 700 bytes left: more than the request itself may set', async (_, reissue) => {
    await fill(700);
    expect((await start()).get('second')?.length).toBe((longest as number) - 700);
    const session = await start({ address: '2001:db8::1', userAgent: 'Mozilla/5.0' });
    expect(isWhole(session)).toBe(true);
    await reissue(session);
    expect(await finish(session)).toBe('set');
    expect(isWhole(await start())).toBe(true);
    world.now += 3_600;
    expect(await finish(await start())).toBe('set');
    expect(await finish(await start())).toBe('keep');
    expect(isWhole(await start())).toBe(true);
  });

  describe('12. of keys', () => {
    const many = (count: number, value = 'x'): Data =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`key ${index}`, value]));

    it('340 that change are refused when they are set, and nothing was done before', async () => {
      await begin();
      const session = await start();
      let set = 0;
      expect(() => {
        for (const [key, value] of Object.entries(many(340))) {
          session.set(key, value);
          set += 1;
        }
      }).toThrow(NotStorableError);
      expect(set).toBe(200);
      expect(await store.persistence.loadMarks?.(user, { now: world.now, fresh: true })).not.toHaveProperty(
        'generation',
      );

      await session.logIn(user, { exclusive: true });
      await finish(session);
      const found = await start();
      expect([found.userId, found.keys().length]).toEqual([user, 201]);
    });

    const requests: [string, (session: Session<Data>) => unknown][] = [
      ['a save', (session) => session.save()],
      ['a touch and a rotation', () => {}],
      ['a login', (session) => session.logIn(user)],
      ['an exclusive login', (session) => session.logIn(user, { exclusive: true })],
      ['a regenerate', (session) => session.regenerate()],
      ['a getAndDelete', (session) => session.getAndDelete('theme')],
    ];

    it.each(requests)('200 are written in one request, together with %s', async (_, act) => {
      await begin();
      world.now += 7_200;
      const session = await start({ address: '2001:db8::1', userAgent: 'Mozilla/5.0' });
      for (const [key, value] of Object.entries(many(200))) session.set(key, value);
      await act(session);
      await finish(session);
      const found = await start();
      expect(found.keys().filter((key) => key.startsWith('key '))).toHaveLength(200);
    });

    it.each(requests)('200 are taken away in one request, together with %s', async (_, act) => {
      await begin({ theme: 'dark', ...many(200) });
      world.now += 7_200;
      const session = await start({ address: '2001:db8::1', userAgent: 'Mozilla/5.0' });
      for (const key of Object.keys(many(200))) session.delete(key);
      await act(session);
      await finish(session);
      expect((await start()).keys().filter((key) => key.startsWith('key '))).toEqual([]);
    });

    it('100 are written and 100 taken away in one request after a write that failed and one that was confirmed', async () => {
      await begin({ theme: 'dark', ...many(100) });
      world.now += 7_200;
      await finish(await start());
      const session = await start({ address: '2001:db8::1', userAgent: 'Mozilla/5.0' });
      for (const key of Object.keys(many(100))) session.delete(key);
      for (const key of Object.keys(many(100))) session.set(`new ${key}`, 'y');
      await finish(session);
      expect((await start()).keys()).toHaveLength(101);
    });

    it('1,000 are written in a session that begins', async () => {
      await begin(many(1_000));
      expect((await start()).keys()).toHaveLength(1_000);
      const login = await sessions.start();
      for (const [key, value] of Object.entries(many(1_000))) login.set(key, value);
      await login.logIn(user);
      await finish(login);
      expect((await start()).keys()).toHaveLength(1_000);
    });

    it('300 that are set to what is stored already are no change', async () => {
      await begin(many(300));
      const session = await start();
      for (const [key, value] of Object.entries(many(300))) session.set(key, value);
      expect(await finish(session)).toBe('keep');
    });

    it('200 at a time are written by a request that saves in between', async () => {
      await begin();
      const session = await start();
      for (const [index, [key, value]] of Object.entries(many(500)).entries()) {
        session.set(key, value);
        if (index % 200 === 199) await session.save();
      }
      await finish(session);
      expect((await start()).keys()).toHaveLength(501);
    });
  });
});

describe('setting many keys', () => {
  /** A layer that can store as much as DynamoDB can, and keeps nothing. */
  const limited = (): Sessions<Data> =>
    new Sessions<Data>({
      persistence: Object.assign(new MemoryPersistenceLayer(), {
        limits: { dataBytes: 400 * KB, keyOverhead: 5, changedKeys: 200 },
      }),
    });

  const startWith = async (keys: number): Promise<Session<Data>> => {
    const sessions = limited();
    const begun = await sessions.start();
    for (let index = 0; index < keys; index += 1) begun.set(`stored ${index}`, 'x');
    const action = await begun.commit();
    return sessions.start({ tokens: action.kind === 'set' ? [action.token] : [] });
  };

  /** How many times as long the one takes as the other: by the shortest of many runs, in turns. */
  const ratioOf = async (one: () => Promise<() => void>, other: () => Promise<() => void>): Promise<number> => {
    const shortest = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let round = 0; round < 15; round += 1) {
      for (const [index, prepare] of [one, other].entries()) {
        const act = await prepare();
        const before = performance.now();
        act();
        shortest[index] = Math.min(shortest[index] as number, performance.now() - before);
      }
    }
    return (shortest[0] as number) / (shortest[1] as number);
  };

  const setMany = (session: Session<Data>, count: number, keyOf: (index: number) => string): void => {
    for (let index = 0; index < count; index += 1) session.set(keyOf(index), `${index}`);
  };

  it.each<[string, (index: number) => string]>([
    ['keys of a new session', (index) => `key ${index}`],
    ['the same keys again and again', (index) => `key ${index % 150}`],
  ])('takes time in proportion to their number: %s', async (_, keyOf) => {
    const inOne = async (): Promise<() => void> => {
      const session = await limited().start();
      return () => setMany(session, 16_000, keyOf);
    };
    const inSixteen = async (): Promise<() => void> => {
      const sessions = await Promise.all(Array.from({ length: 16 }, () => limited().start()));
      return () => {
        for (const session of sessions) setMany(session, 1_000, keyOf);
      };
    };
    expect(await ratioOf(inOne, inSixteen)).toBeLessThan(6); // 16, if each went through those before it
  });

  it('takes the same time, however many keys are stored', async () => {
    const keyOf = (index: number): string => `key ${index % 150}`;
    const over = (keys: number) => async (): Promise<() => void> => {
      const session = await startWith(keys);
      return () => setMany(session, 8_000, keyOf);
    };
    expect(await ratioOf(over(5_000), over(50))).toBeLessThan(3);
  });
});
