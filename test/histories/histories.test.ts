import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { cached } from '../../src/cache/index.js';
import { engines } from '../engines/index.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { check } from './checker.js';
import { EngineStore } from './engine-store.js';
import { MemoryStore } from './memory-store.js';
import { ON_AN_ENGINE, type Plan, SHORT } from './plan.js';
import { keep, regressions } from './regressions.js';
import { STALENESS } from './rules.js';
import { explain, search, type Search } from './search.js';
import { simulate } from './simulation.js';
import type { Store } from './store.js';

// `npm run test:histories -- --count N --seed S` tries more, or the same again.
const COUNT = Number(process.env['HISTORIES_COUNT'] ?? 2_000);
const SEED = Number(process.env['HISTORIES_SEED'] ?? Date.now() % 1_000_000_000);
const UNHURRIED = { timeout: 86_400_000 };

describe('in every random history of concurrent Lambdas with skewed clocks, lost answers, late writes and crashes', () => {
  it(
    'all promises hold, on a store in RAM whose index lags and whose reads may be stale (F1, F5, F7, F8, L7)',
    UNHURRIED,
    () => expectPromisesKept({ count: COUNT, scope: SHORT, run: inMemory }),
  );

  it('all promises hold behind a cache, within its bound', UNHURRIED, async () => {
    vi.useFakeTimers({ toFake: ['Date'] }); // the cache goes by the machine's clock
    onTestFinished(() => {
      vi.useRealTimers();
    });
    await expectPromisesKept({ count: Math.ceil(COUNT / 4), scope: ON_AN_ENGINE, run: behindCaches });
  });

  describe.each(engines())('on $name, where the SDK repeats what was lost', (engine) => {
    let table: TestTable;

    beforeAll(async () => {
      table = await createTestTable(engine);
      return () => table.drop();
    });

    it('all promises hold (F1, F2, F3, F4, F7, F8, L7)', UNHURRIED, () =>
      expectPromisesKept({
        count: Math.ceil(COUNT / 40),
        scope: ON_AN_ENGINE,
        run: (plan) => simulate(plan, new EngineStore(table)),
      }),
    );
  });
});

describe('a history that broke a promise once', () => {
  it.each(regressions())('breaks none: $found', async ({ plan }) => {
    expect(check(await inMemory(plan))).toEqual([]);
  });
});

async function expectPromisesKept({ run, ...how }: Omit<Search, 'seed'>): Promise<void> {
  const met = { found: 0, saved: 0, refused: 0, unknown: 0 };
  const failure = await search({
    ...how,
    seed: SEED,
    run: async (plan) => {
      const history = await run(plan);
      for (const { ask, found, outcome } of history.operations) {
        if (found !== undefined) met.found += 1;
        if (ask.kind === 'commit' && outcome === 'ok') met.saved += 1;
        if (outcome === 'gone') met.refused += 1;
        if (outcome === 'unknown') met.unknown += 1;
      }
      return history;
    },
  });
  if (failure !== undefined) {
    keep(failure);
    expect.fail(explain(failure));
  }
  // A history in which nothing happens keeps every promise.
  expect(met.found, 'sessions found').toBeGreaterThan(how.count);
  expect(met.saved, 'requests that ended well').toBeGreaterThan(how.count);
  expect(Math.min(met.refused, met.unknown), 'requests that did not').toBeGreaterThan(0);
}

const inMemory = (plan: Plan): ReturnType<typeof simulate> =>
  simulate(plan, new MemoryStore({ mayBeStale: plan.mayBeStale }));

function behindCaches(plan: Plan): ReturnType<typeof simulate> {
  const memory = new MemoryStore({ mayBeStale: false });
  const store: Store = {
    layerFor: (line) => {
      const layer = cached(memory.layerFor(line), { maxAge: STALENESS, maxSize: 100 });
      return new Proxy(layer, {
        get(target, name) {
          vi.setSystemTime(line.now * 1000);
          return Reflect.get(target, name);
        },
      });
    },
    remaining: (ids) => memory.remaining(ids),
  };
  return simulate(plan, store, STALENESS + 1);
}
