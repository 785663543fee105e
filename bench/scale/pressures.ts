import type { Behaviour } from './behaviour.js';
import type { Demand, Store } from './demand.js';
import { unitsToRead } from './dollars.js';
import { readsOfEveryonesMark } from './everyones-mark.js';
import { CLEANUP, LIMITS } from './limits.js';
import { total } from './units.js';

/** One limit, and how near the busiest second of the day comes to it. */
export interface Pressure {
  readonly limit: string;
  /** 1 is where it is reached. */
  readonly share: number;
  /** What the library does about it, and what the operator can do. */
  readonly remedy: string;
}

const HOUR = 3_600;

/** Everything that may saturate, by its share, the nearest first. */
export function pressuresOf(demand: Demand, behaviour: Behaviour, store: Store): readonly Pressure[] {
  const { counts } = demand.traffic;
  const { peak, hotShare, secondsPerRequest } = behaviour;
  const hot = peak * hotShare;
  const { logIn, logOut, ...pages } = counts;
  // Creating a session makes an item of its own; so does a login.
  const ofHotSession = total({ ...pages, create: 0, unknownCookie: 0 }, store.units);
  const indexed = store.units.logIn.indexWrites;
  const instances = demand.traffic.requests * peak * secondsPerRequest;
  const markReads = store.hasEveryonesMark
    ? readsOfEveryonesMark(instances, counts.touchUser * peak) + logIn * peak
    : 0;
  const pressures: Pressure[] = [
    {
      limit: "the table's reads",
      share: (demand.reads * peak) / LIMITS.table.reads,
      remedy: 'a quota that AWS raises when asked; `consistentRead: false` halves the page views',
    },
    {
      limit: "the table's writes",
      share: (demand.writes * peak) / LIMITS.table.writes,
      remedy: 'a quota that AWS raises when asked; a longer `touchInterval`',
    },
    {
      limit: "the index's writes",
      share: (demand.indexWrites * peak) / LIMITS.table.writes,
      remedy: 'a quota that AWS raises when asked; only logins and ends of sessions write to the index',
    },
    {
      limit: 'reads of the hottest session',
      share:
        ((ofHotSession.reads - counts.touchUser * (store.hasEveryonesMark ? 1 : 0)) * hot) / LIMITS.partition.reads,
      remedy: 'more than one session for what is not one person; the opt-in cache; `consistentRead: false`',
    },
    {
      limit: 'writes of the hottest session',
      share: (ofHotSession.writes * hot) / LIMITS.partition.writes,
      remedy: 'touches and rotations are bounded by time, not by traffic: what is left are changes of data',
    },
    {
      limit: 'index entries of the hottest user',
      share: indexed === 0 ? 0 : ((logIn + logOut) * hot) / LIMITS.partition.writes,
      remedy: 'a throttled index throttles the table: the alarm `IndexThrottled`, and `maxSessionsPerUser`',
    },
    {
      limit: "the hottest user's mark",
      share: store.hasEveryonesMark ? ((logIn + counts.touchUser) * hot) / LIMITS.partition.reads : 0,
      remedy: 'it is read once in a `touchInterval` by each session, and at logins: a longer interval',
    },
    {
      limit: "everyone's mark",
      share: markReads / LIMITS.partition.reads,
      remedy: 'each instance believes for 10 s what it saw; what is left are logins, which wait and ask again',
    },
  ];
  if (store.hasEveryonesMark) {
    pressures.push(
      {
        limit: 'one run of the cleanup a day',
        share: unitsToRead(demand.traffic.stored) / (CLEANUP.runSeconds * CLEANUP.segments * LIMITS.partition.reads),
        remedy: 'the next run goes on from there; `cleanup: { schedule, timeout, segments }`',
      },
      {
        limit: 'one run an hour, without TTL',
        share: (demand.traffic.expiries * HOUR) / (CLEANUP.runSeconds * CLEANUP.deletionsPerSecond),
        remedy: 'the next run goes on from there; `cleanup: { schedule, timeout, writesPerSecond }`',
      },
    );
  }
  return pressures.filter(({ share }) => share > 0).toSorted((a, b) => b.share - a.share);
}
