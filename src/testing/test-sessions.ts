import { type CookieOptions, SessionCookie } from '../cookies/index.js';
import type { SessionsOptions } from '../core/options.js';
import type { SessionUser } from '../core/persistence-layer.js';
import { Sessions } from '../core/sessions.js';
import type { UserId } from '../core/user-id.js';
import { CLIENT } from './client.js';
import { CookieJar } from './cookie-jar.js';
import { TestClock } from './test-clock.js';

/** The options of {@link testSessions}: those of `Sessions`, but for the clock. */
export interface TestSessionsOptions<User extends SessionUser = SessionUser> extends Omit<
  SessionsOptions<User>,
  'clock'
> {
  /** Where the clock starts: a date, its ISO 8601 text, or milliseconds since the epoch. @defaultValue the present */
  readonly now?: Date | string | number;
  /** The session cookie, if your application names or scopes it otherwise. @defaultValue `__Host-id` */
  readonly cookie?: CookieOptions;
}

/** How a user is signed in. */
export interface SignInOptions<Data extends object> {
  /** What the session holds. */
  readonly data?: Partial<Data>;
  /** The browser that is signed in. @defaultValue a new one */
  readonly jar?: CookieJar;
}

/** Sessions for a test: see {@link testSessions}. */
export interface TestSessions<Data extends object, User extends SessionUser> {
  /** What your application is given in place of its own. */
  readonly sessions: Sessions<Data, User>;
  /** The clock of the sessions and of the jars that are made here. */
  readonly clock: TestClock;
  /** An empty jar, whose cookies expire by the clock. */
  readonly newJar: () => CookieJar;
  /**
   * Logs a user in, given by ID or as the user object, without your application's login page.
   *
   * @returns the jar with the session's cookie
   * @throws {@link NotStorableError} for an unusable user ID or data
   */
  readonly signIn: (user: UserId | User, options?: SignInOptions<Data>) => Promise<CookieJar>;
}

/**
 * Sessions in RAM with a clock to set, for tests of a handler. The handler takes its sessions as an argument, or from a
 * module that the test replaces.
 *
 * @throws {@link ConfigurationError} for options that are unknown, out of range, or contradict each other
 * @example
 * ```ts
 * const { sessions, clock, signIn } = testSessions<App>({ idleTimeout: 3_600 });
 * const handler = createHandler(sessions);
 * const jar = await signIn('user-1', { data: { basket: ['book'] } });
 * await handler(httpApiEvent({ jar }), {}); // as user-1
 * clock.advance(3_601);
 * await handler(httpApiEvent({ jar }), {}); // as a stranger
 * ```
 */
export function testSessions<Data extends object = Record<string, unknown>, User extends SessionUser = SessionUser>({
  now,
  cookie,
  ...options
}: TestSessionsOptions<User> = {}): TestSessions<Data, User> {
  const clock = new TestClock(now);
  const sessions = new Sessions<Data, User>({ ...options, clock });
  const sessionCookie = new SessionCookie(cookie);
  return {
    sessions,
    clock,
    newJar: () => new CookieJar({ clock }),
    async signIn(user, { data = {}, jar = new CookieJar({ clock }) } = {}) {
      const session = await sessions.start(CLIENT);
      for (const [key, value] of Object.entries(data)) session.set(key as Extract<keyof Data, string>, value as never);
      await session.logIn(user);
      jar.receive({ cookies: sessionCookie.headers(await session.commit()) });
      return jar;
    },
  };
}
