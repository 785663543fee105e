import { describe, expect, it } from 'vitest';
import { cached } from '../../src/cache/index.js';
import {
  deserializeSession,
  ExtendablePersistenceLayer,
  MemoryPersistenceLayer,
  type PersistenceLayer,
  serializeSession,
} from '../../src/index.js';
import { stores } from '../world/stores.js';
import { describePersistenceLayer } from './persistence-layer.js';

const alone = (persistence: PersistenceLayer) => () => Promise.resolve({ persistence, close: () => Promise.resolve() });

for (const store of stores()) describePersistenceLayer(store.name, () => store.open());

describePersistenceLayer(
  'cached(memory)',
  alone(cached(new MemoryPersistenceLayer(), { maxAge: 3_600, maxSize: 10_000 })),
);

describePersistenceLayer('of two functions that store text', alone(new ExtendablePersistenceLayer(textStore())), {
  simple: true,
});

/** What the least of layers does: a text for an ID, which the store drops when it is told to. */
function textStore(): Pick<PersistenceLayer, 'loadSession' | 'saveSession'> {
  const texts = new Map<string, { text: string; dropAt: number }>();
  return {
    async loadSession(id, { now = Date.now() / 1000 } = {}) {
      const entry = texts.get(id);
      return entry === undefined || entry.dropAt <= now ? undefined : deserializeSession(entry.text);
    },
    async saveSession(id, session) {
      texts.set(id, { text: serializeSession(session), dropAt: session.expiresAt });
    },
  };
}

describe('the contract', () => {
  it('runs against every engine of this run', () => {
    expect(stores().map(({ name }) => name)).toContain('dynalite');
  });
});
