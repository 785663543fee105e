import { cacheControl, overridesCacheControl } from '../cookies/index.js';

/** Headers as Lambda's events and results carry them: by name, in any case, with one value or several. */
export type Headers = {
  readonly [name: string]: string | number | boolean | readonly (string | number | boolean)[] | undefined;
};

/** All values of a header, whatever the case of its name. What no header can have for a value is none. */
export function valuesOf(headers: Headers | null | undefined, name: string): string[] {
  return Object.keys(headers ?? {})
    .filter((candidate) => candidate.length === name.length && candidate.toLowerCase() === name)
    .flatMap((own): unknown => headers?.[own])
    .filter((value) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(String);
}

/** An event that may have both kinds of headers. */
export interface BothHeaders {
  readonly headers?: Headers | null | undefined;
  readonly multiValueHeaders?: Headers | null | undefined;
}

/** Both kinds of headers say the same, the single ones with the last value only; whoever calls by hand may send one kind. */
export function valuesIn(event: BothHeaders, name: string): string[] {
  const values = valuesOf(event.multiValueHeaders, name);
  return values.length > 0 ? values : valuesOf(event.headers, name);
}

/** The last address of `X-Forwarded-For`: what stands before it, anybody may have written. */
export function lastForwarded(values: readonly string[]): string | undefined {
  return values.at(-1)?.split(',').at(-1)?.trim();
}

/** The cookies that a result sets already, in all places that the service reads, and those to be added. */
export function allCookies(added: readonly string[], ...own: readonly (Headers | null | undefined)[]): string[] {
  return [...new Set([...own.flatMap((headers) => valuesOf(headers, 'set-cookie')), ...added])];
}

/**
 * A result's headers as they may stand beside a Set-Cookie.
 *
 * @param elsewhere in what other place the handler may have said something with Cache-Control
 */
export function headersBeside<H extends Headers>(
  headers: H | null | undefined,
  elsewhere?: Headers | null,
): H & { 'cache-control': string } {
  const values = new Set([headers, elsewhere].flatMap((own) => valuesOf(own, 'cache-control')));
  return { 'cache-control': cacheControl([...values].join(', ')), ...otherHeaders(headers) };
}

/** The headers that stay beside a Set-Cookie: without those that are written anew, that caches obey instead, or that have no value. */
export function otherHeaders<H extends Headers>(headers: H | null | undefined): H {
  return Object.fromEntries(
    Object.entries(headers ?? {}).filter(
      ([name, value]) =>
        !['set-cookie', 'cache-control'].includes(name.toLowerCase()) &&
        !overridesCacheControl(name) &&
        [value ?? []].flat().length > 0,
    ),
  ) as H;
}
