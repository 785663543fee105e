/** How numbers, sizes and times are said. */

const grouped = new Intl.NumberFormat('en');
const oneDecimal = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const relative = new Intl.RelativeTimeFormat('en');

/** `1 session`, `12,345 sessions`. */
export function count(amount: number, noun: string): string {
  return `${number(amount)} ${noun}${Math.round(amount) === 1 ? '' : 's'}`;
}

export function number(amount: number): string {
  return grouped.format(Math.round(amount));
}

/** `612 bytes`, `1.5 KB`, `24.1 MB`: a KB is 1,024 bytes, as DynamoDB counts. */
export function size(bytes: number): string {
  if (bytes < 1_024) return count(Math.round(bytes), 'byte');
  const unit = bytes < 1_024 ** 2 ? 1 : bytes < 1_024 ** 3 ? 2 : 3;
  return `${oneDecimal.format(bytes / 1_024 ** unit)} ${['KB', 'MB', 'GB'][unit - 1]}`;
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const;

/** `3 days ago`, `in 21 hours`, `now`: rounded down. Times are in seconds since the epoch. */
export function fromNow(time: number, now: number): string {
  const away = time - now;
  const [unit, seconds] = UNITS.find(([, each]) => Math.abs(away) >= each) ?? [];
  if (unit === undefined) return 'now';
  return relative.format(Math.trunc(away / seconds), unit);
}

/** `12 s`, `3 min 20 s`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
