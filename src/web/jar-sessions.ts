import { headersOf, type RequestSessionsOptions } from '../adapters/request-sessions.js';
import { checkCookieOptions } from '../cookies/cookie-options.js';
import { expectFunctions, expectOptions } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { ReadonlySession, Session } from '../core/session.js';
import type { BareSessions, SessionRequest } from '../core/bare-sessions.js';
import type { CookieAction } from '../core/stored-session.js';
import { FetchSessions, headOf, type StartOptions, type WebRequest } from './fetch-sessions.js';

/** What a framework reads a request's cookies from, and sets its response's cookies in. */
export interface CookieJar {
  /** The value of a cookie of the request, as text or in an object. */
  get(name: string): string | { readonly value: string } | undefined;
  /** Sets a cookie of the response. */
  set(name: string, value: string, attributes: CookieAttributes): unknown;
  /**
   * Sets a header of the response. Only the option `deviceBinding` needs it: without it, no login invites the browser to
   * bind its session.
   */
  setHeader?(name: string, value: string): unknown;
}

/** The attributes of the session's cookie, as jars take them. Its lifetime is a date: not all jars count in seconds. */
export interface CookieAttributes {
  readonly path: string;
  readonly domain?: string;
  readonly secure: boolean;
  readonly httpOnly: true;
  readonly sameSite: 'lax' | 'strict' | 'none';
  readonly partitioned?: true;
  /** In the past when the cookie is cleared. */
  readonly expires: Date;
}

/** The options of {@link JarSessions}. */
export interface JarSessionsOptions extends RequestSessionsOptions {
  /**
   * Whether what was thrown is an answer, as a redirect is in some frameworks. Then the session ends as after a return.
   *
   * @defaultValue `() => false`
   */
  readonly isAnswer?: (thrown: unknown) => boolean;
}

/**
 * Sessions for a framework whose cookies are set in a jar, and not on a response: SvelteKit's `event.cookies`,
 * `Astro.cookies`, Koa's `ctx.cookies`.
 *
 * A jar adds the cookie to the response, and no more than that. Have shared caches not store the response of a request
 * that changes the session, with `Cache-Control: private` or `no-store`.
 *
 * @throws {@link ConfigurationError} for options that cannot work
 * @example
 * ```ts
 * const requests = new JarSessions(sessions, { isAnswer: isRedirect });
 *
 * export const actions = {
 *   default: ({ request, cookies }) =>
 *     requests.run(request, cookies, async (session) => {
 *       await session.logIn(await authenticate(request));
 *       redirect(303, '/');
 *     }),
 * };
 * ```
 */
export class JarSessions<Data extends object, User extends SessionUser> extends FetchSessions<Data, User> {
  readonly #attributes: Omit<CookieAttributes, 'expires'>;
  readonly #isAnswer: (thrown: unknown) => boolean;

  constructor(sessions: BareSessions<Data, User>, options: JarSessionsOptions = {}) {
    expectOptions(options, { cookie: 'an object', csrf: 'an object', isAnswer: 'a function' });
    super(sessions, options);
    const { cookie = {}, isAnswer = () => false } = options;
    const { path, domain, secure, sameSite, partitioned } = checkCookieOptions(cookie);
    this.#attributes = {
      path,
      ...(domain !== undefined && { domain }),
      secure,
      httpOnly: true,
      sameSite: sameSite.toLowerCase() as Lowercase<typeof sameSite>,
      ...(partitioned && { partitioned }),
    };
    this.#isAnswer = isAnswer;
  }

  /**
   * Begins the request's session, hands it to `work`, and ends it: writes what was changed, and puts the cookie into the
   * jar if the request created, rotated, logged in, logged out or destroyed the session.
   *
   * Inside of another handler with a session of these `sessions`, for the same request and cookie, it hands that session
   * to `work`, and leaves it to the outer handler to end it.
   *
   * If `work` throws, nothing that was only buffered is saved. What `logIn`, `logOut`, `update` and `save` wrote is
   * written, and its cookie is put into the jar. What `isAnswer` tells to be an answer counts as a return.
   *
   * @returns what `work` returns
   * @throws what `work` throws; {@link StoreUnavailableError}: answer with a 503, for what was set is not saved
   */
  async run<Result>(
    request: WebRequest,
    jar: CookieJar,
    work: (session: Session<Data, User>) => Result | Promise<Result>,
    options: StartOptions = {},
  ): Promise<Result> {
    expectFunctions('', { work }, ['work']);
    const objects = [request, request.headers];
    const around = this.around(...objects);
    if (around !== undefined) return work(around);
    const session = await this.begin(headOf(request), { ...this.#seen(request, jar), ...options });
    const leave = this.enter(session, ...objects);
    let action: CookieAction | undefined;
    try {
      const answer = await this.#answerOf(() => work(session)).finally(leave);
      action = await this.end(session);
      return answer();
    } finally {
      this.#put(jar, action ?? this.giveUp(session));
    }
  }

  /**
   * The session as a place sees it that cannot set a cookie. Nothing is written, and to change anything is an error,
   * when compiled and when run.
   *
   * @throws {@link StoreUnavailableError}
   */
  async read(
    request: WebRequest,
    jar: Pick<CookieJar, 'get'>,
    options: Omit<StartOptions, 'create'> = {},
  ): Promise<ReadonlySession<Data, User>> {
    return this.sessions.read({ ...this.#seen(request, jar), ...options });
  }

  /** What gives the answer, be it by a return or by a throw. */
  async #answerOf<Result>(work: () => Result | Promise<Result>): Promise<() => Result> {
    try {
      const result = await work();
      return () => result;
    } catch (error) {
      if (!this.#isAnswer(error)) throw error;
      return () => {
        throw error;
      };
    }
  }

  /** A jar tells one cookie of a name, the header all. What was set in the jar meanwhile, only the jar tells. */
  #seen(request: WebRequest, jar: Pick<CookieJar, 'get'>): SessionRequest {
    const found = jar.get(this.cookie.name);
    const token = typeof found === 'string' ? found : found?.value;
    const { tokens: sent = [], ...others } = this.seenIn(request);
    const told = token === undefined ? [] : [token];
    return { ...others, tokens: token !== undefined && sent.includes(token) ? sent : told };
  }

  #put(jar: CookieJar, action: CookieAction): void {
    if (action.kind === 'keep') return;
    const [value, expires] =
      action.kind === 'set' ? [action.token, new Date(Date.now() + action.maxAge * 1000)] : ['', new Date(0)];
    jar.set(this.cookie.name, value, { ...this.#attributes, expires });
    for (const header of Object.entries(headersOf(action))) jar.setHeader?.(...header);
  }
}
