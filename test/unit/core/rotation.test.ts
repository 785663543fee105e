import { describe, expect, it } from 'vitest';
import {
  confirm,
  confirmationIsDue,
  reissue,
  rotate,
  rotationIsDue,
  type Standing,
  standingOf,
  successorOf,
} from '../../../src/core/rotation.js';
import { hashSecret, mintSecret } from '../../../src/core/token.js';
import { fullRecord, NOW, recordOf } from '../../world/records.js';

const policy = { rotationInterval: 3_600, rotationGrace: 120 };
const [first, second, stranger] = [mintSecret(), mintSecret(), mintSecret()];

const fresh = recordOf({ secretHash: hashSecret(first) });
const rotated = recordOf({ secretHash: hashSecret(second), previousHash: hashSecret(first) });
const confirmed = { ...rotated, previousUntil: NOW + 120 };

describe('a secret', () => {
  const table: readonly [string, typeof fresh, typeof first, number, Standing][] = [
    ['of a new session', fresh, first, NOW, 'current'],
    ['of a stranger', fresh, stranger, NOW, 'wrong'],
    ['after a rotation', rotated, second, NOW, 'current'],
    ['before a rotation whose new secret nobody has shown', rotated, first, NOW + 1_000_000, 'previous'],
    ['before a rotation, in the last second of the grace', confirmed, first, NOW + 119, 'previous'],
    ['before a rotation, in the second in which the grace ends', confirmed, first, NOW + 120, 'retired'],
    ['before a rotation, long after the grace', confirmed, first, NOW + 1_000_000, 'retired'],
    ['after a rotation, long after the grace', confirmed, second, NOW + 1_000_000, 'current'],
    ['of a stranger, within the grace', confirmed, stranger, NOW, 'wrong'],
    ['of a stranger, after the grace', confirmed, stranger, NOW + 1_000_000, 'wrong'],
  ];
  it.each(table)('L2, L3: %s', (_, record, secret, now, standing) => {
    expect(standingOf(record, hashSecret(secret), now)).toBe(standing);
  });

  it('D3: is wrong for a session whose hash has another length', () => {
    const poisoned = recordOf({ secretHash: fresh.secretHash.slice(0, 5) as typeof fresh.secretHash });
    expect(standingOf(poisoned, hashSecret(first), NOW)).toBe('wrong');
  });
});

describe('a rotation', () => {
  it.each([
    ['before the interval is over', fresh, NOW + 3_599, false],
    ['when the interval is over', fresh, NOW + 3_600, true],
    ['while nobody has shown the new secret', { ...rotated, rotatedAt: 0 }, NOW, false],
    ['within the grace of the last one', { ...confirmed, rotatedAt: 0 }, NOW + 119, false],
    ['after the grace of the last one', { ...confirmed, rotatedAt: 0 }, NOW + 120, true],
  ])('L2: is due or not %s', (_, record, now, due) => {
    expect(rotationIsDue(policy, record, now)).toBe(due);
    expect(rotationIsDue({ ...policy, rotationInterval: false }, record, now)).toBe(false);
  });

  it('L4: gives all who hold the old secret the same successor', () => {
    const { successor, next } = rotate(fresh, first, NOW + 10);
    expect(next).toMatchObject({
      secretHash: hashSecret(successor),
      previousHash: fresh.secretHash,
      rotatedAt: NOW + 10,
      auth: fresh.auth,
    });
    expect(next).not.toHaveProperty('previousUntil');
    expect(successorOf(next, first)).toEqual(successor);
    expect(successorOf(next, stranger)).toBeUndefined();
    expect(successorOf(next, successor)).toBeUndefined();
    expect(successorOf(fresh, first)).toBeUndefined();
  });

  it('changes neither the data, nor the user, nor the times of the session', () => {
    const before = fullRecord({ secretHash: hashSecret(first) });
    const { next } = rotate(before, first, NOW);
    const { secretHash: _s, previousHash: _p, nonce: _n, rotatedAt: _r, ...rest } = next;
    expect(before).toMatchObject(rest);
  });

  it('is confirmed by the first request with the new secret: from then on the old one has the grace', () => {
    expect([fresh, rotated, confirmed].map(confirmationIsDue)).toEqual([false, true, false]);
    expect(confirm(policy, rotated, NOW)).toEqual({ ...rotated, previousUntil: NOW + 120 });
  });
});

describe('a reissue', () => {
  it('L1: forgets every older secret, and those who began with it', () => {
    const before = fullRecord({ auth: 7 });
    const next = reissue(before, first, NOW + 10);
    const { previousHash: _p, previousUntil: _u, nonce: _n, formerKey: _f, ...kept } = before;
    expect(next).toEqual({ ...kept, secretHash: hashSecret(first), rotatedAt: NOW + 10, auth: 8 });
    expect(Object.keys(next)).not.toContain('nonce');
    expect(standingOf(rotated, rotated.previousHash as typeof fresh.secretHash, NOW)).toBe('previous');
    expect(standingOf(reissue(rotated, stranger, NOW), hashSecret(second), NOW)).toBe('wrong');
    expect(standingOf(reissue(rotated, stranger, NOW), hashSecret(first), NOW)).toBe('wrong');
  });
});
