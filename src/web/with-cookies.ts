import { cacheControl, overridesCacheControl } from '../cookies/index.js';

/**
 * A copy: the headers of a redirect and of a fetched response cannot be changed, and a response that a handler keeps to
 * answer with again would hand one visitor's cookie to the next.
 */
export function withCookies(
  response: Response,
  setCookies: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(more)) headers.set(name, value);
  for (const setCookie of setCookies) headers.append('set-cookie', setCookie);
  for (const name of [...headers.keys()].filter(overridesCacheControl)) headers.delete(name);
  headers.set('cache-control', cacheControl(headers.get('cache-control') ?? ''));
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
