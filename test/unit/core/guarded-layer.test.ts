import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { GuardedLayer } from '../../../src/core/guarded-layer.js';
import { resolveOptions } from '../../../src/core/options.js';
import {
  ExtendablePersistenceLayer,
  type LoadFinding,
  MemoryPersistenceLayer,
  type SessionEvent,
} from '../../../src/index.js';
import { layerWith } from '../../world/layer-with.js';
import { newId, NOW, recordOf } from '../../world/records.js';

describe('the layer as the domain sees it', () => {
  it.each([
    ['endless', Number.POSITIVE_INFINITY],
    ['a month away', Date.now() + 30 * 86_400_000],
  ])('F10: has time to answer until a deadline that is %s', async (_, deadline) => {
    const slow = layerWith(new MemoryPersistenceLayer(), { loadSession: () => delay(20, undefined) });
    const layer = new GuardedLayer(resolveOptions({ persistence: slow }), deadline);
    expect(await layer.load(newId())).toBeUndefined();
  });

  it('2. takes no expired session from a layer that does not look at the time, and says that it has expired', async () => {
    const types: string[] = [];
    const record = recordOf();
    const layer = new GuardedLayer(
      resolveOptions({
        persistence: new ExtendablePersistenceLayer({ loadSession: () => Promise.resolve(record) }),
        clock: { now: () => now * 1_000 },
        onEvent: ({ type }) => types.push(type),
      }),
    );
    let now = record.expiresAt - 1;
    expect(await layer.load(newId())).toBe(record);
    now += 1;
    expect(await layer.load(newId())).toBeUndefined();
    expect(types).toEqual(['expired']);
  });

  it('has a user’s mark, and that of a login, kept for longer than any session that it has ended can live', async () => {
    const memory = new MemoryPersistenceLayer();
    const kept: number[] = [];
    const persistence = layerWith(memory, {
      raiseUserMark: (userId, expiresAt) => {
        kept.push(expiresAt);
        return memory.raiseUserMark(userId, expiresAt);
      },
      endLogin: async (_, expiresAt) => void kept.push(expiresAt),
    });
    const options = { persistence, clock: { now: () => NOW * 1_000 }, idleTimeout: 3_600, absoluteTimeout: 500_000 };
    const layer = new GuardedLayer(resolveOptions(options));
    await layer.raiseUserMark('user-1');
    await layer.endLogin('login-1');
    expect(kept).toEqual(Array(2).fill(NOW + 401 * 86_400)); // an absolute timeout is at most 400 days
  });

  it.each<[string, (event: SessionEvent) => void]>([
    [
      'throws',
      () => {
        throw new Error('down');
      },
    ],
    ['rejects', () => Promise.reject(new Error('down'))],
  ])('warns of a listener that %s, and lets nothing fail for it', async (_, onEvent) => {
    const unhandled = vi.fn<() => void>();
    process.on('unhandledRejection', unhandled);
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    onTestFinished(() => {
      process.off('unhandledRejection', unhandled);
      warned.mockRestore();
    });
    new GuardedLayer(resolveOptions({ onEvent })).emit({ type: 'expired' });
    await delay(10);
    expect(warned).toHaveBeenCalledExactlyOnceWith('onEvent threw on "expired": Error: down', expect.anything());
    expect(unhandled).not.toHaveBeenCalled();
  });

  describe('where what it reads may be stale', () => {
    const layerThat = (mayBeStale: boolean) =>
      new GuardedLayer(resolveOptions({ persistence: layerWith(new MemoryPersistenceLayer(), { mayBeStale }) }));

    it.each<[boolean, boolean, boolean[]]>([
      [false, false, [true]],
      [false, true, [true]],
      [true, false, [false]],
      [true, true, [false, true]],
    ])(
      'looks again, freshly, before what has consequences: stale %s, consequences %s',
      async (mayBeStale, hasConsequences, looks) => {
        const asked: boolean[] = [];
        const look = (fresh: boolean): Promise<number> => Promise.resolve(asked.push(fresh));
        expect(await layerThat(mayBeStale).decide(look, () => hasConsequences)).toBe(looks.length);
        expect(asked).toEqual(looks);
      },
    );

    it('lets go what is an end no more when it looks again', async () => {
      const decision = await layerThat(true).decide(
        (fresh) => Promise.resolve(fresh ? 'lives' : 'has ended'),
        (seen) => seen === 'has ended',
      );
      expect(decision).toBe('lives');
    });
  });

  describe('tells the application why there is no session', () => {
    it.each<[LoadFinding, SessionEvent['type'] | undefined]>([
      ['expired', 'expired'],
      ['unreadable', 'unreadable'],
      ['newer-version', 'unreadable'],
      ['ended', undefined],
    ])('of one that is %s by the event %s, once it is sure', async (finding, type) => {
      const types: string[] = [];
      const persistence = layerWith(new MemoryPersistenceLayer(), {
        loadSession: async (_id, options) => {
          options?.report?.(finding, finding === 'ended' ? NOW : undefined);
          return undefined;
        },
      });
      const onEvent = (event: SessionEvent): number => types.push(event.type);
      const layer = new GuardedLayer(resolveOptions({ persistence, onEvent }));
      expect(await layer.load(newId(), false)).toBeUndefined();
      expect(types).toEqual([]);
      expect(await layer.load(newId())).toBeUndefined();
      expect(types).toEqual(type === undefined ? [] : [type]);
      const told: unknown[] = [];
      await layer.load(newId(), false, (...findings) => told.push(findings));
      expect(told).toEqual([[finding, finding === 'ended' ? NOW : undefined]]);
    });
  });
});
