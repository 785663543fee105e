import type { Client } from './client.js';
import { deepFreeze, type DeepReadonly } from '../codec/deep-readonly.js';
import { opened } from './encryption.js';
import {
  contended,
  gone,
  LoginEndedError,
  LoginTooOldError,
  NotBoundError,
  NotStorableError,
  SessionClosedError,
  SessionGoneError,
  StoreUnavailableError,
} from './errors.js';
import type { GuardedLayer } from './guarded-layer.js';
import { atLogin, hasLoginEnded, loggedOutBy, sparing } from './marks.js';
import type { Marks, SessionUser } from './persistence-layer.js';
import { SessionData } from './session-data.js';
import { type IdTokenClaims, providerLoginOf } from './provider-login.js';
import type { Start } from './find-session.js';
import { type Changes, type CookieAction, KEEP, type Login, merged, StoredSession } from './stored-session.js';
import { digestOf } from './token.js';
import { sameUser, type UserId, userKey } from './user-id.js';
import { endOlderLogins, enforceBound } from './user-sessions.js';

/**
 * Data of which nothing is known: any key may have any value, and what is read is `unknown`. A `Session<App>` is
 * assignable to a `Session` without `Data`, as an `App` is to `any`; so a helper that takes a `Session` takes every one.
 */
// oxlint-disable-next-line typescript/no-explicit-any -- no other type takes every interface, whatever the variance
export type AnyData = any;

/** The keys of the application's session data. */
export type KeyOf<Data extends object> = Extract<keyof Data, string>;

/** The value of one key of the application's session data. */
export type ValueOf<Data extends object, Key extends keyof Data> = unknown extends Data ? unknown : Data[Key];

const MOST_ATTEMPTS = 200;

type UserLogin = Login & { readonly userId: UserId; readonly authenticatedAt: number };

/** The options of `logIn`. */
export interface LogInOptions {
  /** Ends all of the user's other sessions. @defaultValue false */
  readonly exclusive?: boolean;
  /**
   * The claims of the ID token that proves this login at an OpenID Connect provider, once it was verified.
   * {@link Session.authenticatedAt} and `requireRecentLogin` then go by `auth_time`; without that, no login is recent.
   * `iss` and `sid` say which login the session came of, so that the provider can end it: see
   * `dynamodb-sessions/oidc`.
   */
  readonly idToken?: IdTokenClaims;
}

/** What can be done with a session that can only be looked at: see `sessions.read()`. Every session is one. */
export type ReadonlySession<Data extends object = AnyData, User extends SessionUser = SessionUser> = Pick<
  Session<Data, User>,
  | 'id'
  | 'userId'
  | 'createdAt'
  | 'lastSeenAt'
  | 'expiresAt'
  | 'authenticatedAt'
  | 'user'
  | 'get'
  | 'has'
  | 'keys'
  | 'entries'
  | 'requireRecentLogin'
  | 'bound'
  | 'requireBound'
  | 'toJSON'
>;

/**
 * One request's view of a session, from `sessions.start()` to `commit()`.
 *
 * Reading is free. `set` and `delete` are buffered: one conditional write at the end carries all that changed, and
 * only that, so that requests which change different keys do not undo each other. `update`, `getAndDelete`, `logIn`,
 * `logOut`, `regenerate`, `destroy` and `save` write at once, and throw if they cannot: a {@link SessionGoneError} if
 * the session was ended, or taken over by a login, after this request had begun; a {@link StoreUnavailableError} if
 * the store did not answer.
 *
 * A session that nothing is known of is stored nowhere: it begins with the first `set` or `logIn`.
 */
export class Session<Data extends object = AnyData, User extends SessionUser = SessionUser> {
  readonly #layer: GuardedLayer<User>;
  readonly #client: Client;
  readonly #create: boolean;
  readonly #overtaker: Start['overtaker'];
  readonly #data: SessionData;
  #stored: StoredSession<User> | undefined;
  /** Sessions that the request proves as well as each other. */
  #rivals: readonly StoredSession<User>[];
  /** The session while it is being stored for the first time. */
  #beginning: Promise<StoredSession<User>> | undefined;
  /** Whether no session may begin but by a login: the cookie of another would be replaced. */
  #overtaken: boolean;
  /** The end of the last change of who this is. */
  #turn: Promise<unknown> = Promise.resolve();
  #cookie: CookieAction = KEEP;
  #user: Promise<User | undefined> | undefined;
  #state: 'open' | 'committed' | 'read-only';

