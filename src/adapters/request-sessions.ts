import {
  canBeginVisit,
  checkCsrfOptions,
  type CookieOptions,
  type CsrfOptions,
  csrfRefusal,
  isPlainHttp,
  type RequestHead,
  SessionCookie,
  UNAVAILABLE,
} from '../cookies/index.js';
import { ConfigurationError, StoreUnavailableError } from '../core/errors.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { Session } from '../core/session.js';
import type { BareSessions, SessionRequest } from '../core/bare-sessions.js';
import { type CookieAction, KEEP } from '../core/stored-session.js';
import { warnOfPlainHttp } from './plain-http-warning.js';

/** How sessions meet requests. */
export interface RequestSessionsOptions {
  /** The session cookie. @defaultValue `__Host-id`, `Path=/; Secure; HttpOnly; SameSite=Lax` */
  readonly cookie?: CookieOptions;
  /**
   * Answer a request that a page of another origin has caused with a 403, before the handler is called and the store is
   * asked, and leave its cookie alone: all but GET, HEAD and OPTIONS, by `Sec-Fetch-Site` or else `Origin`. `{}` lets
   * only the request's own origin pass. Who wires the calls by hand asks `refuse` first.
   *
   * @defaultValue no request is refused
   */
  readonly csrf?: CsrfOptions;
}

/** How a visit begins. */
export interface VisitOptions {
  /**
   * Store a session even if nothing is set in it. Only a request that can begin a visit does so: no OPTIONS, no HEAD, no
   * prefetch, and none from another site that `SameSite` holds the cookie back from, such as the POST with which a
   * payment page returns. The visitor may well have a session, and it would be replaced.
   *
   * @defaultValue false
   */
  readonly create?: boolean;
}

/** What a browser's own request is answered with. */
export interface AnswerToDevice {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly setCookies: readonly string[];
  readonly body: string;
}

/** What a committed session has to say beside its cookie: only ever beside one that is set. */
export function headersOf(action: CookieAction): Readonly<Record<string, string>> {
  return (action.kind === 'set' && action.headers) || {};
}

/** @throws {@link ConfigurationError} for what a browser does not bind */
function boundCookie({ name }: SessionCookie, options: CookieOptions = {}): SessionCookie {
  const { domain, path = '/', partitioned = false } = options;
  if (domain !== undefined || path !== '/' || partitioned)
    throw new ConfigurationError(
      'Option deviceBinding binds sessions of one whole origin; expected a cookie without domain, path and partitioned.',
    );
  return new SessionCookie({ ...options, name: `${name}-bound` });
}

/**
 * The sessions of requests: one for each request and name of a cookie, however many handlers are put around one another.
 * Two sessions of one request would end each other's login.
 *
 * What stands for a request is any object of it, such as a `Request` or an event.
 */
export class RequestSessions<Data extends object, User extends SessionUser> {
  /** @internal */
  protected readonly sessions: BareSessions<Data, User>;
  /** @internal */
  protected readonly cookie: SessionCookie;
  /** The short-lived cookie that proves the device; `undefined` without the option `deviceBinding`. */
  readonly #boundCookie: SessionCookie | undefined;
  readonly #csrf: CsrfOptions | undefined;
  /** Sessions whose cookie would have to travel without TLS. */
  readonly #inPlain = new WeakSet<Session<Data, User>>();

  /** @internal */
  constructor(sessions: BareSessions<Data, User>, { cookie, csrf }: RequestSessionsOptions) {
    this.sessions = sessions;
    this.cookie = new SessionCookie(cookie);
    if (sessions.options.deviceBinding !== undefined) this.#boundCookie = boundCookie(this.cookie, cookie);
    this.#csrf = csrf === undefined ? undefined : checkCsrfOptions(csrf);
  }

  /**
   * The session of a handler around this one, by the objects that stand for the request.
   *
   * @internal For the adapters.
   */
  around(...requests: readonly (object | undefined)[]): Session<Data, User> | undefined {
    for (const request of requests) {
      const found = request && this.sessions.ongoing.get(request)?.get(this.cookie.name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /**
   * From now on the session is found by these objects, until what this returns is called.
   *
   * @internal For the adapters.
   */
  enter(session: Session<Data, User>, ...requests: readonly object[]): () => void {
    const { ongoing } = this.sessions;
    const { name } = this.cookie;
    const keys = [session, ...requests];
    for (const key of keys)
      ongoing.set(key, (ongoing.get(key) ?? new Map<string, typeof session>()).set(name, session));
    return () => {
      for (const key of keys) ongoing.get(key)?.delete(name);
    };
  }

  /** @internal Whether the option `csrf` refuses a request. */
  protected isRefused(head: RequestHead): boolean {
    const refusal = this.#csrf && csrfRefusal(head, this.#csrf);
    if (refusal !== undefined) this.sessions.tellOfRefusal(refusal);
    return refusal !== undefined;
  }

  /**
   * @internal The answer to what a browser asks by itself to prove its device; `undefined` for any other request. A page
   * of another origin can have no part in it: it cannot sign.
   */
  protected async answerToDevice(
    headOf: () => RequestHead,
    request: () => SessionRequest,
  ): Promise<AnswerToDevice | undefined> {
    if (this.#boundCookie === undefined) return undefined;
    const head = headOf();
    const { url = '' } = head;
    const path = head.path ?? (URL.canParse(url) ? new URL(url).pathname : '');
    const { name, attributes } = this.#boundCookie;
    try {
      const answer = await this.sessions.answerDevice({ ...head, path, cookie: { name, attributes } }, request);
      if (answer === undefined) return undefined;
      const { boundCookie: set, cookie, ...rest } = answer;
      const own = set === undefined ? [] : [this.#boundCookie.write(set.token, set.maxAge)];
      return { ...rest, setCookies: [...this.cookie.headers(cookie), ...own] };
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      return { ...UNAVAILABLE, setCookies: [] };
    }
  }

  /** @internal What the request's cookies say, as they came. */
  protected tokensOf(cookieHeaders: readonly string[]): Pick<SessionRequest, 'tokens' | 'boundTokens'> {
    const boundTokens = this.#boundCookie?.tokens(cookieHeaders);
    return { tokens: this.cookie.tokens(cookieHeaders), ...(boundTokens && { boundTokens }) };
  }

  /** @internal Begins the session of a request. */
  protected async begin(head: RequestHead, request: SessionRequest): Promise<Session<Data, User>> {
    const { create = false } = request;
    const isVisit = create && canBeginVisit(head.method, head.header, this.cookie.sameSite);
    const session = await this.sessions.start({ ...request, create: isVisit });
    if (this.cookie.secure && isPlainHttp(head)) this.#inPlain.add(session);
    return session;
  }

  /** @internal Ends the session of a request, unless a handler around this one has begun it: that one ends it. */
  protected async end(session: Session<Data, User>): Promise<CookieAction> {
    const isAround = this.around(session) === session;
    return isAround ? KEEP : this.#checked(session, await session.commit());
  }

  /** @internal Ends the session of a request that has failed: nothing that is only buffered is written. */
  protected giveUp(session: Session<Data, User>): CookieAction {
    return this.#checked(session, session.abandon());
  }

  #checked(session: Session<Data, User>, action: CookieAction): CookieAction {
    if (action.kind === 'set' && this.#inPlain.has(session)) warnOfPlainHttp(this.cookie.name);
    return action;
  }
}
