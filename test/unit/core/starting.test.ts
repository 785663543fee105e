import { beforeEach, describe, expect, it } from 'vitest';
import {
  ConfigurationError,
  type DeleteCondition,
  MemoryPersistenceLayer,
  type PersistenceLayer,
  type SessionsOptions,
  StoreUnavailableError,
} from '../../../src/index.js';
import { Browser, World } from '../../world/world.js';

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
    expect([await userOf([second]), reads]).toEqual(['user-1', [false]]);
    expect([await userOf([second, UNKNOWN]), reads]).toEqual(['user-1', [true, true]]);
  });

  it('one that is bad is looked at again, freshly, where reads may be stale; one that is good is not', async () => {
    const { id, second } = await rotated();
    const bad = `${id}.${'A'.repeat(32)}`;
    expect([await userOf([bad]), reads]).toEqual([undefined, [false]]);
    overrides = { mayBeStale: true };
    expect([await userOf([bad]), reads]).toEqual([undefined, [false, true]]);
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
});

describe('a session whose user has been logged out since', () => {
  const always = { revocationCheck: 'always' } as const;
  const raise = (): Promise<number> => memory.raiseUserMark('user-1', world.now + 9_999, { now: world.now });

  it('is none, and deleted unless it has been spared', async () => {
    const { token } = await loggedIn();
    const generation = await raise();
    expect(await userOf([token as string], always)).toBeUndefined();
    expect(world.events.at(-1)).toMatchObject({ type: 'revoked', reason: 'logged-out-everywhere' });
    expect(deletes).toEqual([{ generationBelow: generation }]);
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
    overrides = { deleteSession: () => Promise.reject(new ConfigurationError('wrong')) };
    await expect(userOf([token as string], always)).rejects.toThrow(ConfigurationError);
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
