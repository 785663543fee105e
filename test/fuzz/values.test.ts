import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cached } from '../../src/cache/index.js';
import { MemoryPersistenceLayer, type Session, Sessions } from '../../src/index.js';
import { DIFFICULT_KEYS } from '../contract/keys.js';
import { stores, type TestStore } from '../world/stores.js';
import { textLayer } from '../world/text-layer.js';
import { assertSame, graphs, trees } from '../world/values.js';

const VALUES = 10_000;

const longTexts = fc
  .tuple(fc.string({ unit: 'binary', minLength: 1 }), fc.nat(3_000))
  .map(([text, times]) => text.repeat(times));
const values = fc.oneof(
  { weight: 45, arbitrary: trees },
  { weight: 45, arbitrary: graphs },
  { weight: 1, arbitrary: longTexts },
);

const alone = (name: string, persistence: TestStore['persistence']) => ({
  name,
  open: () => Promise.resolve({ persistence, close: () => Promise.resolve() }),
});

describe.each([
  ...stores(),
  alone('memory behind a cache', cached(new MemoryPersistenceLayer(), { maxAge: 60, maxSize: 100 })),
  alone('a store of texts', textLayer()),
])('what a session holds on $name', (each) => {
  let store: Pick<TestStore, 'persistence' | 'close'>;
  beforeAll(async () => {
    store = await each.open();
  });
  afterAll(() => store.close());

  /** What another request finds of a session that held this. */
  async function kept(data: ReadonlyMap<string, unknown>): Promise<Session> {
    const sessions = new Sessions({ persistence: store.persistence });
    const session = await sessions.start();
    for (const [key, value] of data) session.set(key, value);
    const action = await session.commit();
    return sessions.start({ tokens: action.kind === 'set' ? [action.token] : [] });
  }

  it(
    `comes back equal, ${VALUES} values under keys that a store could mistake (D1, D2)`,
    { timeout: 120_000 },
    async () => {
      const sessions = fc.array(values, { minLength: DIFFICULT_KEYS.length, maxLength: DIFFICULT_KEYS.length });
      const property = fc.asyncProperty(sessions, async (held) => {
        const data = new Map(held.map((value, index) => [DIFFICULT_KEYS[index] as string, value]));
        const session = await kept(data);
        expect(session.keys().toSorted()).toEqual([...data.keys()].toSorted());
        for (const [key, value] of data) assertSame(session.get(key), value);
      });
      const numRuns = Math.ceil(VALUES / DIFFICULT_KEYS.length);
      // A smaller example would cost many calls; the seed is printed.
      await fc.assert(property, { numRuns, endOnFailure: true });
      expect(Object.keys(Object.prototype)).toEqual([]);
    },
  );
});
