import { type CookieOptions, SessionCookie } from '../cookies/index.js';
import { StoreUnavailableError, UnsupportedEventError } from '../core/errors.js';
import { refuseUnknown } from '../core/expect.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { Session } from '../core/session.js';
import type { Sessions } from '../core/sessions.js';
import { alb, type AlbEvent, type AlbResult } from './alb.js';
import type { EventSource } from './event-source.js';
import { httpApi, type HttpApiEvent, type HttpApiResult } from './http-api.js';
import { restApi, type RestApiEvent, type RestApiResult } from './rest-api.js';

/** An event that carries cookies. */
export type LambdaEvent = HttpApiEvent | RestApiEvent | AlbEvent;

/** What an event is answered with. */
export type ResultOf<Event> = Event extends { requestContext: { elb: unknown } }
  ? AlbResult
  : Event extends { rawPath: string }
    ? HttpApiResult
    : RestApiResult;

/** What is used of Lambda's context. */
export interface LambdaContext {
  getRemainingTimeInMillis?(): number;
}

/** How sessions meet Lambda's events. */
export interface LambdaSessionsOptions {
  /** The session cookie. @defaultValue `__Host-id`, `Path=/; Secure; HttpOnly; SameSite=Lax` */
  readonly cookie?: CookieOptions;
}

/** How one request begins. */
export interface StartOptions {
  /** Lambda's context: no call to the store then goes on for longer than the invocation. */
  readonly context?: LambdaContext | undefined;
  /** Store a session even if nothing is set in it. @defaultValue false */
  readonly create?: boolean;
}

/** Left for the response, once the store has been given up on. */
const RESERVE_MS = 250;

const SOURCES = [httpApi, alb, restApi] as readonly EventSource<LambdaEvent, unknown>[];

/**
 * The two calls that `withSession` is made of, for those who wire them themselves.
 *
 * @throws {@link ConfigurationError} for cookie options that cannot work
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

  constructor(sessions: Sessions<Data, User>, options: LambdaSessionsOptions = {}) {
    refuseUnknown('', options, ['cookie']);
    this.#sessions = sessions;
    this.#cookie = new SessionCookie(options.cookie);
  }

  /**
   * Begins the request's session. Nothing that a client sends makes it throw.
   *
   * @throws {@link UnsupportedEventError} if this is no event of an HTTP API, Function URL, REST API or ALB;
   * {@link StoreUnavailableError}: answer with {@link unavailable}
   */
  async start(event: LambdaEvent, { context, create = false }: StartOptions = {}): Promise<Session<Data, User>> {
    const source = sourceOf(event);
    const remaining = context?.getRemainingTimeInMillis?.();
    return this.#sessions.start({
      tokens: this.#cookie.tokens(source.cookies(event)),
      address: source.address(event),
      userAgent: source.userAgent(event),
      create,
      ...(remaining === undefined ? {} : { deadline: Date.now() + remaining - RESERVE_MS }),
    });
  }

  /**
   * Writes what the request changed, and adds to its result what the session has to say: a Set-Cookie if this request
   * created, rotated, logged in, logged out or destroyed the session, with `Cache-Control: no-store` unless the
   * handler decided otherwise. The handler's own headers and cookies stay.
   *
   * @throws {@link StoreUnavailableError}: answer with {@link unavailable}, for what the handler did is not saved
   */
  async commit<Event extends LambdaEvent, Result>(
    session: Session<Data, User>,
    event: Event,
    result: Result,
  ): Promise<Result> {
    const action = await session.commit();
    switch (action.kind) {
      case 'keep':
        return result;
      case 'set':
        return sourceOf(event).withCookies(event, result, [this.#cookie.write(action.token, action.maxAge)]) as Result;
      case 'clear':
        return sourceOf(event).withCookies(event, result, [this.#cookie.clear()]) as Result;
    }
  }

  /** The answer when the store is unavailable: a 503 that says nothing else, and leaves the cookie alone. */
  unavailable<Event extends LambdaEvent>(event: Event): ResultOf<Event> {
    const headers = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'retry-after': '1' };
    return sourceOf(event).answer(event, 503, headers, 'Service Unavailable') as ResultOf<Event>;
  }
}

/** The kind of an event. */
function sourceOf(event: unknown): EventSource<LambdaEvent, unknown> {
  const source = SOURCES.find((candidate) => candidate.matches(event));
  if (source === undefined) {
    throw new UnsupportedEventError(
      'This event has no cookies: expected one of an HTTP API or Function URL (payload 2.0), a REST API (payload 1.0) or an Application Load Balancer.',
    );
  }
  return source;
}

/** Whether an error is the store's, to be answered with a 503. */
export function isUnavailable(error: unknown): error is StoreUnavailableError {
  return error instanceof StoreUnavailableError;
}
