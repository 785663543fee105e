import { describe, expect, it } from 'vitest';
import { MemoryPersistenceLayer, type PersistenceLayer, type SessionsOptions } from '../../../src/index.js';
import { Browser, World } from '../../world/world.js';

/** A world whose layer counts what is written. */
function counting(
  options: SessionsOptions = {},
  replaced: Partial<PersistenceLayer> = {},
): {
  readonly world: World;
  readonly browser: Browser;
  readonly sessions: ReturnType<World['sessions']>;
  readonly writes: string[];
} {
  const writes: string[] = [];
  const memory = new MemoryPersistenceLayer();
  const persistence: PersistenceLayer = new Proxy(memory as PersistenceLayer, {
    get(target, name) {
      const member: unknown = Reflect.get(name in replaced ? replaced : target, name);
      if (typeof member !== 'function') return member;
      return (...parameters: unknown[]) => {
        if (/^(save|delete|raise)/.test(String(name))) writes.push(String(name));
        return Reflect.apply(member, target, parameters) as unknown;
      };
    },
  });
  const world = new World(persistence);
  const sessions = world.sessions(options);
  return { world, sessions, writes, browser: new Browser(sessions) };
}

const tokensOf = ({ token }: Browser): string[] => (token === undefined ? [] : [token]);

describe('sessions.read', () => {
  it('shows what is stored, and writes neither a touch nor a rotation', async () => {
    const { world, sessions, browser, writes } = counting();
    await browser.request((session) => session.logIn('alice'));
    await browser.request((session) => session.set('theme', 'dark'));
    world.now += 7_200;
    writes.length = 0;
    const session = await sessions.read({ tokens: tokensOf(browser) });
    expect([session.userId, session.get('theme'), session.lastSeenAt]).toEqual([
      'alice',
      'dark',
      new Date((world.now - 7_200) * 1000),
    ]);
    expect(writes).toEqual([]);
  });

  it('L3: refuses a retired secret, and leaves it to the next request that can write to end the session', async () => {
    const { world, sessions, browser, writes } = counting();
    await browser.request((session) => session.logIn('alice'));
    const thief = [browser.token as string];
    world.now += 3_600;
    await browser.request(); // rotates
    await browser.request(); // shows the new secret
    world.now += 121;
    writes.length = 0;
    world.takeEvents();

    expect((await sessions.read({ tokens: thief })).userId).toBeUndefined();
    expect(world.events).toEqual([expect.objectContaining({ type: 'reused', outcome: 'reported' })]);
    expect(writes).toEqual([]);
    expect((await sessions.read({ tokens: tokensOf(browser) })).userId).toBe('alice');

    expect((await sessions.start({ tokens: thief })).userId).toBeUndefined();
    expect((await sessions.read({ tokens: tokensOf(browser) })).userId).toBeUndefined();
  });

  it('F11: refuses a client that the policy would end the session for', async () => {
    const { world, sessions, browser, writes } = counting({ acceptRemoteIp: { otherwise: 'destroy' } });
    const session = await browser.start({ address: '203.0.113.7' });
    await session.logIn('alice');
    await browser.finish(session);
    writes.length = 0;
    world.takeEvents();
    const strange = { tokens: tokensOf(browser), address: '198.51.100.66' };
    expect((await sessions.read(strange)).userId).toBeUndefined();
    expect(world.events).toEqual([expect.objectContaining({ type: 'anomaly', reason: 'address', outcome: 'refused' })]);
    expect(writes).toEqual([]);
    expect((await sessions.read({ ...strange, address: '203.0.113.7' })).userId).toBe('alice');
  });

  it('L8: refuses a session of a user who was logged out everywhere, hidden by the index', async () => {
    const hidden = {
      userSessions: async () => [],
      loadUserSessions: undefined,
    } as unknown as Partial<PersistenceLayer>;
    const { sessions, browser, writes } = counting({ revocationCheck: 'always' }, hidden);
    await browser.request((session) => session.logIn('alice'));
    expect((await sessions.read({ tokens: tokensOf(browser) })).userId).toBe('alice');
    await sessions.logOutUser('alice');
    writes.length = 0;
    expect((await sessions.read({ tokens: tokensOf(browser) })).userId).toBeUndefined();
    expect(writes).toEqual([]);
  });

  it('knows no session of a stranger, and cannot make one', async () => {
    const { sessions, writes } = counting();
    const session = await sessions.read({ create: true } as never);
    expect([session.id, session.keys()]).toEqual([undefined, []]);
    expect(writes).toEqual([]);
  });

  it('loads the user', async () => {
    const { sessions, browser } = counting({}, { loadUser: async (id) => ({ id, roles: ['admin'] }) });
    await browser.request((session) => session.logIn('alice'));
    const session = await sessions.read({ tokens: tokensOf(browser) });
    expect(await session.user()).toEqual({ id: 'alice', roles: ['admin'] });
  });
});

describe('session.touch', () => {
  it('lets the session live on, and does not replace the secret', async () => {
    const { world, sessions, browser, writes } = counting({ idleTimeout: 3_600, rotationInterval: 60 });
    await browser.request((session) => session.logIn('alice'));
    for (let visit = 1; visit <= 5; visit += 1) {
      world.now += 3_000;
      const session = await sessions.start({ tokens: tokensOf(browser) });
      await session.touch();
      expect(session.expiresAt).toEqual(new Date((world.now + 3_600) * 1000));
    }
    expect(world.takeEvents()).not.toContain('rotated');
    expect((await sessions.start({ tokens: tokensOf(browser) })).userId).toBe('alice');
    expect(writes.filter((call) => call === 'saveSession')).toHaveLength(6);
  });

  it('writes nothing while nothing is due', async () => {
    const { sessions, browser, writes } = counting();
    await browser.request((session) => session.logIn('alice'));
    writes.length = 0;
    const session = await sessions.start({ tokens: tokensOf(browser) });
    await session.touch();
    await (await sessions.start()).touch();
    expect(writes).toEqual([]);
  });

  it('L2: tells that the new secret was seen, so that the old one retires', async () => {
    const { world, sessions, browser } = counting();
    await browser.request((session) => session.logIn('alice'));
    const old = [browser.token as string];
    world.now += 3_600;
    await browser.request(); // rotates
    await (await sessions.start({ tokens: tokensOf(browser) })).touch();
    world.now += 119;
    expect((await sessions.start({ tokens: old })).userId).toBe('alice');
    world.now += 1;
    expect((await sessions.start({ tokens: old })).userId).toBeUndefined();
  });

  it('L7: throws if the session was ended meanwhile', async () => {
    const { world, sessions, browser } = counting();
    await browser.request((session) => session.logIn('alice'));
    world.now += 600;
    const session = await sessions.start({ tokens: tokensOf(browser) });
    await sessions.logOutUser('alice');
    await expect(session.touch()).rejects.toMatchObject({ code: 'ERR_SESSION_GONE' });
  });
});
