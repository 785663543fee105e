import { inspect, isDeepStrictEqual } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../engines/index.js';
import { withOneClient } from '../world/clients.js';
import { type Attempt, FAULTS, type Fault } from '../world/faults.js';
import { BOTH_WAYS, cellOf, isAwaited, isEncrypted, planFor } from './attempts.js';
import { faultsIn, outcomeTables, rowFor } from './outcomes.js';
import { type Place, placeFor, type RequestKind, requestKinds, type Situation } from './requests.js';
import { type Instance, openStage, type Stage } from './stage.js';
import { type Response, visit } from './visit.js';

const tables = outcomeTables(new URL('requests.md', import.meta.url));
const faults = Object.keys(FAULTS) as Exclude<Fault, 'none'>[];

/** The requirements that each row proves. */
const PROVES: Readonly<Record<Exclude<Fault, 'none'>, string>> = {
  delayed: '(F10)',
  'drop-before': '(L12)',
  'drop-after': '(F3, L4, L12)',
  reset: '(L12)',
  silent: '(F10, L12)',
  truncated: '(F3, L4, L12)',
  stalled: '(F10, L4, L12)',
  garbled: '(L4, L12)',
  compressed: '(L4, L12)',
  miscounted: '(L4, L12)',
  hang: '(F10, L12)',
  'hang-after': '(F10, L4, L12)',
  zombie: '(F2, L12)',
  duplicated: '(F3)',
  fail: '(L12)',
  'fail-after': '(F3, L4, L12)',
  unavailable: '(L12)',
  throttle: '(L12)',
  'throttle-index': '(F6, L12)',
  unprocessed: '(F6, L12)',
  stale: '',
  lagging: '(F5)',
  paged: '(L8)',
};

// Each fault befalls one engine and client, in turn: operations.test.ts has all of them on each.
const places = withOneClient(engines());

