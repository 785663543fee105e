import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One incident of docs/guides/operations.md. */
export interface Runbook {
  readonly title: string;
  readonly text: string;
  /** The shell's text in each of its code blocks. */
  readonly scripts: readonly string[];
}

export const operationsGuide: string = await readFile(
  join(import.meta.dirname, '../../docs/guides/operations.md'),
  'utf8',
);

const [, section = ''] = operationsGuide.split('\n## Runbooks\n');

/** The runbooks; the first has no title: it is what holds for all. */
export const runbooks: readonly Runbook[] = section
  .split('\n## ')[0]!
  .split('\n### ')
  .map((part, index) => {
    const title = index === 0 ? 'all' : part.slice(0, part.indexOf('\n'));
    const blocks = [...part.matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm)];
    return {
      title,
      text: part,
      scripts: blocks.map(([, indent = '', code = '']) => code.replaceAll(`\n${indent}`, '\n').slice(indent.length)),
    };
  });
