import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { cached } from '../../src/cache/index.js';
import { engines } from '../engines/index.js';
import { createTestTable } from '../world/tables.js';
import { check } from './checker.js';
import { EngineStore } from './engine-store.js';
import type { Ask, History, Operation } from './history.js';
import { MemoryStore } from './memory-store.js';
import { type Fate, ON_AN_ENGINE, type Plan, SHORT } from './plan.js';
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
  describe('on a store in RAM whose index lags and whose reads may be stale', () => {
    it('all promises hold (F1, F5, F7, F8, L7)', UNHURRIED, () =>
      expectPromisesKept({ count: COUNT, scope: SHORT, run: inMemory }),
    );
    itBreaksNoneAgain(inMemory);
  });

  describe('behind a cache, within its bound', () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['Date'] }); // the cache goes by the machine's clock
      return () => vi.useRealTimers();
    });

    it('all promises hold', UNHURRIED, () =>
      expectPromisesKept({ count: Math.ceil(COUNT / 4), scope: ON_AN_ENGINE, run: behindCaches }),
    );
    itBreaksNoneAgain(behindCaches);
  });

  describe.each(engines())('on $name, where two clients repeat what was lost', (engine) => {
    let store: EngineStore;

    beforeAll(async () => {
      const table = await createTestTable(engine);
      store = new EngineStore(table, engine);
      return async () => {
        store.close();
        await table.drop();
      };
    });

    const onEngine = (plan: Plan): Promise<History> => simulate(plan, store);

    it('all promises hold (F1, F2, F3, F4, F7, F8, L7)', UNHURRIED, () =>
      expectPromisesKept({ count: Math.ceil(COUNT / 40), scope: ON_AN_ENGINE, run: onEngine }),
    );
    itBreaksNoneAgain(onEngine);
  });
});

/** Wherever it was found: what it showed may be wrong elsewhere, too. */
function itBreaksNoneAgain(run: Search['run']): void {
  it.each(regressions())('none is broken that was once: $found', async ({ plan }) => {
    expect(check(await run(plan))).toEqual([]);
  });
}

async function expectPromisesKept({ run, ...how }: Omit<Search, 'seed'>): Promise<void> {
  const rare = how.count < 4 * ENOUGH ? [] : ['login ended'];
  const others = ['rotation', 'bound', 'bound again', 'gone', 'unknown', ...rare];
  const met = Object.fromEntries([...DONE, ...FATES, ...others].map((what) => [what, 0]));
  const meet = (what: string): void => {
    if (what in met) met[what] = (met[what] ?? 0) + 1;
  };
  const failure = await search({
    ...how,
    seed: SEED,
    run: async (plan) => {
      const history = await run(plan);
      for (const operation of history.operations) {
        if (operation.outcome === 'ok') meet(operation.ask.kind);
        else meet(operation.outcome);
        if (isRotation(operation, history)) meet('rotation');
        if (operation.boundToken !== undefined) meet(operation.ask.kind === 'register' ? 'bound' : 'bound again');
      }
      for (const { text } of history.notes) meet(/\((?:.*, )?([a-z ]+)\)$/.exec(text)?.[1] ?? '');
      return history;
    },
  });
  if (failure !== undefined) {
    keep(failure);
    expect.fail(explain(failure));
  }
  // A history in which nothing happens keeps every promise.
  expect(met['commit'], 'requests that ended well').toBeGreaterThan(how.count);
  expect(Math.min(met['gone'] ?? 0, met['unknown'] ?? 0), 'requests that did not').toBeGreaterThan(0);
  if (how.count < ENOUGH) return;
  expect(Object.entries(met).filter(([, times]) => times === 0)).toEqual([]);
}

/** In so many histories everything happens. */
const ENOUGH = 500;

/** What is done in them. */
const DONE: readonly Ask['kind'][] = [
  'start',
  'commit',
  'save',
  'update',
  'getAndDelete',
  'regenerate',
  'destroy',
  'logIn',
  'logOut',
  'revoke',
  'logOutUser',
  'logOutEveryone',
  'ofUser',
  'register',
  'refresh',
  'endLogin',
  'endLoginsOf',
];

/** What befalls their calls to the store. */
const FATES: readonly Fate[] = ['fail', 'lost', 'late', 'stale', 'again', 'crash', 'crash after'];

/** Whether a request that did nothing for it got a new secret. */
function isRotation({ ask, cookie, before, after, visit }: Operation, { operations }: History): boolean {
  if (ask.kind !== 'commit' || cookie?.kind !== 'set' || before === undefined || before !== after) return false;
  return operations.every((other) => other.visit !== visit || ['start', 'commit'].includes(other.ask.kind));
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
