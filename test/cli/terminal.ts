import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

// Python's standard library has a pseudo-terminal; Node.js has none.
const RELAY = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

/** Why there is no terminal here, or `undefined` if there is. */
export function whyNoTerminal(): string | undefined {
  const { status } = spawnSync('python3', ['-c', 'import pty, os; os.waitstatus_to_exitcode']);
  return status === 0 ? undefined : 'it needs Python 3.9 or newer, on a system with pseudo-terminals';
}

/** A program that takes its input from a terminal, and prints to one. */
export class Terminal {
  readonly #child;
  readonly #exited: Promise<unknown[]>;
  #output = '';

  constructor(argv: readonly string[], environment: Readonly<Record<string, string>>) {
    this.#child = spawn('python3', ['-c', RELAY, ...argv], {
      env: { ...environment, TERM: 'xterm' },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#exited = once(this.#child, 'close');
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString();
    });
  }

  /** All that was printed so far. */
  get output(): string {
    return this.#output;
  }

  /** Waits until something is printed, or the program has ended. */
  async shows(text: string): Promise<void> {
    while (!this.#output.includes(text) && this.#child.exitCode === null) await delay(5);
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  async exitCode(): Promise<number | null> {
    await this.#exited;
    return this.#child.exitCode;
  }
}
