import type { Comparison } from '../results.js';
import type { ContestantId } from '../comparison/contestants.js';

/** Capacity units of one request, or of all of them in a second. */
export interface Units {
  readonly reads: number;
  readonly writes: number;
  readonly indexWrites: number;
}

/** What users do that takes units. */
export const activities = [
  'unknownCookie',
  'pageView',
  'touch',
  'touchUser',
  'change',
  'create',
  'logIn',
  'logOut',
] as const;
export type Activity = (typeof activities)[number];

export type UnitsByActivity = Readonly<Record<Activity, Units>>;

const NOTHING: Units = { reads: 0, writes: 0, indexWrites: 0 };

/** As they were measured; what a contestant has no such thing for takes nothing. */
export function measuredUnits(comparison: Comparison, contestant: ContestantId): UnitsByActivity {
  return Object.fromEntries(
    activities.map((activity) => [activity, comparison[activity][contestant] ?? NOTHING]),
  ) as unknown as UnitsByActivity;
}

/** So many of each. */
export function total(counts: Readonly<Partial<Record<Activity, number>>>, units: UnitsByActivity): Units {
  const sum = (unit: keyof Units): number =>
    activities.reduce((all, activity) => all + (counts[activity] ?? 0) * units[activity][unit], 0);
  return { reads: sum('reads'), writes: sum('writes'), indexWrites: sum('indexWrites') };
}
