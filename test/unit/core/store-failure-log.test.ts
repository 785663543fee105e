import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { ExpressSessionStore } from '../../../src/express/index.js';
import { MemoryPersistenceLayer, Sessions, StoreUnavailableError } from '../../../src/index.js';
import { layerWith } from '../../world/layer-with.js';
import { newId, NOW } from '../../world/records.js';
import { secretsIn } from '../../world/secrets.js';

const secret = 'Kq3vKq3vKq3vKq3vKq3vKq3vKq3vKq3v';
const clock = { now: () => now * 1_000 };
let now: number;
let written: MockInstance<typeof console.error>;

beforeEach(() => {
  now = NOW;
  written = vi.spyOn(console, 'error').mockImplementation(() => {});
});
afterEach(() => vi.restoreAllMocks());

const lines = (): unknown[] => written.mock.calls.splice(0).map((line) => (line.length === 1 ? line[0] : line));

/** Sessions whose store fails with what is thrown. */
const failing = (fail: () => Error, onEvent?: () => void): Sessions =>
  new Sessions({
    persistence: layerWith(new MemoryPersistenceLayer(), {
      loadSession: () => Promise.reject(fail()),
      loadUserSessions: () => Promise.reject(fail()),
    }),
    clock,
    ...(onEvent && { onEvent }),
  });

const load = async (sessions: Sessions): Promise<void> =>
  expect(sessions.start({ tokens: [`${newId()}.${secret}`] })).rejects.toThrow(StoreUnavailableError);
const list = async (sessions: Sessions): Promise<void> =>
  expect(sessions.ofUser('user-1')).rejects.toThrow(StoreUnavailableError);

const denied = (): Error =>
  new StoreUnavailableError('Access was denied.', {
    cause: Object.assign(new Error(secret), { name: 'AccessDeniedException' }),
    retryable: false,
  });

describe('a failure of the store, where nobody listens to events', () => {
  it('is written to the console in one line: what was asked, what went wrong, and the kind of the cause', async () => {
    await load(failing(denied));
    expect(lines()).toEqual([
      'dynamodb-sessions: loadSession failed: Access was denied. (cause: AccessDeniedException; onEvent is given all of it)',
    ]);
  });

  it('is written once a minute, each kind', async () => {
    const sessions = failing(denied);
    await load(sessions);
    await load(sessions);
    await list(sessions);
    expect(lines()).toEqual([
      expect.stringContaining('loadSession failed'),
      expect.stringContaining('loadUserSessions failed'),
    ]);
    now += 59;
    await load(sessions);
    expect(lines()).toEqual([]);
    now += 1;
    await load(sessions);
    expect(lines()).toEqual([expect.stringContaining('loadSession failed')]);
  });

  it('is written again when it is another', async () => {
    let message = 'Not found.';
    const sessions = failing(() => new StoreUnavailableError(message, { retryable: false }));
    await load(sessions);
    message = 'Access was denied.';
    await load(sessions);
    expect(lines()).toEqual([
      'dynamodb-sessions: loadSession failed: Not found.',
      'dynamodb-sessions: loadSession failed: Access was denied.',
    ]);
  });

  it('is not silenced by a clock that was put back', async () => {
    const sessions = failing(denied);
    await load(sessions);
    now -= 3_600;
    await load(sessions);
    expect(lines()).toHaveLength(2);
  });

  it('names a network’s fault by its code', async () => {
    await load(failing(() => Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })));
    expect(lines()).toEqual([expect.stringMatching(/its error is the cause\. \(cause: ECONNRESET;/)]);
  });

  it.each([
    ['message', () => new Error(secret)],
    ['name', () => Object.assign(new Error(), { name: `${newId()}.${secret}` })],
    ['code', () => Object.assign(new Error(), { code: `${newId()}.${secret}` })],
    ['headers', () => Object.assign(new Error(), { headers: { cookie: secret } })],
    ['item', () => Object.assign(new Error(), { Item: { secretHash: { B: Buffer.from(secret, 'base64url') } } })],
  ])('has nothing of a secret in the %s of what the layer throws', async (_, fail) => {
    await load(failing(fail));
    expect(written).toHaveBeenCalledOnce();
    expect(secretsIn(lines(), [secret])).toEqual([]);
  });

  it('holds no memory, and fills no log, beyond a bound, however many kinds there are', async () => {
    let count = 0;
    const sessions = failing(() => {
      count += 1;
      return new StoreUnavailableError(`${count} ${'x'.repeat(100_000)}`, { retryable: true });
    });
    for (let i = 0; i < 200; i += 1) await load(sessions);
    const first = lines() as string[];
    expect(first).toHaveLength(50);
    expect(Math.max(...first.map((line) => line.length))).toBeLessThanOrEqual(500);
    now += 60;
    await load(sessions);
    expect(lines()).toEqual([expect.stringContaining('failed: 201 x')]);
  });

  it('is written by ExpressSessionStore, once for its requests and its sessions', async () => {
    const store = new ExpressSessionStore({
      persistence: layerWith(new MemoryPersistenceLayer(), {
        loadSession: () => Promise.reject(denied()),
      }),
      clock,
    });
    await store.get('sid', () => {});
    await expect(store.sessions.revoke(newId())).rejects.toThrow(StoreUnavailableError);
    expect(lines()).toEqual([expect.stringContaining('loadSession failed: Access was denied.')]);
  });
});

describe('onEvent', () => {
  it('is told instead, and nothing is written', async () => {
    const onEvent = vi.fn<() => void>();
    await load(failing(denied, onEvent));
    expect(onEvent).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ type: 'store-failure' }));
    expect(lines()).toEqual([]);
  });

  it('is not missed for what is no failure of the store', async () => {
    const session = await new Sessions({ clock }).start();
    await session.logIn('user-1');
    await session.logOut();
    expect(lines()).toEqual([]);
  });
});
