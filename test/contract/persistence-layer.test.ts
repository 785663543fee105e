import { describe, expect, it } from 'vitest';
import { cached } from '../../src/cache/index.js';
import { MemoryPersistenceLayer, type PersistenceLayer } from '../../src/index.js';
import { engines } from '../engines/index.js';
import { stores, storesWithoutSdk } from '../world/stores.js';
import { textLayer } from '../world/text-layer.js';
import { describePersistenceLayer } from './persistence-layer.js';

const alone = (persistence: PersistenceLayer) => () => Promise.resolve({ persistence, close: () => Promise.resolve() });

const all = [...stores(), ...storesWithoutSdk().filter(({ isReference }) => !isReference)];
for (const store of all) describePersistenceLayer(store.name, () => store.open());

describePersistenceLayer(
  'cached(memory)',
  alone(cached(new MemoryPersistenceLayer(), { maxAge: 3_600, maxSize: 10_000 })),
);

describePersistenceLayer('of two functions that store text', alone(textLayer()), {
  simple: true,
});

describe('the contract', () => {
  it('runs against every engine of this run, with the SDK and without', () => {
    const names = engines().map(({ name }) => name);
    expect(stores().map(({ name }) => name)).toEqual(expect.arrayContaining(['memory', ...names]));
    expect(storesWithoutSdk()).toHaveLength(names.length);
  });
});
