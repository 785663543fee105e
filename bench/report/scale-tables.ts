import { contestants } from '../comparison/contestants.js';
import type { Comparison } from '../results.js';
import { TYPICAL } from '../scale/behaviour.js';
import { demandOf } from '../scale/demand.js';
import { type Dollars, dollarsOf } from '../scale/dollars.js';
import { pressuresOf } from '../scale/pressures.js';
import { type StoreId, storeIds, storeOf } from '../scale/stores.js';
import { rounded } from '../statistics.js';
import { inThousands, table } from './markdown.js';

const POPULATIONS = [1e3, 1e4, 1e5, 1e6, 1e7, 1e8] as const;

/** What this project's table takes, by the number of users. */
export function demandTable(comparison: Comparison): string {
  const store = storeOf(comparison, 'own');
  const rows = POPULATIONS.map((users) => {
    const demand = demandOf(users, TYPICAL, store);
    const { reads, writes, storage, cleanup } = dollarsOf(demand);
    const atPeak = (units: number): string => perSecond(units * TYPICAL.peak);
    return [
      inThousands(users),
      inThousands(rounded(demand.traffic.stored)),
      atPeak(demand.traffic.requests),
      atPeak(demand.reads),
      atPeak(demand.writes),
      atPeak(demand.indexWrites),
      dollars(reads + writes),
      dollars(storage),
      dollars(cleanup),
    ];
  });
  const head = ['users', 'items', 'requests/s', 'R/s', 'W/s', 'X/s', 'units, $', 'storage, $', 'daily cleanup, $'];
  return table(head, rows);
}

/** Dollars a month for units, beside the peers. */
export function dollarsTable(comparison: Comparison): string {
  const rows = POPULATIONS.map((users) => [
    inThousands(users),
    ...storeIds.map((id) => {
      const { reads, writes } = unitDollars(comparison, id, users);
      const cost = dollars(reads + writes);
      return id === 'own' ? `**${cost}**` : cost;
    }),
  ]);
  return table(['users', ...storeIds.map((id) => contestants[id].title)], rows);
}

/** What saturates, how near it is at most users, and from how many users on. */
export function pressuresTable(comparison: Comparison): string {
  const store = storeOf(comparison, 'own');
  const most = POPULATIONS.at(-1) as number;
  const rows = pressuresOf(demandOf(most, TYPICAL, store), TYPICAL, store).map(({ limit, share, remedy }) => [
    limit,
    `${rounded(share * 100, 2)} %`,
    inThousands(rounded(most / share, 2)),
    remedy,
  ]);
  return table(['limit', `at ${inThousands(most)} users`, 'reached at (users)', 'what is done, or can be'], rows);
}

/** What the units of one contestant cost in a month. */
export const unitDollars = (comparison: Comparison, id: StoreId, users: number): Pick<Dollars, 'reads' | 'writes'> =>
  dollarsOf(demandOf(users, TYPICAL, storeOf(comparison, id)));

const dollars = (amount: number): string => (amount < 10 ? amount.toFixed(2) : inThousands(rounded(amount)));

const perSecond = (units: number): string => (units < 10 ? units.toFixed(1) : inThousands(rounded(units)));
