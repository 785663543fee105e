import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Installs packages, each named with its version, into a folder of their own, unless an earlier run did. */
export async function installPackages(folder: string, packages: readonly string[]): Promise<void> {
  const isDone = join(folder, 'is-done');
  if (existsSync(isDone)) return;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ private: true }));
  await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], {
    cwd: folder,
  });
  await writeFile(isDone, '');
}
