import { execFile } from 'node:child_process';
import { cp, mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { installNode } from '../runtime/install.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The package as `npm publish` would send it. */
    tarball: string;
    /** The folders of other versions of Node.js than the tests run on, by number. */
    nodes: Readonly<Record<number, string>>;
  }
}

const root = join(import.meta.dirname, '../..');
const folder = join(root, '.cache/frameworks/package');

/** What is not in a fresh clone. */
const NOT_COPIED = /^(?:node_modules|dist|coverage|cdk\.out|\.cache|\.git)$/;

/** Packs the package and installs versions of Node.js, once. It has a build of its own: another may be under way in dist/. */
export default async function setUp(project: TestProject): Promise<void> {
  const npm = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('npm', args, { cwd: folder, maxBuffer: 16 * 1_024 * 1_024 })).stdout;
  const isCopied = (path: string): boolean => !NOT_COPIED.test(basename(path));

  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const name of (await readdir(root)).filter(isCopied)) {
    await cp(join(root, name), join(folder, name), { recursive: true, filter: isCopied });
  }
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
  const [{ filename }] = JSON.parse(await npm('pack', '--json')) as [{ filename: string }];
  project.provide('tarball', join(folder, filename));
  const nodes = await Promise.all([22, 24].map(async (major) => [major, await installNode(major)] as const));
  project.provide('nodes', Object.fromEntries(nodes));
}
