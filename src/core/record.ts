import type { SecretHash } from './token.js';
import { parseUserKey, type UserId } from './user-id.js';

/**
 * The layout of a session record. A record with a newer one is no session to this code, and is not deleted by it, unless
 * its user is logged out everywhere.
 */
export const RECORD_VERSION = 1;

/**
 * A session as a persistence layer stores it, under its ID. Immutable. All times are seconds since the epoch, and whole
 * but for `authenticatedAt`.
 */
export interface SessionRecord {
  /** Never changes. */
  readonly createdAt: number;
  /** When a request last touched it; behind by up to the touch interval. */
  readonly lastSeenAt: number;
  /** When it ends: the earlier of idle and absolute timeout. From this second on the session does not exist. */
  readonly expiresAt: number;
  /** When it ends at the latest. Never changes. */
  readonly absoluteExpiresAt: number;

  /** SHA-256 of the secret in the cookie. */
  readonly secretHash: SecretHash;
  /** Hash of the secret before the last rotation. */
  readonly previousHash?: SecretHash;
  /** Until when the previous secret is accepted. Absent until the new one has been seen. */
  readonly previousUntil?: number;
  /** From which, with the previous secret, the present one is derived. */
  readonly nonce?: Uint8Array;
  /** When the secret was last replaced. */
  readonly rotatedAt: number;
  /** Goes up whenever the secret is replaced without grace. A write by a request that began before is refused. */
  readonly auth: number;

  /** Absent while anonymous. Once attached, it stays: another user gets another session. */
  readonly userId?: UserId;
  /** The generation of the user's mark at login: a session below the mark's present generation has been logged out. */
  readonly generation?: number;
  /** The epoch at login: a session below the present epoch has been logged out with everyone else. */
  readonly epoch?: number;
  /** When the user last proved who they are, in seconds with a fraction: of two logins, the later one is the newer. */
  readonly authenticatedAt?: number;
  /** Which login at an OpenID Connect provider the session came of: a hash of the issuer and the provider's session ID. */
  readonly login?: string | undefined;
  /** When that provider last asked the user for a proof; 0 if it did not say. Absent: at the login here. */
  readonly provenAt?: number | undefined;

  /** The client's address at the last touch that told one. */
  readonly address?: string | undefined;
  /** The client's user agent at the last touch that told one, bounded. */
  readonly userAgent?: string | undefined;

  /** The public key of the device that the session is bound to (SPKI, DER). */
  readonly deviceKey?: Uint8Array | undefined;
  /**
   * What the device's next proof must answer. Without a key: the SHA-256 of the challenge in the login's response. With
   * one: the challenge itself, which is no secret, for only the key can answer it.
   */
  readonly deviceChallenge?: Uint8Array | undefined;
  /** SHA-256 of the short-lived cookie that proves the device. */
  readonly boundHash?: SecretHash | undefined;
  /** Until when that cookie is good. Absent until it has been seen: till then the session is used without it as well. */
  readonly boundUntil?: number | undefined;
  /** The one before, good until its own end: for requests under way. */
  readonly previousBoundHash?: SecretHash | undefined;
  readonly previousBoundUntil?: number | undefined;

  /** The key of the session's data, wrapped for the present secret. Absent while no value is sealed. */
  readonly wrappedKey?: Uint8Array | undefined;
  /** The same for the secret before the last login or `regenerate`: for a login that is repeated because its answer was lost. */
  readonly formerKey?: Uint8Array | undefined;

  /** Goes up when a copy of an earlier write of data may still land: the copy is then refused. Absent: 0. */
  readonly fence?: number;
  /** The mark of the last writer. Random, new with every write. */
  readonly lastWrite: Uint8Array;
  /** The session's data, each value as the codec wrote it, or as it was sealed. */
  readonly data: ReadonlyMap<string, string>;
}

/** How an attribute of a record is represented. */
export type AttributeKind = 'number' | 'decimal' | 'text' | 'bytes';

/** A record's attributes besides its user and data. */
export type RecordAttribute = Exclude<keyof SessionRecord, 'userId' | 'data'>;

