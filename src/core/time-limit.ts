/**
 * Waits for some work, but not for longer than it may take. When the time is up, the work is not waited for any more,
 * whatever becomes of it.
 *
 * @throws what `timeUp` makes, when the time is up
 */
export async function withTimeLimit<T>(milliseconds: number, work: Promise<T>, timeUp: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(timeUp()), milliseconds);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
