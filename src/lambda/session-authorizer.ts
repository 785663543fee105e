import type { LambdaContext } from './deadline.js';
import { SessionGoneError, StoreUnavailableError, UnsupportedEventError } from '../core/errors.js';
import { expectOptions } from '../core/option-checks.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { ReadonlySession, Session } from '../core/session.js';
import type { BareSessions } from '../core/bare-sessions.js';
import { digestOf } from '../core/token.js';
import { userKey } from '../core/user-id.js';
import { at } from './event-source.js';
import type { HttpApiEvent } from './http-api.js';
import { LambdaSessions, type LambdaSessionsOptions } from './lambda-sessions.js';
import type { RestApiEvent } from './rest-api.js';
import type { LambdaEvent } from './sources.js';
import type { WebSocketConnectEvent } from './web-socket.js';

/** What an HTTP API asks its authorizer (payload 2.0). `APIGatewayRequestAuthorizerEventV2` is one. */
export interface HttpApiAuthorizerEvent extends Pick<HttpApiEvent, 'version' | 'rawPath' | 'cookies'> {
  readonly type: 'REQUEST';
  readonly routeArn: string;
  readonly headers?: HttpApiEvent['headers'] | undefined;
  readonly requestContext: HttpApiEvent['requestContext'];
}

/** What a REST API asks an authorizer of the type REQUEST. `APIGatewayRequestAuthorizerEvent` is one. */
export interface RestApiAuthorizerEvent extends Pick<
  RestApiEvent,
  'httpMethod' | 'path' | 'headers' | 'multiValueHeaders' | 'requestContext'
> {
  readonly type: 'REQUEST';
  readonly methodArn: string;
}

/** What a WebSocket API asks the authorizer of `$connect`. */
export interface WebSocketAuthorizerEvent extends WebSocketConnectEvent {
  readonly type: 'REQUEST';
  readonly methodArn: string;
}

/** An event of an authorizer that sees cookies. */
export type AuthorizerEvent = HttpApiAuthorizerEvent | RestApiAuthorizerEvent | WebSocketAuthorizerEvent;

/** What the integration gets to know, as `event.requestContext.authorizer` (of an HTTP API: `….authorizer.lambda`). */
export type AuthorizerContext = Record<string, string | number | boolean>;

/** The simple answer for an HTTP API. */
export interface HttpApiAuthorizerResult {
  isAuthorized: boolean;
  context: AuthorizerContext;
}

/** The answer for a REST API and for a WebSocket API: a policy. */
export interface RestApiAuthorizerResult {
  principalId: string;
  policyDocument: {
    Version: '2012-10-17';
    Statement: [{ Effect: 'Allow' | 'Deny'; Action: 'execute-api:Invoke'; Resource: string }];
  };
  context: AuthorizerContext;
}

/** What an authorizer answers to an event. */
export type AuthorizerResultOf<Event> = Event extends { routeArn: string }
  ? HttpApiAuthorizerResult
  : RestApiAuthorizerResult;

/** The options of {@link sessionAuthorizer}. */
export interface SessionAuthorizerOptions<Data extends object, User extends SessionUser> extends Pick<
  LambdaSessionsOptions,
  'cookie'
> {
  /**
   * Whether a session in which somebody is logged in may pass. It sees the session only, for the answer to one route may
   * be cached for all of them.
   *
   * @defaultValue every one may
   */
  readonly authorize?: (session: ReadonlySession<Data, User>) => boolean | Promise<boolean>;
  /** What else the integration gets to know of a session that may pass. @defaultValue nothing */
  readonly context?: (session: ReadonlySession<Data, User>) => AuthorizerContext | Promise<AuthorizerContext>;
}

