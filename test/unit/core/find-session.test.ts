import { beforeEach, describe, expect, it } from 'vitest';
import {
  NotStorableError,
  type DeleteCondition,
  MemoryPersistenceLayer,
  type PersistenceLayer,
  type Session,
  SessionGoneError,
  type SessionsOptions,
  StoreUnavailableError,
} from '../../../src/index.js';
import { type App, Browser, World } from '../../world/world.js';

const UNKNOWN = `${'A'.repeat(22)}.${'A'.repeat(32)}`;

/** A session logged in, rotated once, and seen with its new secret: its first token is on its way to retire. */
interface Rotated {
  readonly id: string;
  readonly first: string;
  readonly second: string;
}

let memory: MemoryPersistenceLayer;
let overrides: Partial<PersistenceLayer>;
/** Whether each read asked for a fresh answer. */
let reads: boolean[];
let deletes: DeleteCondition[];
let world: World;

beforeEach(() => {
  memory = new MemoryPersistenceLayer();
  overrides = {};
  reads = [];
  deletes = [];
  world = new World(
    new Proxy(memory as PersistenceLayer, {
      get(target, name) {
        const member: unknown = Reflect.get(overrides, name) ?? Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return (...call: unknown[]): unknown => {
          if (name === 'loadSession') reads.push((call[1] as { fresh: boolean }).fresh);
          if (name === 'deleteSession') deletes.push(call[1] as DeleteCondition);
          return member.apply(target, call) as unknown;
        };
      },
    }),
  );
});

async function loggedIn(options: SessionsOptions = {}, user = 'user-1'): Promise<Browser> {
  const browser = new Browser(world.sessions(options));
  await browser.request((session) => session.logIn(user));
  return browser;
}

async function rotated(): Promise<Rotated> {
  const browser = await loggedIn();
  const first = browser.token as string;
  world.now += 3_600;
  await browser.request();
  await browser.request();
  return { id: first.split('.')[0] as string, first, second: browser.token as string };
}

const userOf = async (tokens: readonly string[], options: SessionsOptions = {}): Promise<unknown> => {
  reads.length = 0;
  return (await world.sessions(options).start({ tokens })).userId;
};

describe('of the tokens that a request shows', () => {
  it('one costs one read, and two of two sessions a fresh one each', async () => {
    const { second } = await rotated();
    expect([await userOf([second]), reads]).toEqual(['user-1', [true]]);
    expect([await userOf([second, UNKNOWN]), reads]).toEqual(['user-1', [true, true]]);
    overrides = { mayBeStale: true };
    expect([await userOf([second]), reads]).toEqual(['user-1', [false]]);
    expect([await userOf([second, UNKNOWN]), reads]).toEqual(['user-1', [true, true]]);
  });

  it.each([false, true])('one of an expired session is told of once: where reads may be stale is %s', async (stale) => {
    const { token: expired = '' } = await loggedIn({ idleTimeout: 60 });
    const { token: other = '' } = await loggedIn({ idleTimeout: 60 });
    world.now += 60;
    overrides = { mayBeStale: stale };
    world.takeEvents();
    await userOf([expired]);
    expect(world.takeEvents()).toEqual(['expired']);
    await userOf([expired, other]);
    expect(world.takeEvents()).toEqual(['expired', 'expired']);
  });

  it('one that is bad is looked at again, freshly, where reads may be stale; one that is good is not', async () => {
    const { id, second } = await rotated();
    const bad = `${id}.${'A'.repeat(32)}`;
    expect([await userOf([bad]), reads]).toEqual([undefined, [true]]);
    overrides = { mayBeStale: true };
    expect([await userOf([bad]), reads]).toEqual([undefined, [false, true]]);
    expect([await userOf([UNKNOWN]), reads]).toEqual([undefined, [false, true]]);
    expect([await userOf([bad, second]), reads]).toEqual(['user-1', [false]]);
  });

  it('the current one counts, in whichever order they come: no cookie is sent again', async () => {
    const { first, second } = await rotated();
    for (const tokens of [
      [first, second],
      [second, first],
    ]) {
      const session = await world.sessions().start({ tokens });
      expect(await session.commit()).toEqual({ kind: 'keep' });
    }
  });

  it('each proves the session whose ID it has, and no other', async () => {
    const victim = await rotated();
    const own = (await loggedIn({}, 'mallory')).token as string;
    const [ownId, ownSecret] = own.split('.');
    expect(await userOf([`${victim.id}.${ownSecret}`, `${ownId}.${'A'.repeat(32)}`])).toBeUndefined();
    const secret = victim.second.split('.')[1];
    expect(await userOf([`${ownId}.${secret}`, `${victim.id}.${'A'.repeat(32)}`])).toBeUndefined();
    expect(await userOf([victim.second])).toBe('user-1');
  });
});

