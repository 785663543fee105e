import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

/** The operators' command as one file, which a global setup makes. */
export const program: string = join(import.meta.dirname, '../../.cache/cli/main.mjs');

/** What came of the command. */
export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The operators' command as a program of its own. */
export interface Command {
  /** Node.js and the program: what comes before the arguments. */
  readonly argv: readonly [string, string];
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

export const command: Command = {
  argv: [process.execPath, program],
  environment,
  async run(args, { environment: more = {}, interrupt } = {}) {
    const child = spawn(process.execPath, [program, ...args], {
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
