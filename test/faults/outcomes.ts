import { readFileSync } from 'node:fs';
import type { ClientName } from '../world/clients.js';

/** A table for each part of what is tried: a row for each fault, a column for each call that it can befall. */
export interface OutcomeTable {
  readonly columns: readonly string[];
  /** By fault, then by column. */
  readonly rows: ReadonlyMap<string, ReadonlyMap<string, string>>;
}

/** The tables of a Markdown file that say what comes of a fault. */
export function outcomeTables(file: URL): readonly OutcomeTable[] {
  return tablesIn(readFileSync(file, 'utf8')).flatMap(([header = [], , ...lines]) => {
    const [name, ...columns] = header;
    if (name !== 'fault') return [];
    const rowOf = ([fault = '', ...cells]: readonly string[]) =>
      [fault.replaceAll('`', ''), new Map(columns.map((column, at) => [column, cells[at] ?? '']))] as const;
    return [{ columns, rows: new Map(lines.map(rowOf)) }];
  });
}

/** A fault's cells of all tables, by column: those of one client where that makes a difference. */
export const rowFor = (
  fault: string,
  tables: readonly OutcomeTable[],
  client?: ClientName,
): ReadonlyMap<string, string> =>
  new Map(tables.flatMap(({ rows }) => [...(rows.get(`${fault}, ${client}`) ?? rows.get(fault) ?? [])]));

/** The faults that have rows, each once. */
export const faultsIn = ({ rows }: OutcomeTable): readonly string[] => [
  ...new Set([...rows.keys()].map((row) => row.replace(/, .*$/, ''))),
];

const tablesIn = (markdown: string): readonly (readonly (readonly string[])[])[] =>
  [...markdown.matchAll(/(?:^\|.*\|$\n?)+/gm)].map(([table]) => table.trim().split('\n').map(cellsOf));

const cellsOf = (line: string): readonly string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
