import { EXIT, type ExitCode } from './exit-code.js';
import { note } from './output.js';

/** npx hands a Ctrl-C on to a process that the terminal has told already. */
const SAME_KEYSTROKE_MS = 500;

/**
 * Lets a long piece of work end in order when it is interrupted; a second Ctrl-C ends it at once.
 *
 * @returns what came of the work, and the exit code if it was interrupted
 */
export async function interruptible<T>(
  work: (signal: AbortSignal) => Promise<T>,
  words = '\nInterrupted: finishing the calls under way. Press Ctrl-C again to end at once.',
): Promise<{ readonly result: T; readonly interrupted: ExitCode | undefined }> {
  const interruption = new AbortController();
  let interrupted: ExitCode | undefined;
  let since = 0;
  const stop = onInterruption((exitCode) => {
    if (interrupted !== undefined) {
      if (performance.now() - since > SAME_KEYSTROKE_MS) process.exit(interrupted);
      return;
    }
    interrupted = exitCode;
    since = performance.now();
    interruption.abort();
    note(words);
  });
  try {
    return { result: await work(interruption.signal), interrupted };
  } finally {
    stop();
  }
}

/** Lets a piece of work be ended at once when it is interrupted, with words for the person at the terminal. */
export async function endedAtOnce<T>(work: () => Promise<T>, lastWords: () => string): Promise<T> {
  const stop = onInterruption((exitCode) => {
    note(`\nInterrupted. ${lastWords()}`);
    process.exit(exitCode);
  });
  try {
    return await work();
  } finally {
    stop();
  }
}

/** Where nobody listens, a signal ends the process. */
function onInterruption(listener: (exitCode: ExitCode) => void): () => void {
  const hear = (signal: NodeJS.Signals): void => listener(signal === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted);
  process.on('SIGINT', hear).on('SIGTERM', hear);
  return () => void process.off('SIGINT', hear).off('SIGTERM', hear);
}
