/** What of a session's cookie says when the session ends. */
interface Cookie {
  readonly expires?: unknown;
  readonly maxAge?: unknown;
}

/**
 * When a session ends: with its cookie, and if that lasts as long as the browser, after the idle timeout.
 * In seconds; a session never ends before its cookie.
 */
export function endOf(cookie: unknown, now: number, idleTimeout: number): number {
  const { expires, maxAge } = (cookie ?? {}) as Cookie;
  if (expires instanceof Date || typeof expires === 'string') {
    const milliseconds = new Date(expires).getTime();
    if (!Number.isNaN(milliseconds)) return Math.ceil(milliseconds / 1000);
  }
  if (typeof maxAge === 'number' && Number.isFinite(maxAge)) return Math.ceil(now + maxAge / 1000);
  return now + idleTimeout;
}