  /** @internal Use `sessions.start()`. */
  constructor(layer: GuardedLayer<User>, client: Client, create: boolean, start: Start) {
    this.#layer = layer;
    this.#client = client;
    this.#create = create;
    this.#state = layer.readOnly ? 'read-only' : 'open';
    this.#data = new SessionData(layer.options, () => this.#stored);
    this.#overtaken = start.overtaken === true;
    this.#overtaker = start.overtaker;
    this.#stored = start.found && new StoredSession(layer, client, start.found);
    this.#user = start.found?.user && Promise.resolve(start.found.user as User);
    this.#rivals = start.rivals.map((rival) => new StoredSession(layer, client, rival));
  }

  /** The session's ID, which is no credential and may be shown to its user; `undefined` while nothing is stored. */
  get id(): string | undefined {
    return this.#stored?.id;
  }

  /** Who is logged in, by the ID that `User` has; `undefined` for an anonymous session. */
  get userId(): User['id'] | undefined {
    return this.#stored?.record.userId;
  }

  /** When the session was first stored. */
  get createdAt(): Date | undefined {
    return dateOf(this.#stored?.record.createdAt);
  }

  /** When a request last touched it; behind by up to the option `touchInterval`. */
  get lastSeenAt(): Date | undefined {
    return dateOf(this.#stored?.record.lastSeenAt);
  }

  /** When it will end if no other request comes. */
  get expiresAt(): Date | undefined {
    return dateOf(this.#stored?.record.expiresAt);
  }

  /**
   * When the user last proved who they are: when they logged in, or as the ID token of that login says. `undefined` for
   * an anonymous session, and if the ID token does not say it.
   */
  get authenticatedAt(): Date | undefined {
    return dateOf(this.#provenAt);
  }

  /**
   * Whether this request has proven the device that the session is bound to (option `deviceBinding`). `false` until the
   * browser has bound it, shortly after the login, and for browsers that cannot.
   */
  get bound(): boolean {
    return this.#stored?.bound === true;
  }

  /** The user object, loaded when first asked for, once per request; `undefined` for an anonymous session. */
  user(): Promise<User | undefined> {
    const { userId } = this;
    if (userId === undefined) return Promise.resolve(undefined);
    this.#user ??= this.#layer.loadUser(userId).catch((error: unknown) => {
      this.#user = undefined; // the next call asks again
      throw error;
    });
    return this.#user;
  }

  /**
   * The value of a key, `undefined` if it has none. It is a copy of what is stored, to be looked at only: what changes it
   * does not compile, and throws in development (arrays and plain objects are frozen, unless `NODE_ENV` is `production`
   * or this runs in a Lambda). To change what is stored, `set` or `update` it.
   *
   * @example
   * ```ts
   * session.set('cart', [...(session.get('cart') ?? []), 'book']);
   * ```
   */
  get<Key extends KeyOf<Data>>(key: Key): DeepReadonly<ValueOf<Data, Key>> | undefined {
    const value = this.#decode(key, this.#data.get(key)) as DeepReadonly<ValueOf<Data, Key>> | undefined;
    return this.#layer.options.freezesValues ? deepFreeze(value) : value;
  }

  /** Whether a key has a value. */
  has(key: KeyOf<Data>): boolean {
    return this.#data.get(key) !== undefined;
  }

  /** The keys that have a value. */
  keys(): readonly KeyOf<Data>[] {
    return [...this.#data.all.keys()] as KeyOf<Data>[];
  }

  /** All keys with their values, each as {@link get} gives it. */
  entries(): readonly (readonly [KeyOf<Data>, DeepReadonly<ValueOf<Data, KeyOf<Data>>>])[] {
    return this.keys().map((key) => [key, this.get(key) as DeepReadonly<ValueOf<Data, KeyOf<Data>>>]);
  }

  /**
   * Gives a key a value, to be stored at the end of the request. The value is copied now; changes made to it later
   * are not seen. Setting what is already stored writes nothing.
   *
   * @throws {@link NotStorableError} for a value that would not come back equal (a function, an instance of a class
   * that the codec does not know), a key that is not text, a session over the store's size limit, or more changed keys
   * than it writes at once. The session is left as it was.
   */
  set<Key extends KeyOf<Data>>(key: Key, value: DeepReadonly<ValueOf<Data, Key>>): void {
    this.#refuseIfClosed();
    this.#data.change(key, this.#data.encode(key, value));
  }

  /**
   * Takes a key away at the end of the request. That it has no value is no error.
   *
   * @throws {@link NotStorableError} for more changed keys than the store writes at once
   */
  delete(key: KeyOf<Data>): void {
    this.#refuseIfClosed();
    this.#data.change(key, undefined);
  }

  /**
   * Replaces one key's value by what `change` makes of it, atomically and at once: of any number of concurrent
   * updates, none is lost. `change` is called again if another request gives the key another value meanwhile; each call
   * gets a copy of its own, which it may change and return.
   *
   * @returns the new value, to be looked at only
   * @throws {@link NotStorableError}, {@link SessionGoneError}, {@link StoreUnavailableError}
   * @example const visits = await session.update('visits', (n = 0) => n + 1);
   */
  async update<Key extends KeyOf<Data>>(
    key: Key,
    change: (
      value: ValueOf<Data, Key> | undefined,
    ) => DeepReadonly<ValueOf<Data, Key>> | Promise<DeepReadonly<ValueOf<Data, Key>>>,
  ): Promise<DeepReadonly<ValueOf<Data, Key>>> {
    this.#refuseIfClosed();
    let after!: DeepReadonly<ValueOf<Data, Key>>;
    const changed = async (before: string | undefined): Promise<string> => {
      after = await change(this.#decode(key, before) as ValueOf<Data, Key> | undefined);
      return this.#data.encode(key, after);
    };
    for (let attempt = 1; this.#known === undefined && attempt <= MOST_ATTEMPTS; attempt += 1) {
      const buffered = this.#data.changeOf(key);
      const before = this.#data.get(key);
      const encoded = await changed(before);
      if (this.#known !== undefined || this.#data.get(key) !== before) continue;
      const begun = this.#begin(this.#data.all.set(key, encoded));
      this.#data.forget(buffered); // at once: others change what is about to be stored
      await begun;
      return after;
    }
    if (this.#known === undefined) throw contended();
    await (await this.#flush(key, this.#known)).replace(key, changed, 'update');
    return after;
  }

  /**
   * Takes a key away, at once, and returns the value it had: of any number of concurrent callers exactly one gets
   * it, the others `undefined`. For one-time things: a login challenge, a flash message, an OAuth state.
   *
   * @throws {@link SessionGoneError}, {@link StoreUnavailableError}
   */
  async getAndDelete<Key extends KeyOf<Data>>(key: Key): Promise<ValueOf<Data, Key> | undefined> {
    this.#refuseIfClosed();
    let taken = this.#data.get(key);
    const known = this.#known;
    const stored = known && (await this.#flush(key, known));
    if (stored === undefined) this.#data.forget(this.#data.changeOf(key));
    else await stored.replace(key, (before) => void (taken = before), 'take');
    return this.#decode(key, taken, stored) as ValueOf<Data, Key> | undefined;
  }

  /**
   * Attaches a user, given by ID or as the user object. The secret is replaced without grace: whoever knew the
   * session before, or planted it, has nothing any more, and writes of requests that began before are refused. The
   * data stays. A session of another user is destroyed first, data and all; the login gets a new one.
   *
   * Call it at any time before the response. A session that was ended meanwhile is replaced by a new one; one that
   * another login of the same user took over lives on, and the new one gets what this request knows of its data. With
   * `maxSessionsPerUser`, a login gives way to so many newer ones, and the request is nobody's again.
   *
   * @throws {@link NotStorableError} for an unusable user ID, {@link SessionGoneError} if the session of another user
   * was taken over meanwhile and so could not be destroyed, {@link StoreUnavailableError}, {@link LoginEndedError} if the
   * login of `idToken` has been ended at the provider
   */
  async logIn(user: User['id'] | User, { exclusive = false, idToken }: LogInOptions = {}): Promise<void> {
    this.#refuseIfClosed();
    const userId = typeof user === 'object' ? user.id : user;
    userKey(userId); // refuses what is no user ID, before anything is done
    const ofProvider = providerLoginOf(idToken, this.#layer.now);
    await this.#inTurn(async () => {
      const { changes } = this.#data;
      const isOthers = this.userId !== undefined && !sameUser(this.userId, userId);
      if (isOthers || this.#rivals.length > 0) await this.#end({ type: 'destroyed' });
      if (!isOthers) this.#data.restore(changes);

      const look = async (): Promise<Marks> => {
        const found = await this.#layer.loadMarks(userId, true, ofProvider.login);
        if (!hasEnded(ofProvider.login, idToken, found)) return found;
        throw new LoginEndedError('This login has been ended at the provider; the user must sign in there again.');
      };
      // A raise of one's own outlives a logout at the provider that came before it, so that is looked for once more.
      const raised = async (generation: Promise<number | undefined>): Promise<number | undefined> => {
        await generation;
        if (idToken !== undefined) await look();
        return generation;
      };
      const marks = await look();
      // Of two exclusive logins at once, each has the generation of its own raise: so only the later one stays.
      const generation = exclusive ? await raised(this.#raiseMark(userId, marks)) : marks.generation;
      const authenticatedAt = this.#layer.options.clock.now() / 1000;
      const login = { userId, authenticatedAt, ...ofProvider, ...atLogin({ ...marks, generation }) };
      const raiseAgain = exclusive ? () => raised(this.#layer.raiseUserMark(userId)) : undefined;
      const stored = await this.#attach(login, marks, raiseAgain);
      this.#overtaken = false;
      this.#user = typeof user === 'object' ? Promise.resolve(user) : undefined;
      this.#emit({ type: 'logged-in', exclusive });

      if (exclusive) await endOlderLogins(this.#layer, userId, stored.id, stored.record.generation);
      const stays = await enforceBound(this.#layer, userId, [stored.id, stored.record]).catch((error: unknown) => {
        // The login stands, and its cookie is sent.
        if (error instanceof StoreUnavailableError) return true;
        throw error;
      });
      if (!stays) this.#leave(false);
    });
  }

  /**
   * Ends the session for its user. What `keep` names is carried over into a new, anonymous session, as this request
   * knows it; everything else is gone, so that the next person at the device does not see it.
   *
   * @throws {@link SessionGoneError} if a login took the session over meanwhile, {@link StoreUnavailableError}
   */
  async logOut({ keep = [] }: { readonly keep?: readonly KeyOf<Data>[] } = {}): Promise<void> {
    this.#refuseIfClosed();
    await this.#inTurn(async () => {
      const kept = this.#opened([...this.#data.all].filter(([key]) => (keep as readonly string[]).includes(key)));
      if (this.#stored !== undefined && kept.size > 0) return this.#replaceByAnonymous(kept);
      await this.#end({ type: 'logged-out', everywhere: false });
      this.#data.restore(kept);
    });
  }

  /**
   * Ends the session now, data and all. No write of any request brings it back. What is `set` afterwards begins a
   * new session.
   *
   * @throws {@link SessionGoneError} if a login took the session over meanwhile, {@link StoreUnavailableError}
   */
  async destroy(): Promise<void> {
    this.#refuseIfClosed();
    await this.#inTurn(() => this.#end({ type: 'destroyed' }));
  }

  /**
   * Replaces the secret at once and without grace, as a login does: for any other change of privilege
   * (ASVS 7.2.4). Does nothing while nothing is stored.
   *
   * @throws {@link SessionGoneError}, {@link StoreUnavailableError}
   */
  async regenerate(): Promise<void> {
    this.#refuseIfClosed();
    await this.#inTurn(async () => {
      const stored = await this.#known;
      if (stored === undefined) return;
      const { changes } = this.#data;
      await stored.reissue(changes);
      this.#nowStored(stored, changes);
      this.#emit({ type: 'rotated', reason: 'regenerate' });
    });
  }

  /**
   * Writes now what is buffered, instead of at the end of the request.
   *
   * @throws {@link SessionGoneError}, {@link NotStorableError}, {@link StoreUnavailableError}
   */
  async save(): Promise<void> {
    this.#refuseIfClosed();
    const { changes } = this.#data;
    const known = this.#known;
    if (known === undefined) await this.#beginIfNeeded();
    else await (await known).write(changes);
    this.#data.forget(changes);
  }

  /**
   * Writes now, and only if that is due, that the session was seen; the secret is not replaced. `commit` does this by
   * itself: it is for places that cannot set a cookie and yet are visits, such as a Lambda authorizer.
   *
   * @throws {@link SessionGoneError}, {@link StoreUnavailableError}
   */
  async touch(): Promise<void> {
    this.#refuseIfClosed();
    await (await this.#known)?.touch().catch((error: unknown) => this.#expectTooLarge(error));
  }

  /**
   * Step-up: refuses unless the user logged in at most `maxAge` seconds ago. Of a login with an `idToken`, what counts is
   * when the provider last asked the user for a proof.
   *
   * @throws {@link LoginTooOldError}: ask for the password again, then call `logIn` (ASVS 7.5.3)
   */
  requireRecentLogin(maxAge: number): void {
    const provenAt = this.#provenAt;
    // Nothing is recent by a maxAge that is no number.
    if (provenAt === undefined || !(this.#layer.now - provenAt <= maxAge)) {
      throw new LoginTooOldError(`This needs a login of at most ${maxAge} seconds ago.`);
    }
  }

  /**
   * Refuses unless this request has proven the device that the session is bound to: a copied cookie does not pass.
   *
   * @throws {@link NotBoundError}
   */
  requireBound(): void {
    if (!this.bound) throw new NotBoundError('This needs a session that is bound to its device.');
  }

  /**
   * Ends the request: writes what is buffered together with what is due (touch, rotation), and says what the response
   * must do about the cookie. If the session was ended meanwhile, nothing is written and the cookie stays: it may
   * be another's by now.
   *
   * @throws {@link StoreUnavailableError} if something that was set could not be stored: answer with a 503, and do
   * not touch the cookie. A touch or a rotation that failed is made up for by a later request.
   */
  async commit(): Promise<CookieAction> {
    this.#refuseIfClosed();
    this.#state = 'committed';
    try {
      const known = this.#known;
      if (known === undefined) {
        await this.#beginIfNeeded();
      } else {
        const action = await (await known).finish(this.#data.changes);
        if (action.kind !== 'keep') this.#cookie = action;
      }
    } catch (error) {
      if (error instanceof SessionGoneError) {
        this.#emit({ type: 'lost-write' });
        this.#cookie = KEEP;
        return KEEP;
      }
      // No page fails for want of upkeep.
      if (this.#hasChanges()) throw error;
      if (!(error instanceof StoreUnavailableError)) this.#expectTooLarge(error);
    }
    return this.#cookie;
  }

  /**
   * Ends a request that has failed, before or in its `commit`: nothing that is only buffered is written. Says what the
   * response must do about the cookie because of what was written before: a login that has happened gets its cookie.
   *
   * @internal For the adapters.
   */
  abandon(): CookieAction {
    if (this.#state === 'open') this.#state = 'committed';
    return this.#cookie;
  }

  /** A digest of the ID, the user, and the keys: nothing secret, and no data. */
  toJSON(): {
    readonly session: string | undefined;
    readonly user: string | undefined;
    readonly keys: readonly string[];
  } {
    return {
      session: this.#stored === undefined ? undefined : digestOf(this.#stored.id),
      user: this.userId === undefined ? undefined : userKey(this.userId),
      keys: this.keys(),
    };
  }

  #decode(key: string, text: string | undefined, stored: StoredSession<User> | undefined = this.#stored): unknown {
    if (text === undefined) return undefined;
    try {
      return this.#layer.options.codec.decode(stored === undefined ? text : stored.open(key, text));
    } catch {
      this.#emit({ type: 'unreadable', reason: 'unreadable', key });
      return undefined;
    }
  }

  /** When the user last proved who they are (seconds), as far as that is known. */
  get #provenAt(): number | undefined {
    const { authenticatedAt, provenAt = authenticatedAt } = this.#stored?.record ?? {};
    return provenAt === 0 ? undefined : provenAt;
  }

  /** Data as the codec wrote it, without what does not open: for another session, with a seal of its own. */
  #opened(
    data: Iterable<readonly [string, string]>,
    open = (key: string, text: string): string => this.#stored?.open(key, text) ?? text,
  ): Map<string, string> {
    const result = new Map<string, string>();
    for (const [key, text] of data) {
      try {
        result.set(key, open(key, text));
      } catch {
        this.#emit({ type: 'unreadable', reason: 'unreadable', key });
      }
    }
    return result;
  }

  /** The session as it is stored, or is about to be. */
  get #known(): StoredSession<User> | Promise<StoredSession<User>> | undefined {
    return this.#stored ?? this.#beginning;
  }

  /** @throws {@link SessionGoneError} if only a login may begin a session, and this is none */
  async #begin(data: ReadonlyMap<string, string>, login?: Login): Promise<StoredSession<User>> {
    if (this.#overtaken && login === undefined) throw gone();
    const { changes } = this.#data;
    const begin = async (): Promise<StoredSession<User>> => {
      try {
        const begun = await StoredSession.begin(this.#layer, this.#client, data, login);
        this.#nowStored(begun, changes);
        return begun;
      } finally {
        this.#beginning = undefined;
      }
    };
    this.#beginning = begin();
    return this.#beginning;
  }

  /** Writes what is buffered of one key, before that is changed atomically. */
  async #flush(key: string, known: StoredSession<User> | Promise<StoredSession<User>>): Promise<StoredSession<User>> {
    const changes = this.#data.changeOf(key);
    this.#data.forget(changes); // at once: what is set from now on is buffered anew
    try {
      const stored = await known;
      await stored.write(changes);
      return stored;
    } catch (error) {
      if (this.#data.changeOf(key).size === 0) this.#data.restore(changes);
      throw error;
    }
  }

  async #beginIfNeeded(): Promise<void> {
    const data = this.#data.all;
    if (data.size > 0 || (this.#create && !this.#overtaken)) await this.#begin(data);
  }

  /**
   * Gives the session a user; if it has been ended meanwhile, a new one. That gets what this request knows of the data
   * of the one before only if the same user has taken it over: by this login, sent twice, or by one whose response was
   * lost. It is newer than that login, whatever the clocks say.
   */
  async #attach(
    login: UserLogin,
    marks: Marks,
    raiseAgain: (() => Promise<number | undefined>) | undefined,
  ): Promise<StoredSession<User>> {
    let overtaker = this.#overtaker;
    let known = (): ReadonlyMap<string, string> | undefined => this.#overtaker && this.#knownOf(this.#overtaker);
    let { generation } = login;
    const stored = await this.#known;
    if (stored !== undefined) {
      const { changes } = this.#data;
      try {
        await stored.reissue(changes, login);
        this.#nowStored(stored, changes);
        return stored;
      } catch (error) {
        if (!(error instanceof SessionGoneError)) throw error;
        overtaker = { id: stored.id, record: await stored.asLeft() };
        known = () => this.#opened(stored.record.data, stored.open.bind(stored));
        this.#stored = undefined;
        // That session may be spared: not as the other one of two exclusive logins.
        if (raiseAgain !== undefined) generation = await raiseAgain();
      }
    }
    const { id = '', record } = overtaker ?? {};
    const isTheirs = record?.userId !== undefined && sameUser(record.userId, login.userId);
    const isSame = isTheirs && loggedOutBy(id, record, marks) === undefined;
    const authenticatedAt = Math.max(login.authenticatedAt, isSame ? (record.authenticatedAt ?? 0) + 0.001 : 0);
    const data = merged(isSame ? known() : undefined, this.#data.changes);
    return this.#begin(data, { ...login, ...atLogin({ ...marks, generation }), authenticatedAt });
  }

  /** The data of a session of which this request has the secret from before a login. */
  #knownOf({ id, record, secret }: NonNullable<Start['overtaker']>): ReadonlyMap<string, string> {
    const seal = this.#layer.options.encryption?.sealOf(id);
    seal?.learn(record?.formerKey, () => secret);
    return this.#opened(record?.data ?? [], (key, text) => opened(seal, key, text));
  }

  /** Logs the user out everywhere; a session of theirs that this login goes on with is spared until it is written. */
  async #raiseMark(userId: UserId, marks: Marks): Promise<number | undefined> {
    const stored = this.userId === undefined ? undefined : this.#stored;
    const isAlive = stored !== undefined && loggedOutBy(stored.id, stored.record, marks) === undefined;
    const spared = isAlive && { spare: sparing(stored.id, stored.record), since: marks.generation };
    // Another logout everywhere may have come between; then the session has ended.
    const generation = spared ? await this.#layer.raiseUserMark(userId, spared) : undefined;
    return generation ?? this.#layer.raiseUserMark(userId);
  }

  /** The session has just been written as a whole, with a secret that its client does not have yet. */
  #nowStored(stored: StoredSession<User>, changes: Changes): void {
    this.#stored = stored;
    this.#data.forget(changes);
    this.#cookie = stored.cookie();
  }

  /** Whether this request has ended the session. If somebody else had, the cookie may be that of a later login. */
  async #end(event: { type: 'destroyed' } | { type: 'logged-out'; everywhere: false }): Promise<boolean> {
    const stored = await this.#known;
    // A rival that a login has taken over meanwhile is not this client's any more.
    const rivals = this.#rivals.map((rival) => rival.end().catch(ifGone(false)));
    const ends = await Promise.all(stored === undefined ? rivals : [stored.end()]);
    const ended = ends.includes(true);
    if (ended) this.#emit(event);
    this.#leave(ended, ends.length > 0);
    this.#data.forget(this.#data.changes);
    return ended;
  }

  /** The session is this request's no longer. */
  #leave(ended: boolean, wasThere = true): void {
    if (wasThere) {
      this.#cookie = ended ? { kind: 'clear' } : KEEP;
      this.#overtaken = !ended;
    }
    this.#rivals = [];
    this.#stored = undefined;
    this.#user = undefined;
  }

  /** The new session first: should the second step fail, nothing is lost, and nobody seems logged out who is not. */
  async #replaceByAnonymous(data: ReadonlyMap<string, string>): Promise<void> {
    const begun = await StoredSession.begin(this.#layer, this.#client, data);
    let ended = false;
    try {
      ended = await this.#end({ type: 'logged-out', everywhere: false });
    } finally {
      // Nobody has heard of the new session, so nothing but its room depends on its end.
      if (!ended) await begun.end().catch(() => {});
    }
    if (ended) this.#nowStored(begun, new Map());
  }

  /** Upkeep for which a full session has no room is told of, and no page fails for it. */
  #expectTooLarge(error: unknown): void {
    if (!(error instanceof NotStorableError)) throw error;
    this.#emit({ type: 'store-failure', operation: 'saveSession', error });
  }

  /** Whether something that the handler did is not stored. */
  #hasChanges(): boolean {
    return this.#stored?.isChangedBy(this.#data.changes) ?? (this.#data.all.size > 0 || this.#create);
  }

  /** One change of who this is at a time: each goes from what the one before has left. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(change);
    this.#turn = turn.catch(() => {});
    return turn;
  }

  #emit(detail: Parameters<GuardedLayer<User>['emit']>[0]): void {
    this.#layer.emit(detail, this.#stored?.id, this.userId);
  }

  #refuseIfClosed(): void {
    if (this.#state === 'open') return;
    throw new SessionClosedError(
      this.#state === 'committed'
        ? 'The session was used after its request had been committed; is an await missing in the handler?'
        : 'This session can only be read; change it where a cookie can be set, with one that was begun by start().',
    );
  }
}

/** Whether the provider has ended the login of an ID token, by its session or with all of the user's. */
function hasEnded(login: string | undefined, idToken: IdTokenClaims | undefined, marks: Marks): boolean {
  const { endedLogins, issuedBefore = Number.NEGATIVE_INFINITY } = marks;
  return hasLoginEnded(login, endedLogins) || (idToken !== undefined && idToken.iat <= issuedBefore);
}

const ifGone =
  <T>(value: T) =>
  (error: unknown): T => {
    if (error instanceof SessionGoneError) return value;
    throw error;
  };

const dateOf = (seconds: number | undefined): Date | undefined =>
  seconds === undefined ? undefined : new Date(seconds * 1000);
