/** What of a session's cookie says when the session ends. */
interface Cookie {
  readonly expires?: unknown;
  readonly maxAge?: unknown;
}

/** What of a session says when it ends. */
interface EndingSession {
  readonly cookie?: unknown;
  /** For koa-session, in milliseconds since the epoch. */
  readonly _expire?: unknown;
}

/**
 * When a session ends: with its cookie, and if that lasts as long as the browser, after the idle timeout.
 * In seconds; a session never ends before its cookie.
 */
export function endOf(session: EndingSession, now: number, idleTimeout: number): number {
  const { cookie, _expire: end } = session;
  const { expires, maxAge } = (cookie ?? {}) as Cookie;
  if (expires instanceof Date || typeof expires === 'string') {
    const milliseconds = new Date(expires).getTime();
    if (!Number.isNaN(milliseconds)) return Math.ceil(milliseconds / 1000);
  }
  if (cookie === undefined && typeof end === 'number' && Number.isFinite(end)) return Math.ceil(end / 1000);
  if (typeof maxAge === 'number' && Number.isFinite(maxAge)) return Math.ceil(now + maxAge / 1000);
  return now + idleTimeout;
}
