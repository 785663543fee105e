import type { Clock } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';

/**
 * A clock that stands still until a test moves it.
 *
 * @throws {@link ConfigurationError} for what is no time
 * @example
 * ```ts
 * const clock = new TestClock('2026-01-01T00:00:00Z');
 * clock.advance(3_600);
 * new Date(clock.now()); // 01:00
 * ```
 */
export class TestClock implements Clock {
  #now: number;

  /** @param now a date, its ISO 8601 text, or milliseconds since the epoch; by default the time at which it is made */
  constructor(now: Date | string | number = Date.now()) {
    this.#now = millisecondsOf(now);
  }

  /** Milliseconds since the epoch. */
  now(): number {
    return this.#now;
  }

  /** Sets the time, forwards or backwards. */
  set(now: Date | string | number): void {
    this.#now = millisecondsOf(now);
  }

  /** Moves the time on by so many seconds. */
  advance(seconds: number): void {
    this.set(this.#now + seconds * 1000);
  }
}

function millisecondsOf(time: Date | string | number): number {
  const milliseconds = new Date(time).getTime();
  if (!Number.isNaN(milliseconds)) return milliseconds;
  throw new ConfigurationError(
    'A test clock must be set to a Date, an ISO 8601 text, or milliseconds since the epoch.',
  );
}