describe('two live sessions that a request proves', () => {
  const both = async (): Promise<string[]> => [
    (await loggedIn({}, 'alice')).token as string,
    (await loggedIn({}, 'mallory')).token as string,
  ];

  it('are nobody’s, and go on', async () => {
    const tokens = await both();
    world.takeEvents();
    expect(await userOf(tokens)).toBeUndefined();
    expect(world.events).toMatchObject([{ type: 'anomaly', reason: 'ambiguous-token', outcome: 'refused' }]);
    for (const [index, token] of tokens.entries()) expect(await userOf([token])).toBe(['alice', 'mallory'][index]);
  });

  it('are not replaced by a third: what is set is lost, and says so', async () => {
    const tokens = await both();
    const session = await world.sessions().start({ tokens });
    session.set('theme', 'dark');
    world.takeEvents();
    expect(await session.commit()).toEqual({ kind: 'keep' });
    expect(world.takeEvents()).toEqual(['lost-write']);
    for (const token of tokens) expect((await world.sessions().start({ tokens: [token] })).keys()).toEqual([]);
  });

  it.each<[string, (session: Session<App>) => Promise<void>, string[]]>([
    ['a logout', (session) => session.logOut(), ['logged-out']],
    ['a destroy', (session) => session.destroy(), ['destroyed']],
  ])('are both ended by %s, and the cookie is cleared', async (_, end, events) => {
    const tokens = await both();
    const session = await world.sessions().start({ tokens });
    world.takeEvents();
    await end(session);
    expect(world.takeEvents()).toEqual(events);
    expect(await session.commit()).toEqual({ kind: 'clear' });
    for (const token of tokens) expect(await userOf([token])).toBeUndefined();
  });

  it('are both ended by a login, which gets a session of its own', async () => {
    const tokens = await both();
    const session = await world.sessions().start({ tokens });
    session.set('theme', 'dark');
    await session.logIn('bob');
    const action = await session.commit();
    for (const token of tokens) expect(await userOf([token])).toBeUndefined();
    expect(await userOf([action.kind === 'set' ? action.token : ''])).toBe('bob');
  });

  it('are left to a login that has taken one of them over meanwhile; the other is ended', async () => {
    const tokens = await both();
    const session = await world.sessions().start({ tokens });
    const other = await world.sessions().start({ tokens: tokens.slice(0, 1) });
    await other.logIn('alice');
    const action = await other.commit();
    await session.logOut();
    expect(await session.commit()).toEqual({ kind: 'clear' });
    expect(await userOf([action.kind === 'set' ? action.token : ''])).toBe('alice');
    expect(await userOf(tokens.slice(1))).toBeUndefined();
  });

  it('are three or more: nobody’s, and of none of them is anything read', async () => {
    const tokens = [...(await both()), (await loggedIn({}, 'bob')).token as string];
    expect([await userOf(tokens), reads]).toEqual([undefined, []]);
    expect(world.events.at(-1)).toMatchObject({ type: 'anomaly', reason: 'ambiguous-token', outcome: 'refused' });
  });
});

