import { hash, randomBytes } from 'node:crypto';

/** What a device has to sign next: 192 random bits, as text in headers and as bytes in the record. */

const CHALLENGE_BYTES = 24;

export function mintChallenge(): Uint8Array {
  return new Uint8Array(randomBytes(CHALLENGE_BYTES));
}

export function textOf(challenge: Uint8Array): string {
  return Buffer.from(challenge).toString('base64url');
}

/** What is stored of the challenge in a login's response: who reads the table could otherwise answer it. */
export function hashOf(challenge: string): Uint8Array {
  return new Uint8Array(hash('sha256', challenge, 'buffer'));
}
