import { EIGHT_KB, ONE_KB } from './session-data.js';
import type { Cookie, Site } from './site.js';

/** What is compared: a request, or a call of an operator, on a session that `prepare` makes ready without being timed. */
export interface Operation {
  readonly title: string;
  /** How many times it is timed. */
  readonly samples: number;
  readonly prepare: (site: Site, nextUser: () => string) => Promise<() => Promise<unknown>>;
}

export type OperationId = keyof typeof operations;

const USER = 'user-0';
const UNKNOWN = { id: 'A'.repeat(22), secret: 'A'.repeat(32) };

const onSession = (
  what: 'view' | 'viewEventually' | 'viewAndTouch' | 'change' | 'logOut',
  data = ONE_KB,
  user?: string,
): Operation['prepare'] => {
  return async (site) => {
    const cookie = await site.begin(data, user);
    if (what === 'viewAndTouch') await site.untilTouchIsDue();
    return () => required(site, what)(cookie);
  };
};

const onUser = (what: 'list' | 'logOutEverywhere', sessions: number): Operation['prepare'] => {
  return async (site, nextUser) => {
    const user = nextUser();
    for (let begun = 0; begun < sessions; begun += 10)
      await Promise.all(Array.from({ length: 10 }, () => site.begin(ONE_KB, user)));
    return () => required(site, what)(user);
  };
};

export const operations = {
  noCookie: { title: 'no cookie', samples: 0, prepare: async (site) => () => site.view() },
  malformedCookie: { title: 'malformed cookie', samples: 0, prepare: async (site) => () => site.view(site.malformed) },
  unknownCookie: {
    title: 'unknown cookie',
    samples: 300,
    prepare: async (site) => () => site.view(site.wellFormed(UNKNOWN)),
  },
  pageView: { title: 'page view', samples: 600, prepare: onSession('view', ONE_KB, USER) },
  pageViewEventually: {
    title: 'page view, eventually consistent',
    samples: 300,
    prepare: onSession('viewEventually', ONE_KB, USER),
  },
  touch: { title: 'page view that touches, anonymous', samples: 200, prepare: onSession('viewAndTouch') },
  touchUser: {
    title: 'page view that touches, logged in',
    samples: 200,
    prepare: onSession('viewAndTouch', ONE_KB, USER),
  },
  change: { title: 'change of one key, 1 KB', samples: 200, prepare: onSession('change', ONE_KB, USER) },
  changeLarge: { title: 'change of one key, 8 KB', samples: 200, prepare: onSession('change', EIGHT_KB, USER) },
  create: { title: 'create', samples: 200, prepare: async (site) => () => site.begin(ONE_KB) },
  createLoggedIn: {
    title: 'create with a login',
    samples: 200,
    prepare: async (site, nextUser) => {
      const user = nextUser();
      await site.begin(ONE_KB, user);
      return () => site.begin(ONE_KB, user);
    },
  },
  logIn: {
    title: 'login',
    samples: 200,
    prepare: async (site) => {
      const cookie = await site.beginAnonymous(ONE_KB);
      return () => site.logIn(cookie, USER);
    },
  },
  logOut: { title: 'logout', samples: 200, prepare: onSession('logOut', ONE_KB, USER) },
  list10: { title: 'list 10 sessions', samples: 40, prepare: onUser('list', 10) },
  logOutEverywhere10: { title: 'log out everywhere, 10', samples: 40, prepare: onUser('logOutEverywhere', 10) },
  logOutEverywhere200: { title: 'log out everywhere, 200', samples: 12, prepare: onUser('logOutEverywhere', 200) },
} as const satisfies Record<string, Operation>;

export const operationIds = Object.keys(operations) as OperationId[];

/** An optional function of a site; who lacks it says so in `cannot`, and is not asked. */
function required<
  What extends 'view' | 'viewEventually' | 'viewAndTouch' | 'change' | 'logOut' | 'list' | 'logOutEverywhere',
>(site: Site, what: What): (argument: Cookie) => Promise<unknown> {
  const call = site[what];
  if (call === undefined) throw new Error(`A contestant cannot ${what}, and does not say so.`);
  return call.bind(site);
}