/**
 * A Lambda authorizer: lets a request pass if somebody is logged in. For an HTTP API (payload 2.0 with simple responses)
 * for a REST API (type REQUEST; TOKEN sees no cookies), and for `$connect` of a WebSocket API; one function can serve all.
 *
 * The integration gets `userId` as text, `user` with the ID's type (`s:42` or `n:42`), and `session`, the digest by which
 * the events call the session.
 *
 * The session is seen, so it lives on; but its secret is not replaced, for an authorizer can set no cookie. The next
 * response of `withSession` makes up for that.
 *
 * A store that does not answer is no denial: the authorizer throws, API Gateway answers 500, and nothing is cached.
 *
 * **Turn off its cache** (`resultsCacheTtl: Duration.seconds(0)`; CDK's default is 5 minutes). A cached answer outlives a
 * logout by the cache's time, and then there is no touch either. If you cache all the same, the identity source must be
 * the `Cookie` header: any other one gives one visitor's answer to the next. The policy covers the whole stage, because
 * the cache does: one for a single route would deny all others.
 *
 * @throws {@link ConfigurationError} for options that cannot work, when it is called; the handler rejects with an
 * {@link UnsupportedEventError} for another event, and with a {@link StoreUnavailableError}
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html
 * @example
 * ```ts
 * export const handler = sessionAuthorizer(sessions, {
 *   authorize: async (session) => sessions.hasRole((await session.user()) ?? {}, 'editor'),
 * });
 * ```
 */
export function sessionAuthorizer<Data extends object, User extends SessionUser>(
  sessions: BareSessions<Data, User>,
  options: SessionAuthorizerOptions<Data, User> = {},
): <Event extends AuthorizerEvent>(event: Event, context?: LambdaContext) => Promise<AuthorizerResultOf<Event>> {
  expectOptions(options, { cookie: 'an object', authorize: 'a function', context: 'a function' });
  const { authorize, context: describe, ...lambdaOptions } = options;
  const requests = new LambdaSessions(sessions, lambdaOptions);

  return async <Event extends AuthorizerEvent>(event: Event, context?: LambdaContext) => {
    const answers = answersTo(event);
    // A session is found by nothing that such an event does not have.
    const session = await requests.startWithoutCookie(event as unknown as LambdaEvent, { context });
    const { id, userId } = session;
    if (id === undefined || userId === undefined) return answers(event, undefined);
    const mayPass = authorize === undefined || (await authorize(session));
    if (!mayPass || !(await isAlive(session))) return answers(event, undefined);
    const own = { userId: String(userId), user: userKey(userId), session: digestOf(id) };
    return answers(event, { ...(await describe?.(session)), ...own });
  };
}

/** Touches the session. One that was ended meanwhile is none; a touch that failed is made up for by a later request. */
async function isAlive(session: Pick<Session, 'touch'>): Promise<boolean> {
  try {
    await session.touch();
  } catch (error) {
    if (error instanceof SessionGoneError) return false;
    if (!(error instanceof StoreUnavailableError)) throw error;
  }
  return true;
}

/** @throws {@link UnsupportedEventError} */
function answersTo<Event>(event: Event): Answers<Event> {
  if (typeof at(event, 'routeArn') === 'string') return simple as Answers<Event>;
  if (typeof at(event, 'methodArn') === 'string') return policy as Answers<Event>;
  throw new UnsupportedEventError(
    'This event asks for no permission: expected one of an authorizer of an HTTP API (payload 2.0), of a REST API (type REQUEST) or of a WebSocket API ($connect).',
  );
}

/** Makes the answer of what the integration gets to know; `undefined`: the request may not pass. */
type Answers<Event> = (event: Event, known: AuthorizerContext | undefined) => AuthorizerResultOf<Event>;

const simple: Answers<HttpApiAuthorizerEvent> = (_event, known) => ({
  isAuthorized: known !== undefined,
  context: known ?? {},
});

const policy: Answers<RestApiAuthorizerEvent | WebSocketAuthorizerEvent> = ({ methodArn }, known) => ({
  principalId: String(known?.['user'] ?? 'anonymous'),
  policyDocument: {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: known === undefined ? 'Deny' : 'Allow',
        Action: 'execute-api:Invoke',
        // arn:aws:execute-api:<region>:<account>:<api>/<stage>/<method>/<path>
        Resource: `${methodArn.split('/', 2).join('/')}/*`,
      },
    ],
  },
  context: known ?? {},
});
