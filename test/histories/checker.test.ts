import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import type { PersistenceLayer } from '../../src/index.js';
import { engines } from '../engines/index.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { BROKEN_LAYERS, overriding } from './broken-layers.js';
import { check } from './checker.js';
import { EngineStore } from './engine-store.js';
import { MemoryStore } from './memory-store.js';
import { type Plan, SHORT, type Visit, WELL } from './plan.js';
import { search } from './search.js';
import { simulate } from './simulation.js';
import type { Store } from './store.js';

/** How many histories a mistake may survive. */
const PATIENCE = 5_000;

describe('the checker of histories', () => {
  it.each(BROKEN_LAYERS)('catches $mistake: by promise $promise', { timeout: 600_000 }, async (broken) => {
    const { promise, store, before = (layer) => layer } = broken;
    const failure = await search({
      count: PATIENCE,
      seed: 1,
      scope: SHORT,
      counts: (violation) => violation.promise === promise,
      shrink: false,
      run: (plan) => {
        const memory = new MemoryStore({ mayBeStale: plan.mayBeStale, ...(store && { layer: store() }) });
        return simulate(plan, above(memory, before));
      },
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
      const store = new EngineStore(table);
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

const visit = (action: Visit['actions'][number]): Visit => ({
  kind: 'visit',
  browser: 0,
  actions: [action],
  response: 'arrives',
  stubborn: false,
});

/** A session is created at the second attempt, and destroyed; then the first attempt is carried out. */
const LATE_COPY: Plan = {
  revocationCheck: 'touch',
  mayBeStale: false,
  browsers: ['nothing'],
  lambdas: [{ skew: 0, errands: [visit({ kind: 'set', key: 'theme' }), visit({ kind: 'destroy' })] }],
  steps: [WELL, { ...WELL, fate: 'late' }, ...Array.from({ length: 20 }, () => ({ ...WELL, pick: 1 }))],
};
