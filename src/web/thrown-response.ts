/**
 * The response that a handler has thrown instead of returning it: a `Response`, or what Next.js's `redirect()`,
 * `permanentRedirect()`, `notFound()`, `forbidden()` and `unauthorized()` throw. `undefined` for a failure.
 */
export function thrownResponse(thrown: unknown): Response | undefined {
  if (isResponse(thrown)) return thrown;
  const { digest } = (thrown ?? {}) as { readonly digest?: unknown };
  return typeof digest === 'string' ? fromDigest(digest) : undefined;
}

/** A `Response` of any realm, or a subclass. */
export function isResponse(value: unknown): value is Response {
  return Object.prototype.toString.call(value) === '[object Response]';
}

/** The response that a route handler's error is to Next.js, which knows it by its `digest`. */
function fromDigest(digest: string): Response | undefined {
  const [, location, redirect] = /^NEXT_REDIRECT;(?:push|replace);(.*);(30[378]);$/s.exec(digest) ?? [];
  if (location !== undefined) return new Response(null, { status: Number(redirect), headers: { location } });
  const [, status] = /^NEXT_HTTP_ERROR_FALLBACK;(40[134])$/.exec(digest) ?? [];
  if (status !== undefined) return new Response(null, { status: Number(status) });
  return digest === 'NEXT_NOT_FOUND' ? new Response(null, { status: 404 }) : undefined;
}
