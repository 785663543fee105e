import type { Policy } from './behaviour.js';
import { BELIEVED } from './everyones-mark.js';
import type { Request } from './recording.js';
import { activities, type Activity, total, type Units, type UnitsByActivity } from './units.js';

/** What a recording's requests are to the table. */
export interface Tally {
  readonly counts: Readonly<Record<Activity, number>>;
  /** Besides what the counted requests read of them by themselves. */
  readonly readsOfMarks: number;
}

interface Visitor {
  loggedIn: boolean;
  seenAt: number;
  rotatedAt: number;
  /** Whether the new secret has been shown since the last rotation. */
  confirmed: boolean;
}

/** Tells from the times alone what each request will cost, on one instance of an application. */
export function tallyOf(requests: readonly Request[], { touchInterval, rotationInterval }: Policy): Tally {
  const counts = Object.fromEntries(activities.map((activity) => [activity, 0])) as Record<Activity, number>;
  const visitors = new Map<number, Visitor>();
  let readsOfMarks = 0;
  let everyoneSeenAt = Number.NEGATIVE_INFINITY;

  for (const { at, visitor: id, action } of requests) {
    const visitor = visitors.get(id);
    if (action === 'stray') continue;
    if (action === 'unknown') {
      counts.unknownCookie += 1;
      continue;
    }
    if (action === 'begin' || visitor === undefined) {
      counts.create += 1;
      visitors.set(id, { loggedIn: false, seenAt: at, rotatedAt: at, confirmed: true });
      continue;
    }

    const touches = at - visitor.seenAt >= touchInterval;
    const rotates = visitor.confirmed && at - visitor.rotatedAt >= rotationInterval;
    if (touches && visitor.loggedIn && at - everyoneSeenAt >= BELIEVED) {
      everyoneSeenAt = at;
      readsOfMarks += 1;
    }
    if (action === 'logOut') {
      counts.logOut += 1;
      // A touch that was due is not written any more, but the mark has been looked at.
      if (touches && visitor.loggedIn) readsOfMarks += 1;
      visitors.delete(id);
    } else if (action === 'logIn') {
      everyoneSeenAt = at;
      counts.logIn += 1;
      visitors.set(id, { loggedIn: true, seenAt: at, rotatedAt: at, confirmed: true });
    } else {
      const writes = touches || rotates || !visitor.confirmed || action === 'change';
      counts[touches ? (visitor.loggedIn ? 'touchUser' : 'touch') : writes ? 'change' : 'pageView'] += 1;
      if (touches) visitor.seenAt = at;
      visitor.confirmed = !rotates;
      if (rotates) visitor.rotatedAt = at;
    }
  }
  return { counts, readsOfMarks };
}

export function predictedUnits({ counts, readsOfMarks }: Tally, units: UnitsByActivity): Units {
  const { reads, writes, indexWrites } = total(counts, units);
  return { reads: reads + readsOfMarks, writes, indexWrites };
}
