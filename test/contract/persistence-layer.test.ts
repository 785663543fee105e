import { describe, expect, it } from 'vitest';
import { cached } from '../../src/cache/index.js';
import { MemoryPersistenceLayer, type PersistenceLayer } from '../../src/index.js';
import { engines } from '../engines/index.js';
import { storesOfAllClients } from '../world/stores.js';
import { textLayer } from '../world/text-layer.js';
import { describePersistenceLayer } from './persistence-layer.js';

const alone = (persistence: PersistenceLayer) => () => Promise.resolve({ persistence, close: () => Promise.resolve() });

for (const store of storesOfAllClients()) describePersistenceLayer(store.name, () => store.open());

describePersistenceLayer(
  'cached(memory)',
  alone(cached(new MemoryPersistenceLayer(), { maxAge: 3_600, maxSize: 10_000 })),
);

describePersistenceLayer('of two functions that store text', alone(textLayer()), {
  simple: true,
});

describe('the contract', () => {
  it('runs against every engine of this run, with the SDK and without', () => {
    const names = engines().flatMap(({ name }) => [name, `${name}, without the SDK`]);
    expect(storesOfAllClients().map(({ name }) => name)).toEqual(['memory', ...names]);
  });
});
