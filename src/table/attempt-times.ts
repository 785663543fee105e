/** How long one attempt at a call may take, in milliseconds. */
export interface AttemptTimes {
  /** To connect. */
  readonly connectMs: number;
  /** In all, to the last byte of the answer. */
  readonly attemptMs: number;
  /** Before the first retry, on average; before the second it is twice as long. */
  readonly backoffMs: number;
}

/** They suit a request that somebody waits for. */
export const ATTEMPT_TIMES: AttemptTimes = { connectMs: 500, attemptMs: 800, backoffMs: 50 };
