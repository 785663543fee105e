import type { ServiceInputTypes, ServiceOutputTypes } from '@aws-sdk/client-dynamodb';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { StoreUnavailableError } from '../core/errors.js';
import type { Command, Sender } from '../dynamodb/sender.js';

const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 5_000;
const MOST_ATTEMPTS = 12;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 2_000;

/** There was no time left to ask, or to ask again: `cause` is why it was asked again, if it was. */
export class TimeUp extends Error {}

/**
 * Asks again what failed, with full jitter, and slows all calls down while DynamoDB throttles: the first throttled
 * call makes a pause before each, every further one doubles it, and every success shortens it.
 */
export class Backoff {
  readonly #sender: Sender;
  readonly #signal: AbortSignal;
  #pauseMs = 0;

  constructor(sender: Sender, signal: AbortSignal) {
    this.#sender = sender;
    this.#signal = signal;
    setMaxListeners(0, signal); // as many calls as are under way wait at once
  }

  /**
   * @param deadline in milliseconds since the epoch
   * @param command makes the command, anew for each attempt
   * @param options `signal` in place of the one for all calls; `wait`: how many milliseconds to wait at least
   * @throws {@link TimeUp} when the deadline has come, or the signal
   */
  async send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    deadline: number,
    command: () => Command<Input, Output>,
    { signal = this.#signal, wait: least = 0 }: { readonly signal?: AbortSignal; readonly wait?: number } = {},
  ): Promise<Output> {
    // A pause alone never takes the time that the first attempt needs.
    const pause = Math.random() * Math.min(this.#pauseMs, Math.max(0, deadline - Date.now()) / 2);
    let wait = Math.max(pause, least);
    let cause: unknown;
    for (let attempt = 1; ; attempt += 1) {
      if (Date.now() + wait >= deadline || signal.aborted) throw new TimeUp('There is no time left.', { cause });
      if (wait > 0) await delay(wait, undefined, { signal }).catch(() => {});
      if (signal.aborted) throw new TimeUp('There is no time left.', { cause });
      try {
        const answer = await this.#sender.send({ deadline }, command());
        this.#pauseMs = this.#pauseMs < 1 ? 0 : this.#pauseMs * 0.9;
        return answer;
      } catch (error) {
        if (!(error instanceof StoreUnavailableError) || !error.retryable || attempt === MOST_ATTEMPTS) throw error;
        cause = error;
        if (isThrottling(error))
          this.#pauseMs = Math.min(Math.max(FIRST_PAUSE_MS, this.#pauseMs * 2), LONGEST_PAUSE_MS);
        wait = Math.random() * Math.min(FIRST_BACKOFF_MS * 2 ** attempt, LONGEST_BACKOFF_MS);
      }
    }
  }
}

const THROTTLING = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'LimitExceededException',
]);

/** Whether DynamoDB refused a call because there were too many of them. */
export function isThrottling({ cause }: StoreUnavailableError): boolean {
  return cause instanceof Error && THROTTLING.has(cause.name);
}
