import { callbackify } from 'node:util';

/**
 * Answers by calling back, as the interface of session stores has it, and by a promise as well. Whoever gave a callback
 * hears of a failure there: the promise then resolves. A rejection for which nobody waits is not an unhandled one.
 */
export function answer<Answer>(promise: Promise<Answer>, callback: unknown): Promise<Answer | undefined> {
  const settled = promise.catch(() => undefined);
  if (typeof callback !== 'function') return promise;
  const call = callbackify<Answer | undefined>(() => promise);
  call(callback as Parameters<typeof call>[0]);
  return settled;
}