describe('a request that was overtaken', () => {
  const GRACE = 120;

  /** What has happened to the session since its cookie was sent. */
  const changes: [string, (browser: Browser) => Promise<void>][] = [
    ['ended', async ({ token = '' }) => void (await world.sessions().revoke(token.split('.')[0] as string))],
    ['logged out', (browser) => browser.start().then((session) => session.logOut())],
    [
      'regenerated',
      async (browser) => {
        const session = await browser.start();
        await session.regenerate();
        await session.commit();
      },
    ],
    ['taken over by a login', (browser) => browser.start().then((session) => session.logIn('user-1'))],
  ];

  it.each(changes)('by less than the grace, as its session was %s, begins no session', async (_, change) => {
    const browser = await loggedIn();
    await change(browser);
    world.now += GRACE - 1;
    const session = await browser.start();
    expect([session.id, session.userId]).toEqual([undefined, undefined]);
    session.set('theme', 'dark');
    world.takeEvents();
    expect(await session.commit()).toEqual({ kind: 'keep' });
    expect(world.takeEvents()).toEqual(['lost-write']);
  });

  it.each(changes)('by the grace, as its session was %s, begins one', async (_, change) => {
    const browser = await loggedIn();
    await change(browser);
    world.now += GRACE;
    expect(await browser.request((session) => session.set('theme', 'dark'))).toMatchObject({ kind: 'set' });
    expect((await browser.start()).get('theme')).toBe('dark');
  });

  it.each<[string, (session: Session<App>) => Promise<unknown>]>([
    [
      'save',
      (session) => {
        session.set('theme', 'dark');
        return session.save();
      },
    ],
    ['update', (session) => session.update('visits', () => 1)],
  ])('refuses an explicit %s, and says that the session is gone', async (_, write) => {
    const browser = await loggedIn();
    await changes[0]?.[1](browser);
    const session = await browser.start();
    await expect(write(session)).rejects.toThrow(SessionGoneError);
    expect(await session.commit()).toEqual({ kind: 'keep' });
  });

  it('begins no session although it is told to create one', async () => {
    const browser = await loggedIn();
    await changes[0]?.[1](browser);
    const session = await browser.start({ create: true });
    expect(await session.commit()).toEqual({ kind: 'keep' });
    expect(session.id).toBeUndefined();
  });

  it.each(changes)('can log in all the same, as its session was %s', async (name, change) => {
    const browser = await loggedIn();
    await browser.request((session) => session.set('cart', ['pen']));
    await change(browser);
    await browser.request(async (session) => {
      session.set('theme', 'dark');
      await session.logIn('user-1');
    });
    const session = await browser.start();
    expect([session.userId, session.get('theme')]).toEqual(['user-1', 'dark']);
    // Of a session that lives on, and is the same user's, the data is known: so is it after a login sent twice.
    const livesOn = name !== 'ended' && name !== 'logged out';
    expect(session.get('cart')).toEqual(livesOn ? ['pen'] : undefined);
  });

  it('carries nothing of the session into the login of another user', async () => {
    const browser = await loggedIn();
    await browser.request((session) => session.set('cart', ['pen']));
    await changes[3]?.[1](browser);
    await browser.request((session) => session.logIn('bob'));
    const session = await browser.start();
    expect([session.userId, session.keys()]).toEqual(['bob', []]);
  });

  it('begins a session with what it sets after a login of its own', async () => {
    const browser = await loggedIn();
    await changes[0]?.[1](browser);
    await browser.request(async (session) => {
      await session.logIn('user-1');
      session.set('theme', 'dark');
    });
    expect((await browser.start()).get('theme')).toBe('dark');
  });

  it('is one whose session has just been found dead: nothing that it sets begins another', async () => {
    const browser = await loggedIn();
    await memory.raiseUserMark('user-1', world.now + 9_999, { now: world.now });
    const session = await world.sessions({ revocationCheck: 'always' }).start({ tokens: [browser.token as string] });
    session.set('theme', 'dark');
    expect(await session.commit()).toEqual({ kind: 'keep' });
  });

  it('is none if its token names a session that has expired', async () => {
    const browser = await loggedIn();
    world.now += 86_400;
    expect(await browser.request((session) => session.set('theme', 'dark'))).toMatchObject({ kind: 'set' });
  });

  it('is none if its token names a session that never was', async () => {
    const session = await world.sessions().start({ tokens: [UNKNOWN] });
    session.set('theme', 'dark');
    expect(await session.commit()).toMatchObject({ kind: 'set' });
  });

  it('is none if a second cookie is good', async () => {
    const [other, browser] = [await loggedIn(), await loggedIn({}, 'alice')];
    const ended = other.token as string;
    await changes[0]?.[1](other);
    const session = await world.sessions().start({ tokens: [ended, browser.token as string] });
    expect(session.userId).toBe('alice');
    session.set('theme', 'dark');
    expect(await session.commit()).toEqual({ kind: 'keep' });
    expect((await browser.start()).get('theme')).toBe('dark');
  });
});

describe('a retired secret that comes back', () => {
  it.each([
    ['revoke', 'revoked', undefined],
    ['report', 'reported', 'user-1'],
  ] as const)('with reuse: %s, is %s', async (reuse, outcome, user) => {
    const { first, second } = await rotated();
    world.now += 120;
    expect(await userOf([first], { reuse })).toBeUndefined();
    expect(world.events.at(-1)).toMatchObject({ type: 'reused', outcome });
    expect(await userOf([second])).toBe(user);
  });

  it('says nothing where a second cookie is good', async () => {
    const { first, second } = await rotated();
    world.now += 120;
    const browser = await loggedIn({}, 'alice');
    expect(await userOf([first, browser.token as string])).toBe('alice');
    expect(world.events.map(({ type }) => type)).not.toContain('reused');
    expect(await userOf([second])).toBe('user-1');
  });
});

