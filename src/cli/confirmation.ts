import { createInterface } from 'node:readline/promises';
import { UsageError } from './usage-error.js';

/**
 * Asks before something that cannot be undone. Only `y` and `yes` mean yes.
 *
 * @throws {@link UsageError} if there is nobody to ask
 */
export async function isConfirmed(question: string, { yes }: { readonly yes?: boolean }): Promise<boolean> {
  if (yes === true) return true;
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new UsageError(`${question} There is no terminal to ask on, so add --yes. Nothing was ended.`);
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const left = new AbortController();
  // Ctrl-C and Ctrl-D are answers, too.
  terminal.once('close', () => left.abort());
  try {
    const answer = await terminal.question(`${question} [y/N] `, { signal: left.signal });
    return /^y(es)?$/i.test(answer.trim());
  } catch (error) {
    if (left.signal.aborted) return false;
    throw error;
  } finally {
    terminal.close();
  }
}
