/** Where the time comes from. Give one of your own to make tests deterministic. */
export interface Clock {
  /** Milliseconds since the epoch, as `Date.now()`. */
  now(): number;
}

/** The machine's clock. */
export const systemClock: Clock = { now: () => Date.now() };

/** Whole seconds since the epoch: the unit of every time in a session record, and of DynamoDB's TTL. */
export const epochSeconds = (clock: Clock): number => Math.floor(clock.now() / 1000);

/** The time of a call to a persistence layer, in whole seconds: the caller's, if it has told it. */
export const timeOf = ({ now }: { readonly now?: number } = {}): number => now ?? epochSeconds(systemClock);

/** The time as text: `2026-11-23T22:10:00.000Z`. If no Date can hold it, its number. */
export function timestamp(seconds: number): string {
  const date = new Date(seconds * 1_000);
  return Number.isNaN(date.getTime()) ? String(seconds) : date.toISOString();
}
