import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';

// docs/security.md lists the requirements with the tests that prove them; a test carries the IDs that it proves in its
// name: 'F9: leaves a session alone …' or '… is refused (F1, L7)'. Here the two are held together.

const root = join(import.meta.dirname, '../..');
const ID = /[TLCDEFB]\d{1,2}/g;
const LEADING = /^[TLCDEFB]\d{1,2}(?:,? [TLCDEFB]\d{1,2})*:? /;
const IN_BRACKETS = /\([TLCDEFB]\d{1,2}(?:, [TLCDEFB]\d{1,2})*\)/g;
const TEXT = /(['"`])((?:\\.|(?!\1)[^\\\n])*)\1/g;

const REQUIREMENTS = ['T1-6', 'L1-13', 'C1-10', 'D1-5', 'E1-4', 'F1-11', 'B1-6'].flatMap((range) => {
  const [, letter, last] = /^(\w)1-(\d+)$/.exec(range) ?? [];
  return Array.from({ length: Number(last) }, (_, index) => `${letter}${index + 1}`);
});

describe('docs/security.md', () => {
  /** ID → the test files that its row links to. */
  const documented = new Map<string, string[]>();
  /** ID → the test files with the ID in a name. */
  const tested = new Map<string, string[]>();

  beforeAll(async () => {
    const page = await readFile(join(root, 'docs/security.md'), 'utf8');
    for (const [row, id] of page.matchAll(/^\| ([TLCDEFB]\d{1,2}) .*$/gm)) {
      documented.set(
        id as string,
        [...row.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file]) => file as string),
      );
    }
    const files = (await readdir(join(root, 'test'), { recursive: true })).filter(
      (name) => name.endsWith('.ts') && !import.meta.filename.endsWith(name),
    );
    for (const file of files.toSorted()) {
      const source = await readFile(join(root, 'test', file), 'utf8');
      for (const id of idsIn(source)) tested.set(id, [...(tested.get(id) ?? []), `test/${file}`]);
    }
  });

  it('lists every requirement, once and in order', () => {
    expect([...documented.keys()]).toEqual(REQUIREMENTS);
  });

  it.each(REQUIREMENTS)('%s: names just the test files whose tests carry it', (id) => {
    expect(tested.get(id) ?? []).not.toEqual([]);
    expect(documented.get(id)).toEqual(tested.get(id));
  });

  it('knows a name with IDs from other text', () => {
    const names = ["it('F9: leaves it', …)", "it('is refused (F1, L7)')", 'it.each([[`T3 T6: is in no item`]])'];
    const others = ["'F9'", '// F9: a comment', "'UTF8 text'", "'(C)'", "'an F9: inside'"];
    expect(names.map((text) => [...idsIn(text)])).toEqual([['F9'], ['F1', 'L7'], ['T3', 'T6']]);
    expect(others.flatMap((text) => [...idsIn(text)])).toEqual([]);
  });
});

function idsIn(source: string): Set<string> {
  const texts = [...source.matchAll(TEXT)].map(([, , text]) => text as string);
  const marks = texts.flatMap((text) => [LEADING.exec(text)?.[0] ?? '', ...(text.match(IN_BRACKETS) ?? [])]);
  return new Set(marks.flatMap((mark) => mark.match(ID) ?? []));
}
