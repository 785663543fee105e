import { describe, expect, it, vi } from 'vitest';
import { mintToken } from '../../../src/core/token.js';
import { encryptedData } from '../../../src/encryption/index.js';

/** By node:crypto, or before it is asked. */
const UNREADABLE = /unable to authenticate|initialization vector|no sealed value|authentication tag|No key is stored/;

describe('the seal of a session for one request', () => {
  const { id, secret } = mintToken();
  const other = mintToken();

  it('asks for the secret when the key is needed, and once', () => {
    const first = encryptedData().sealOf(id);
    const sealed = first.seal('cart', '[]');
    const wrapped = first.wrap(secret);
    const seal = encryptedData().sealOf(id);
    const give = vi.fn<() => Uint8Array>(() => secret);
    seal.learn(wrapped, give);
    expect(give).not.toHaveBeenCalled();
    expect([seal.open('cart', sealed), seal.open('cart', sealed), seal.hasKey]).toEqual(['[]', '[]', true]);
    expect(give).toHaveBeenCalledTimes(1);
  });

  it('has no key before one is stored: a new one is forgotten if another is', () => {
    const seal = encryptedData().sealOf(id);
    seal.learn(undefined, () => secret);
    const sealed = seal.seal('cart', '[]');
    expect(seal.hasKey).toBe(false);
    const stored = encryptedData().sealOf(id);
    stored.learn(undefined, () => secret);
    seal.learn(stored.wrap(secret), () => secret);
    expect(seal.hasKey).toBe(true);
    expect(seal.seal('cart', '[]')).toBe(stored.seal('cart', '[]'));
    expect(seal.seal('cart', '[]')).not.toBe(sealed);
    expect(() => seal.open('cart', sealed)).toThrow(UNREADABLE);
  });

  it('asks for no secret where no key is stored, and once where the key does not open', () => {
    const seal = encryptedData().sealOf(id);
    const give = vi.fn<() => Uint8Array>(() => other.secret);
    seal.learn(undefined, give);
    expect(seal.hasKey).toBe(false);
    expect(give).not.toHaveBeenCalled();
    seal.learn(encryptedData().sealOf(id).wrap(secret), give);
    expect([seal.hasKey, seal.hasKey]).toEqual([false, false]);
    expect(give).toHaveBeenCalledTimes(1);
  });

  it('seals with the key that is stored from the first value on, each text as another', () => {
    const stored = encryptedData().sealOf(id);
    const seal = encryptedData().sealOf(id);
    seal.learn(stored.wrap(secret), () => secret);
    const texts = ['[]', '{}', '[]'];
    expect(texts.map((text) => seal.seal('cart', text))).toEqual(texts.map((text) => stored.seal('cart', text)));
    const reader = encryptedData().sealOf(id);
    reader.learn(stored.wrap(secret), () => secret);
    expect(texts.map((text) => reader.open('cart', stored.seal('cart', text)))).toEqual(texts);
  });

  it('has no key because it is told that one is stored, if it has made none', () => {
    const seal = encryptedData({ seal: false }).sealOf(id);
    seal.keep();
    expect([seal.hasKey, seal.wrap(secret)]).toEqual([false, undefined]);
  });

  it('keeps the key that it has found, whatever it learns', () => {
    const seal = encryptedData().sealOf(id);
    const sealed = seal.seal('cart', '[]');
    seal.keep();
    seal.learn(encryptedData().sealOf(id).wrap(secret), () => secret);
    expect(seal.seal('cart', '[]')).toBe(sealed);
  });

  it('E2: opens nothing with a key that is not its own', () => {
    const foreign = encryptedData().sealOf(other.id);
    const sealed = foreign.seal('cart', '[]');
    const seal = encryptedData().sealOf(id);
    seal.learn(foreign.wrap(other.secret), () => other.secret);
    expect(seal.hasKey).toBe(false);
    expect(() => seal.open('cart', sealed)).toThrow(UNREADABLE);
    seal.learn(foreign.wrap(other.secret), () => undefined);
    expect(seal.hasKey).toBe(false);
  });

  it('with seal: false, opens what is sealed, seals nothing, and makes no key', () => {
    const first = encryptedData().sealOf(id);
    const sealed = first.seal('cart', '[]');
    const seal = encryptedData({ seal: false }).sealOf(id);
    expect([seal.seal('cart', '[]'), seal.wrap(secret), seal.hasKey]).toEqual(['[]', undefined, false]);
    seal.learn(first.wrap(secret), () => secret);
    expect([seal.open('cart', sealed), seal.seal('cart', '[]')]).toEqual(['[]', '[]']);
    const again = encryptedData().sealOf(id);
    again.learn(seal.wrap(other.secret), () => other.secret);
    expect(again.open('cart', sealed)).toBe('[]');
  });

  it('refuses options that it does not know', () => {
    expect(() => encryptedData({ sealed: false } as never)).toThrow('Unknown option sealed');
    expect(() => encryptedData({ seal: 'no' } as never)).toThrow('Option seal is a value of type string');
  });
});
