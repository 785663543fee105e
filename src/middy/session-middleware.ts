import type { MiddlewareObj, Request } from '@middy/core';
import { StoreUnavailableError } from '../core/errors.js';
import { expectOptions } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { Session } from '../core/session.js';
import type { BareSessions } from '../core/bare-sessions.js';
import { type LambdaEvent, LambdaSessions, type WithSessionOptions } from '../lambda/index.js';

/** The options of {@link sessionMiddleware}. */
export interface SessionMiddlewareOptions extends WithSessionOptions {}

/** Lambda's context, with the session. */
export type SessionContext<Data extends object, User extends SessionUser> = Request['context'] & {
  session: Session<Data, User>;
};

/**
 * A middy middleware: begins the request's session, puts it into `context.session`, and ends it with the response. For
 * every event source that carries cookies.
 *
 * It is in the context, for that is what the handler sees; `request.internal` may be one object for all invocations.
 *
 * If the handler or another middleware throws, or a `before` answers early, nothing that was only buffered is saved. What
 * was written before a failure, such as a login, has its cookie on the response of a middleware after this one whose
 * `onError` makes one.
 *
 * Used twice for an invocation, it has one session, and the outer one ends it.
 *
 * @throws {@link ConfigurationError} for options that cannot work, when it is called;
 * the handler rejects with an {@link UnsupportedEventError} for an event without cookies
 * @example
 * ```ts
 * export const handler = middy<APIGatewayProxyEventV2, APIGatewayProxyResultV2>()
 *   .use(sessionMiddleware(sessions))
 *   .handler(async (event, { session }) => ({ statusCode: 200, body: `hello ${session.userId ?? 'stranger'}` }));
 * ```
 */
export function sessionMiddleware<Data extends object, User extends SessionUser>(
  sessions: BareSessions<Data, User>,
  options: SessionMiddlewareOptions = {},
): MiddlewareObj<unknown, unknown, Error, SessionContext<Data, User>> {
  expectOptions(options, {
    cookie: 'an object',
    csrf: 'an object',
    create: 'a boolean',
    onStoreError: 'a function',
  });
  const { create = false, onStoreError = (_error, event) => requests.unavailable(event), ...lambdaOptions } = options;
  const requests = new LambdaSessions(sessions, lambdaOptions);

  /** The sessions that this middleware has begun, by middy's object for the invocation. */
  const begun = new WeakMap<object, { session: Session<Data, User>; leave: () => void }>();

  return {
    before: async (request) => {
      const { context } = request;
      const event = request.event as LambdaEvent;
      const early = (await requests.answerDevice(event, { context })) ?? requests.refuse(event);
      if (early !== undefined) return early; // an early answer: the handler is not called
      const around = requests.around(request, event);
      if (around !== undefined) {
        context.session = around;
        return undefined; // who has begun it ends it
      }
      context.session = await requests.start(event, { context, create });
      // Not by the event: what ends middy's stack early does not tell this middleware.
      begun.set(request, { session: context.session, leave: requests.enter(context.session, request, context) });
      return undefined;
    },
    after: async (request) => {
      const own = begun.get(request);
      if (own === undefined) return;
      own.leave();
      request.response = await requests.commit(own.session, request.event as LambdaEvent, request.response);
    },
    onError: async (request) => {
      const { error, event } = request as { error: unknown; event: LambdaEvent };
      const own = begun.get(request);
      own?.leave();
      if (error instanceof StoreUnavailableError && request.response === undefined) {
        request.response = await onStoreError(error, event);
      }
      if (own === undefined || request.response === undefined) return;
      request.response = requests.abandon(own.session, event, request.response);
    },
  };
}
