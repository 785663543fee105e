import type { LambdaContext } from './deadline.js';
import { StoreUnavailableError } from '../core/errors.js';
import { expectFunctions, expectOptions } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { Session } from '../core/session.js';
import type { BareSessions } from '../core/bare-sessions.js';
import type { HttpApiEvent } from './http-api.js';
import { LambdaSessions, type LambdaSessionsOptions } from './lambda-sessions.js';
import type { LambdaEvent, ResultOf } from './sources.js';

/** The options of {@link withSession}. */
export interface WithSessionOptions<Event extends LambdaEvent = LambdaEvent> extends LambdaSessionsOptions {
  /**
   * Store a session for every visitor, even if nothing is set in it. Only a request that can begin a visit does so: no
   * OPTIONS, no HEAD, no prefetch, and none from another site that `SameSite` holds the cookie back from, such as the
   * POST with which a payment page returns. The visitor may well have a session, and it would be replaced.
   *
   * @defaultValue false
   */
  readonly create?: boolean;
  /** What to answer when the store is unavailable. @defaultValue a 503 that leaves the cookie alone */
  readonly onStoreError?: (error: StoreUnavailableError, event: Event) => ResultOf<Event> | Promise<ResultOf<Event>>;
}

/**
 * A Lambda handler with a session: begins it before yours is called, and ends it with what yours returned. For every
 * event source that carries cookies; typed by the event that your handler takes (payload 2.0 if it does not say).
 *
 * If your handler throws, nothing that was only buffered is saved, and no cookie is sent: Lambda answers, and not even a
 * login that was written before reaches the browser. Return a result for what you expect to go wrong.
 *
 * Inside of another handler with a session of these `sessions`, for the same event and cookie, it uses that session, and
 * leaves it to the outer handler to end it.
 *
 * @throws {@link ConfigurationError} for options that cannot work, when it is called;
 * the handler rejects with an {@link UnsupportedEventError} for an event without cookies
 * @example
 * ```ts
 * export const handler = withSession(sessions, async (event, session) => {
 *   if (event.rawPath === '/login') await session.logIn(await authenticate(event));
 *   return { statusCode: 200, body: `hello ${session.userId ?? 'stranger'}` };
 * });
 * ```
 */
export function withSession<
  Data extends object,
  User extends SessionUser,
  Event extends LambdaEvent = HttpApiEvent,
  Context extends LambdaContext = LambdaContext,
>(
  sessions: BareSessions<Data, User>,
  handler: (
    event: Event,
    session: Session<Data, User>,
    context: Context,
  ) => Promise<NoInfer<ResultOf<Event>>> | NoInfer<ResultOf<Event>>,
  options: WithSessionOptions<Event> = {},
): (event: Event, context: Context) => Promise<ResultOf<Event>> {
  expectOptions(options, {
    cookie: 'an object',
    csrf: 'an object',
    create: 'a boolean',
    onStoreError: 'a function',
  });
  expectFunctions('', { handler }, ['handler']);
  const { create = false, onStoreError = (_error, event) => requests.unavailable(event), ...lambdaOptions } = options;
  const requests = new LambdaSessions(sessions, lambdaOptions);

  return async (event, context) => {
    const early = (await requests.answerDevice(event, { context })) ?? requests.refuse(event);
    if (early !== undefined) return early;
    const around = requests.around(event, context);
    if (around !== undefined) return handler(event, around, context); // who has begun it ends it
    let begun: Session<Data, User> | undefined;
    try {
      const session = await requests.start(event, { context, create });
      begun = session;
      const leave = requests.enter(session, event);
      let result;
      try {
        result = await handler(event, session, context);
      } finally {
        leave();
      }
      return await requests.commit(session, event, result);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      const result = await onStoreError(error, event);
      return begun === undefined ? result : requests.abandon(begun, event, result);
    }
  };
}
