/** The longest that a timer of Node.js can run; a longer one would end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Waits for some work, but not for longer than it may take. When the time is up, the work is not waited for any more,
 * whatever becomes of it.
 *
 * @throws what `timeUp` makes, when the time is up
 */
export function withTimeLimit<T>(milliseconds: number, work: Promise<T>, timeUp: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(timeUp()), Math.min(milliseconds, LONGEST_TIMER_MS));
    const settle =
      <Outcome>(how: (outcome: Outcome) => void) =>
      (outcome: Outcome): void => {
        clearTimeout(timer);
        how(outcome);
      };
    work.then(settle(resolve), settle(reject));
  });
}
