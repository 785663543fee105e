import {
  headersOf,
  RequestSessions,
  type RequestSessionsOptions,
  type VisitOptions,
} from '../adapters/request-sessions.js';
import { FORBIDDEN, type RequestHead, UNAVAILABLE } from '../cookies/index.js';
import { deadlineOf, type LambdaContext } from './deadline.js';
import { expectOptions } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { ReadonlySession, Session } from '../core/session.js';
import type { BareSessions, SessionRequest } from '../core/bare-sessions.js';
import type { CookieAction } from '../core/stored-session.js';
import type { EventSource, RequestSource } from './event-source.js';
import { type LambdaEvent, requestSourceOf, type ResultOf, sourceOf } from './sources.js';
import type { WebSocketConnectEvent } from './web-socket.js';

/** How sessions meet Lambda's events. */
export interface LambdaSessionsOptions extends RequestSessionsOptions {}

/** How one request begins. */
export interface StartOptions extends VisitOptions {
  /** Lambda's context: no call to the store then goes on for longer than the invocation. */
  readonly context?: LambdaContext | undefined;
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
export class LambdaSessions<Data extends object, User extends SessionUser> extends RequestSessions<Data, User> {
  constructor(sessions: BareSessions<Data, User>, options: LambdaSessionsOptions = {}) {
    expectOptions(options, { cookie: 'an object', csrf: 'an object' });
    super(sessions, options);
  }

  /**
   * The 403 for a request that the option `csrf` refuses; `undefined` for one that may pass. Ask before {@link start}.
   *
   * @throws {@link UnsupportedEventError}
   */
  refuse<Event extends LambdaEvent>(event: Event): ResultOf<Event> | undefined {
    const source = sourceOf(event);
    if (!this.isRefused(headOf(source, event))) return undefined;
    return source.answer(event, FORBIDDEN.statusCode, FORBIDDEN.headers, FORBIDDEN.body) as ResultOf<Event>;
  }

  /**
   * The answer to what a browser asks by itself to prove its device (option `deviceBinding` of `Sessions`); `undefined`
   * for any other request. Ask before {@link refuse}. If the store is unavailable, it is a 503.
   *
   * @throws {@link UnsupportedEventError}
   */
  async answerDevice<Event extends LambdaEvent>(
    event: Event,
    { context }: Pick<StartOptions, 'context'> = {},
  ): Promise<ResultOf<Event> | undefined> {
    const source = sourceOf(event);
    const answer = await this.answerToDevice(
      () => headOf(source, event),
      () => this.#seen(source, event, context),
    );
    if (answer === undefined) return undefined;
    const { statusCode, headers, setCookies, body } = answer;
    const result = source.answer(event, statusCode, headers, body);
    return (setCookies.length === 0 ? result : source.withCookies(event, result, setCookies)) as ResultOf<Event>;
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
    const request = this.#seen(source, event, context);
    return this.around(event, context) ?? this.begin(headOf(source, event), { ...request, create });
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
    return this.sessions.start(this.#seen(requestSourceOf(event), event, context));
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
    return this.#answer(event, result, await this.end(session));
  }

  /**
   * Ends the session of a request that has failed: nothing that is only buffered is written. What was written before
   * has its cookie on the result.
   *
   * @internal For the adapters.
   */
  abandon<Event extends LambdaEvent, Result>(session: Session<Data, User>, event: Event, result: Result): Result {
    return this.#answer(event, result, this.giveUp(session));
  }

  /** The answer when the store is unavailable: a 503 that says nothing else, and leaves the cookie alone. */
  unavailable<Event extends LambdaEvent>(event: Event): ResultOf<Event> {
    const { statusCode, headers, body } = UNAVAILABLE;
    return sourceOf(event).answer(event, statusCode, headers, body) as ResultOf<Event>;
  }

  #seen<Event>(source: RequestSource<Event>, event: Event, context: LambdaContext | undefined): SessionRequest {
    return {
      ...this.tokensOf(source.cookies(event)),
      address: source.address(event),
      userAgent: source.userAgent(event),
      ...deadlineOf(context),
    };
  }

  #answer<Result>(event: LambdaEvent, result: Result, action: CookieAction): Result {
    const setCookies = this.cookie.headers(action);
    return setCookies.length === 0
      ? result
      : (sourceOf(event).withCookies(event, result, setCookies, headersOf(action)) as Result);
  }
}

function headOf(source: EventSource<LambdaEvent, unknown>, event: LambdaEvent): RequestHead {
  return { method: source.method(event), path: source.path(event), header: (name) => source.header(event, name) };
}
