import type { Context, MiddlewareHandler } from 'hono';
import { deadlineOf, type LambdaContext } from '../lambda/deadline.js';
import { StoreUnavailableError } from '../core/errors.js';
import { expectOptions } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { AnyData, Session } from '../core/session.js';
import type { BareSessions } from '../core/bare-sessions.js';
import { findSource, type LambdaEvent } from '../lambda/sources.js';
import { isResponse } from '../web/thrown-response.js';
import { type WebRequest, WebSessions, type WebSessionsOptions } from '../web/index.js';

/** The options of {@link honoSession}. */
export interface HonoSessionOptions extends WebSessionsOptions {
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
   * @defaultValue on Lambda, what the event says; elsewhere unknown, so that `acceptRemoteIp` cannot tell
   */
  readonly address?: (context: Context) => string | undefined;
  /** What to answer when the store is unavailable. @defaultValue a 503 that leaves the cookie alone */
  readonly onStoreError?: (error: StoreUnavailableError, context: Context) => Response | Promise<Response>;
}

/** What the middleware adds to Hono's context: `new Hono<SessionEnv<App>>()` knows `context.var.session`. */
export interface SessionEnv<Data extends object = AnyData, User extends SessionUser = SessionUser> {
  Variables: { session: Session<Data, User> };
}

/**
 * A Hono middleware: begins the request's session, puts it into `context.var.session`, and ends it with the response.
 *
 * An `HTTPException` that was given its response is committed like a response that is returned. If a handler throws
 * anything else, an `HTTPException` with a message included, nothing that was only buffered is saved. What was written
 * before, such as a login, has its cookie on the response that Hono makes of the error.
 *
 * Applied twice to a request, it has one session, and the outer one ends it.
 *
 * @throws {@link ConfigurationError} for options that cannot work, when it is called
 * @example
 * ```ts
 * const app = new Hono<SessionEnv<App>>();
 * app.use(honoSession(sessions));
 * app.get('/', (context) => context.text(`hello ${context.var.session.userId ?? 'stranger'}`));
 *
 * export const handler = handle(app);
 * ```
 */
export function honoSession<Data extends object, User extends SessionUser>(
  sessions: BareSessions<Data, User>,
  options: HonoSessionOptions = {},
): MiddlewareHandler<SessionEnv<Data, User>> {
  expectOptions(options, {
    cookie: 'an object',
    csrf: 'an object',
    create: 'a boolean',
    address: 'a function',
    onStoreError: 'a function',
  });
  const { create = false, address = addressOf, onStoreError = () => requests.unavailable(), ...webOptions } = options;
  const requests = new WebSessions(sessions, webOptions);

  return async (context, next) => {
    const request = requestOf(context);
    const client = { address: address(context), ...deadlineOf(lambdaContextOf(context)) };
    const { method = 'GET', headers } = request;
    const asked = {
      method,
      headers,
      get url() {
        return urlOf(context); // only device binding looks at it
      },
    };
    const early = (await requests.answerDevice(asked, client)) ?? requests.refuse(request);
    if (early !== undefined) return early;
    const objects = [context, context.req.raw];
    const present = requests.around(...objects);
    if (present !== undefined) {
      context.set('session', present);
      await next();
      return undefined; // who has begun it ends it
    }
    // What the middlewares around have set so far. To look at `context.res` would change how the handler's headers are merged.
    const around = [...context.body(null).headers];
    let begun: Session<Data, User> | undefined;
    try {
      const session = await requests.start(request, { create, ...client });
      begun = session;
      context.set('session', session);
      const leave = requests.enter(session, ...objects);
      let thrown: unknown;
      try {
        await next();
      } catch (error) {
        // Hono makes no response of what is no `Error`.
        if (!isResponse(error)) throw error;
        thrown = error;
      } finally {
        leave();
      }
      if (isResponse(thrown)) throw await requests.commit(session, thrown);
      // What a handler throws comes to an end inside of `next`: Hono has made a response of it.
      const { error } = context;
      if (error instanceof StoreUnavailableError) throw error;
      const isAnswer = error === undefined || hasResponse(error);
      replace(context, isAnswer ? await requests.commit(session, context.res) : requests.abandon(session, context.res));
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      replace(context, new Response(null, { headers: around }));
      context.res = await onStoreError(error, context);
      if (begun !== undefined) replace(context, requests.abandon(begun, context.res));
    }
    return undefined;
  };
}

/** Whether it is an `HTTPException` that was given its response. */
function hasResponse(error: Error): boolean {
  return 'res' in error && isResponse(error.res);
}

/** Hono puts the headers of the response that was there before over those of the next one, cookies included. */
function replace(context: Context, response: Response): void {
  if (response === context.res) return;
  context.res = undefined;
  context.res = response;
}

/** What Hono's adapter for Lambda hands over: `context` is the name in its handler that streams. */
interface LambdaBindings {
  readonly event?: unknown;
  readonly lambdaContext?: LambdaContext;
  readonly context?: LambdaContext;
}

const bindingsOf = ({ env }: Context): LambdaBindings => (env as LambdaBindings | undefined) ?? {};

/** On Lambda, what the event says: Hono's adapter encodes all of a header if one of its characters is beyond ASCII. */
function requestOf(context: Context): WebRequest {
  const event = bindingsOf(context).event as LambdaEvent;
  const source = findSource(event);
  if (source === undefined) return context.req.raw;
  const told = new Map([
    ['cookie', source.cookies(event).join(';')],
    ['user-agent', source.userAgent(event)],
  ]);
  const get = (name: string): string | null => told.get(name) ?? source.header(event, name) ?? null;
  return { method: source.method(event), headers: { get } };
}

/** On Lambda, with the stage that the browser's URL has and Hono's may not have. */
function urlOf(context: Context): string {
  const event = bindingsOf(context).event as LambdaEvent;
  const { url } = context.req.raw;
  return new URL(findSource(event)?.path(event) ?? url, url).href;
}

function addressOf(context: Context): string | undefined {
  const event = bindingsOf(context).event as LambdaEvent;
  return findSource(event)?.address(event);
}

function lambdaContextOf(context: Context): LambdaContext | undefined {
  const bindings = bindingsOf(context);
  return bindings.lambdaContext ?? bindings.context;
}
