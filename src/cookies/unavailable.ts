/** What a request is answered with when the store is unavailable: nothing but that, and the cookie is left alone. */
export const UNAVAILABLE = {
  statusCode: 503,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'retry-after': '1' },
  body: 'Service Unavailable',
} as const;
