import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const read = (name: string): Promise<string> => readFile(join(import.meta.dirname, '../..', name), 'utf8');

describe('.ci/run', () => {
  it('runs each script that README.md and CONTRIBUTING.md name', async () => {
    const pages = `${await read('README.md')}\n${await read('CONTRIBUTING.md')}`;
    const named = new Set(
      [...pages.matchAll(/\bnpm (?:run )?(?!ci\b|install\b|pack\b)([a-z][\w:]*)/g)].map(([, name]) => name),
    );
    expect(named.size).toBeGreaterThan(20);

    const [, calls = ''] = /^runs '(.*)$/ms.exec(await read('.ci/run')) ?? [];
    const run = [...calls.matchAll(/(?:script|tests) ([\w:]+)|'demo'/g)].map(([, name]) => name ?? 'start');
    const others = {
      deploy: 'needs an AWS: test/deploy/command.test.ts runs it, in a fresh copy',
      bench: 'has the numbers of a machine that does nothing else',
      docs: 'is a part of docs:site',
      screenshots: 'replaces pictures that are committed, by test/browser',
      'test:histories': 'plays more of what npm test plays',
    };
    expect(new Set([...run, ...Object.keys(others)])).toEqual(named);
  });
});
