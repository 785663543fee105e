import { NotStorableError } from '../core/errors.js';
import type { Codec } from './codec.js';
import { formatPath, formatStep } from './path.js';

/** As for {@link readableCodec}, so that each reads what the other wrote. */
const MAX_DEPTH = 256;

/**
 * A codec for plain JSON values alone: strings, finite numbers, booleans, `null`, and arrays and plain objects of them.
 * It takes a tenth of the bytes of {@link readableCodec} in a bundle, and writes such values in the same way; so each
 * of the two reads them, whichever wrote them.
 *
 * Everything else is refused, and so is what JSON would bring back different: `undefined`, `NaN`, `-0`, a `Date`, the
 * same object in two places. `decode` throws a `SyntaxError` at any text that is no JSON.
 *
 * @example
 * ```ts
 * jsonCodec.encode({ theme: 'dark' }); // {"theme":"dark"}
 * jsonCodec.encode({ at: new Date(0) }); // NotStorableError: Cannot store value.at: it is no plain JSON …
 * ```
 */
export const jsonCodec: Codec = {
  encode(value) {
    let steps: string | undefined = '';
    try {
      steps = whereNotJson(value, new Set());
    } catch {
      // A revoked proxy, for instance.
    }
    if (steps === undefined) return JSON.stringify(value);
    throw new NotStorableError(
      `Cannot store ${formatPath(steps)}: it is no plain JSON value that would come back equal; readableCodec stores more.`,
    );
  },

  decode(text) {
    try {
      return JSON.parse(text);
    } catch {
      throw new SyntaxError('This is no JSON text.'); // the cause would quote it
    }
  },
};

/** The steps to the first part that is not JSON, or that cannot be read; `undefined` if there is none. */
function whereNotJson(value: unknown, seen: Set<object>, depth = 0): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? undefined : '';
  if (typeof value !== 'object' || seen.has(value) || depth > MAX_DEPTH) return '';
  seen.add(value);
  const isArray = Array.isArray(value);
  if (Object.getPrototypeOf(value) !== (isArray ? Array : Object).prototype) return '';
  const keys = Object.keys(value);
  if (isArray && keys.some((key, index) => key !== String(index))) return ''; // a gap, or a name
  // An array's length is a property that is not enumerable; a gap at its end shows in nothing else.
  if (Reflect.ownKeys(value).length !== keys.length + (isArray ? 1 : 0)) return '';
  if (isArray && keys.length !== value.length) return '';
  for (const key of keys) {
    // What has a getter has no value.
    const steps = whereNotJson(Object.getOwnPropertyDescriptor(value, key)?.value, seen, depth + 1);
    if (steps !== undefined) return formatStep(key) + steps;
  }
  return undefined;
}
