import {
  type AnswerToDevice,
  headersOf,
  RequestSessions,
  type RequestSessionsOptions,
  type VisitOptions,
} from '../adapters/request-sessions.js';
import { cacheControl, FORBIDDEN, overridesCacheControl, type RequestHead, UNAVAILABLE } from '../cookies/index.js';
import { expectOptions } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { ReadonlySession, Session } from '../core/session.js';
import type { BareSessions, SessionRequest } from '../core/bare-sessions.js';
import type { CookieAction } from '../core/stored-session.js';

/** What is read of a request: a `Request` is one, and so is `{ headers: await headers() }` in Next.js. */
export interface WebRequest {
  /** @defaultValue `'GET'` */
  readonly method?: string;
  readonly headers: Pick<Headers, 'get'>;
  /** Tells plain http from https, and the host to the option `csrf` where there is no `Host` header. */
  readonly url?: string;
}

/** How sessions meet requests and responses. */
export interface WebSessionsOptions extends RequestSessionsOptions {}

/** What a request does not say of itself. */
export interface StartOptions extends VisitOptions, Pick<SessionRequest, 'address' | 'deadline'> {}

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
export class WebSessions<Data extends object, User extends SessionUser> extends RequestSessions<Data, User> {
  constructor(sessions: BareSessions<Data, User>, options: WebSessionsOptions = {}) {
    expectOptions(options, { cookie: 'an object', csrf: 'an object' });
    super(sessions, options);
  }

  /** The 403 for a request that the option `csrf` refuses; `undefined` for one that may pass. Ask before {@link start}. */
  refuse(request: WebRequest): Response | undefined {
    return this.isRefused(headOf(request)) ? forbidden() : undefined;
  }

  /**
   * The answer to what a browser asks by itself to prove its device (option `deviceBinding` of `Sessions`); `undefined`
   * for any other request. Ask before {@link refuse}. If the store is unavailable, it is a 503.
   */
  async answerDevice(request: WebRequest, options: Omit<StartOptions, 'create'> = {}): Promise<Response | undefined> {
    const answer = await this.answerToDevice(headOf(request), () => ({ ...this.#seen(request), ...options }));
    return answer && toDevice(answer);
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
    return this.around(request) ?? this.begin(headOf(request), { ...this.#seen(request), ...options });
  }

  /**
   * The session as a place sees it that cannot set a cookie, such as a React server component. Nothing is written, and
   * to change anything is an error, when compiled and when run.
   *
   * @throws {@link StoreUnavailableError}
   */
  async read(request: WebRequest, options: Omit<StartOptions, 'create'> = {}): Promise<ReadonlySession<Data, User>> {
    return this.sessions.read({ ...this.#seen(request), ...options });
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

  #seen({ headers }: WebRequest): SessionRequest {
    const cookies = headers.get('cookie');
    return {
      ...this.tokensOf(cookies === null ? [] : [cookies]),
      userAgent: headers.get('user-agent') ?? undefined,
    };
  }
}

/** The answer to a request that the option `csrf` refuses. */
export function forbidden(): Response {
  return new Response(FORBIDDEN.body, { status: FORBIDDEN.statusCode, headers: FORBIDDEN.headers });
}

export function headOf({ method = 'GET', headers, url }: WebRequest): RequestHead {
  return { method, header: (name) => headers.get(name) ?? undefined, url };
}

/** The response to what a browser asks by itself. */
export function toDevice({ statusCode, headers, setCookies, body }: AnswerToDevice): Response {
  const response = new Response(body === '' ? null : body, { status: statusCode, headers });
  return setCookies.length === 0 ? response : withCookies(response, setCookies);
}

/**
 * A copy: the headers of a redirect and of a fetched response cannot be changed, and a response that a handler keeps to
 * answer with again would hand one visitor's cookie to the next.
 */
export function withCookies(
  response: Response,
  setCookies: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of Object.entries(more)) headers.set(name, value);
  for (const setCookie of setCookies) headers.append('set-cookie', setCookie);
  for (const name of [...headers.keys()].filter(overridesCacheControl)) headers.delete(name);
  headers.set('cache-control', cacheControl(headers.get('cache-control') ?? ''));
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
