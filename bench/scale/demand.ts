import { type Behaviour, type Policy, type Traffic, trafficOf } from './behaviour.js';
import { readsOfEveryonesMark } from './everyones-mark.js';
import { total, type Units, type UnitsByActivity } from './units.js';

/** One way to keep sessions, as far as it takes units. */
export interface Store {
  readonly units: UnitsByActivity;
  readonly policy: Policy;
  /** Whether there is an item that all instances read. */
  readonly hasEveryonesMark: boolean;
}

/** What so many users take of the table in an average second. */
export interface Demand extends Units {
  readonly users: number;
  readonly traffic: Traffic;
}

export function demandOf(users: number, behaviour: Behaviour, store: Store): Demand {
  const traffic = trafficOf(users, behaviour, store.policy);
  const { reads, writes, indexWrites } = total(traffic.counts, store.units);
  const instances = traffic.requests * behaviour.secondsPerRequest;
  const marks = store.hasEveryonesMark ? readsOfEveryonesMark(instances, traffic.counts.touchUser) : 0;
  return { users, traffic, reads: reads + marks, writes, indexWrites };
}
