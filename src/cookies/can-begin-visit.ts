import type { SameSite } from './cookie-options.js';

/** Where browsers say that they fetch ahead: `Sec-Purpose` (Fetch), and what they sent before there was a standard. */
const PURPOSE_HEADERS = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'];

/**
 * Whether a request can begin a visit, and with `create` a session. It cannot if
 *
 * - it is an OPTIONS or a HEAD: nobody sees a page;
 * - it is a prefetch, a prerender or a preview: perhaps nobody ever will;
 * - it comes from another site in a way in which `SameSite` holds the cookie back (RFC 6265bis §4.1.2.7): the visitor may
 *   well have a session, and a new cookie would take its place. `Lax` lets only top-level navigations with GET through.
 *
 * What a request does not say is not held against it: only browsers send `Sec-Fetch-*` (Fetch Metadata), and not all do.
 *
 * @param header - The value of a request header, by its lower-case name.
 */
export function canBeginVisit(
  method: string,
  header: (name: string) => string | undefined,
  sameSite: SameSite,
): boolean {
  if (method === 'OPTIONS' || method === 'HEAD') return false;
  if (PURPOSE_HEADERS.some((name) => /\b(?:prefetch|prerender|preview)\b/i.test(header(name) ?? ''))) return false;
  if (header('sec-fetch-site') !== 'cross-site') return true;
  switch (sameSite) {
    case 'None':
      return true;
    case 'Strict':
      return false;
    case 'Lax':
      return (
        method === 'GET' &&
        header('sec-fetch-mode') === 'navigate' &&
        (header('sec-fetch-dest') ?? 'document') === 'document'
      );
  }
}
