import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestProject } from 'vitest/node';
import { installNode } from '../runtime/install.js';
import { makeFreshCopy } from '../world/fresh-copy.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The package as `npm publish` would send it. */
    tarball: string;
    /** The folders of other versions of Node.js than the tests run on, by number. */
    nodes: Readonly<Record<number, string>>;
  }
}

const folder = join(import.meta.dirname, '../../.cache/frameworks/package');

/** Packs the package and installs versions of Node.js, once. It has a build of its own: another may be under way in dist/. */
export default async function setUp(project: TestProject): Promise<void> {
  const npm = async (...args: string[]): Promise<string> =>
    (await promisify(execFile)('npm', args, { cwd: folder, maxBuffer: 16 * 1_024 * 1_024 })).stdout;

  await makeFreshCopy(folder);
  const [{ filename }] = JSON.parse(await npm('pack', '--json')) as [{ filename: string }];
  project.provide('tarball', join(folder, filename));
  const nodes = await Promise.all([22, 24].map(async (major) => [major, await installNode(major)] as const));
  project.provide('nodes', Object.fromEntries(nodes));
}
