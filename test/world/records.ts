import { randomBytes } from 'node:crypto';
import type { Expected, PersistenceLayer, SaveOutcome, SessionChange, SessionRecord } from '../../src/index.js';
import { loginOf } from '../../src/core/provider-login.js';
import { hashSecret, mintSecret, mintToken, mintWriteMark, type SecretHash } from '../../src/core/token.js';

/** The time of the tests that talk to a layer directly, in seconds. */
export const NOW = 1_800_000_000;

export type Update = Extract<SessionChange, { kind: 'update' }>;

export const newId = (): string => mintToken().id;

/** Bytes without Node's subclass, as a store gives them back. */
const bytes = (length: number): Uint8Array => new Uint8Array(randomBytes(length));
export const newHash = (): SecretHash => new Uint8Array(hashSecret(mintSecret())) as SecretHash;

/** An anonymous session that began at {@link NOW} and ends in an hour, with the attributes that every session has. */
export function recordOf(parts: Partial<SessionRecord> = {}): SessionRecord {
  return {
    createdAt: NOW,
    lastSeenAt: NOW,
    expiresAt: NOW + 3_600,
    absoluteExpiresAt: NOW + 86_400,
    secretHash: newHash(),
    rotatedAt: NOW,
    auth: 0,
    lastWrite: new Uint8Array(mintWriteMark()),
    data: new Map(),
    ...parts,
  };
}

/** A session with every attribute, no two of them alike. */
export function fullRecord(parts: Partial<SessionRecord> = {}): SessionRecord {
  return recordOf({
    lastSeenAt: NOW + 1,
    rotatedAt: NOW + 2,
    previousHash: newHash(),
    previousUntil: NOW + 3,
    nonce: bytes(12),
    auth: 4,
    userId: `user-${newId()}`,
    generation: NOW + 5,
    authenticatedAt: NOW + 6.789,
    login: loginOf('https://issuer.example', newId()),
    provenAt: NOW + 8,
    address: '2001:db8::1',
    userAgent: 'Mozilla/5.0 (✓)',
    deviceKey: bytes(91),
    deviceChallenge: bytes(32),
    boundHash: newHash(),
    boundUntil: NOW + 8,
    previousBoundHash: newHash(),
    previousBoundUntil: NOW + 9,
    wrappedKey: bytes(60),
    formerKey: bytes(60),
    fence: 7,
    data: new Map([['theme', '"dark"']]),
    ...parts,
  });
}

/** A change of nothing but what is named, by a writer who has just read `before`. */
export function changeOf(
  before: SessionRecord,
  { expected, ...change }: Partial<Omit<Update, 'expected'>> & { readonly expected?: Partial<Expected> } = {},
): Update {
  return {
    kind: 'update',
    set: [],
    removed: [],
    touched: false,
    address: false,
    userAgent: false,
    rotated: false,
    userAttached: false,
    keyed: false,
    bound: false,
    fenced: false,
    ...change,
    expected: { now: NOW, auth: before.auth, ...expected },
  };
}

/** The record as its next writer has it: changed, and marked. */
export function written(before: SessionRecord, parts: Partial<SessionRecord> = {}): SessionRecord {
  return { ...before, lastWrite: new Uint8Array(mintWriteMark()), ...parts };
}

/** The record with these keys changed; `undefined` takes one away. */
export function withData(before: SessionRecord, entries: Readonly<Record<string, string | undefined>>): SessionRecord {
  const data = new Map(before.data);
  for (const [key, encoded] of Object.entries(entries)) {
    if (encoded === undefined) data.delete(key);
    else data.set(key, encoded);
  }
  return written(before, { data });
}

/** Stores a new session, and says under which ID. */
export async function stored(persistence: PersistenceLayer, record: SessionRecord): Promise<string> {
  const id = newId();
  expectSaved(await persistence.saveSession(id, record, { kind: 'create' }, { now: NOW }));
  return id;
}

export function expectSaved(outcome: SaveOutcome | void): void {
  if (outcome !== undefined && outcome.kind !== 'saved') throw new Error(`It was not saved but ${outcome.kind}.`);
}

const LISTED =
  'userId createdAt lastSeenAt expiresAt generation epoch authenticatedAt login provenAt address userAgent boundUntil wrappedKey'.split(
    ' ',
  );

/** What every layer gives of a session in a list. */
export const listed = (record: SessionRecord): Partial<SessionRecord> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => LISTED.includes(name)));
