import { contestants, type ContestantId } from '../comparison/contestants.js';
import { type OperationId, operationIds, operations } from '../comparison/operations.js';
import type { Comparison, Measured } from '../results.js';
import { Footnotes, inThousands, table } from './markdown.js';

const columns: readonly ContestantId[] = ['floor', 'own', 'connectDynamoDB', 'dynamodbStore', 'authAdapter'];

const EMPTY_QUERY = 'The engine counts nothing for a query that finds nothing; the service counts 0.5 R.';
const EVERYONES_MARK = "And 1 R more for everyone's mark, once in 10 seconds in each Lambda instance.";

/** What the cells of some contestants need said. */
const remarks: Partial<Record<OperationId, Partial<Record<ContestantId, string>>>> = {
  unknownCookie: { authAdapter: EMPTY_QUERY },
  malformedCookie: { authAdapter: EMPTY_QUERY },
  touchUser: { own: EVERYONES_MARK },
  logOutEverywhere10: { own: EMPTY_QUERY },
  logOutEverywhere200: { own: EMPTY_QUERY },
};

export const unitsTable = (comparison: Comparison): string =>
  comparisonTable(comparison, operationIds, unitsOf, remarks);

export const timesTable = (comparison: Comparison): string => {
  const timed = operationIds.filter((id) => comparison[id].floor?.time !== undefined);
  return comparisonTable(comparison, timed, ({ time }, contestant) => {
    if (time === undefined) return '';
    const { median, low, high } = time.ratio;
    if (contestant === 'floor') return `1, ${time.medianMs.toFixed(1)} ms`;
    return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`;
  });
};

export const bytesTable = (comparison: Comparison): string => {
  const asking = operationIds.filter((id) => (comparison[id].floor?.calls ?? 0) > 0);
  return comparisonTable(comparison, asking, ({ wireBytes }) => inThousands(wireBytes));
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
      const shown = contestant === 'own' ? `**${cell}**` : cell;
      return note === undefined ? shown : `${shown} ${footnotes.mark(note)}`;
    }),
  ]);
  const head = ['', ...columns.map((contestant) => contestants[contestant].title)];
  return `${table(head, rows)}\n\n${footnotes.toString()}`;
}
