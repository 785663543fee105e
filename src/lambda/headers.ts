/** Headers as Lambda's events and results carry them: by name, in any case, with one value or several. */
export type Headers = {
  readonly [name: string]: string | number | boolean | readonly (string | number | boolean)[] | undefined;
};

/** All values of a header, whatever the case of its name. What no header can have for a value is none. */
export function valuesOf(headers: Headers | null | undefined, name: string): string[] {
  return Object.entries(headers ?? {})
    .filter(([candidate]) => candidate.toLowerCase() === name)
    .flatMap(([, value]): unknown => value)
    .filter((value) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(String);
}

/** The headers without one of them, whatever the case of its name, and without those that have no value. */
export function without<H extends Headers>(headers: H | undefined, name: string): H {
  return Object.fromEntries(
    Object.entries(headers ?? {}).filter(
      ([candidate, value]) => candidate.toLowerCase() !== name && [value ?? []].flat().length > 0,
    ),
  ) as H;
}

/** Headers that go with a Set-Cookie: no cache may keep the response (ASVS 14.3.2), unless the handler decided itself. */
export function noStore(...own: readonly (Headers | undefined)[]): { 'cache-control'?: string } {
  return own.some((headers) => valuesOf(headers, 'cache-control').length > 0) ? {} : { 'cache-control': 'no-store' };
}
