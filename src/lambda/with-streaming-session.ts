import type { Writable } from 'node:stream';
import type { LambdaContext } from './deadline.js';
import { ConfigurationError, StoreUnavailableError } from '../core/errors.js';
import { expectFunctions } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { Session } from '../core/session.js';
import type { BareSessions } from '../core/bare-sessions.js';
import type { HttpApiEvent } from './http-api.js';
import { LambdaSessions, type LambdaSessionsOptions } from './lambda-sessions.js';
import type { RestApiEvent } from './rest-api.js';

/** What goes before a streamed body. */
export interface ResponsePrelude {
  statusCode?: number;
  headers?: { [name: string]: string };
  multiValueHeaders?: { [name: string]: string[] };
  cookies?: string[];
}

/**
 * Ends the request's session, and begins the response: call it before the first byte of the body. From then on the
 * session can only be read, for its cookie is on its way.
 *
 * @throws {@link StoreUnavailableError} if something that was set could not be stored, and then each time: let it pass,
 * and the answer is a 503
 */
export type Respond = (prelude?: ResponsePrelude) => Promise<Writable>;

/** What Lambda's Node.js runtime puts into the global scope. */
interface LambdaRuntime {
  streamifyResponse<Handler>(handler: Handler): Handler;
  readonly HttpResponseStream: { from(stream: Writable, prelude: object): Writable };
}

/**
 * A response-streaming handler with a session, for a Function URL or a REST API that streams.
 *
 * If your handler throws before it has called `respond`, nothing that was only buffered is saved, and no cookie is sent:
 * Lambda answers.
 *
 * @throws {@link ConfigurationError} outside Lambda's Node.js runtime, which offers streaming, and for options that cannot work
 * @example
 * ```ts
 * export const handler = withStreamingSession(sessions, async (event, session, respond) => {
 *   session.set('theme', 'dark');
 *   const stream = await respond({ statusCode: 200, headers: { 'content-type': 'text/plain' } });
 *   for await (const part of report(session.userId)) stream.write(part);
 *   stream.end();
 * });
 * ```
 */
export function withStreamingSession<
  Data extends object,
  User extends SessionUser,
  Event extends HttpApiEvent | RestApiEvent = HttpApiEvent,
  Context extends LambdaContext = LambdaContext,
>(
  sessions: BareSessions<Data, User>,
  handler: (event: Event, session: Session<Data, User>, respond: Respond, context: Context) => Promise<void>,
  options: LambdaSessionsOptions = {},
): (event: Event, responseStream: Writable, context: Context) => Promise<void> {
  const runtime = (globalThis as { readonly awslambda?: LambdaRuntime }).awslambda;
  // The SDK and Powertools make an `awslambda` of their own where there is none.
  if (runtime?.streamifyResponse === undefined) {
    throw new ConfigurationError(
      "withStreamingSession found no awslambda to stream with; expected Lambda's Node.js runtime.",
    );
  }
  expectFunctions('', { handler }, ['handler']);
  const requests = new LambdaSessions(sessions, options);

  return runtime.streamifyResponse(async (event: Event, responseStream: Writable, context: Context) => {
    let hasBegun = false;
    const begin = (prelude: object): Writable => {
      hasBegun = true;
      const stream = runtime.HttpResponseStream.from(responseStream, prelude);
      stream.write(''); // the runtime sends the prelude with the first write, and not at all with just an end
      return stream;
    };
    const sendWhole = (answer: unknown): void => {
      const { body, ...prelude } = answer as { body: string };
      begin(prelude).end(body);
    };
    const early = (await requests.answerDevice(event, { context })) ?? requests.refuse(event);
    if (early !== undefined) return sendWhole(early);
    let begun: Session<Data, User> | undefined;
    let leave = (): void => {};
    try {
      const session = await requests.start(event, { context });
      begun = session;
      leave = requests.enter(session, event);
      let failure: unknown;
      const respond: Respond = async (prelude = {}) => {
        leave();
        try {
          return begin(await requests.commit(session, event, { ...prelude, statusCode: prelude.statusCode ?? 200 }));
        } catch (error) {
          throw (failure ??= error); // a later call fails because the session is closed, which hides why it is
        }
      };
      await handler(event, session, respond, context);
      if (!hasBegun) (await respond({ statusCode: 204 })).end();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || hasBegun) throw error;
      const unavailable = requests.unavailable(event);
      sendWhole(begun === undefined ? unavailable : requests.abandon(begun, event, unavailable));
    } finally {
      leave();
    }
  });
}
