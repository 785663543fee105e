import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const NUMBERS = Array.from({ length: 18 }, (_, index) => String(index + 1));

describe('the promises', () => {
  let promises: Map<string, string>;
  /** Number → the test files with a name that begins with it. */
  const tested = new Map<string, string[]>();

  beforeAll(async () => {
    const page = await readFile(join(root, 'docs/promises.md'), 'utf8');
    promises = new Map([...page.matchAll(/^(\d+)\. .*$/gm)].map(([line, number]) => [number as string, line]));
    const files = (await readdir(join(root, 'test'), { recursive: true })).filter((name) => name.endsWith('.test.ts'));
    for (const file of files.toSorted()) {
      const source = await readFile(join(root, 'test', file), 'utf8');
      const numbers = new Set(
        [...source.matchAll(/\b(?:it|describe)(?:\.each\(.*\))?\(\s*['`](\d+)\. /g)].map(
          ([, number]) => number as string,
        ),
      );
      for (const number of numbers) tested.set(number, [...(tested.get(number) ?? []), `test/${file}`]);
    }
  });

  it('are eighteen', () => {
    expect([...promises.keys()]).toEqual(NUMBERS);
  });

  it.each(NUMBERS)('%s links to the tests whose names begin with its number', (number) => {
    const links = [...(promises.get(number) ?? '').matchAll(/\]\(\.\.\/(test\/[^)]+)\)/g)].map(
      ([, file]) => file as string,
    );
    expect(links.toSorted()).toEqual(tested.get(number) ?? []);
    expect(links).not.toEqual([]);
  });
});
