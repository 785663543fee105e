/** The longest that a timer of Node.js can run; a longer one would end at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Waits for some work, but not for longer than it may take. When the time is up, the work is not waited for any more,
 * whatever becomes of it.
 *
 * @throws what `timeUp` makes, when the time is up
 */
export async function withTimeLimit<T>(milliseconds: number, work: Promise<T>, timeUp: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(timeUp()), Math.min(milliseconds, LONGEST_TIMER_MS));
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
