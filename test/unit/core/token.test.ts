import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  deriveSuccessor,
  digestOf,
  formatToken,
  hashSecret,
  isSessionId,
  mintNonce,
  mintSecret,
  mintToken,
  mintWriteMark,
  parseToken,
  sameHash,
  type Secret,
  type SecretHash,
} from '../../../src/core/token.js';

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const ID = `${'A'.repeat(21)}w`;
const SECRET = 'B'.repeat(32);

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('a token', () => {
  it('T1: has 128 random bits for an ID and 192 for a secret', () => {
    const { id, secret } = mintToken();
    expect(Buffer.from(id, 'base64url')).toHaveLength(16);
    expect(secret).toHaveLength(24);
    expect(mintSecret()).toHaveLength(24);
    expect(mintNonce()).toHaveLength(12);
    expect(mintWriteMark()).toHaveLength(8);
  });

  it('T1: uses every bit of both halves', () => {
    const tokens = Array.from({ length: 1_000 }, mintToken);
    const halves = [
      tokens.map(({ id }) => new Uint8Array(Buffer.from(id, 'base64url'))),
      tokens.map(({ secret }) => secret),
    ];
    for (const half of halves as Uint8Array[][]) {
      const ones = half.reduce((seen, bytes) => seen.map((byte, index) => byte | (bytes[index] as number)));
      const zeros = half.reduce((seen, bytes) => seen.map((byte, index) => byte & (bytes[index] as number)));
      expect([...new Set(ones), ...new Set(zeros)]).toEqual([255, 0]);
    }
  });

  it('is read as it was written', () => {
    for (let run = 0; run < 1_000; run += 1) {
      const token = mintToken();
      const text = formatToken(token);
      expect(text).toMatch(/^[\w-]{22}\.[\w-]{32}$/);
      const parsed = parseToken(text);
      expect(parsed?.id).toBe(token.id);
      expect(Buffer.compare(parsed?.secret as Secret, token.secret)).toBe(0);
      expect(isSessionId(token.id)).toBe(true);
    }
  });

  it('T4: has one canonical form: of the last characters of an ID that give the same bits, only one is taken', () => {
    const taken = [...BASE64URL].filter((last) => parseToken(`${'A'.repeat(21)}${last}.${SECRET}`) !== undefined);
    expect(taken.toSorted()).toEqual(['A', 'Q', 'g', 'w']);
    expect([...BASE64URL].filter((last) => isSessionId('A'.repeat(21) + last)).toSorted()).toEqual([
      'A',
      'Q',
      'g',
      'w',
    ]);
    for (const last of BASE64URL) expect(parseToken(`${ID}.${'B'.repeat(31)}${last}`)).toBeDefined();
  });

  it.each([
    ['nothing', ''],
    ['an ID without a secret', ID],
    ['an empty secret', `${ID}.`],
    ['a secret without an ID', `.${SECRET}`],
    ['an ID that is too short', `${ID.slice(1)}.${SECRET}`],
    ['an ID that is too long', `A${ID}.${SECRET}`],
    ['a secret that is too short', `${ID}.${SECRET.slice(1)}`],
    ['a secret that is too long', `${ID}.${SECRET}B`],
    ['padding', `${ID}.${SECRET}=`],
    ['the other base64', `${ID}.${'+/'.repeat(16)}`],
    ['a line feed at the end', `${ID}.${SECRET}\n`],
    ['a line feed at the beginning', `\n${ID}.${SECRET}`],
    ['a space', ` ${ID}.${SECRET}`],
    ['a second line', `x\n${ID}.${SECRET}\nx`],
    ['NUL', `${ID}.${SECRET}\0`],
    ['another separator', `${ID}:${SECRET}`],
    ['two separators', `${ID}..${SECRET}`],
    ['a third part', `${ID}.${SECRET}.${SECRET}`],
    ['percent-encoding', `${ID}%2E${SECRET}`],
    ['quotes', `"${ID}.${SECRET}"`],
    ['letters that look alike', `${ID}.${'В'.repeat(32)}`],
    ['digits of another script', `${ID}.${'١'.repeat(32)}`],
    ['the key of a user’s mark', 'user#s:user-1'],
    ['a key of prototypes', '__proto__'],
    ['a megabyte', 'A'.repeat(1_000_000)],
  ])('T4: is not %s', (_, text) => {
    expect(parseToken(text)).toBeUndefined();
    expect(isSessionId(text.split('.')[1] ?? text.slice(1))).toBe(false);
  });

  it('T4: is none of 100,000 fuzzed texts, unless it is formatted as one', () => {
    const mutated = fc
      .tuple(fc.nat(54), fc.string({ unit: 'binary', maxLength: 2 }), fc.nat(2))
      .map(([at, put, take]) => {
        const text = formatToken(mintToken());
        return text.slice(0, at) + put + text.slice(at + take);
      });
    const alike = fc.tuple(
      fc.string({ unit: fc.constantFrom(...BASE64URL), minLength: 20, maxLength: 23 }),
      fc.string({ unit: fc.constantFrom(...BASE64URL, '.'), minLength: 30, maxLength: 33 }),
    );
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 80 }),
      mutated,
      alike.map((parts) => parts.join('.')),
    );
    let parsed = 0;
    const property = fc.property(texts, (text) => {
      const token = parseToken(text);
      if (token === undefined) return true;
      parsed += 1;
      return formatToken(token) === text;
    });
    fc.assert(property, { numRuns: 100_000 });
    expect(parsed).toBeGreaterThan(1_000);
  });
});

describe('a secret', () => {
  const secret = new Uint8Array(24).fill(7) as Secret;
  const nonce = new Uint8Array(12).fill(9);

  it('T3: is stored as its SHA-256', () => {
    expect(hex(hashSecret(secret))).toBe('bb7a0e284885bdc424db0ab2d59277a2f82735c0f2066e0ce55e7325252e76d9');
  });

  it('T3: is compared by hash, and a hash of another length is another hash', () => {
    const hash = hashSecret(secret);
    expect(sameHash(hash, new Uint8Array(hash) as SecretHash)).toBe(true);
    expect(sameHash(hash, hashSecret(mintSecret()))).toBe(false);
    expect(sameHash(hash, hash.slice(0, 31) as SecretHash)).toBe(false);
    expect(sameHash(hash, new Uint8Array(0) as SecretHash)).toBe(false);
  });

  it('L4: has the same successor for everybody who has it and the nonce, and another with another nonce or secret', () => {
    const successor = hex(deriveSuccessor(secret, nonce));
    expect(successor).toBe('2ad1dd4e265a6b2a956c12141ebd8826649a46e88127dea3'); // HKDF-SHA-256 by another implementation
    expect(hex(deriveSuccessor(new Uint8Array(secret) as Secret, new Uint8Array(nonce)))).toBe(successor);
    expect(hex(deriveSuccessor(secret, mintNonce()))).not.toBe(successor);
    expect(hex(deriveSuccessor(mintSecret(), nonce))).not.toBe(successor);
    expect(successor).not.toBe(hex(secret));
  });
});

describe('the digest of an ID', () => {
  it('T6: is the same for the same session, short, and not the ID', () => {
    const { id } = mintToken();
    expect(digestOf(id)).toBe(digestOf(id));
    expect(digestOf(id)).toMatch(/^[0-9a-f]{16}$/);
    expect(digestOf(id)).not.toBe(digestOf(mintToken().id));
  });
});
