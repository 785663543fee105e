import type { Binding } from '../core/device-binding.js';
import type { SessionRecord } from '../core/record.js';
import { hashSecret, mintSecret, sameHash, type Secret, type SecretHash } from '../core/token.js';

/** The short-lived cookie: 192 random bits, of which only the hash is stored. */

const TOKEN = /^[A-Za-z0-9_-]{32}$/;

/** A value nobody has had before. */
export function mintBoundToken(): { readonly token: string; readonly boundHash: SecretHash } {
  const secret = mintSecret();
  return { token: Buffer.from(secret).toString('base64url'), boundHash: hashSecret(secret) };
}

/** How long the browser keeps the cookie: a tenth less than it is good, so that no request comes with it too late. */
export function maxAgeOf(lifetime: number): number {
  return Math.floor(lifetime * 0.9);
}

/** How long after a login the browser may bind its session, in seconds. */
const REGISTRATION_SECONDS = 60;

/** Until when the browser may bind the session of a login (seconds). */
export function registersUntil({ authenticatedAt = 0 }: SessionRecord): number {
  return Math.ceil(authenticatedAt) + REGISTRATION_SECONDS;
}

/** Until when the bound cookie is good as the record says; one that was not seen yet, for as long as it may arrive. */
export function boundCookieEnd(record: SessionRecord, lifetime: number): number {
  return record.boundUntil ?? registersUntil(record) + lifetime;
}

/** How long requests without the bound cookie may still arrive once one has shown it, in seconds. */
const ARRIVAL_GRACE = 10;

/**
 * From when on every request needs the bound cookie (seconds). The browser may have sent requests before it had the
 * cookie, so they are let in for some seconds after the first that shows it. That is no longer than the cookie is good, or
 * than a login may be unbound.
 */
export function bindsFrom(record: SessionRecord, lifetime: number): number {
  const { boundUntil, previousBoundHash } = record;
  if (boundUntil === undefined) return Number.POSITIVE_INFINITY;
  if (previousBoundHash !== undefined) return Number.NEGATIVE_INFINITY; // the first had arrived
  return Math.min(boundUntil - lifetime + ARRIVAL_GRACE, boundUntil, registersUntil(record));
}

/** How a request's values for the bound cookie stand to a session. */
export type BoundStanding =
  | 'good'
  /** Good for a session whose bound cookie has not been seen before. */
  | 'arrived'
  /** It was good once: whoever shows it now has a copy. */
  | 'expired'
  | 'wrong'
  | 'none';

/** Looks where the values stand, in constant time; the best counts, for others may plant more. */
export function standingOf(
  record: SessionRecord,
  cookies: readonly string[],
  now: number,
  lifetime: number,
): BoundStanding {
  if (cookies.length === 0) return 'none';
  const standings = cookies.map((cookie) => standingOfOne(record, cookie, now, lifetime));
  return STANDINGS.find((better) => standings.includes(better)) as BoundStanding;
}

/** The best first. */
const STANDINGS: readonly BoundStanding[] = ['good', 'arrived', 'expired', 'wrong'];

function standingOfOne(record: SessionRecord, cookie: string, now: number, lifetime: number): BoundStanding {
  if (!TOKEN.test(cookie)) return 'wrong';
  const presented = hashSecret(Buffer.from(cookie, 'base64url') as Uint8Array as Secret);
  const { boundHash, boundUntil, previousBoundHash, previousBoundUntil = 0 } = record;
  if (boundHash !== undefined && sameHash(boundHash, presented)) {
    if (now >= boundCookieEnd(record, lifetime)) return 'expired';
    return boundUntil === undefined ? 'arrived' : 'good';
  }
  if (previousBoundHash === undefined || !sameHash(previousBoundHash, presented)) return 'wrong';
  return now < previousBoundUntil ? 'good' : 'expired';
}

/** The attributes of a record that bind it. */
export function bindingOf(record: SessionRecord): Binding {
  const { deviceKey, deviceChallenge, boundHash, boundUntil, previousBoundHash, previousBoundUntil } = record;
  return { deviceKey, deviceChallenge, boundHash, boundUntil, previousBoundHash, previousBoundUntil };
}
