import { hash, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * The token in the cookie: `<session ID>.<secret>`. The ID names the session and is no credential;
 * only the secret is, and only its hash is ever stored.
 */

const ID_BYTES = 16; // 128 bits (ASVS 7.2.3)
const SECRET_BYTES = 24; // 192 bits, and 32 base64url characters with no spare bits
const NONCE_BYTES = 12;
const WRITE_MARK_BYTES = 8;

declare const brand: unique symbol;

/** The secret half of a token: it exists in the cookie and in this process, nowhere else. */
export type Secret = Uint8Array & { readonly [brand]: 'secret' };

/** SHA-256 of a secret: what is stored. A type of its own, so that storing the secret does not compile. */
export type SecretHash = Uint8Array & { readonly [brand]: 'hash' };

/** A parsed token. */
export interface Token {
  readonly id: string;
  readonly secret: Secret;
}

// The 22nd character of an ID carries two bits, so only four characters are canonical there.
const ID = /^[A-Za-z0-9_-]{21}[AQgw]$/;
const TOKEN = /^([A-Za-z0-9_-]{21}[AQgw])\.([A-Za-z0-9_-]{32})$/;

/** Whether this could be a session's ID, so that it is worth a look. */
export function isSessionId(text: string): boolean {
  return ID.test(text);
}

/** Reads a token strictly; anything else than what {@link formatToken} writes is `undefined`, at no cost. */
export function parseToken(text: string): Token | undefined {
  const match = TOKEN.exec(text);
  if (match === null) return undefined;
  return { id: match[1] as string, secret: Buffer.from(match[2] as string, 'base64url') as Uint8Array as Secret };
}

/** The text that the cookie carries. */
export function formatToken({ id, secret }: Token): string {
  return `${id}.${Buffer.from(secret).toString('base64url')}`;
}

/** A token nobody has had before. */
export function mintToken(): Token {
  return { id: randomBytes(ID_BYTES).toString('base64url'), secret: mintSecret() };
}

/** A secret nobody can derive. */
export function mintSecret(): Secret {
  return randomBytes(SECRET_BYTES) as Uint8Array as Secret;
}

/** What a rotation stores, so that every holder of the old secret derives the same successor. */
export function mintNonce(): Uint8Array {
  return randomBytes(NONCE_BYTES);
}

/** The mark by which a writer recognises its own write when the answer to it was lost. */
export function mintWriteMark(): Uint8Array {
  return randomBytes(WRITE_MARK_BYTES);
}

/** SHA-256: the secrets have full entropy, so a slow hash would buy nothing. */
export function hashSecret(secret: Secret): SecretHash {
  return hash('sha256', secret, 'buffer') as Uint8Array as SecretHash;
}

/**
 * The secret that follows `secret` after the rotation with this nonce (HKDF-SHA-256, RFC 5869).
 * It takes both: the nonce from the store and the old secret from the cookie. The table alone yields no token.
 */
export function deriveSuccessor(secret: Secret, nonce: Uint8Array): Secret {
  return new Uint8Array(hkdfSync('sha256', secret, nonce, 'dynamodb-sessions/rotation', SECRET_BYTES)) as Secret;
}

/** Compares hashes in constant time. */
export function sameHash(a: SecretHash, b: SecretHash): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** What logs, events and inspected objects show of a session ID. */
export function digestOf(id: string): string {
  return hash('sha256', id, 'hex').slice(0, 16);
}
