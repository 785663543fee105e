import type { RequestHead } from './request-head.js';

/**
 * Whether a browser sent a request without TLS, as far as is known: the proxy in front knows best, then the URL. Where
 * neither says anything, as in most of Lambda's events, it came over TLS.
 */
export function isPlainHttp({ header, url }: RequestHead): boolean {
  const forwarded = header('x-forwarded-proto');
  return forwarded === undefined ? url?.startsWith('http:') === true : /^\s*http\s*(?:,|$)/i.test(forwarded);
}
