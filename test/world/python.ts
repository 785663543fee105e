import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../.cache/python/', import.meta.url));

/** What to do where there is no Python that will do. */
export const NO_PYTHON =
  'needs Python 3.10 or newer with venv: apt-get install python3 python3-venv, or https://www.python.org/downloads/';

/** A Python of 3.10 or newer with the module venv with pip, or `undefined`. */
export function findPython(): string | undefined {
  const check = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))';
  const candidates = ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10', 'python'];
  return candidates.find((candidate) => {
    try {
      execFileSync(candidate, ['-c', check], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

/** The folder of the programs of a virtual environment with these packages, such as `cfn-lint==1.58.0`. */
export const programsOf = (packages: readonly string[]): string => join(cache, packages.join('+'), 'bin');

/** Makes the virtual environment, unless an earlier run did. */
export async function installPackages(python: string, packages: readonly string[]): Promise<void> {
  const environment = join(programsOf(packages), '..');
  const isDone = join(environment, 'is-done');
  if (existsSync(isDone)) return;
  await rm(environment, { recursive: true, force: true });
  await mkdir(cache, { recursive: true });
  await run(python, ['-m', 'venv', environment]);
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
  await run(join(environment, 'bin/python'), pip);
  await writeFile(isDone, '');
}