/**
 * The attributes besides user and data: what each is, whether a record can be without it, and with which others it
 * is written. A `SessionChange` names groups; a layer writes all of a group's attributes and removes the absent ones.
 */
export const RECORD_ATTRIBUTES: {
  readonly [Name in RecordAttribute]: {
    readonly kind: AttributeKind;
    readonly required: boolean;
    readonly group:
      | 'always'
      | 'created'
      | 'touched'
      | 'address'
      | 'userAgent'
      | 'rotated'
      | 'userAttached'
      | 'bound'
      | 'keyed'
      | 'fenced';
  };
} = {
  createdAt: { kind: 'number', required: true, group: 'created' },
  absoluteExpiresAt: { kind: 'number', required: true, group: 'created' },
  lastSeenAt: { kind: 'number', required: true, group: 'touched' },
  expiresAt: { kind: 'number', required: true, group: 'touched' },
  address: { kind: 'text', required: false, group: 'address' },
  userAgent: { kind: 'text', required: false, group: 'userAgent' },
  secretHash: { kind: 'bytes', required: true, group: 'rotated' },
  previousHash: { kind: 'bytes', required: false, group: 'rotated' },
  previousUntil: { kind: 'number', required: false, group: 'rotated' },
  nonce: { kind: 'bytes', required: false, group: 'rotated' },
  rotatedAt: { kind: 'number', required: true, group: 'rotated' },
  auth: { kind: 'number', required: true, group: 'rotated' },
  generation: { kind: 'number', required: false, group: 'userAttached' },
  epoch: { kind: 'number', required: false, group: 'userAttached' },
  authenticatedAt: { kind: 'decimal', required: false, group: 'userAttached' },
  login: { kind: 'text', required: false, group: 'userAttached' },
  provenAt: { kind: 'number', required: false, group: 'userAttached' },
  deviceKey: { kind: 'bytes', required: false, group: 'bound' },
  deviceChallenge: { kind: 'bytes', required: false, group: 'bound' },
  boundHash: { kind: 'bytes', required: false, group: 'bound' },
  boundUntil: { kind: 'number', required: false, group: 'bound' },
  previousBoundHash: { kind: 'bytes', required: false, group: 'bound' },
  previousBoundUntil: { kind: 'number', required: false, group: 'bound' },
  wrappedKey: { kind: 'bytes', required: false, group: 'keyed' },
  formerKey: { kind: 'bytes', required: false, group: 'keyed' },
  fence: { kind: 'number', required: false, group: 'fenced' },
  lastWrite: { kind: 'bytes', required: true, group: 'always' },
};

/** The names of {@link RECORD_ATTRIBUTES}. */
export const RECORD_ATTRIBUTE_NAMES: readonly RecordAttribute[] = Object.keys(RECORD_ATTRIBUTES) as RecordAttribute[];

/**
 * Puts a record together from what a store held.
 *
 * @returns `undefined` if anything is missing or of the wrong kind: a poisoned record is no session.
 */
export function recordFrom(
  stored: (name: RecordAttribute) => unknown,
  user: unknown,
  data: ReadonlyMap<string, string>,
): SessionRecord | undefined {
  const record: Partial<Record<keyof SessionRecord, unknown>> = { data };
  for (const name of RECORD_ATTRIBUTE_NAMES) {
    const { kind, required } = RECORD_ATTRIBUTES[name];
    const value = stored(name);
    if (value === undefined ? required : !isOfKind(kind, value)) return undefined;
    if (value !== undefined) record[name] = value;
  }
  if (user !== undefined) {
    record.userId = typeof user === 'string' ? parseUserKey(user) : undefined;
    if (record.userId === undefined) return undefined;
  }
  return record as unknown as SessionRecord;
}

function isOfKind(kind: AttributeKind, value: unknown): boolean {
  if (kind === 'number') return Number.isSafeInteger(value);
  if (kind === 'decimal') return Number.isFinite(value);
  return kind === 'text' ? typeof value === 'string' : value instanceof Uint8Array && value.length > 0;
}
