import { StoreUnavailableError } from '../core/errors.js';
import { expectFunctions, expectOptions } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { Session } from '../core/session.js';
import type { BareSessions } from '../core/bare-sessions.js';
import { thrownResponse } from './thrown-response.js';
import { WebSessions, type WebSessionsOptions } from './web-sessions.js';

/** The options of {@link withSession}. Its functions are called with all that the handler gets, but the session. */
export interface WithSessionOptions<
  Incoming extends Request = Request,
  Rest extends readonly unknown[] = readonly unknown[],
> extends WebSessionsOptions {
  /**
   * Store a session for every visitor, even if nothing is set in it. Only a request that can begin a visit does so: no
   * OPTIONS, no HEAD, no prefetch, and none from another site that `SameSite` holds the cookie back from, such as the
   * POST with which a payment page returns. The visitor may well have a session, and it would be replaced.
   *
   * @defaultValue false
   */
  readonly create?: boolean;
  /**
   * The client's address, from where the server has it. Not the left of X-Forwarded-For: anybody can write that.
   *
   * @defaultValue unknown, so that `acceptRemoteIp` cannot tell
   */
  readonly address?: (request: Incoming, ...rest: Rest) => string | undefined;
  /** What to answer when the store is unavailable. @defaultValue a 503 that leaves the cookie alone */
  readonly onStoreError?: (
    error: StoreUnavailableError,
    request: Incoming,
    ...rest: Rest
  ) => Response | Promise<Response>;
}

/**
 * A fetch handler with a session: begins it before yours is called, and ends it with what yours returned. What a
 * framework hands over besides the request, it hands on.
 *
 * The session ends before the body is sent: what streams can read it, and no longer change it.
 *
 * A `Response` that your handler throws is committed like one that it returns, and thrown on. What Next.js's `redirect()`
 * and `notFound()` throw becomes the response that Next.js makes of it, and is returned, so that it can have a cookie.
 * For any other error nothing that was only buffered is saved, and no cookie is sent: the error is thrown on.
 *
 * Inside of another handler with a session of these `sessions`, for the same `Request` and cookie, it uses that session,
 * and leaves it to the outer handler to end it.
 *
 * @throws {@link ConfigurationError} for options that cannot work, when it is called
 * @example
 * ```ts
 * export const POST = withSession(sessions, async (request, session) => {
 *   await session.logIn(await authenticate(request));
 *   return new Response(null, { status: 303, headers: { location: '/' } });
 * });
 * ```
 */
export function withSession<
  Data extends object,
  User extends SessionUser,
  Incoming extends Request = Request,
  Rest extends readonly unknown[] = [],
>(
  sessions: BareSessions<Data, User>,
  handler: (request: Incoming, session: Session<Data, User>, ...rest: Rest) => Response | Promise<Response>,
  options: WithSessionOptions<NoInfer<Incoming>, Rest> = {},
): (request: Incoming, ...rest: Rest) => Promise<Response> {
  expectOptions(options, {
    cookie: 'an object',
    csrf: 'an object',
    create: 'a boolean',
    address: 'a function',
    onStoreError: 'a function',
  });
  expectFunctions('', { handler }, ['handler']);
  const { create = false, address, onStoreError = () => requests.unavailable(), ...webOptions } = options;
  const requests = new WebSessions(sessions, webOptions);

  return async (request, ...rest) => {
    const client = { address: address?.(request, ...rest) };
    const early = (await requests.answerDevice(request, client)) ?? requests.refuse(request);
    if (early !== undefined) return early;
    const around = requests.around(request);
    if (around !== undefined) return handler(request, around, ...rest); // who has begun it ends it
    let begun: Session<Data, User> | undefined;
    try {
      const session = await requests.start(request, { create, ...client });
      begun = session;
      const leave = requests.enter(session, request);
      let response: Response | undefined;
      let thrown: unknown;
      try {
        response = await handler(request, session, ...rest);
      } catch (error) {
        thrown = error;
        response = thrownResponse(error);
        if (response === undefined) throw error;
      } finally {
        leave();
      }
      const committed = await requests.commit(session, response);
      if (response === thrown) throw committed;
      return committed;
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      const response = await onStoreError(error, request, ...rest);
      return begun === undefined ? response : requests.abandon(begun, response);
    }
  };
}
