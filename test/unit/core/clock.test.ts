import { describe, expect, it } from 'vitest';
import { timestamp } from '../../../src/core/clock.js';

describe('a time as text', () => {
  it.each([
    [1_795_385_400, '2026-11-22T22:10:00.000Z'],
    [8_640_000_000_000, '+275760-09-13T00:00:00.000Z'],
    [8_640_000_000_001, '8640000000001'],
    [-9e15, '-9000000000000000'],
    [1e125, '1e+125'],
  ])('%d seconds since 1970 are %s', (seconds, words) => {
    expect(timestamp(seconds)).toBe(words);
  });
});
