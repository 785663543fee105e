/** What JSON has: text, a finite number, a boolean, null, and lists and objects of these. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * A value of a session's data as JSON can hold it, for a person or a program to read, not to be read back: a `Map` is a
 * list of pairs, a `Set` a list, bytes are base64, what has a `toJSON` is what that gives, what has no JSON is text or
 * `null`. An object that stands in several places, as in a cycle, is given once, and then as a JSON Reference.
 *
 * @param path where this stands in the whole (RFC 6901)
 * @param seen the objects that were given, and where
 */
export function plainJson(value: unknown, path = '#', seen: Map<object, string> = new Map()): Json {
  if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return value as Json;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null) return null;

  if (value instanceof ArrayBuffer) return Buffer.from(value).toString('base64');
  if (value instanceof Uint8Array || value instanceof DataView)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
  if (value instanceof RegExp || value instanceof URLSearchParams) return String(value);
  if (value instanceof Date || value instanceof URL) return value.toJSON();

  const $ref = seen.get(value);
  if ($ref !== undefined) return { $ref };
  seen.set(value, path);
  if ('toJSON' in value && typeof value.toJSON === 'function') return plainJson(value.toJSON(), path, seen);
  const plain = (part: unknown, key: string | number): Json => plainJson(part, `${path}/${escaped(key)}`, seen);
  if (isList(value)) return Array.from(value, plain);
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part, key)]));
}

const isList = (value: object): value is Iterable<unknown> =>
  Array.isArray(value) || value instanceof Map || value instanceof Set || ArrayBuffer.isView(value);

const escaped = (key: string | number): string => String(key).replaceAll('~', '~0').replaceAll('/', '~1');
