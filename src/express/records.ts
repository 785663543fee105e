import type { ResolvedOptions } from '../core/options.js';
import type { SessionUser } from '../core/persistence-layer.js';
import { touchIsDue as intervalIsOver } from '../core/lifetime.js';
import type { SessionRecord } from '../core/record.js';
import { hashSecret, mintSecret, mintWriteMark } from '../core/token.js';

/** The records of this store. */

type Policy = Pick<ResolvedOptions<SessionUser>, 'idleTimeout' | 'absoluteTimeout' | 'touchInterval'>;

/** A session that begins now. No request proves it by a secret, so it has the hash of one that nobody keeps. */
export function newRecord(
  { absoluteTimeout }: Policy,
  now: number,
  end: number,
  data: ReadonlyMap<string, string>,
): SessionRecord {
  const absoluteExpiresAt = now + absoluteTimeout;
  return {
    createdAt: now,
    lastSeenAt: now,
    expiresAt: Math.min(end, absoluteExpiresAt),
    absoluteExpiresAt,
    secretHash: hashSecret(mintSecret()),
    rotatedAt: now,
    auth: 0,
    lastWrite: mintWriteMark(),
    data,
  };
}

/**
 * Whether a request that asks for the session now writes that it is in use. Only then may it write that: it is in such
 * requests that the user's mark is checked.
 */
export function touchIsDue(policy: Policy, record: SessionRecord, now: number): boolean {
  return intervalIsOver({ ...policy, touchInterval: touchIntervalOf(policy, record) }, record, now);
}

/** Whether the session's cookie has been given another end than the passing of time gives it. */
export function endHasMoved(policy: Policy, record: SessionRecord, expiresAt: number): boolean {
  return expiresAt < record.expiresAt || expiresAt > record.expiresAt + touchIntervalOf(policy, record);
}

function touchIntervalOf({ touchInterval }: Policy, { expiresAt, lastSeenAt }: SessionRecord): number {
  return Math.min(touchInterval, Math.floor((expiresAt - lastSeenAt) / 10));
}
