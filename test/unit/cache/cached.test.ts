import { afterEach, describe, expect, it, vi } from 'vitest';
import { cached } from '../../../src/cache/index.js';
import {
  ConfigurationError,
  ExtendablePersistenceLayer,
  MemoryPersistenceLayer,
  type PersistenceLayer,
} from '../../../src/index.js';
import { changeOf, NOW, recordOf, stored, withData } from '../../world/records.js';
import { layerWith } from '../../world/layer-with.js';

const options = { maxAge: 5, maxSize: 100 };
const call = { now: NOW };

describe('a cached layer', () => {
  afterEach(() => vi.useRealTimers());

  it('answers from memory for maxAge, and then asks the layer beneath', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const beneath = new MemoryPersistenceLayer();
    const layer = cached(beneath, options);
    const id = await stored(layer, recordOf());
    await layer.loadSession(id, call);
    await beneath.deleteSession(id);
    vi.advanceTimersByTime(4_900);
    expect(await layer.loadSession(id, call)).toBeDefined();
    vi.advanceTimersByTime(200);
    expect(await layer.loadSession(id, call)).toBeUndefined();
  });

  it('is asked fresh where it matters, and says that it may be stale', async () => {
    const beneath = new MemoryPersistenceLayer();
    const layer = cached(beneath, options);
    const id = await stored(layer, recordOf());
    await layer.loadSession(id, call);
    await beneath.deleteSession(id);
    expect(layer.mayBeStale).toBe(true);
    expect(await layer.loadSession(id, { ...call, fresh: true })).toBeUndefined();
    expect(await layer.loadSession(id, call)).toBeUndefined();
  });

  it('L7: never answers an expired session from memory', async () => {
    const layer = cached(new MemoryPersistenceLayer(), options);
    const id = await stored(layer, recordOf({ expiresAt: NOW + 10 }));
    await layer.loadSession(id, call);
    expect(await layer.loadSession(id, { now: NOW + 10 })).toBeUndefined();
  });

  it('remembers no absence: a session is found as soon as it exists', async () => {
    const layer = cached(new MemoryPersistenceLayer(), options);
    expect(await layer.loadSession('id', call)).toBeUndefined();
    await layer.saveSession('id', recordOf(), { kind: 'create' }, call);
    expect(await layer.loadSession('id', call)).toBeDefined();
  });

  it('keeps as many sessions as it may', async () => {
    const beneath = new MemoryPersistenceLayer();
    const layer = cached(beneath, { maxAge: 60, maxSize: 10 });
    const ids = await Promise.all(Array.from({ length: 100 }, () => stored(layer, recordOf())));
    for (const id of ids) await layer.loadSession(id, call);
    for (const id of ids) await beneath.deleteSession(id);
    const kept = await Promise.all(ids.map((id) => layer.loadSession(id, call)));
    // The library keeps up to twice as many, in two generations.
    expect(kept.filter((record) => record !== undefined).length).toBeLessThanOrEqual(20);
  });

  it.each<[string, (layer: PersistenceLayer, id: string) => Promise<unknown>]>([
    ['deleteSession', (layer, id) => layer.deleteSession(id)],
    ['deleteSessions', async (layer, id) => layer.deleteSessions?.([id])],
  ])('L7: does not show a session that this instance has ended, with %s', async (_, end) => {
    const layer = cached(new MemoryPersistenceLayer(), options);
    const id = await stored(layer, recordOf());
    await layer.loadSession(id, call);
    await end(layer, id);
    expect(await layer.loadSession(id, call)).toBeUndefined();
  });

  /** A layer whose functions wait until they are let go. */
  function slow(beneath: PersistenceLayer, name: 'loadSession' | 'saveSession' | 'deleteSession') {
    let letGo = (): void => {};
    const gate = new Promise<void>((resolve) => (letGo = resolve));
    const layer = new ExtendablePersistenceLayer({
      async loadSession(...args) {
        const answer = await beneath.loadSession(...args);
        if (name === 'loadSession') await gate;
        return answer;
      },
      async saveSession(...args) {
        if (name === 'saveSession') await gate;
        return beneath.saveSession(...args);
      },
      async deleteSession(...args) {
        if (name === 'deleteSession') await gate;
        return beneath.deleteSession(...args);
      },
    });
    return { layer: cached(layer, options), letGo };
  }

  it('L7: does not show a session that this instance ended while another request was reading it', async () => {
    const memory = new MemoryPersistenceLayer();
    const id = await stored(memory, recordOf());
    const { layer, letGo } = slow(memory, 'loadSession');
    const reading = layer.loadSession(id, call);
    await layer.deleteSession(id);
    letGo();
    await reading;
    expect(await layer.loadSession(id, call)).toBeUndefined();
  });

  it('L7: does not show a session that another request read while this instance was ending it', async () => {
    const memory = new MemoryPersistenceLayer();
    const id = await stored(memory, recordOf());
    const { layer, letGo } = slow(memory, 'deleteSession');
    const ending = layer.deleteSession(id);
    await layer.loadSession(id, call);
    letGo();
    await ending;
    expect(await layer.loadSession(id, call)).toBeUndefined();
  });

  it('shows what this instance has changed, also if another request read it meanwhile', async () => {
    const memory = new MemoryPersistenceLayer();
    const before = recordOf();
    const id = await stored(memory, before);
    const { layer, letGo } = slow(memory, 'saveSession');
    const saving = layer.saveSession(id, withData(before, { theme: '1' }), changeOf(before, { set: ['theme'] }), call);
    await layer.loadSession(id, call);
    letGo();
    await saving;
    expect((await layer.loadSession(id, call))?.data.get('theme')).toBe('1');
  });

  it('is the layer beneath for everything else', async () => {
    const users = new MemoryPersistenceLayer({ loadUser: (id) => Promise.resolve({ id }) });
    const layer = cached(users, options);
    expect(await layer.loadUser('user-1')).toEqual({ id: 'user-1' });
    expect(await layer.raiseUserMark?.('user-1', NOW + 10, call)).toBe((await users.loadMarks('user-1')).generation);
    expect(layer.limits).toBeUndefined();
    const limits = { dataBytes: 100, keyOverhead: 1, changedKeys: 2 };
    expect(cached(layerWith(users, { limits }), options).limits).toBe(limits);
  });

  it.each([
    ['maxAge', { maxAge: 0, maxSize: 1 }],
    ['maxAge', { maxAge: 3_601, maxSize: 1 }],
    ['maxAge', { maxSize: 1 }],
    ['maxSize', { maxAge: 1, maxSize: 0 }],
    ['maxSize', { maxAge: 1, maxSize: 1.5 }],
    ['cache.ttl', { ...options, ttl: 5 }],
  ])('refuses for %s what it cannot be, and names it: %j', (name, invalid) => {
    const make = (): unknown => cached(new MemoryPersistenceLayer(), invalid as typeof options);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(name);
  });
});
