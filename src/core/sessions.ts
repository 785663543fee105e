import { canonical } from './client.js';
import type { DeviceAnswer, DeviceRequest } from './device-binding.js';
import { GuardedLayer } from './guarded-layer.js';
import { type ResolvedOptions, resolveOptions, type SessionsOptions } from './options.js';
import type { SessionUser } from './persistence-layer.js';
import { descendantRoles } from './roles.js';
import { type AnyData, type ReadonlySession, Session } from './session.js';
import { findNamed, findSession, type Start } from './find-session.js';
import { type CookieAction, KEEP, StoredSession } from './stored-session.js';
import { isSessionId } from './token.js';
import { sameUser } from './user-id.js';
import { listUserSessions, logOutEverywhere } from './user-sessions.js';

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

/** The options of `sessions.ofUser`. */
export interface OfUserOptions {
  /** Which of them is this one: the session of the request, or its ID. */
  readonly current?: Pick<Session, 'id'>;
}

/** The options of `sessions.logOutUser`. */
export interface LogOutUserOptions {
  /** The session that stays, if it is alive: "log out all other devices". */
  readonly except?: Pick<Session, 'id'>;
  /** When to give up, in milliseconds since the epoch. */
  readonly deadline?: number;
}

/** One row of "your devices". It carries no credential and can be shown to the user. */
export interface SessionSummary {
  readonly id: string;
  /** Whether it is the session given as `current`. */
  readonly current: boolean;
  readonly createdAt: Date;
  readonly lastSeenAt: Date;
  readonly expiresAt: Date;
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
  /** Whether it is bound to a device: the option `deviceBinding`. */
  readonly bound: boolean;
}

/**
 * The sessions of an application. Make one, outside the handler.
 *
 * `Data` is what a session holds, by key: `session.get('theme')` knows its type. `User` is the user object; the type of
 * its `id` is that of `session.userId`, and of every user ID that is asked for.
 *
 * @throws {@link ConfigurationError} for options that are unknown, out of range, or contradict each other
 * @example
 * ```ts
 * interface App {
 *   theme: 'light' | 'dark';
 * }
 * const sessions = new Sessions<App>({ persistence: new DynamoDBPersistenceLayer(), idleTimeout: 3_600 });
 * ```
 */
export class Sessions<Data extends object = AnyData, User extends SessionUser = SessionUser> {
  /** @internal For the adapters: the sessions of the requests that they are handling, by object and name of the cookie. */
  readonly ongoing: WeakMap<object, Map<string, Session<Data, User>>> = new WeakMap();

  readonly #options: ResolvedOptions<User>;

  constructor(options: SessionsOptions<User> = {}) {
    this.#options = resolveOptions(options);
  }

  /** @internal For what is done to sessions in other rooms. */
  get options(): ResolvedOptions<User> {
    return this.#options;
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
    return this.#begin(this.#layer(request.deadline), request);
  }

  /**
   * Finds the session of a request where no cookie can be set, to look at it: nothing is written, not even that it was
   * seen, and nothing can be changed. What ends a session in `start` (a retired secret, a strange client, a logout
   * everywhere) only makes it no session here.
   *
   * @throws {@link StoreUnavailableError}
   */
  async read(request: Omit<SessionRequest, 'create'> = {}): Promise<ReadonlySession<Data, User>> {
    return this.#begin(this.#layer(request.deadline, true), request);
  }

