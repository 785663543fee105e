import { EXIT, type ExitCode } from './exit-code.js';
import { note } from './output.js';

const EXIT_CODES = { SIGINT: EXIT.interrupted, SIGTERM: EXIT.terminated } as const;

/** npx hands a Ctrl-C on to a process that the terminal has told already. */
const SAME_KEYSTROKE_MS = 500;

/**
 * Lets a long piece of work end in order when it is interrupted; a second Ctrl-C ends it at once.
 *
 * @returns what came of the work, and the exit code if it was interrupted
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
): Promise<{ readonly result: T; readonly interrupted: ExitCode | undefined }> {
  const interruption = new AbortController();
  let interrupted: (typeof EXIT_CODES)[keyof typeof EXIT_CODES] | undefined;
  let since = 0;
  const interrupt = (signal: NodeJS.Signals): void => {
    if (interrupted !== undefined) {
      if (performance.now() - since > SAME_KEYSTROKE_MS) process.exit(interrupted);
      return;
    }
    interrupted = signal === 'SIGTERM' ? EXIT_CODES.SIGTERM : EXIT_CODES.SIGINT;
    since = performance.now();
    interruption.abort();
    note('\nInterrupted: ending what is under way. Ctrl-C again ends at once.');
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    return { result: await work(interruption.signal), interrupted };
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}
