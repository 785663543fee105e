import { inspect, isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { TablePersistenceLayer } from '../../src/table/table-persistence-layer.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { ExtendablePersistenceLayer, StoreUnavailableError } from '../../src/index.js';
import { capabilities, engines } from '../engines/index.js';
import { withOneClient } from '../world/clients.js';
import { type Attempt, FAULTS, type Fault } from '../world/faults.js';
import { ATTEMPTS, BOTH_WAYS, cellOf, isAwaited, isEncrypted, planFor } from './attempts.js';
import { ASK_NOTHING, type Operation, operationsOn, type Scene, type Trial } from './operations.js';
import { faultsIn, outcomeTables, rowFor } from './outcomes.js';
import { type Instance, openStage, type Stage } from './stage.js';

const tables = outcomeTables(new URL('operations.md', import.meta.url));
const faults = Object.keys(FAULTS) as Exclude<Fault, 'none'>[];

/** The requirements that each row proves. */
const PROVES: Readonly<Record<Exclude<Fault, 'none'>, string>> = {
  delayed: '(F10)',
  'drop-before': '(F3)',
  'drop-after': '(F3)',
  reset: '(F3)',
  silent: '(F3, F10)',
  truncated: '(F3)',
  stalled: '(F3, F10)',
  garbled: '(F3)',
  compressed: '(F3)',
  miscounted: '(F3)',
  hang: '(F10)',
  'hang-after': '(F3, F10)',
  zombie: '(F2, F3)',
  duplicated: '(F3)',
  fail: '(F3)',
  'fail-after': '(F3)',
  unavailable: '(F3)',
  throttle: '(F6)',
  'throttle-index': '(F6)',
  unprocessed: '(F6)',
  stale: '',
  lagging: '(F5)',
  paged: '(L8)',
};

describe.each(withOneClient(engines()))('every operation of the layer × every fault on $name', ({ engine, client }) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage(engine, client);
    return () => stage.close();
  });

  for (const [turn, fault] of faults.entries()) {
    const options = { timeout: 120_000, concurrent: isAwaited(fault) };
    it(`${fault}: ${FAULTS[fault].meaning} ${PROVES[fault]}`, options, async () => {
      const columns = columnsOf(operationsOn(capabilities[engine.name]));
      const expected = rowFor(fault, tables, client.name);
      const cells = await Promise.all(
        columns.map(async ({ name, operation, call }) => {
          const attempts = expected.get(name) === '–' ? (['all'] as const) : ATTEMPTS;
          const found = attempts.map((each) =>
            attempt(operation, fault, planOf(operation, planFor(fault, each, call)), isEncrypted(turn, each)),
          );
          return [name, cellOf(await Promise.all(found))] as const;
        }),
      );
      expect(Object.fromEntries(cells)).toEqual(
        Object.fromEntries(columns.map(({ name }) => [name, expected.get(name)])),
      );
    });
  }

  it.each(BOTH_WAYS)(
    'makes the calls that have a column, and no others, if nothing goes wrong, $data',
    async ({ encrypted }) => {
      for (const operation of operationsOn(capabilities[engine.name])) {
        const { given = 'none' } = operation;
        const { scene, close } = await sceneOf(operation, encrypted);
        const trial = await operation.begin(scene);
        scene.network.planEach(({ call, attempt }) => (call === 0 && attempt === 1 ? given : 'none'));
        scene.network.sent.length = 0;
        const answer = await trial.act();
        expect([operation.name, scene.network.sent.slice(given === 'none' ? 0 : 1)]).toEqual([
          operation.name,
          operation.calls,
        ]);
        expect(wordFor(trial, { value: answer }, await trial.state(), await trial.state())).toBe('done');
        await close();
      }
    },
  );

  it('has no operation without a column: the other functions of the layer ask DynamoDB for nothing', async () => {
    const methods = [DynamoDBPersistenceLayer, TablePersistenceLayer, ExtendablePersistenceLayer]
      .flatMap(({ prototype }) => Object.getOwnPropertyNames(prototype))
      .filter((name) => name !== 'constructor');
    const tried = operationsOn(capabilities[engine.name]).map(({ method }) => method);
    expect(new Set([...tried, ...ASK_NOTHING])).toEqual(new Set(methods));

    const { layer, network } = await stage.instance();
    await layer.loadUser('user-1');
    await layer.roleHierarchy();
    expect(network.sent).toEqual([]);
  });

  /** What comes of one try, in a word of the table. */
  async function attempt(
    operation: Operation,
    fault: Fault,
    plan: (attempt: Attempt) => Fault,
    encrypted: boolean,
  ): Promise<string> {
    const { scene, close } = await sceneOf(operation, encrypted, isAwaited(fault));
    const trial = await operation.begin(scene);
    scene.network.planEach(plan);
    const answer = await trial.act().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    const left = await trial.state();
    const zombies = await scene.network.releaseZombies();
    const final = zombies === 0 ? left : await trial.state();
    await close();
    return scene.network.struck.includes(fault) ? wordFor(trial, answer, left, final) : '–';
  }

  async function sceneOf(
    { consistentRead = true, alone = false }: Operation,
    encrypted: boolean,
    waits = false,
  ): Promise<{ scene: Scene & Instance; close: () => Promise<void> }> {
    const own = alone ? await openStage(engine, client) : stage;
    const { table, sound } = own;
    const instance = await own.instance({ consistentRead, waits });
    const close = async (): Promise<void> => {
      await instance.close();
      if (alone) await own.close();
    };
    return { scene: { table, sound, encrypted, ...instance }, close };
  }
});

