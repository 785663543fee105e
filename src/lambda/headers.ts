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

/** What the handler says with Cache-Control, in all places that the service reads, as one header beside a Set-Cookie. */
export function cachingHeader(...own: readonly (Headers | null | undefined)[]): { 'cache-control': string } {
  const values = new Set(own.flatMap((headers) => valuesOf(headers, 'cache-control')));
  return { 'cache-control': cacheControl([...values].join(', ')) };
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
