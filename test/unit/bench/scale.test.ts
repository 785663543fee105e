import { describe, expect, it } from 'vitest';
import { MONTH, touchesIn, trafficOf, TYPICAL } from '../../../bench/scale/behaviour.js';
import { demandOf, type Store } from '../../../bench/scale/demand.js';
import { dollarsOf } from '../../../bench/scale/dollars.js';
import { readsOfEveryonesMark } from '../../../bench/scale/everyones-mark.js';
import { pressuresOf } from '../../../bench/scale/pressures.js';
import { recordTraffic, type Request } from '../../../bench/scale/recording.js';
import { predictedUnits, tallyOf } from '../../../bench/scale/tally.js';
import { total, type UnitsByActivity } from '../../../bench/scale/units.js';

const POLICY = { touchInterval: 300, rotationInterval: 3_600 };

const read = { reads: 1, writes: 0, indexWrites: 0 };
const write = { reads: 1, writes: 1, indexWrites: 0 };
const ending = { reads: 1, writes: 1, indexWrites: 1 };
const units: UnitsByActivity = {
  unknownCookie: read,
  pageView: read,
  touch: write,
  touchUser: { ...write, reads: 2 },
  change: write,
  create: { reads: 0, writes: 1, indexWrites: 0 },
  logIn: { ...ending, reads: 3 },
  logOut: ending,
};
const store: Store = { units, policy: POLICY, hasEveryonesMark: true };

describe('the traffic of so many users', () => {
  it('grows as they do', () => {
    const [few, many] = [trafficOf(1_000, TYPICAL, POLICY), trafficOf(1_000_000, TYPICAL, POLICY)];
    expect(many.requests / few.requests).toBeCloseTo(1_000);
    expect(many.stored / few.stored).toBeCloseTo(1_000);
  });

  it('has every page of every visit, and a login for some', () => {
    const { counts } = trafficOf(MONTH, { ...TYPICAL, visitsPerMonth: 1, loginsPerVisit: 0.25 }, POLICY);
    expect(counts.pageView + counts.touchUser + counts.change).toBeCloseTo(TYPICAL.pagesPerVisit);
    expect(counts.logIn).toBeCloseTo(0.25);
  });

  it('touches as often as the interval lets it, and not with every page', () => {
    const visit = { pagesPerVisit: 15, secondsBetweenPages: 40 };
    expect(touchesIn(visit, POLICY)).toBe(1); // after 320 seconds
    expect(touchesIn(visit, { ...POLICY, touchInterval: 30 })).toBe(14);
    expect(touchesIn(visit, { ...POLICY, touchInterval: 86_400 })).toBe(0);
  });

  it('writes once more after a rotation, when the new secret is seen', () => {
    const rotating = trafficOf(1_000, TYPICAL, POLICY);
    const still = trafficOf(1_000, TYPICAL, { ...POLICY, rotationInterval: Number.POSITIVE_INFINITY });
    const returns = (1_000 * TYPICAL.visitsPerMonth * (1 - TYPICAL.loginsPerVisit)) / MONTH;
    expect(rotating.counts.change - still.counts.change).toBeCloseTo(returns);
  });
});

describe("everyone's mark", () => {
  it('is read by each instance every ten seconds at the most, and never more often than touches are due', () => {
    expect(readsOfEveryonesMark(30_000, 1e9)).toBe(3_000);
    expect(readsOfEveryonesMark(30_000, 5)).toBe(5);
  });
});

describe('what saturates', () => {
  const pressures = (users: number): Record<string, number> =>
    Object.fromEntries(
      pressuresOf(demandOf(users, TYPICAL, store), TYPICAL, store).map(({ limit, share }) => [limit, share]),
    );

  it('is sorted, the nearest limit first', () => {
    const shares = Object.values(pressures(1e8));
    expect(shares).toEqual(shares.toSorted((a, b) => b - a));
  });

  it("is everyone's mark with very many logins", () => {
    const busy = { ...TYPICAL, loginsPerVisit: 1, pagesPerVisit: 1, visitsPerMonth: 30 };
    const logins = (users: number): number => (users * busy.visitsPerMonth * busy.peak) / MONTH;
    const users = 3_000 / logins(1);
    const mark = pressuresOf(demandOf(users, busy, store), busy, store).find(({ limit }) =>
      limit.startsWith('everyone'),
    );
    expect(mark?.share).toBeGreaterThanOrEqual(1);
    expect(mark?.share).toBeLessThan(1.1);
  });

  it('is a run of the cleanup where it cannot read the table, or without TTL delete what expires, in its time', () => {
    const { stored, expiries } = demandOf(1, TYPICAL, store).traffic;
    const unitsOfARun = 300 * 4 * 3_000;
    const toRead = unitsOfARun / ((stored * 1_000) / 8_192);
    expect(pressures(toRead)['one run of the cleanup a day']).toBeCloseTo(1);
    const toDelete = (300 * 500) / (expiries * 3_600);
    expect(pressures(toDelete)['one run an hour, without TTL']).toBeCloseTo(1);
  });

  it('is the one hot session when all requests are of one', () => {
    const hot = { ...TYPICAL, hotShare: 1 };
    const shares = pressuresOf(demandOf(1e6, hot, store), hot, store);
    const own = shares.find(({ limit }) => limit === 'reads of the hottest session')?.share ?? 0;
    expect(own / (pressures(1e6)['reads of the hottest session'] ?? 0)).toBeCloseTo(100);
  });
});

