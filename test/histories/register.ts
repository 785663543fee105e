/** One access to a value: it takes effect at one moment between these two, or if it is not required perhaps never. */
export interface Access {
  readonly from: number;
  readonly to: number;
  readonly required: boolean;
  /** What it makes of the value; {@link IMPOSSIBLE} if it cannot have met this value. */
  readonly apply: (value: unknown) => unknown;
  /** Whether it leaves the value as it is. */
  readonly isRead: boolean;
}

export const IMPOSSIBLE: unique symbol = Symbol('impossible');

/**
 * Whether there is an order in which all of it could have happened one after the other: the search of Wing and Gong,
 * with a memory of where it has been. The value is `undefined` at first.
 */
export function isLinearizable(accesses: readonly Access[]): boolean {
  const seen = new Set<string>();

  const search = (done: bigint, value: unknown): boolean => {
    const left = accesses.flatMap((access, number) => ((done >> BigInt(number)) & 1n ? [] : [{ access, number }]));
    if (!left.some(({ access }) => access.required)) return true;
    const place = `${done} ${String(value)}`;
    if (seen.has(place)) return false;
    seen.add(place);

    const end = Math.min(...left.map(({ access }) => (access.required ? access.to : Number.POSITIVE_INFINITY)));
    const possible = left.filter(({ access }) => access.from <= end);
    // A read that fits can come now: it makes no difference to what follows.
    const read = possible.find(({ access }) => access.isRead && access.apply(value) !== IMPOSSIBLE);
    return (read === undefined ? possible : [read]).some(({ access, number }) => {
      const next = access.apply(value);
      return next !== IMPOSSIBLE && search(done | (1n << BigInt(number)), next);
    });
  };
  return search(0n, undefined);
}