  /**
   * The user's live sessions, those seen last first: the "your devices" list. Two calls.
   *
   * @throws {@link StoreUnavailableError}
   */
  async ofUser(userId: User['id'], { current }: OfUserOptions = {}): Promise<readonly SessionSummary[]> {
    const sessions = await listUserSessions(this.#layer(), userId);
    return sessions.map(([id, record]) => ({
      id,
      current: id === current?.id,
      createdAt: new Date(record.createdAt * 1000),
      lastSeenAt: new Date(record.lastSeenAt * 1000),
      expiresAt: new Date(record.expiresAt * 1000),
      address: record.address,
      userAgent: record.userAgent,
      bound: record.boundUntil !== undefined,
    }));
  }

  /**
   * Ends one session, whoever's it is; with `ofUser`, only if it is that user's. `undefined` for a user is nobody, who
   * has no sessions.
   *
   * @returns whether there was such a session
   * @throws {@link StoreUnavailableError}
   * @example await sessions.revoke(id, { ofUser: session.userId }); // the button in "your devices"
   */
  async revoke(id: string, options: { readonly ofUser?: User['id'] | undefined } = {}): Promise<boolean> {
    const { ofUser } = options;
    const isNobodys = 'ofUser' in options && ofUser === undefined;
    if (isNobodys || !isSessionId(id)) return false;
    const layer = this.#layer();
    let isDamaged = false;
    let record = await layer.load(id, true, (finding) => {
      isDamaged = finding === 'unreadable';
    });
    if (record === undefined && !isDamaged) return false;
    if (ofUser !== undefined) {
      // One whose data alone is damaged is in the list of its user's.
      record ??= (await layer.loadUserSessions(ofUser)).sessions.get(id);
      if (record?.userId === undefined || !sameUser(record.userId, ofUser)) return false;
    }
    await layer.delete(id);
    layer.emit({ type: 'revoked', reason: 'by-id' }, id, record?.userId);
    return true;
  }

  /**
   * Logs a user out everywhere: when this returns, every session of the user that the index shows is deleted, and
   * those that it does not show yet are dead within one touch interval (at once with `revocationCheck: 'always'`).
   *
   * @throws {@link StoreUnavailableError} if not everything could be done: what is done stays done, and calling again
   * finishes the rest. What was sent may still land, and end a session on which the user has logged in again meanwhile
   */
  async logOutUser(userId: User['id'], { except, deadline }: LogOutUserOptions = {}): Promise<void> {
    await logOutEverywhere(this.#layer(deadline), userId, except?.id);
  }

  /**
   * Logs everyone out, for the day on which cookies or the table have been stolen: no session that is logged in when
   * this is called lives on. One write, however many there are: each is found dead, and deleted, when its cookie comes;
   * those of which no cookie comes are in no list of their user's any more, and expire. Instances that have just looked
   * believe for up to 10 seconds more that nothing happened; with `revocationCheck: 'touch'`, a session is looked at
   * once in a touch interval, and with `'never'` not at all. Anonymous sessions stay.
   *
   * @throws {@link StoreUnavailableError}; {@link ConfigurationError} if the persistence layer cannot do it
   */
  async logOutEveryone(): Promise<void> {
    const layer = this.#layer();
    await layer.raiseEpoch();
    layer.emit({ type: 'everyone-logged-out' });
  }

  /**
   * Whether a user has a role: by name, or because one of the user's roles is above it in the role hierarchy.
   *
   * @throws {@link ConfigurationError} if the hierarchy has a cycle
   */
  async hasRole(user: Pick<SessionUser, 'roles'>, role: string): Promise<boolean> {
    const hierarchy = await this.#layer().roleHierarchy();
    return (user.roles ?? []).some((own) => descendantRoles(hierarchy, own).has(role));
  }

  /** @internal Tells of a request that an adapter has refused before it was looked for a session. */
  tellOfRefusal(reason: 'sec-fetch-site' | 'origin'): void {
    this.#layer().emit({ type: 'csrf-refused', reason });
  }

  /**
   * @internal Answers what a browser asks by itself to prove its device, with what the response must do about the
   * session's own cookie; `undefined` for any other request.
   */
  async answerDevice(
    asked: DeviceRequest,
    { tokens = [], deadline, ...request }: SessionRequest,
  ): Promise<(DeviceAnswer & { readonly cookie: CookieAction }) | undefined> {
    const layer = this.#layer(deadline);
    const client = canonical(request);
    let cookie = KEEP;
    let found: StoredSession<User> | undefined;
    const answer = await this.#options.deviceBinding?.answer(asked, async (id) => {
      const start: Start =
        tokens.length > 0
          ? await findSession(layer, tokens, client, undefined)
          : { found: await findNamed(layer, id), rivals: [] };
      if (start.found === undefined) return start.overtaker || start.rivals.length > 0 ? 'overtaken' : undefined;
      const stored = new StoredSession(layer, client, start.found);
      found = stored;
      return {
        id: stored.id,
        get record() {
          return stored.record;
        },
        now: start.found.startedAt,
        async bind(...proof) {
          const action = await stored.bind(...proof);
          if (action !== undefined) cookie = action;
          return action !== undefined;
        },
      };
    });
    if (answer?.event) layer.emit(answer.event, found?.id, found?.record.userId);
    return answer && { ...answer, cookie };
  }

  async #begin(
    layer: GuardedLayer<User>,
    { tokens = [], boundTokens = [], create = false, ...request }: SessionRequest,
  ): Promise<Session<Data, User>> {
    const client = canonical(request);
    return new Session(layer, client, create, await findSession(layer, tokens, client, boundTokens));
  }

  #layer(deadline?: number, readOnly = false): GuardedLayer<User> {
    return new GuardedLayer(this.#options, deadline, readOnly);
  }
}
