import {
  cacheControl,
  canBeginVisit,
  checkCsrfOptions,
  type CookieOptions,
  type CsrfOptions,
  csrfRefusal,
  FORBIDDEN,
  overridesCacheControl,
  SessionCookie,
  UNAVAILABLE,
} from '../cookies/index.js';
import { expectOptions } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { ReadonlySession, Session } from '../core/session.js';
import type { SessionRequest, Sessions } from '../core/sessions.js';
import type { CookieAction } from '../core/stored-session.js';

/** What is read of a request: a `Request` is one, and so is `{ headers: await headers() }` in Next.js. */
export interface WebRequest {
  /** @defaultValue `'GET'` */
  readonly method?: string;
  readonly headers: Pick<Headers, 'get'>;
  /** For the option `csrf`, of a request without a `Host` header. */
  readonly url?: string;
}

/** How sessions meet requests and responses. */
export interface WebSessionsOptions {
  /** The session cookie. @defaultValue `__Host-id`, `Path=/; Secure; HttpOnly; SameSite=Lax` */
  readonly cookie?: CookieOptions;
  /**
   * Answer a request that a page of another origin has caused with a 403, before the handler is called and the store is
   * asked, and leave its cookie alone: all but GET, HEAD and OPTIONS, by `Sec-Fetch-Site` or else `Origin`. `{}` lets
   * only the request's own origin pass. Who wires the calls by hand asks `refuse` of `WebSessions` first.
   *
   * @defaultValue no request is refused
   */
  readonly csrf?: CsrfOptions;
}

/** What a request does not say of itself. */
export interface StartOptions extends Pick<SessionRequest, 'address' | 'deadline'> {
  /**
   * Store a session even if nothing is set in it. Only a request that can begin a visit does so: no OPTIONS, no HEAD, no
   * prefetch, and none from another site that `SameSite` holds the cookie back from, such as the POST with which a
   * payment page returns. The visitor may well have a session, and it would be replaced.
   *
   * @defaultValue false
   */
  readonly create?: boolean;
}

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
export class WebSessions<Data extends object, User extends SessionUser> {
  readonly #sessions: Sessions<Data, User>;
  readonly #cookie: SessionCookie;
  readonly #csrf: CsrfOptions | undefined;

  constructor(sessions: Sessions<Data, User>, options: WebSessionsOptions = {}) {
    expectOptions(options, { cookie: 'an object', csrf: 'an object' });
    this.#sessions = sessions;
    this.#cookie = new SessionCookie(options.cookie);
    this.#csrf = options.csrf === undefined ? undefined : checkCsrfOptions(options.csrf);
  }

  /** The 403 for a request that the option `csrf` refuses; `undefined` for one that may pass. Ask before {@link start}. */
  refuse({ method = 'GET', headers, url = '' }: WebRequest): Response | undefined {
    if (this.#csrf === undefined) return undefined;
    const header = (name: string): string | undefined => headers.get(name) ?? undefined;
    const host = URL.canParse(url) ? new URL(url).host : undefined;
    const refusal = csrfRefusal({ method, header, host }, this.#csrf);
    if (refusal === undefined) return undefined;
    this.#sessions.tellOfRefusal(refusal);
    return new Response(FORBIDDEN.body, { status: FORBIDDEN.statusCode, headers: FORBIDDEN.headers });
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
  async start(request: WebRequest, { create = false, ...options }: StartOptions = {}): Promise<Session<Data, User>> {
    const around = this.around(request);
    if (around !== undefined) return around;
    const { method = 'GET', headers } = request;
    const header = (name: string): string | undefined => headers.get(name) ?? undefined;
    return this.#sessions.start({
      ...this.#seen(request),
      ...options,
      create: create && canBeginVisit(method, header, this.#cookie.sameSite),
    });
  }

  /**
   * The session as a place sees it that cannot set a cookie, such as a React server component. Nothing is written, and
   * to change anything is an error, when compiled and when run.
   *
   * @throws {@link StoreUnavailableError}
   */
  async read(request: WebRequest, options: Omit<StartOptions, 'create'> = {}): Promise<ReadonlySession<Data, User>> {
    return this.#sessions.read({ ...this.#seen(request), ...options });
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
    return this.#sessions.ongoing.has(session) ? response : this.#answer(response, await session.commit());
  }

  /**
   * The session of a handler around this one, by the objects that stand for the request.
   *
   * @internal For the adapters.
   */
  around(...requests: readonly object[]): Session<Data, User> | undefined {
    return this.#sessions.ongoing.find(requests, this.#cookie.name);
  }

  /**
   * From now on the request's session is found by these objects, until what this returns is called.
   *
   * @internal For the adapters.
   */
  enter(session: Session<Data, User>, ...requests: readonly object[]): () => void {
    return this.#sessions.ongoing.enter(requests, this.#cookie.name, session);
  }

  /**
   * Ends the session of a request that has failed: nothing that is only buffered is written. What was written before
   * has its cookie on the response.
   *
   * @internal For the adapters.
   */
  abandon(session: Session<Data, User>, response: Response): Response {
    return this.#answer(response, session.abandon());
  }

  /** The answer when the store is unavailable: a 503 that says nothing else, and leaves the cookie alone. */
  unavailable(): Response {
    return new Response(UNAVAILABLE.body, { status: UNAVAILABLE.statusCode, headers: UNAVAILABLE.headers });
  }

  #answer(response: Response, action: CookieAction): Response {
    const setCookies = this.#cookie.headers(action);
    const { status } = response;
    return setCookies.length === 0 || status < 200 || status > 599 ? response : withCookies(response, setCookies);
  }

  #seen({ headers }: WebRequest): SessionRequest {
    const cookies = headers.get('cookie');
    return {
      tokens: this.#cookie.tokens(cookies === null ? [] : [cookies]),
      userAgent: headers.get('user-agent') ?? undefined,
    };
  }
}

/**
 * A copy: the headers of a redirect and of a fetched response cannot be changed, and a response that a handler keeps to
 * answer with again would hand one visitor's cookie to the next.
 */
export function withCookies(response: Response, setCookies: readonly string[]): Response {
  const headers = new Headers(response.headers);
  for (const setCookie of setCookies) headers.append('set-cookie', setCookie);
  for (const name of [...headers.keys()].filter(overridesCacheControl)) headers.delete(name);
  headers.set('cache-control', cacheControl(headers.get('cache-control') ?? ''));
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}
