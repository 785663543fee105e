import {
  canBeginVisit,
  checkCsrfOptions,
  type CookieOptions,
  type CsrfOptions,
  csrfRefusal,
  FORBIDDEN,
  SessionCookie,
  UNAVAILABLE,
} from '../cookies/index.js';
import { deadlineOf, type LambdaContext } from '../core/deadline.js';
import { expectOptions } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { ReadonlySession, Session } from '../core/session.js';
import type { SessionRequest, Sessions } from '../core/sessions.js';
import type { CookieAction } from '../core/stored-session.js';
import type { RequestSource } from './event-source.js';
import { type LambdaEvent, requestSourceOf, type ResultOf, sourceOf } from './sources.js';
import type { WebSocketConnectEvent } from './web-socket.js';

/** How sessions meet Lambda's events. */
export interface LambdaSessionsOptions {
  /** The session cookie. @defaultValue `__Host-id`, `Path=/; Secure; HttpOnly; SameSite=Lax` */
  readonly cookie?: CookieOptions;
  /**
   * Answer a request that a page of another origin has caused with a 403, before the handler is called and the store is
   * asked, and leave its cookie alone: all but GET, HEAD and OPTIONS, by `Sec-Fetch-Site` or else `Origin`. `{}` lets
   * only the request's own origin pass. Who wires the calls by hand asks `refuse` of `LambdaSessions` first.
   *
   * @defaultValue no request is refused
   */
  readonly csrf?: CsrfOptions;
}

/** How one request begins. */
export interface StartOptions {
  /** Lambda's context: no call to the store then goes on for longer than the invocation. */
  readonly context?: LambdaContext | undefined;
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
 * The two calls that `withSession` is made of, for those who wire them themselves.
 *
 * @throws {@link ConfigurationError} for options that cannot work
 * @example
 * ```ts
 * const requests = new LambdaSessions(sessions);
 *
 * export const handler = async (event: APIGatewayProxyEventV2, context: Context) => {
 *   const session = await requests.start(event, { context });
 *   return requests.commit(session, event, { statusCode: 200, body: `hello ${session.userId}` });
 * };
 * ```
 */
export class LambdaSessions<Data extends object, User extends SessionUser> {
  readonly #sessions: Sessions<Data, User>;
  readonly #cookie: SessionCookie;
  readonly #csrf: CsrfOptions | undefined;

  constructor(sessions: Sessions<Data, User>, options: LambdaSessionsOptions = {}) {
    expectOptions(options, { cookie: 'an object', csrf: 'an object' });
    this.#sessions = sessions;
    this.#cookie = new SessionCookie(options.cookie);
    this.#csrf = options.csrf === undefined ? undefined : checkCsrfOptions(options.csrf);
  }

