import { describe, expect, it } from 'vitest';
import { count, duration, fromNow, size } from '../../../src/cli/quantities.js';

describe('quantities in words', () => {
  it.each([
    [0, '0 sessions'],
    [1, '1 session'],
    [0.5, '1 session'],
    [12_345, '12,345 sessions'],
  ])('%d is %s', (amount, words) => {
    expect(count(amount, 'session')).toBe(words);
  });

  it.each([
    [0, '0 bytes'],
    [1, '1 byte'],
    [1_023, '1,023 bytes'],
    [1_024, '1 KB'],
    [1_536, '1.5 KB'],
    [25 * 1_024 ** 2, '25 MB'],
    [3_000 * 1_024 ** 3, '3,000 GB'],
  ])('%d bytes are %s', (bytes, words) => {
    expect(size(bytes)).toBe(words);
  });

  it.each([
    [0, 'now'],
    [-59, '59 seconds ago'],
    [-60, '1 minute ago'],
    [-7_199, '1 hour ago'],
    [86_399, 'in 23 hours'],
    [86_400, 'in 1 day'],
    [-90 * 86_400, '90 days ago'],
  ])('%d seconds from now: %s', (seconds, words) => {
    expect(fromNow(1_000_000_000 + seconds, 1_000_000_000)).toBe(words);
  });

  it('says a duration in seconds, and in minutes above one', () => {
    expect([duration(400), duration(59_400), duration(59_600), duration(200_000)]).toEqual([
      '0 s',
      '59 s',
      '1 min 0 s',
      '3 min 20 s',
    ]);
  });
});
