import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PersistenceLayer } from '../../src/index.js';
import { engines } from '../engines/index.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { BROKEN_LAYERS, overriding, planOf, visit } from './broken-layers.js';
import { check } from './checker.js';
import { EngineStore } from './engine-store.js';
import { MemoryStore } from './memory-store.js';
import { type Plan, SHORT } from './plan.js';
import { search } from './search.js';
import { simulate } from './simulation.js';
import type { Store } from './store.js';

/** How many histories a mistake may survive. */
const PATIENCE = 5_000;

describe('the checker of histories', () => {
  it.each(BROKEN_LAYERS)('catches $mistake: by promise $promise', { timeout: 600_000 }, async (broken) => {
    const { promise, store, plan, before = (layer) => layer } = broken;
    const run = (what: Plan): ReturnType<typeof simulate> => {
      const memory = new MemoryStore({ mayBeStale: what.mayBeStale, ...(store && { layer: store() }) });
      return simulate(what, above(memory, before));
    };
    if (plan !== undefined) {
      expect(check(await simulate(plan, new MemoryStore({ mayBeStale: false })))).toEqual([]);
      expect(check(await run(plan)).map((violation) => violation.promise)).toContain(promise);
      return;
    }
    const failure = await search({
      count: PATIENCE,
      seed: 1,
      scope: SHORT,
      counts: (violation) => violation.promise === promise,
      shrink: false,
      run,
    });
    expect(failure?.violations[0]).toMatchObject({ promise });
  });

  describe.each(engines())('on $name', (engine) => {
    let table: TestTable;

    beforeAll(async () => {
      table = await createTestTable(engine);
      return () => table.drop();
    });

    it('catches a delete that lets a late copy of the creation bring the session back: by promise 1 (F2)', async () => {
      const leavingNothing = (layer: PersistenceLayer): PersistenceLayer =>
        overriding(layer, {
          deleteSession: async (id, ...rest) => {
            await layer.deleteSession(id, ...rest);
            await table.client.send(new DeleteItemCommand({ TableName: table.tableName, Key: { id: { S: id } } }));
          },
        });
      const store = new EngineStore(table, engine);
      expect(check(await simulate(LATE_COPY, store))).toEqual([]);
      const violations = check(await simulate(LATE_COPY, above(store, leavingNothing)));
      expect(new Set(violations.map(({ promise }) => promise))).toEqual(new Set([1]));
    });
  });
});

/** The store with something before it in every Lambda. */
const above = (store: Store, before: (layer: PersistenceLayer) => PersistenceLayer): Store => ({
  layerFor: (line) => before(store.layerFor(line)),
  remaining: (ids) => store.remaining(ids),
});

/** A session is created at the second attempt, and destroyed; then the first attempt is carried out. */
const LATE_COPY: Plan = planOf(
  'nothing',
  [visit({ kind: 'set', key: 'theme' }), visit({ kind: 'destroy' })],
  [[0], [0, 'late'], ...Array.from({ length: 20 }, () => [1] as const)],
);
