import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { GuardedLayer } from '../../../src/core/guarded-layer.js';
import { resolveOptions } from '../../../src/core/options.js';
import { MemoryPersistenceLayer, type SessionEvent } from '../../../src/index.js';
import { layerWith } from '../../world/layer-with.js';
import { newId } from '../../world/records.js';

describe('the layer as the domain sees it', () => {
  it.each([
    ['endless', Number.POSITIVE_INFINITY],
    ['a month away', Date.now() + 30 * 86_400_000],
  ])('F10: has time to answer until a deadline that is %s', async (_, deadline) => {
    const slow = layerWith(new MemoryPersistenceLayer(), { loadSession: () => delay(20, undefined) });
    const layer = new GuardedLayer(resolveOptions({ persistence: slow }), deadline);
    expect(await layer.load(newId())).toBeUndefined();
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
});
