import { contestants, type ContestantId } from '../comparison/contestants.js';
import { type OperationId, operationIds, operations } from '../comparison/operations.js';
import type { Comparison, Measured } from '../results.js';
import { Footnotes, inThousands, table } from './markdown.js';

const PEERS = ['connectDynamoDB', 'dynamodbStore', 'authAdapter', 'betterAuth', 'ironSession'] as const;
/** On either client, this project makes the same calls. */
const CALLING: readonly ContestantId[] = ['floor', 'own', ...PEERS];
const ALL: readonly ContestantId[] = ['floor', 'own', 'light', ...PEERS];

const EMPTY_QUERY = 'The engine counts nothing for a query that finds nothing; the service counts 0.5 R.';
const EVERYONES_MARK = "And 1 R more for everyone's mark, once in 10 seconds in each Lambda instance.";

const IN_COOKIE =
  'It reads its session from the cookie and asks no store: what it does is decrypt and check it. So it cannot know that a session was ended: a copy of the cookie stays good.';
const IN_STORAGE = 'And what it asks its users’ database for, which is in RAM here.';

/** What the cells of some contestants need said. */
const remarks: Partial<Record<OperationId, Partial<Record<ContestantId, string>>>> = {
  unknownCookie: { authAdapter: EMPTY_QUERY },
  malformedCookie: { authAdapter: EMPTY_QUERY },
  pageView: { ironSession: IN_COOKIE },
  touchUser: { own: EVERYONES_MARK },
  logIn: { betterAuth: IN_STORAGE },
  logOut: { ironSession: IN_COOKIE },
  logOutEverywhere10: { own: EMPTY_QUERY },
  logOutEverywhere200: { own: EMPTY_QUERY },
};

export const unitsTable = (comparison: Comparison): string =>
  comparisonTable(comparison, operationIds, CALLING, unitsOf, remarks);

export const timesTable = (comparison: Comparison): string => {
  const timed = operationIds.filter((id) => comparison[id].floor?.time !== undefined);
  return comparisonTable(comparison, timed, ALL, ({ time }, contestant) => {
    if (time === undefined) return '';
    const { median, low, high } = time.ratio;
    if (contestant === 'floor') return `1, ${time.medianMs.toFixed(1)} ms`;
    return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
  });
};

export const bytesTable = (comparison: Comparison): string => {
  const asking = operationIds.filter((id) => (comparison[id].floor?.calls ?? 0) > 0);
  return comparisonTable(comparison, asking, ALL, ({ wireBytes }) => inThousands(wireBytes));
};

function unitsOf({ calls, reads, writes, indexWrites }: Measured): string {
  if (calls === 0) return '0';
  const units = [
    [reads, 'R'],
    [writes, 'W'],
    [indexWrites, 'X'],
  ] as const;
  const counted = units.filter(([count]) => count > 0).map(([count, unit]) => `${count} ${unit}`);
  return `${calls}: ${counted.length === 0 ? '0' : counted.join(' ')}`;
}

function comparisonTable(
  comparison: Comparison,
  ids: readonly OperationId[],
  columns: readonly ContestantId[],
  cellOf: (measured: Measured, contestant: ContestantId) => string,
  notes: typeof remarks = {},
): string {
  const footnotes = new Footnotes();
  const rows = ids.map((id) => [
    operations[id].title,
    ...columns.map((contestant) => {
      const measured = comparison[id][contestant];
      const reasons: Partial<Record<OperationId, string>> = contestants[contestant].cannot;
      const reason = reasons[id];
      if (measured === undefined) return `—${reason === undefined ? '' : footnotes.mark(`It ${reason}.`)}`;
      const note = notes[id]?.[contestant];
      const cell = cellOf(measured, contestant);
      const shown = contestant === 'own' || contestant === 'light' ? `**${cell}**` : cell;
      return note === undefined ? shown : `${shown} ${footnotes.mark(note)}`;
    }),
  ]);
  const head = ['', ...columns.map((contestant) => contestants[contestant].title)];
  return `${table(head, rows)}\n\n${footnotes.toString()}`;
}