describe('what has been taken over before it could be ended', () => {
  it('is told of as it is: a retired secret has ended nothing, and a strange client is refused', async () => {
    const { first, second } = await rotated();
    world.now += 120;
    overrides = { deleteSession: () => Promise.resolve({ kind: 'refused' }) };
    expect(await userOf([first])).toBeUndefined();
    expect(world.events.at(-1)).toMatchObject({ type: 'reused', outcome: 'reported' });
    const options: SessionsOptions = { acceptChangingUserAgent: { otherwise: 'destroy' } };
    expect((await world.sessions(options).start({ tokens: [second], userAgent: 'curl' })).userId).toBeUndefined();
    expect(world.events.at(-1)).toMatchObject({ type: 'anomaly', outcome: 'refused' });
  });
});

describe('a client that is another', () => {
  it.each([
    ['report', 'reported', 'user-1'],
    ['destroy', 'destroyed', undefined],
  ] as const)('with otherwise: %s, is %s', async (otherwise, outcome, user) => {
    const { second } = await rotated();
    const options: SessionsOptions = { acceptChangingUserAgent: { otherwise } };
    const session = await world.sessions(options).start({ tokens: [second], userAgent: 'curl' });
    expect(session.userId).toBe(user);
    expect(world.events.at(-1)).toMatchObject({ type: 'anomaly', reason: 'user-agent', outcome });
    expect(await userOf([second])).toBe(user);
  });

  it('gets nothing of the session by a login of the same user', async () => {
    const browser = await loggedIn();
    await browser.request((session) => session.set('theme', 'dark'));
    const options: SessionsOptions = { acceptChangingUserAgent: { otherwise: 'destroy' } };
    const session = await world.sessions(options).start({ tokens: [browser.token as string], userAgent: 'curl' });
    await session.logIn('user-1');
    expect(session.get('theme')).toBeUndefined();
  });

  it('is none where its address is not known, and leaves the one that is stored', async () => {
    const options: SessionsOptions = { acceptRemoteIp: { otherwise: 'destroy' } };
    const browser = new Browser(world.sessions(options));
    const login = await browser.start({ address: '203.0.113.7' });
    await login.logIn('user-1');
    await browser.finish(login);
    world.takeEvents();
    world.now += 300; // a touch is due
    await browser.request();
    expect(world.takeEvents()).toEqual([]);
    const [device] = await world.sessions(options).ofUser('user-1');
    expect(device).toMatchObject({ address: '203.0.113.7', lastSeenAt: new Date(world.now * 1_000) });
    const stranger = { tokens: [browser.token as string], address: '198.51.100.66' };
    expect((await world.sessions(options).start(stranger)).userId).toBeUndefined();
  });
});

describe('a session whose user has been logged out since', () => {
  const always = { revocationCheck: 'always' } as const;
  const raise = (): Promise<number | undefined> =>
    memory.raiseUserMark('user-1', world.now + 9_999, { now: world.now });

  it('is none, and deleted unless it has been spared', async () => {
    const { token } = await loggedIn();
    const generation = await raise();
    expect(await userOf([token as string], always)).toBeUndefined();
    expect(world.events.at(-1)).toMatchObject({ type: 'revoked', reason: 'logged-out-everywhere' });
    expect(deletes).toEqual([{ auth: 0, generationBelow: generation }]);
  });

  it('with everyone else is none, and deleted unless it has been logged in again', async () => {
    const { token } = await loggedIn();
    await memory.raiseEpoch();
    await raise();
    expect(await userOf([token as string], always)).toBeUndefined();
    expect(world.events.at(-1)).toMatchObject({ type: 'revoked', reason: 'everyone-logged-out' });
    expect(deletes).toEqual([{ auth: 0 }]);
  });

  it('is none although it cannot be deleted; another error is not hidden', async () => {
    const { token } = await loggedIn();
    await raise();
    overrides = { deleteSession: () => Promise.reject(new Error('down')) };
    expect(await userOf([token as string], always)).toBeUndefined();
    overrides = { deleteSession: () => Promise.reject(new NotStorableError('wrong')) };
    await expect(userOf([token as string], always)).rejects.toThrow(NotStorableError);
    overrides = { loadMarks: () => Promise.reject(new Error('down')) };
    await expect(userOf([token as string], always)).rejects.toThrow(StoreUnavailableError);
  });

  it('lives on where nobody looks, and is looked at when a touch is due', async () => {
    const { token } = await loggedIn();
    await raise();
    world.now += 300;
    expect(await userOf([token as string], { revocationCheck: 'never' })).toBe('user-1');
    expect(await userOf([token as string], { touchInterval: 400 })).toBe('user-1');
    expect(await userOf([token as string])).toBeUndefined();
  });
});
