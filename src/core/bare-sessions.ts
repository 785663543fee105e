import { canonical } from './client.js';
import type { DeviceAnswer, DeviceRequest } from './device-binding.js';
import { findNamed, findSession, type Start } from './find-session.js';
import { GuardedLayer } from './guarded-layer.js';
import { type Defaults, type ResolvedOptions, resolveBareOptions, type SessionsOptions } from './options.js';
import type { SessionUser } from './persistence-layer.js';
import { type AnyData, type ReadonlySession, Session } from './session.js';
import { type CookieAction, KEEP, StoredSession } from './stored-session.js';

/** What a request tells of its session. `dynamodb-sessions/lambda` makes it from an event. */
export interface SessionRequest {
  /** The values of the session cookie, unverified, in any order. */
  readonly tokens?: readonly string[];
  /** The values of the bound cookie, if there is the option `deviceBinding`. */
  readonly boundTokens?: readonly string[];
  /** The client's address, from the event's request context: never from a header that the client can write. */
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
  /** When the answer must be there, in milliseconds since the epoch: no call to the store goes on for longer. */
  readonly deadline?: number;
  /** Store a session even if nothing is set in it. @defaultValue false */
  readonly create?: boolean;
}

/** The options of `BareSessions`: those of `Sessions`, of which these two have no default. */
export type BareSessionsOptions<User extends SessionUser = SessionUser> = SessionsOptions<User> &
  Required<Pick<SessionsOptions<User>, 'persistence' | 'codec'>>;

/**
 * The sessions of requests, and nothing else: for handlers whose bundle should be small. Every adapter takes them.
 *
 * `Sessions` is the same with a default for `persistence` and for `codec`, and with what is done to the sessions of users:
 * `ofUser`, `revoke`, `logOutUser`, `logOutEveryone`, `hasRole`. A bundle that has only this one has none of that.
 *
 * @throws {@link ConfigurationError} for options that are missing, unknown, out of range, or contradict each other
 * @example
 * ```ts
 * const sessions = new BareSessions<App>({ persistence: new DynamoDBPersistenceLayer(), codec: jsonCodec });
 * ```
 */
export class BareSessions<Data extends object = AnyData, User extends SessionUser = SessionUser> {
  /** @internal For the adapters: the sessions of the requests that they are handling, by object and name of the cookie. */
  readonly ongoing: WeakMap<object, Map<string, Session<Data, User>>> = new WeakMap();

  /** @internal For what is done to sessions in other rooms. */
  readonly options: ResolvedOptions<User>;

  constructor(options: BareSessionsOptions<User>);
  /** @internal */
  constructor(options: SessionsOptions<User>, defaults: Defaults);
  constructor(options: SessionsOptions<User>, defaults?: Defaults) {
    this.options = resolveBareOptions(options, defaults);
  }

  /**
   * Begins a request: finds the session that its tokens prove, with one read at most in the ordinary case and none
   * where there is no well-formed token. Nothing that a client sends makes it throw.
   *
   * @throws {@link StoreUnavailableError}: answer with a 503, and do not touch the cookie
   * @example
   * ```ts
   * const session = await sessions.start({ tokens: cookie.tokens([request.headers.cookie]) });
   * session.set('theme', 'dark');
   * const action = await session.commit();
   * ```
   */
  async start(request: SessionRequest = {}): Promise<Session<Data, User>> {
    return this.#begin(this.layer(request.deadline), request);
  }

  /**
   * Finds the session of a request where no cookie can be set, to look at it: nothing is written, not even that it was
   * seen, and nothing can be changed. What ends a session in `start` (a retired secret, a strange client, a logout
   * everywhere) only makes it no session here.
   *
   * @throws {@link StoreUnavailableError}
   */
  async read(request: Omit<SessionRequest, 'create'> = {}): Promise<ReadonlySession<Data, User>> {
    return this.#begin(this.layer(request.deadline, true), request);
  }

  /** @internal Tells of a request that an adapter has refused before it was looked for a session. */
  tellOfRefusal(reason: 'sec-fetch-site' | 'origin'): void {
    this.layer().emit({ type: 'csrf-refused', reason });
  }

  /**
   * @internal Answers what a browser asks by itself to prove its device, with what the response must do about the
   * session's own cookie; `undefined` for any other request.
   */
  async answerDevice(
    asked: DeviceRequest,
    request: () => SessionRequest,
  ): Promise<(DeviceAnswer & { readonly cookie: CookieAction }) | undefined> {
    let found: StoredSession<User> | undefined;
    const answer = await this.options.deviceBinding?.answer(asked, async (id) => {
      const { tokens = [], deadline, ...told } = request();
      const layer = this.layer(deadline);
      const client = canonical(told);
      const start: Start =
        tokens.length > 0
          ? await findSession(layer, tokens, client, undefined)
          : { found: await findNamed(layer, id), rivals: [] };
      if (start.found === undefined) return start.overtaker || start.rivals.length > 0 ? 'overtaken' : undefined;
      found = new StoredSession(layer, client, start.found);
      return found;
    });
    if (answer?.event) this.layer().emit(answer.event, found?.id, found?.record.userId);
    return answer && { ...answer, cookie: found?.cookieOnceBound ?? KEEP };
  }

  async #begin(
    layer: GuardedLayer<User>,
    { tokens = [], boundTokens = [], create = false, ...request }: SessionRequest,
  ): Promise<Session<Data, User>> {
    const client = canonical(request);
    return new Session(layer, client, create, await findSession(layer, tokens, client, boundTokens));
  }

  /** @internal */
  protected layer(deadline?: number, readOnly = false): GuardedLayer<User> {
    return new GuardedLayer(this.options, deadline, readOnly);
  }
}