describe.each(places)('7. every request × every fault on $name', ({ name: here, engine, client }) => {
  let stage: Stage;

  beforeAll(async () => {
    stage = await openStage(engine, client);
    return () => stage.close();
  });

  for (const [turn, fault] of faults.entries()) {
    if (places[turn % places.length]?.name !== here) continue;
    const options = { timeout: 120_000, concurrent: isAwaited(fault) };
    it(`${fault}: ${FAULTS[fault].meaning} ${PROVES[fault]}`, options, async () => {
      const expected = rowFor(fault, tables, client.name);
      const cells = await Promise.all(
        columns.map(async ({ name, kind, call }) => {
          const attempts = expected.get(name) === '–' ? (['all'] as const) : (['first', 'all'] as const);
          const found = attempts.map((each) =>
            attempt(kind, fault, planOf(kind, planFor(fault, each, call)), isEncrypted(turn, each)),
          );
          const [first = '', all = first] = await Promise.all(found);
          const cell = cellOf([first, first, all, all]);
          const told = expected.get(name);
          return [
            name,
            told?.replace(/\w+ or /, '') === cell || told?.replace(/ or \w+/, '') === cell ? told : cell,
          ] as const;
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
      for (const kind of requestKinds) {
        const place = placeFor(stage, encrypted);
        const situation = await kind.begin(place);
        const { layer, network, close } = await stage.instance();
        const before = await situation.look();
        network.planEach(planOf(kind, () => 'none'));
        const response = await visit(layer, place, situation);
        const word = wordFor(situation, response, before, await situation.look());
        if (kind.given !== undefined) network.sent.splice(kind.given.call, 1);
        const inOrder = (calls: readonly string[]): readonly string[] =>
          kind.listsAtOnce === true ? calls.toSorted() : calls;
        expect([kind.name, inOrder(network.sent), word]).toEqual([kind.name, inOrder(kind.calls), 'done']);
        await close();
      }
    },
  );

  /** What comes of one request, in a word of the table: the first answer, and what a second try makes of it. */
  async function attempt(
    kind: RequestKind,
    fault: Fault,
    plan: (attempt: Attempt) => Fault,
    encrypted: boolean,
  ): Promise<string> {
    if (kind.alone !== true) return attemptOn(stage, kind, fault, plan, encrypted);
    const own = await openStage(engine, client);
    try {
      return await attemptOn(own, kind, fault, plan, encrypted);
    } finally {
      await own.close();
    }
  }

  async function attemptOn(
    own: Stage,
    kind: RequestKind,
    fault: Fault,
    plan: (attempt: Attempt) => Fault,
    encrypted: boolean,
  ): Promise<string> {
    const place = placeFor(own, encrypted);
    const situation = await kind.begin(place);
    const instance = await own.instance({ waits: isAwaited(fault) });
    try {
      return await attemptWith(instance, place, situation, fault, plan);
    } finally {
      await instance.close();
    }
  }

  async function attemptWith(
    { layer, network }: Instance,
    place: Place,
    situation: Situation,
    fault: Fault,
    plan: (attempt: Attempt) => Fault,
  ): Promise<string> {
    const before = await situation.look();
    network.planEach(plan);
    const response = await visit(layer, place, situation);
    if (!network.struck.includes(fault)) return '–';

    const left = await situation.look();
    const word = wordFor(situation, response, before, left);
    network.planEach(() => 'none');
    const isOver = word === 'done' || word === 'old' || word === 'over';
    const status = isOver ? 200 : (await visit(layer, place, situation)).status;
    const zombies = await network.releaseZombies();
    const final = isOver && zombies === 0 ? left : await situation.look();
    return status === 200 && isMade(situation, word, zombies, final)
      ? word
      : `${word}, and in the end ${status}, ${brief(final)}`;
  }
});

describe('the tables of requests.md', () => {
  it('have a row for each fault, and no others', () => {
    for (const table of tables) expect(faultsIn(table)).toEqual(faults);
  });

  it('have a column for each call of each request, and no others', () => {
    expect(tables.flatMap((table) => table.columns)).toEqual(columns.map(({ name }) => name));
  });
});

/** The word of the table for what has happened. */
function wordFor(situation: Situation, { status, cookie, body }: Response, before: unknown, left: unknown): string {
  const { answer, oldAnswer, after, afterOver } = situation;
  const is = isDeepStrictEqual;
  if (status === 503 && body === 'Service Unavailable') {
    if (cookie === 'keep') return is(left, before) ? 'fails' : 'lost';
    if (!is(left, before)) return 'told';
  }
  if (status === 200 && cookie === situation.cookie) {
    const says = JSON.parse(body) as unknown;
    const isAnswer = answer === undefined || is(says, answer);
    if (isAnswer && is(left, after)) return 'done';
    if (isAnswer && is(left, afterOver)) return 'over';
    if (is(says, oldAnswer) && is(left, after)) return 'old';
  }
  if (status === 200 && cookie === 'keep') return 'page';
  return `${status}, ${cookie}, ${body}, leaves ${brief(left)}`;
}

/** Whether it is in the end as the situation says. */
function isMade(situation: Situation, word: string, zombies: number, final: unknown): boolean {
  const { after, afterTwice, afterLate, afterOver } = situation;
  const expected = [
    after,
    ...(['lost', 'page', 'told'].includes(word) ? [afterTwice] : []),
    ...(word === 'fails' && zombies > 0 ? [afterLate] : []),
    ...(word === 'over' ? [afterOver] : []),
  ];
  return expected.some((state) => state !== undefined && isDeepStrictEqual(final, state));
}

const brief = (value: unknown): string => inspect(value, { depth: 2, maxArrayLength: 3, breakLength: Infinity });

/** With what has befallen the request before. */
function planOf({ given, calls }: RequestKind, plan: (attempt: Attempt) => Fault): (attempt: Attempt) => Fault {
  // Of two calls that are made at once, either may arrive first: a call is the next one of its operation in the column.
  const places = new Map<number, number>();
  const placeOf = ({ call, operation }: Attempt): number => {
    const taken = new Set(places.values());
    const next = calls.findIndex((each, at) => each === operation && !taken.has(at));
    if (!places.has(call)) places.set(call, next === -1 ? calls.length + call : next);
    return places.get(call) as number;
  };
  return (attempt) => {
    const call = placeOf(attempt);
    return call === given?.call && attempt.attempt === 1 ? given.fault : plan({ ...attempt, call });
  };
}

/** A column for each call of each kind of request. */
const columns = requestKinds.flatMap((kind) =>
  kind.calls
    .map((operation, call) => ({ name: `${kind.name} ${call + 1}: ${operation}`, kind, call: { operation, call } }))
    .slice(kind.given === undefined ? 0 : kind.given.call + 1),
);
