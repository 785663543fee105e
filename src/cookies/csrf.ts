import { ConfigurationError } from '../core/errors.js';
import { expectOptions } from '../core/option-checks.js';
import type { RequestHead } from './request-head.js';

/** Which requests of other origins may change something, beside those of the request's own. */
export interface CsrfOptions {
  /**
   * Whether the other hosts of the same site may: `www.example.com` for `app.example.com`. Trust them all, or leave it.
   *
   * @defaultValue false
   */
  readonly sameSite?: boolean;
  /**
   * Origins that may, as browsers write them: `'https://app.example.com'`. Also the site's own, if what is in front of
   * the application does not hand on the `Host` that the browser asked for.
   *
   * @defaultValue none
   */
  readonly origins?: readonly string[];
}

/** What a request is refused by: the header that told. */
export type CsrfRefusal = 'sec-fetch-site' | 'origin';

/** What a refused request is answered with: nothing but that, and the cookie is left alone. */
export const FORBIDDEN = {
  statusCode: 403,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  body: 'Forbidden',
} as const;

/**
 * Whether a page of another origin has made the browser send this request, by which header that is known; `undefined`
 * for a request that may pass:
 *
 * - GET, HEAD and OPTIONS: they change nothing;
 * - a page of a listed origin;
 * - `Sec-Fetch-Site` is `same-origin` or `none` (the user's own doing, such as a bookmark), or `same-site` if that is
 *   accepted (Fetch Metadata);
 * - without that header: `Origin` has the request's own host;
 * - with neither header: no browser of the last years sends such a request, and other clients send only the cookies
 *   that they mean to. Go's `http.CrossOriginProtection` does the same.
 */
export function csrfRefusal(
  { method, header, url = '' }: RequestHead,
  { sameSite = false, origins = [] }: CsrfOptions,
): CsrfRefusal | undefined {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return undefined;
  const origin = header('origin');
  if (origin !== undefined && origins.includes(origin)) return undefined;
  const site = header('sec-fetch-site');
  if (site !== undefined) {
    const mayPass = site === 'same-origin' || site === 'none' || (site === 'same-site' && sameSite);
    return mayPass ? undefined : 'sec-fetch-site';
  }
  if (origin === undefined) return undefined;
  const host = header('host') ?? (URL.canParse(url) ? new URL(url).host : '');
  return isOrigin(origin, host) ? undefined : 'origin';
}

/** `null` is the origin of what has none, such as a sandboxed frame: it is nobody's host. */
function isOrigin(origin: string, host: string): boolean {
  return host !== '' && URL.canParse(origin) && new URL(origin).host === host.toLowerCase();
}

/** @throws {@link ConfigurationError} naming the option, and what was expected */
export function checkCsrfOptions(options: CsrfOptions): CsrfOptions {
  expectOptions(options, { sameSite: 'a boolean', origins: 'an object' });
  const { origins = [] } = options;
  for (const origin of Array.isArray(origins) ? (origins as readonly unknown[]) : [origins]) {
    if (typeof origin !== 'string' || !URL.canParse(origin) || new URL(origin).origin !== origin) {
      throw new ConfigurationError(
        'Option csrf.origins has something that is no origin; expected a list such as ["https://app.example.com"], in lower case, without a path or a default port.',
      );
    }
  }
  return { ...options, origins: [...origins] };
}
