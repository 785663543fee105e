import {
  canBeginVisit,
  checkCsrfOptions,
  type CookieOptions,
  type CsrfOptions,
  csrfRefusal,
  isPlainHttp,
  type RequestHead,
  SessionCookie,
} from '../cookies/index.js';
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
  readonly #csrf: CsrfOptions | undefined;
  /** Sessions whose cookie would have to travel without TLS. */
  readonly #inPlain = new WeakSet<Session<Data, User>>();

  /** @internal */
  constructor(sessions: BareSessions<Data, User>, { cookie, csrf }: RequestSessionsOptions) {
    this.sessions = sessions;
    this.cookie = new SessionCookie(cookie);
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
