import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../src/cli/exit-code.js';
import { createProgram } from '../../src/cli/program.js';
import { type Engine, engines } from '../engines/index.js';
import { startLossyProxy } from '../world/endpoint.js';
import { newId } from '../world/records.js';
import { command } from './command.js';
import { expiredItem, type OperatedTable, openTable } from './table.js';

// What docs/guides/cli.md says of the command is what the command does.

const guide = await readFile(join(import.meta.dirname, '../../docs/guides/cli.md'), 'utf8');

/** The rows of the table with this heading in its first column, as they stand. */
function rowsOf(heading: string): string[][] {
  const [, table = ''] = new RegExp(`^\\| ${heading} .*\\n\\|[ -|]*\\n((?:\\|.*\\n)+)`, 'm').exec(guide) ?? [];
  return table
    .split('\n')
    .flatMap((row) => (row === '' ? [] : [row.split('|').slice(1, -1)]))
    .map((cells) => cells.map((cell) => cell.trim()));
}

const codeIn = (cell: string | undefined): string[] =>
  [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, code]) => code as string);

/** The JSON that the guide shows, by command. */
const documents = new Map(
  [...guide.matchAll(/^`([\w-]+)`[^\n]*\n\n```json\n(.*?)^```$/gms)].map(([, name, text]) => [
    name as string,
    JSON.parse(text as string) as unknown,
  ]),
);

/** Keys and types, without the values; of a list, those of its first element. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}

describe('the guide to the operators’ command', () => {
  const program = createProgram();

  it('names every command', () => {
    const named = rowsOf('command').map(([cell]) => codeIn(cell)[0]?.split(' ')[0]);
    expect(named).toEqual(program.commands.map((command) => command.name()));
  });

  it('names every option', () => {
    const named = rowsOf('option').flatMap(([cell]) => codeIn(cell).slice(0, 1));
    const options = [program, ...program.commands].flatMap((command) => command.options.map(({ flags }) => flags));
    const inTheCommands = ['--version', '--user <id>']; // the one is everybody's, the other stands with `list`
    expect(named.toSorted()).toEqual([...new Set(options)].filter((each) => !inTheCommands.includes(each)).toSorted());
  });

  it('names every exit code', () => {
    const named = rowsOf('exit code').flatMap(([cell]) => (cell as string).split(', ').map(Number));
    expect(named).toEqual(Object.values(EXIT));
  });

  it('shows what each command prints as JSON', () => {
    expect([...documents.keys()]).toEqual(program.commands.map((command) => command.name()));
  });
});

describe.each<Engine>(engines())('the guide to the operators’ command, on $name', (engine) => {
  let table: OperatedTable;
  let id: string;

  beforeAll(async () => {
    table = await openTable(engine);
    ({ id } = await table.logIn('user-1', { theme: 'dark' }));
    await table.logIn('user-2');
    await table.sessions.logOutUser('user-3');
    await table.logIn('user-3', { theme: 'dark' });
    await table.put([expiredItem(3 * 86_400)]);
  });
  afterAll(() => table.drop());

  // In this order: what ends sessions comes after what shows them.
  const runs: readonly (readonly [name: string, args: () => string[]])[] = [
    ['list', () => ['--user', 'user-1']],
    ['show', () => [id, '--data']],
    ['stats', () => []],
    ['cleanup', () => []],
    ['revoke', () => [id]],
    ['log-out', () => ['user-2']],
    ['export', () => ['--user', 'user-3']],
    ['erase', () => ['--user', 'user-3', '--yes']],
    ['log-out-everyone', () => ['--yes']],
    ['create-table', () => ['--table', `Sessions-${newId()}`]],
  ];

  it.each(runs)('says what %s prints, and which actions it needs', async (name, args) => {
    const { endpoint, operations } = await startLossyProxy(engine, {});
    const { stdout, stderr } = await command.run([
      name,
      '--json',
      '--table',
      table.tableName,
      '--endpoint',
      endpoint,
      ...args(),
    ]);
    expect(shapeOf(JSON.parse(stdout || stderr))).toEqual(shapeOf(documents.get(name)));

    const row = rowsOf('command').find(([cell]) => codeIn(cell)[0]?.split(' ')[0] === name);
    if (name !== 'create-table') expect(codeIn(row?.[2])).toEqual(expect.arrayContaining([...new Set(operations)]));
  });
});
