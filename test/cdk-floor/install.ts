import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FLOOR, FOLDER } from './floor.js';

/** Installs the lowest supported CDK, unless an earlier run did. */
export default async function setUp(): Promise<void> {
  const isDone = join(FOLDER, 'is-done');
  if (existsSync(isDone)) return;
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, 'package.json'), JSON.stringify({ private: true }));
  const packages = Object.entries(FLOOR).map(([name, version]) => `${name}@${version}`);
  await promisify(execFile)('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], {
    cwd: FOLDER,
  });
  await writeFile(isDone, '');
}
