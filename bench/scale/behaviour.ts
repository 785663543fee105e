/** How the users of an application behave, on average. */
export interface Behaviour {
  readonly visitsPerMonth: number;
  readonly pagesPerVisit: number;
  readonly secondsBetweenPages: number;
  /** The share of pages that change the session's data. */
  readonly changingPages: number;
  /** The share of visits that begin with a login; the others come back to a session that lives. */
  readonly loginsPerVisit: number;
  /** The share of visits that end with a logout. */
  readonly logoutsPerVisit: number;
  /** Requests with a cookie that nobody knows any more, for each login. */
  readonly unknownCookiesPerLogin: number;
  /** What the busiest second of the day has of an average one. */
  readonly peak: number;
  /** The share of all requests that are one account's, on one session: a kiosk, a script, a load test. */
  readonly hotShare: number;
  /** How long a request keeps its Lambda instance busy. */
  readonly secondsPerRequest: number;
}

/** People who come on two days of three, and stay for ten minutes. */
export const TYPICAL: Behaviour = {
  visitsPerMonth: 20,
  pagesPerVisit: 15,
  secondsBetweenPages: 40,
  changingPages: 0.1,
  loginsPerVisit: 0.5,
  logoutsPerVisit: 0.1,
  unknownCookiesPerLogin: 1,
  peak: 3,
  hotShare: 0.01,
  secondsPerRequest: 0.05,
};

const DAY = 86_400;
export const MONTH = 30 * DAY;

/** For how long an expired item waits for TTL. */
const TTL_LAG = 2 * DAY;

/** What a store does by time. In seconds. */
export interface Policy {
  readonly touchInterval: number;
  readonly rotationInterval: number;
}

/** What happens, in an average second. */
export interface Traffic {
  readonly requests: number;
  readonly counts: Readonly<
    Record<'unknownCookie' | 'pageView' | 'touchUser' | 'change' | 'create' | 'logIn' | 'logOut', number>
  >;
  /** Sessions that end otherwise than by a logout. */
  readonly expiries: number;
  /** Items in the table, those included that have expired and wait for TTL. */
  readonly stored: number;
}

/**
 * What so many users do in an average second.
 *
 * A visit that comes back to its session touches it at once, and rotates its secret with the same write; the next page
 * has the new secret seen, which is one more write. A login does all of that by itself.
 */
export function trafficOf(users: number, behaviour: Behaviour, policy: Policy): Traffic {
  const visits = (users * behaviour.visitsPerMonth) / MONTH;
  const logIn = visits * behaviour.loginsPerVisit;
  const logOut = visits * behaviour.logoutsPerVisit;
  const returns = visits - logIn;
  const sinceLastVisit = MONTH / behaviour.visitsPerMonth;

  const pages = visits * behaviour.pagesPerVisit;
  const touchUser = visits * touchesIn(behaviour, policy) + (sinceLastVisit >= policy.touchInterval ? returns : 0);
  const confirmations = sinceLastVisit >= policy.rotationInterval ? returns : 0;
  const change = (pages - touchUser) * behaviour.changingPages + confirmations;
  const counts = {
    unknownCookie: logIn * behaviour.unknownCookiesPerLogin,
    pageView: Math.max(0, pages - touchUser - change),
    touchUser,
    change,
    create: logIn,
    logIn,
    logOut,
  };
  const expiries = logIn - logOut;
  const visitsOfASession = 1 / behaviour.loginsPerVisit;
  return {
    requests: Object.values(counts).reduce((sum, count) => sum + count, 0),
    counts,
    expiries,
    stored: logIn * visitsOfASession * sinceLastVisit + expiries * TTL_LAG,
  };
}

/** How many pages of a visit touch, after the first one. */
export function touchesIn(
  { pagesPerVisit, secondsBetweenPages }: Pick<Behaviour, 'pagesPerVisit' | 'secondsBetweenPages'>,
  { touchInterval }: Policy,
): number {
  const pagesBetween = Math.max(1, Math.ceil(touchInterval / secondsBetweenPages));
  return Math.floor((pagesPerVisit - 1) / pagesBetween);
}