describe('the tables of operations.md', () => {
  it('have a row for each fault, and no others', () => {
    for (const table of tables) expect(faultsIn(table)).toEqual(faults);
  });

  it('have a column for each call of each operation, and no others', () => {
    const all = Object.values(capabilities).flatMap((engine) => columnsOf(operationsOn(engine)));
    const columns = tables.flatMap((table) => table.columns);
    expect(new Set(columns)).toEqual(new Set(all.map(({ name }) => name)));
    expect(columns.length).toBe(new Set(columns).size);
  });
});

/** The word of the table for what has happened. */
function wordFor(
  { answer, oldAnswer, before, after, between = [] }: Trial,
  given: { readonly value: unknown } | { readonly error: unknown },
  left: unknown,
  final: unknown,
): string {
  const is = isDeepStrictEqual;
  if ('value' in given) {
    const isCarriedOut = is(left, after) && is(final, after);
    if (is(given.value, answer) && isCarriedOut) return 'done';
    if (is(given.value, { ...(answer as object), repeated: true }) && isCarriedOut) return 'again';
    if (oldAnswer !== undefined && is(given.value, oldAnswer)) return 'old';
    return `answers ${brief(given.value)}, leaves ${brief([left, final])}`;
  }
  const { error } = given;
  if (!(error instanceof StoreUnavailableError)) return String(error);
  if (!error.retryable) return is(final, before) ? 'unknown' : 'unknown, and has changed something';
  if (between.some((state) => is(final, state))) return 'part';
  if (is(final, before)) return 'fails';
  if (is(final, after)) return is(left, before) ? 'late' : 'lost';
  return `fails, and leaves ${brief([left, final])}`;
}

const brief = (value: unknown): string => inspect(value, { depth: 2, maxArrayLength: 3, breakLength: Infinity });

interface Column {
  readonly name: string;
  readonly operation: Operation;
  readonly call: Omit<Attempt, 'attempt'>;
}

/** A column for each call of each operation: the first has the operation's name, the others add their own. */
function columnsOf(operations: readonly Operation[]): readonly Column[] {
  return operations.flatMap((operation) =>
    operation.calls
      .map((name, call) => ({
        name:
          call === 0
            ? operation.name
            : `${operation.name}: ${name}${operation.calls.indexOf(name, 1) < call ? ', again' : ''}`,
        operation,
        call: { operation: name, call },
      }))
      .slice(operation.given === undefined ? 0 : 1),
  );
}

/** With what has befallen the operation before. */
function planOf({ given }: Operation, plan: (attempt: Attempt) => Fault): (attempt: Attempt) => Fault {
  if (given === undefined) return plan;
  return (attempt) => (attempt.call === 0 && attempt.attempt === 1 ? given : plan(attempt));
}
