import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ExpressSessionStore } from '../../src/express/index.js';
import { MemoryPersistenceLayer, StoreUnavailableError } from '../../src/index.js';
import { sessionOf } from './calls.js';

const SID = 'a session ID that a framework has made';
const failing = (): Promise<never> => Promise.reject(new Error('connect ECONNREFUSED 10.0.3.17:8000'));

describe("the promises of a store's functions", () => {
  it('say what the callbacks say', async () => {
    const store = new ExpressSessionStore();
    await store.set(SID, sessionOf({ name: 'Ann' }));
    await store.touch(SID, sessionOf({ name: 'Ann' }));
    expect(await store.get(SID)).toMatchObject({ name: 'Ann', cookie: {} });
    await store.destroy(SID);
    expect(await store.get(SID)).toBeNull();
  });

  it('are there beside a callback, and come after what it was told is done', async () => {
    const store = new ExpressSessionStore();
    const callback = vi.fn<(error?: unknown, answer?: unknown) => void>();
    await store.set(SID, sessionOf({ name: 'Ann' }), callback);
    expect(await store.get(SID, callback)).toMatchObject({ name: 'Ann' });
    await store.destroy(SID, callback);
    await vi.waitFor(() => expect(callback).toHaveBeenCalledTimes(3));
    expect(callback.mock.calls.map(([error]) => error ?? null)).toEqual([null, null, null]);
  });

  it('take the options of koa-session for no callback', async () => {
    const store = new ExpressSessionStore();
    await store.set(SID, sessionOf({ name: 'Ann' }), 60_000, { changed: true, rolling: false });
    expect(await store.get(SID, 60_000, { rolling: false })).toMatchObject({ name: 'Ann' });
    await store.destroy(SID, { ctx: {} });
    expect(await store.get(SID, 'session')).toBeNull();
  });

  describe('when the persistence layer fails', () => {
    const unhandled = vi.fn<(reason: unknown) => void>();
    const persistence = new MemoryPersistenceLayer();
    Object.assign(persistence, { loadSession: failing, saveSession: failing, deleteSession: failing });
    const store = new ExpressSessionStore({ persistence, onEvent: () => {} });
    const calls: readonly [string, (...callback: [] | [(error?: unknown) => void]) => Promise<unknown>][] = [
      ['get', (...callback) => store.get(SID, ...(callback as []))],
      ['set', (...callback) => store.set(SID, sessionOf(), ...callback)],
      ['touch', (...callback) => store.touch(SID, sessionOf(), ...callback)],
      ['destroy', (...callback) => store.destroy(SID, ...callback)],
    ];

    beforeEach(() => {
      unhandled.mockClear();
      process.on('unhandledRejection', unhandled);
    });
    afterEach(() => void process.off('unhandledRejection', unhandled));

    it.each(calls)('reject, and are no unhandled rejection if nobody waits: %s', async (_name, call) => {
      await expect(call()).rejects.toThrow(StoreUnavailableError);
      void call();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(unhandled).not.toHaveBeenCalled();
    });

    it.each(calls)('resolve beside a callback, which is told: %s', async (_name, call) => {
      const callback = vi.fn<(error?: unknown) => void>();
      void (async () => call(callback))();
      await vi.waitFor(() => expect(callback).toHaveBeenCalledWith(expect.any(StoreUnavailableError)));
      expect(await call(() => {})).toBeUndefined();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(unhandled).not.toHaveBeenCalled();
    });
  });
});
