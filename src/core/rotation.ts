import type { SessionRecord } from './record.js';
import { deriveSuccessor, hashSecret, mintNonce, sameHash, type Secret, type SecretHash } from './token.js';

/** When secrets are replaced, in seconds. */
export interface RotationPolicy {
  /** How old a secret gets before a request replaces it; `false`: as old as the session. */
  readonly rotationInterval: number | false;
  /** How long the old secret is accepted after the new one has been seen. */
  readonly rotationGrace: number;
}

type Secrets = Pick<SessionRecord, 'secretHash' | 'previousHash' | 'previousUntil' | 'nonce' | 'rotatedAt'>;

/** How a secret stands to a session. */
export type Standing =
  | 'current'
  /** The one before, still accepted: the new one has not been seen yet, or only just. */
  | 'previous'
  /** The one before, no longer accepted: whoever shows it has a copy of the cookie. */
  | 'retired'
  | 'wrong';

/** Looks where a secret stands, in constant time. */
export function standingOf(record: Secrets, presented: SecretHash, now: number): Standing {
  if (sameHash(record.secretHash, presented)) return 'current';
  if (record.previousHash === undefined || !sameHash(record.previousHash, presented)) return 'wrong';
  return record.previousUntil === undefined || now < record.previousUntil ? 'previous' : 'retired';
}

/**
 * Whether the holder of the current secret should replace it. There is only one previous secret at a time,
 * so a rotation waits until the last one has retired.
 */
export function rotationIsDue(policy: RotationPolicy, record: Secrets, now: number): boolean {
  if (policy.rotationInterval === false || now - record.rotatedAt < policy.rotationInterval) return false;
  return record.previousHash === undefined || (record.previousUntil ?? Number.POSITIVE_INFINITY) <= now;
}

/** Whether a request that shows the current secret is the first to do so since the rotation. */
export function confirmationIsDue(record: Secrets): boolean {
  return record.previousHash !== undefined && record.previousUntil === undefined;
}

/** What the first request with the new secret writes: from now on the old one's days are numbered. */
export function confirm(policy: RotationPolicy, record: SessionRecord, now: number): SessionRecord {
  return { ...record, previousUntil: now + policy.rotationGrace };
}

/** Replaces the secret by one that every holder of it can derive, and keeps its hash for as long as it takes. */
export function rotate(record: SessionRecord, secret: Secret, now: number): { successor: Secret; next: SessionRecord } {
  const nonce = mintNonce();
  const successor = deriveSuccessor(secret, nonce);
  const next = {
    ...withoutPrevious(record),
    secretHash: hashSecret(successor),
    previousHash: record.secretHash,
    nonce,
    rotatedAt: now,
  };
  return { successor, next };
}

/** Replaces the secret by one that nobody can derive. The old one is forgotten, and so is every write begun with it. */
export function reissue(record: SessionRecord, secret: Secret, now: number): SessionRecord {
  return { ...withoutPrevious(record), secretHash: hashSecret(secret), rotatedAt: now, auth: record.auth + 1 };
}

function withoutPrevious({
  previousHash: _hash,
  previousUntil: _until,
  nonce: _nonce,
  formerKey: _former,
  ...rest
}: SessionRecord): SessionRecord {
  return rest;
}

/** The secret that followed this one, for a holder of the previous secret who has not been told. */
export function successorOf(record: Secrets, previous: Secret): Secret | undefined {
  if (record.nonce === undefined) return undefined;
  const successor = deriveSuccessor(previous, record.nonce);
  return sameHash(hashSecret(successor), record.secretHash) ? successor : undefined;
}
