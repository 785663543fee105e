import { styleText } from 'node:util';

/** Columns of text under their headings; the last one may be of any width. */
export function textTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    cells.map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0))).join('  ');
  return [styleText('bold', line(headings)), ...rows.map(line)].join('\n');
}

/** Names and what they are, one a line. Those without a value are left out. */
export function fieldList(fields: readonly (readonly [name: string, value: string | undefined])[]): string {
  const present = fields.filter((field): field is readonly [string, string] => field[1] !== undefined);
  const width = Math.max(...present.map(([name]) => name.length));
  return present.map(([name, value]) => `  ${styleText('dim', name.padEnd(width))}  ${value}`).join('\n');
}
