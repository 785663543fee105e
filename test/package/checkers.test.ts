import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const vitest = join(createRequire(import.meta.url).resolve('vitest/package.json'), '../vitest.mjs');

describe('npm run test:checkers', () => {
  it('fails without Python, and says what to install', async () => {
    const args = [vitest, 'run', '--config', 'test/checkers/vitest.config.ts'];
    const env = { ...process.env, PATH: '/nonexistent' };
    const [exitCode, output] = await new Promise<[number | string | null | undefined, string]>((resolve) => {
      execFile(process.execPath, args, { cwd: root, env }, (error, stdout, stderr) =>
        resolve([error?.code, stdout + stderr]),
      );
    });
    expect(output).toContain('npm run test:checkers needs Python 3.10 or newer with venv: apt-get install python3');
    expect(exitCode).toBe(1);
  }, 60_000);
});
