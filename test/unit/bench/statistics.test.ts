import { describe, expect, it } from 'vitest';
import { ratios, rounded, spreadOf } from '../../../bench/statistics.js';

describe('the spread of measurements', () => {
  it('is their median and the middle half', () => {
    expect(spreadOf([5, 1, 4, 2, 3])).toEqual({ low: 2, median: 3, high: 4 });
    expect(spreadOf([4, 2])).toEqual({ low: 2.5, median: 3, high: 3.5 });
  });

  it('is of ratios to what was measured beside it', () => {
    expect(ratios([2, 9], [1, 3])).toEqual([2, 3]);
  });

  it('is written with three digits', () => {
    expect(rounded(1.23456)).toBe(1.23);
    expect(rounded(43_210)).toBe(43_200);
  });
});
