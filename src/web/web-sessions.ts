import { headersOf, type RequestSessionsOptions } from '../adapters/request-sessions.js';
import { UNAVAILABLE } from '../cookies/index.js';
import { expectOptions } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { ReadonlySession, Session } from '../core/session.js';
import type { BareSessions } from '../core/bare-sessions.js';
import type { CookieAction } from '../core/stored-session.js';
import { FetchSessions, headOf, type StartOptions, type WebRequest } from './fetch-sessions.js';
import { withCookies } from './with-cookies.js';

/** How sessions meet requests and responses. */
export interface WebSessionsOptions extends RequestSessionsOptions {}

/**
 * Sessions for whatever speaks `Request` and `Response`.
 *
 * @throws {@link ConfigurationError} for options that cannot work
 * @example
 * ```ts
 * const requests = new WebSessions(sessions);
 *
 * export async function fetch(request: Request): Promise<Response> {
 *   const session = await requests.start(request);
 *   return requests.commit(session, new Response(`hello ${session.userId}`));
 * }
 * ```
 */
export class WebSessions<Data extends object, User extends SessionUser> extends FetchSessions<Data, User> {
  constructor(sessions: BareSessions<Data, User>, options: WebSessionsOptions = {}) {
    expectOptions(options, { cookie: 'an object', csrf: 'an object' });
    super(sessions, options);
  }

  /**
   * Begins the request's session. Nothing that a client sends makes it throw.
   *
   * Call it once for a request. Inside of a handler of `withSession` or `honoSession`, it returns the session that is
   * there already, and that handler ends it: {@link commit} then returns the response as it is.
   *
   * A request does not know its client's address. Give it as `address`, from where the server has it: whatever stands
   * in a header like X-Forwarded-For, the client may have written.
   *
   * @throws {@link StoreUnavailableError}: answer with {@link unavailable}
   */
  async start(request: WebRequest, options: StartOptions = {}): Promise<Session<Data, User>> {
    return this.around(request) ?? this.begin(headOf(request), { ...this.seenIn(request), ...options });
  }

  /**
   * The session as a place sees it that cannot set a cookie, such as a React server component. Nothing is written, and
   * to change anything is an error, when compiled and when run.
   *
   * @throws {@link StoreUnavailableError}
   */
  async read(request: WebRequest, options: Omit<StartOptions, 'create'> = {}): Promise<ReadonlySession<Data, User>> {
    return this.sessions.read({ ...this.seenIn(request), ...options });
  }

  /**
   * Writes what the request changed, and adds to its response what the session has to say: a Set-Cookie if this
   * request created, rotated, logged in, logged out or destroyed the session. No shared cache may keep such a response:
   * `Cache-Control` is `no-store`, or the handler's own if that has `private` or `no-store`, or else `private, no-store`;
   * `CDN-Cache-Control` and its like are removed. The handler's other headers and its cookies stay, and so does its body:
   * it is not read here.
   *
   * A response with a cookie is a new one. What no program can make is returned as it came, without: one with a status
   * below 200 or above 599, and `Response.error()`.
   *
   * @throws {@link StoreUnavailableError}: answer with {@link unavailable}, for what the handler did is not saved
   */
  async commit(session: Session<Data, User>, response: Response): Promise<Response> {
    return this.#answer(response, await this.end(session));
  }

  /**
   * Ends the session of a request that has failed: nothing that is only buffered is written. What was written before
   * has its cookie on the response.
   *
   * @internal For the adapters.
   */
  abandon(session: Session<Data, User>, response: Response): Response {
    return this.#answer(response, this.giveUp(session));
  }

  /** The answer when the store is unavailable: a 503 that says nothing else, and leaves the cookie alone. */
  unavailable(): Response {
    return new Response(UNAVAILABLE.body, { status: UNAVAILABLE.statusCode, headers: UNAVAILABLE.headers });
  }

  #answer(response: Response, action: CookieAction): Response {
    const setCookies = this.cookie.headers(action);
    const { status } = response;
    return setCookies.length === 0 || status < 200 || status > 599
      ? response
      : withCookies(response, setCookies, headersOf(action));
  }
}
