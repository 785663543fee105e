import { NotStorableError } from '../core/errors.js';

/** A session between the application and the store: each of its keys is stored for itself, as JSON text. */

/** The key of the cookie's attributes. */
export const COOKIE = 'cookie';

/** Whether this is a framework's session: it has its cookie's attributes, or the end that koa-session gives to it. */
export function isSession(session: ReadonlyMap<string, unknown>): boolean {
  const cookie = session.get(COOKIE);
  return (typeof cookie === 'object' && cookie !== null) || session.has('_expire') || session.has('_session');
}

/**
 * The session as it is stored. As with the other stores, a value is stored as JSON has it: a `Date` comes back as
 * text, and what JSON has no text for is left out.
 *
 * @throws {@link NotStorableError} for a value that JSON refuses, and a key that is not well-formed
 */
export function encode(session: object): Map<string, string> {
  const data = new Map<string, string>();
  for (const [key, value] of Object.entries(session)) {
    const text = textOf(key, value);
    if (text !== undefined) data.set(key, text);
  }
  return data;
}

function textOf(key: string, value: unknown): string | undefined {
  if (!key.isWellFormed()) throw new NotStorableError('Cannot store a key of the session: it is not well-formed.');
  try {
    return JSON.stringify(value) as string | undefined;
  } catch {
    // The cause might quote data.
    throw new NotStorableError(`Cannot store ${key}: JSON cannot hold it.`);
  }
}

/** The values that can be read; `unreadable` is told the keys of the others. */
export function decode(
  data: ReadonlyMap<string, string>,
  unreadable: (key: string) => void,
): ReadonlyMap<string, unknown> {
  const session = new Map<string, unknown>();
  for (const [key, text] of data) {
    // Frameworks assign keys: this one would become the prototype of the application's session.
    if (key === '__proto__') continue;
    try {
      session.set(key, JSON.parse(text));
    } catch {
      unreadable(key);
    }
  }
  return session;
}

/** The keys in which the one differs from the other, the cookie's not counted. */
export function difference(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): { readonly set: readonly string[]; readonly removed: readonly string[] } {
  const set = [...after.keys()].filter((key) => key !== COOKIE && before.get(key) !== after.get(key));
  const removed = [...before.keys()].filter((key) => key !== COOKIE && !after.has(key));
  return { set, removed };
}
