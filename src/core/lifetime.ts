import type { SessionRecord } from './record.js';

/** The rules of time, decided on every read and in every write's condition. All in seconds. */
export interface LifetimePolicy {
  readonly idleTimeout: number;
  readonly absoluteTimeout: number;
  readonly touchInterval: number;
}

type Lifetime = Pick<SessionRecord, 'createdAt' | 'lastSeenAt' | 'expiresAt' | 'absoluteExpiresAt'>;

/** Whether the session exists at this time: it has ended in the very second of its expiry. */
export function isLive(record: Pick<SessionRecord, 'expiresAt'>, now: number): boolean {
  return record.expiresAt > now;
}

/** The times of a session that begins now. */
export function begin(policy: LifetimePolicy, now: number): Lifetime {
  const absoluteExpiresAt = now + policy.absoluteTimeout;
  return { createdAt: now, absoluteExpiresAt, ...touch(policy, { absoluteExpiresAt }, now) };
}

/** Whether the touch interval is over, so that this request writes that it has seen the session. */
export function touchIsDue(policy: LifetimePolicy, record: Pick<SessionRecord, 'lastSeenAt'>, now: number): boolean {
  return now - record.lastSeenAt >= policy.touchInterval;
}

/** The times that a touch writes. The absolute timeout stays what it was (ASVS 7.3.2). */
export function touch(
  policy: LifetimePolicy,
  record: Pick<SessionRecord, 'absoluteExpiresAt'>,
  now: number,
): Pick<Lifetime, 'lastSeenAt' | 'expiresAt'> {
  return { lastSeenAt: now, expiresAt: Math.min(now + policy.idleTimeout, record.absoluteExpiresAt) };
}

/** How long an ended session's ID stays taken: far longer than any copy of a write is under way. */
const TOMBSTONE_SECONDS = 3_600;

/** Until when a tombstone stays. */
export function tombstoneEnd(endedAt: number, { takenUntil = 0 }: { readonly takenUntil?: number }): number {
  return Math.max(endedAt + TOMBSTONE_SECONDS, takenUntil);
}