describe('the dollars of a month', () => {
  it('are those of the units, and of what is stored', () => {
    const demand = {
      ...demandOf(1, TYPICAL, store),
      reads: 1e6 / MONTH,
      writes: 1e6 / MONTH,
      indexWrites: 1e6 / MONTH,
    };
    expect(dollarsOf(demand)).toMatchObject({ reads: 0.125, writes: 1.25 });
  });

  it('are, for the cleanup, those of reading the table every day: TTL deletes for nothing', () => {
    const { traffic, ...rest } = demandOf(1e7, TYPICAL, store);
    const million = { ...rest, traffic: { ...traffic, stored: 1e6 } };
    expect(dollarsOf(million).cleanup).toBeCloseTo((30 * 1e6 * 0.5 * (1_000 / 4_096) * 0.125) / 1e6);
  });
});

describe('a recording', () => {
  const day = (...requests: readonly (readonly [at: number, action: Request['action']])[]): readonly Request[] =>
    requests.map(([at, action]) => ({ at, action, visitor: 1 }));
  const countsOf = (recording: readonly Request[]): object => {
    const { counts, readsOfMarks } = tallyOf(recording, POLICY);
    return Object.fromEntries(Object.entries({ ...counts, readsOfMarks }).filter(([, count]) => count !== 0));
  };

  it('is the same for the same seed, and in the order of time', () => {
    const recording = recordTraffic(1, 20);
    expect(recordTraffic(1, 20)).toEqual(recording);
    expect(recordTraffic(2, 20)).not.toEqual(recording);
    expect(recording.map(({ at }) => at)).toEqual(recording.map(({ at }) => at).toSorted((a, b) => a - b));
  });

  it('touches after the interval, anonymous or logged in', () => {
    expect(countsOf(day([0, 'begin'], [299, 'view'], [300, 'view']))).toEqual({ create: 1, pageView: 1, touch: 1 });
    expect(countsOf(day([0, 'begin'], [1, 'logIn'], [300, 'view'], [301, 'view']))).toEqual({
      create: 1,
      logIn: 1,
      pageView: 1,
      touchUser: 1,
      readsOfMarks: 1,
    });
  });

  it('touches and changes in one write', () => {
    expect(countsOf(day([0, 'begin'], [300, 'change'], [301, 'change']))).toEqual({ create: 1, touch: 1, change: 1 });
  });

  it('writes once more when the new secret is seen', () => {
    expect(countsOf(day([0, 'begin'], [3_600, 'view'], [3_601, 'view'], [3_602, 'view']))).toEqual({
      create: 1,
      touch: 1,
      change: 1,
      pageView: 1,
    });
  });

  it("looks at everyone's mark again after ten seconds, for whichever user", () => {
    const two = [0, 1].flatMap((visitor) =>
      day([visitor, 'begin'], [10, 'logIn'], [310 + visitor * 9, 'view'], [700 + visitor * 10, 'view']).map(
        (request) => ({ ...request, visitor }),
      ),
    );
    expect(
      tallyOf(
        two.toSorted((a, b) => a.at - b.at),
        POLICY,
      ).readsOfMarks,
    ).toBe(3);
  });

  it('looks at the mark in a logout that comes late, and writes no touch', () => {
    expect(countsOf(day([0, 'begin'], [1, 'logIn'], [400, 'logOut']))).toEqual({
      create: 1,
      logIn: 1,
      logOut: 1,
      readsOfMarks: 2,
    });
  });

  it('costs nothing for who has no cookie, and a read for a cookie that nobody knows', () => {
    expect(countsOf(day([0, 'stray'], [1, 'unknown']))).toEqual({ unknownCookie: 1 });
  });

  it('is worth its units', () => {
    expect(total({ pageView: 10, logOut: 2 }, units)).toEqual({ reads: 12, writes: 2, indexWrites: 2 });
    expect(predictedUnits({ counts: tallyOf([], POLICY).counts, readsOfMarks: 3 }, units).reads).toBe(3);
  });
});
