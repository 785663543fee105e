import { NotStorableError } from './errors.js';

/** Identifies a user. The type counts: `42`, `42n` and `'42'` are three users. */
export type UserId = string | number | bigint;

const LONGEST_KEY = 256; // bytes; it is part of each of the user's items

/**
 * The user ID as text, with its type: `s:user-1`, `n:42`, `b:42`.
 *
 * @throws {@link NotStorableError} for an empty string, NaN, an infinity, a lone surrogate, or over 256 bytes.
 */
export function userKey(userId: UserId): string {
  const key = typed(userId);
  if (key === undefined || Buffer.byteLength(key) > LONGEST_KEY) {
    throw new NotStorableError(
      `A user ID must be a non-empty string of at most ${LONGEST_KEY} bytes, a finite number, or a bigint; got a ${typeof userId}.`,
    );
  }
  return key;
}

// A lone surrogate would come back from UTF-8 as another character.
function typed(userId: unknown): string | undefined {
  if (typeof userId === 'string') return userId === '' || !userId.isWellFormed() ? undefined : `s:${userId}`;
  if (typeof userId === 'number') return Number.isFinite(userId) ? `n:${userId}` : undefined;
  return typeof userId === 'bigint' ? `b:${userId}` : undefined;
}

/** The user ID that {@link userKey} wrote, or `undefined` if it did not write this. */
export function parseUserKey(key: string): UserId | undefined {
  const text = key.slice(2);
  const userId = key.startsWith('s:')
    ? text
    : key.startsWith('n:')
      ? Number(text)
      : key.startsWith('b:') && /^-?\d+$/.test(text)
        ? BigInt(text)
        : undefined;
  return userId !== undefined && typed(userId) === key ? userId : undefined;
}

/** Whether two IDs name the same user, type included. */
export function sameUser(a: UserId, b: UserId): boolean {
  return userKey(a) === userKey(b);
}
