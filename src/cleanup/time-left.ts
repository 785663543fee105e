const SHORTEST_RESERVE_MS = 1_000;
const LONGEST_RESERVE_MS = 10_000;

/** Keeps enough of the time for what is under way to end and for the checkpoint: a tenth, from 1 s to 10 s. */
export class TimeLeft {
  readonly #remainingMs: () => number;
  readonly #reserveMs: number;

  constructor(remainingMs: () => number = () => Number.POSITIVE_INFINITY) {
    this.#remainingMs = remainingMs;
    this.#reserveMs = Math.min(Math.max(remainingMs() / 10, SHORTEST_RESERVE_MS), LONGEST_RESERVE_MS);
  }

  isUp(): boolean {
    return this.#remainingMs() <= this.#reserveMs;
  }

  /** Until when a call may take. */
  toAsk(): number {
    return Date.now() + this.#remainingMs() - this.#reserveMs / 2;
  }

  toLeave(): number {
    return Date.now() + this.#remainingMs() - this.#reserveMs / 10;
  }
}
