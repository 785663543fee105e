import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { build } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** What came of the command. */
export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The operators' command as a program of its own, for one test file. */
export interface Command {
  /** Node.js and the program: what comes before the arguments. */
  readonly argv: () => readonly [string, string];
  readonly environment: Readonly<Record<string, string>>;
  run(args: readonly string[], options?: RunOptions): Promise<Ran>;
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  /** Sends the signal as soon as it is time. */
  readonly interrupt?: { readonly signal: NodeJS.Signals; readonly isTime: () => boolean };
}

/** Nothing of this machine's: no credentials, no region, no home. */
const environment = {
  PATH: process.env['PATH'] ?? '',
  HOME: '/nonexistent',
  AWS_EC2_METADATA_DISABLED: 'true',
};

/** Builds the command from the sources, for as long as the file's tests run. */
export function useCommand(): Command {
  let folder = '';
  const program = (): string => join(folder, 'main.mjs');
  beforeAll(async () => {
    await mkdir(join(root, '.cache'), { recursive: true });
    folder = await mkdtemp(join(root, '.cache/cli-'));
    await build({
      entryPoints: [join(root, 'src/cli/main.ts')],
      outfile: program(),
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      logLevel: 'warning',
    });
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  return {
    argv: () => [process.execPath, program()],
    environment,
    async run(args, { environment: more = {}, interrupt } = {}) {
      const child = spawn(process.execPath, [program(), ...args], {
        env: { ...environment, ...more },
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const watch = setInterval(() => {
        if (interrupt?.isTime() !== true) return;
        clearInterval(watch);
        child.kill(interrupt.signal);
      }, 1);
      const [[exitCode], stdout, stderr] = await Promise.all([
        once(child, 'close') as Promise<[number | null]>,
        text(child.stdout),
        text(child.stderr),
      ]);
      clearInterval(watch);
      return { exitCode, stdout, stderr };
    },
  };
}
