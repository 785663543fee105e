/** The middle of some numbers, and the middle half of them. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

export function spreadOf(numbers: readonly number[]): Spread {
  const sorted = numbers.toSorted((a, b) => a - b);
  const at = (share: number): number => {
    const place = (sorted.length - 1) * share;
    const [below = Number.NaN, above = Number.NaN] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
    return below + (above - below) * (place - Math.floor(place));
  };
  return { low: at(0.25), median: at(0.5), high: at(0.75) };
}

/** The numbers of one list divided by those beside them in the other. */
export const ratios = (numbers: readonly number[], to: readonly number[]): number[] =>
  numbers.map((number, place) => number / (to[place] ?? Number.NaN));

/** With so many significant digits, for results that are read by people. */
export const rounded = (number: number, digits = 3): number => Number(number.toPrecision(digits));

export const roundedSpread = ({ median, low, high }: Spread): Spread => ({
  median: rounded(median),
  low: rounded(low),
  high: rounded(high),
});