  /**
   * The 403 for a request that the option `csrf` refuses; `undefined` for one that may pass. Ask before {@link start}.
   *
   * @throws {@link UnsupportedEventError}
   */
  refuse<Event extends LambdaEvent>(event: Event): ResultOf<Event> | undefined {
    if (this.#csrf === undefined) return undefined;
    const source = sourceOf(event);
    const header = (name: string): string | undefined => source.header(event, name);
    const refusal = csrfRefusal({ method: source.method(event), header }, this.#csrf);
    if (refusal === undefined) return undefined;
    this.#sessions.tellOfRefusal(refusal);
    return source.answer(event, FORBIDDEN.statusCode, FORBIDDEN.headers, FORBIDDEN.body) as ResultOf<Event>;
  }

  /**
   * Begins the request's session. Nothing that a client sends makes it throw.
   *
   * Call it once for an event. Inside of a handler of `withSession`, `withStreamingSession` or middy's middleware, it
   * returns the session that is there already, and that handler ends it: {@link commit} then returns the result as it is.
   *
   * @throws {@link UnsupportedEventError} if this is no event of an HTTP API, Function URL, REST API, ALB or VPC Lattice;
   * {@link StoreUnavailableError}: answer with {@link unavailable}
   */
  async start(event: LambdaEvent, { context, create = false }: StartOptions = {}): Promise<Session<Data, User>> {
    const source = sourceOf(event);
    const around = this.around(event, context);
    if (around !== undefined) return around;
    const header = (name: string): string | undefined => source.header(event, name);
    return this.#sessions.start({
      ...this.#seen(source, event, context),
      create: create && canBeginVisit(source.method(event), header, this.#cookie.sameSite),
    });
  }

  /**
   * Begins the session of a request whose answer can set no cookie: an authorizer's, or `$connect` of a WebSocket API.
   * `touch` it, so that it lives on. Its secret is not replaced, for nobody would be told.
   *
   * @throws {@link UnsupportedEventError} if this is no event that has cookies; {@link StoreUnavailableError}
   * @example
   * ```ts
   * export const connect = async (event: WebSocketConnectEvent, context: Context) => {
   *   const session = await requests.startWithoutCookie(event, { context });
   *   if (session.userId === undefined) return { statusCode: 401 };
   *   await session.touch();
   *   await connections.put(event.requestContext.connectionId, session.userId);
   *   return { statusCode: 200 };
   * };
   * ```
   */
  async startWithoutCookie(
    event: LambdaEvent | WebSocketConnectEvent,
    { context }: Pick<StartOptions, 'context'> = {},
  ): Promise<ReadonlySession<Data, User> & Pick<Session, 'touch'>> {
    return this.#sessions.start(this.#seen(requestSourceOf(event), event, context));
  }

  /**
   * Writes what the request changed, and adds to its result what the session has to say: a Set-Cookie if this request
   * created, rotated, logged in, logged out or destroyed the session. No shared cache may keep such a response:
   * `Cache-Control` is `no-store`, or the handler's own if that has `private` or `no-store`, or else `private, no-store`;
   * `CDN-Cache-Control` and its like are removed. The handler's other headers and its cookies stay.
   *
   * @throws {@link StoreUnavailableError}: answer with {@link unavailable}, for what the handler did is not saved
   */
  async commit<Event extends LambdaEvent, Result>(
    session: Session<Data, User>,
    event: Event,
    result: Result,
  ): Promise<Result> {
    return this.#sessions.ongoing.has(session) ? result : this.#answer(event, result, await session.commit());
  }

  /**
   * The session of a handler around this one, by the objects that stand for the request.
   *
   * @internal For the adapters.
   */
  around(...requests: readonly (object | undefined)[]): Session<Data, User> | undefined {
    const known = requests.filter((request) => request !== undefined);
    return this.#sessions.ongoing.find(known, this.#cookie.name);
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
   * has its cookie on the result.
   *
   * @internal For the adapters.
   */
  abandon<Event extends LambdaEvent, Result>(session: Session<Data, User>, event: Event, result: Result): Result {
    return this.#answer(event, result, session.abandon());
  }

  /** The answer when the store is unavailable: a 503 that says nothing else, and leaves the cookie alone. */
  unavailable<Event extends LambdaEvent>(event: Event): ResultOf<Event> {
    const { statusCode, headers, body } = UNAVAILABLE;
    return sourceOf(event).answer(event, statusCode, headers, body) as ResultOf<Event>;
  }

  #seen<Event>(source: RequestSource<Event>, event: Event, context: LambdaContext | undefined): SessionRequest {
    return {
      tokens: this.#cookie.tokens(source.cookies(event)),
      address: source.address(event),
      userAgent: source.userAgent(event),
      ...deadlineOf(context),
    };
  }

  #answer<Result>(event: LambdaEvent, result: Result, action: CookieAction): Result {
    const setCookies = this.#cookie.headers(action);
    return setCookies.length === 0 ? result : (sourceOf(event).withCookies(event, result, setCookies) as Result);
  }
}
