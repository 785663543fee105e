import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mintToken } from '../../../src/core/token.js';
import { DataKey, OVERHEAD } from '../../../src/encryption/data-key.js';
import * as webCrypto from './web-crypto.js';

const bytesOf = (sealed: string): Buffer => Buffer.from(sealed.replace('sealed:', ''), 'base64url');
const textOf = (bytes: Uint8Array): string => `sealed:${Buffer.from(bytes).toString('base64url')}`;

/** By node:crypto, or before it is asked. */
const UNREADABLE = /unable to authenticate|initialization vector|no sealed value|authentication tag|No key is stored/;

describe('the key of a session’s data', () => {
  const { id, secret } = mintToken();
  const other = mintToken();
  const key = DataKey.mint(id);
  const texts = fc.string({ unit: 'grapheme', maxLength: 200 });

  it('E1: what it has wrapped and sealed, the Web Crypto API unwraps and opens', async () => {
    const dataKey = await webCrypto.unwrap(id, key.wrap(secret), secret);
    expect(dataKey).toHaveLength(32);
    await fc.assert(
      fc.asyncProperty(texts, texts, async (name, text) => {
        const sealed = key.seal(name, text);
        expect(await webCrypto.open(id, dataKey, name, sealed)).toBe(text);
        expect(await webCrypto.seal(id, dataKey, name, text)).toBe(sealed);
      }),
    );
  });

  it('E1: what the Web Crypto API has wrapped and sealed, it unwraps and opens', async () => {
    const dataKey = randomBytes(32);
    const wrapped = await webCrypto.wrap(id, dataKey, secret, randomBytes(12));
    const unwrapped = DataKey.unwrap(id, wrapped, secret);
    await fc.assert(
      fc.asyncProperty(texts, texts, async (name, text) => {
        expect(unwrapped?.open(name, await webCrypto.seal(id, dataKey, name, text))).toBe(text);
      }),
    );
  });

  it('E1: stays what it is: a value that was sealed long ago opens', () => {
    const fixed = Buffer.alloc(24, 7);
    const wrapped = Buffer.from(VECTOR.wrapped, 'base64url');
    expect(DataKey.unwrap(VECTOR.id, wrapped, fixed)?.open('cart', VECTOR.sealed)).toBe('["book"]');
    expect(DataKey.unwrap(VECTOR.id, wrapped, fixed)?.seal('cart', '["book"]')).toBe(VECTOR.sealed);
  });

  it('is wrapped in 60 bytes, another 60 each time, and seals a value in 29 bytes more than its text', () => {
    expect(key.wrap(secret)).toHaveLength(60);
    expect(key.wrap(secret)).not.toEqual(key.wrap(secret));
    for (const text of ['', 'x', '€'.repeat(1_000)])
      expect(bytesOf(key.seal('cart', text))).toHaveLength(Buffer.byteLength(text) + 29);
    expect(OVERHEAD).toBe(29);
  });

  it('E2: opens for its secret and its session alone', () => {
    const wrapped = key.wrap(secret);
    expect(DataKey.unwrap(id, wrapped, secret)?.open('cart', key.seal('cart', '[]'))).toBe('[]');
    expect(DataKey.unwrap(id, wrapped, other.secret)).toBeUndefined();
    expect(DataKey.unwrap(other.id, wrapped, secret)).toBeUndefined();
  });

  it('E2: does not open if any byte of it is another, is missing or is one too many', () => {
    const wrapped = key.wrap(secret);
    for (let index = 0; index < wrapped.length; index += 1) {
      const changed = Uint8Array.from(wrapped);
      changed[index] = (changed[index] as number) ^ 1;
      expect(DataKey.unwrap(id, changed, secret)).toBeUndefined();
      expect(DataKey.unwrap(id, wrapped.subarray(0, index), secret)).toBeUndefined();
    }
    expect(DataKey.unwrap(id, Buffer.concat([wrapped, Buffer.of(0)]), secret)).toBeUndefined();
  });

  it('E2: is no key if it has another length, whoever has wrapped it', async () => {
    const wrapped = await webCrypto.wrap(id, randomBytes(31), secret, randomBytes(12));
    expect(DataKey.unwrap(id, wrapped, secret)).toBeUndefined();
  });

  it('E3: a value is bound to its name, its session and every bit of it', () => {
    const sealed = key.seal('cart', '["book"]');
    expect(() => key.open('wishes', sealed)).toThrow(UNREADABLE);
    const copied = DataKey.unwrap(id, key.wrap(secret), secret);
    expect(copied?.open('cart', sealed)).toBe('["book"]');
    expect(() => DataKey.mint(id).open('cart', sealed)).toThrow(UNREADABLE);
    const bytes = bytesOf(sealed);
    for (let index = 0; index < bytes.length; index += 1) {
      const changed = Uint8Array.from(bytes);
      changed[index] = (changed[index] as number) ^ 1;
      expect(() => key.open('cart', textOf(changed))).toThrow(UNREADABLE);
      expect(() => key.open('cart', textOf(bytes.subarray(0, index)))).toThrow(UNREADABLE);
    }
  });

  it('E3: a name and a text are not taken for another name and text', () => {
    const sealed = new Set([key.seal('a', ' b'), key.seal('a ', 'b'), key.seal('a b', ''), key.seal('', 'a b')]);
    expect(new Set([...sealed].map((text) => bytesOf(text).subarray(1, 13).toString('hex'))).size).toBe(4);
  });

  it('equal texts under one name seal equally, others do not, and neither does another session', () => {
    expect(key.seal('cart', '[]')).toBe(key.seal('cart', '[]'));
    expect(key.seal('cart', '[]')).not.toBe(key.seal('cart', '{}'));
    const nonces = [key.seal('cart', '[]'), key.seal('wishes', '[]'), DataKey.mint(id).seal('cart', '[]')];
    expect(new Set(nonces.map((text) => bytesOf(text).subarray(1, 13).toString('hex'))).size).toBe(3);
  });
});

const VECTOR = {
  id: 'AAAAAAAAAAAAAAAAAAAAAA',
  wrapped: 'CQkJCQkJCQkJCQkJ7xn87PatyGbKMdcYGUjU4Nj2nAJ7tE6-fxiePMlN9Ag138IA6Mbf0l0Y8otizmso',
  sealed: 'sealed:ASjujbqN1YVPmvXjRTmMPtMwLM-SBXz7tvdkxMsuSCbigK7mDg',
};
