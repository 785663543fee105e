import type { MiddlewareObj, Request } from '@middy/core';
import { StoreUnavailableError } from '../core/errors.js';
import { expectOptions } from '../core/expect.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { Session } from '../core/session.js';
import type { Sessions } from '../core/sessions.js';
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
 * If the handler or another middleware throws, or a `before` answers early, nothing that was only buffered is saved, and
 * no cookie is sent.
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
  sessions: Sessions<Data, User>,
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

  return {
    before: async ({ event, context }) => {
      const refusal = requests.refuse(event as LambdaEvent);
      if (refusal !== undefined) return refusal; // an early answer: the handler is not called
      context.session = await requests.start(event as LambdaEvent, { context, create });
      return undefined;
    },
    after: async (request) => {
      request.response = await requests.commit(request.context.session, request.event as LambdaEvent, request.response);
    },
    onError: async (request) => {
      const { error, event } = request as { error: unknown; event: LambdaEvent };
      if (!(error instanceof StoreUnavailableError) || request.response !== undefined) return;
      request.response = await onStoreError(error, event);
    },
  };
}
