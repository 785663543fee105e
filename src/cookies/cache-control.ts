/** A quoted argument: what stands in it is no directive. */
const QUOTED = /"(?:[^"\\]|\\.)*"/g;

/** Only without an argument: `private="x"` is about one header. */
const FOR_NO_SHARED_CACHE = /(?:^|,)[ \t]*(?:private|no-store)[ \t]*(?:,|$)/i;

/** What may count more than a `private` beside it; and a quote without its other half, which nobody can read for sure. */
const FOR_SHARED_CACHES = /(?:^|,)[ \t]*(?:public|s-maxage)\b|"/i;

/**
 * The Cache-Control of a response that sets the session's cookie. A shared cache would hand the token to everybody, and a
 * Set-Cookie alone keeps no cache from storing a response (RFC 9111 §7.3).
 *
 * The handler's own stays if it keeps shared caches off: with `private` or `no-store`, and with neither `public` nor
 * `s-maxage` beside it (RFC 9111 §5.2.2). Everything else is weaker and becomes `private, no-store`.
 *
 * @param own - The handler's values, joined by commas as RFC 9110 §5.3 has it; empty if there are none.
 */
export function cacheControl(own: string): string {
  if (own === '') return 'no-store';
  const directives = own.replaceAll(QUOTED, 'quoted');
  return FOR_NO_SHARED_CACHE.test(directives) && !FOR_SHARED_CACHES.test(directives) ? own : 'private, no-store';
}

/**
 * Whether a header tells some caches what Cache-Control tells the others, and counts more to them: `CDN-Cache-Control`
 * and its forms for single vendors (RFC 9213), and what was there before it, `Surrogate-Control` and `Edge-Control`. It
 * has no place beside the session's cookie.
 */
export function overridesCacheControl(name: string): boolean {
  return /(?:cdn-cache|surrogate|edge)-control$/i.test(name);
}
