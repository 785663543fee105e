import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mintToken } from '../../../src/core/token.js';

/** How many bytes were asked of the system's generator; it answers as ever. */
const asked: number[] = [];

beforeAll(() => {
  const { randomBytes } = crypto;
  const replace = (by: typeof randomBytes): void => {
    crypto.randomBytes = by;
    syncBuiltinESMExports();
  };
  replace(((size: number) => (asked.push(size), randomBytes(size))) as typeof randomBytes);
  return () => replace(randomBytes);
});

beforeEach(() => {
  asked.length = 0;
});

describe('the randomness of a token', () => {
  it('is 16 bytes for the ID and 24 for the secret, asked of the system each time (T1)', () => {
    mintToken();
    expect(asked).toEqual([16, 24]);
    mintToken();
    expect(asked).toEqual([16, 24, 16, 24]);
  });

  it('makes a million tokens of which no two have a half in common (T1)', { timeout: 120_000 }, () => {
    // The first 64 bits of each half: what differs in them differs.
    const ids = new BigUint64Array(1_000_000);
    const secrets = new BigUint64Array(1_000_000);
    for (const made of ids.keys()) {
      const { id, secret } = mintToken();
      ids[made] = Buffer.from(id, 'base64url').readBigUInt64LE();
      secrets[made] = Buffer.from(secret).readBigUInt64LE();
    }
    for (const halves of [ids.sort(), secrets.sort()]) {
      expect(halves.some((half, index) => half === halves[index + 1])).toBe(false);
    }
  });
});
