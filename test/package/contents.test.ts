import { execFile } from 'node:child_process';
import { cp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const folder = join(root, '.cache/package');

/** What is not in a fresh clone. */
const NOT_COPIED = /^(?:node_modules|dist|coverage|cdk\.out|\.cache|\.git)$/;

const npm = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)('npm', args, { cwd: folder, maxBuffer: 16 * 1_024 * 1_024 })).stdout;

describe('the package', () => {
  let files: string[];
  let manifest: {
    readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
    readonly bin: Readonly<Record<string, string>>;
  };

  // A build of its own: another may be under way in dist/.
  beforeAll(async () => {
    await rm(folder, { recursive: true, force: true });
    const isCopied = (path: string): boolean => !NOT_COPIED.test(basename(path));
    for (const name of (await readdir(root)).filter(isCopied)) {
      await cp(join(root, name), join(folder, name), { recursive: true, filter: isCopied });
    }
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    await npm('run', '--silent', 'build');
    const [packed] = JSON.parse(await npm('pack', '--dry-run', '--json')) as [{ files: { path: string }[] }];
    files = packed.files.map(({ path }) => path);
    manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('contains all that its exports and its command name', () => {
    const named = [...Object.values(manifest.exports), ...Object.values(manifest.bin)]
      .flatMap((target) => (typeof target === 'string' ? target : Object.values(target)))
      .map((target) => target.replace(/^\.\//, ''));
    expect(named.length).toBeGreaterThan(20);
    expect(files).toEqual(expect.arrayContaining(named));
  });

  it('contains the bundle of the cleanup, which the construct deploys', () => {
    expect(files).toContain('dist/cleanup/index.mjs');
  });

  it('contains the sources that its source maps name', () => {
    const maps = files.filter((name) => /^dist\/(?:src|cdk)\/.*\.js\.map$/.test(name));
    const sources = maps.map((name) => name.replace(/^dist\//, '').replace(/\.js\.map$/, '.ts'));
    expect(maps.length).toBeGreaterThan(100);
    expect(files).toEqual(expect.arrayContaining(sources));
  });

  it('contains nothing else: no tests, examples, benchmarks or pictures, and no app of ours', () => {
    const folders = new Set(files.map((name) => name.replace(/\/.*/, '')));
    expect([...folders].toSorted()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'cdk',
      'dist',
      'package.json',
      'src',
    ]);
    expect(files.filter((name) => !/(?:\.(?:js|mjs|d\.ts|ts|map|md|json)|^LICENSE)$/.test(name))).toEqual([]);
    expect(files.filter((name) => /(?:^|\/)(?:app|demo-stack|sessions-stack)\.|\.test\./.test(name))).toEqual([]);
  });
});
