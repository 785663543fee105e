import { setTimeout as delay } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { Client } from './client.js';
import { LoginTooOldError, NotStorableError, SessionClosedError, SessionGoneError, StoreUnavailableError } from './errors.js';
import type { GuardedLayer } from './guarded-layer.js';
import { begin, touch, touchIsDue } from './lifetime.js';
import type { SessionChange, SessionUser } from './persistence-layer.js';
import type { SessionRecord } from './record.js';
import { confirm, confirmationIsDue, reissue, rotate, rotationIsDue, standingOf, successorOf } from './rotation.js';
import type { StartedSession } from './starting.js';
import { digestOf, formatToken, hashSecret, mintSecret, mintToken, mintWriteMark, type Secret } from './token.js';
import { endOlderLogins, enforceBound } from './user-sessions.js';
import { isWellFormed, sameUser, type UserId, userKey } from './user-id.js';

/** What the response must do about the cookie. */
export type CookieAction =
  | { readonly kind: 'keep' }
  /** Send this token, to be kept for `maxAge` seconds. */
  | { readonly kind: 'set'; readonly token: string; readonly maxAge: number }
  | { readonly kind: 'clear' };

/** The keys of the application's session data. */
export type KeyOf<Data extends object> = Extract<keyof Data, string>;

interface Stored {
  readonly id: string;
  readonly record: SessionRecord;
  /** What the client showed, or what it is about to be given. */
  readonly secret: Secret;
  /** `unproven`: this request began with a good secret that others have replaced twice since. */
  readonly standing: 'current' | 'previous' | 'unproven';
}

/** What begins a session: the request, and how the session was found. */
interface SessionOrigin {
  readonly client: Client;
  readonly create: boolean;
  readonly found: StartedSession | undefined;
}

const KEEP: CookieAction = { kind: 'keep' };
const MOST_ATTEMPTS = 30;
const LONGEST_KEY = 1_024; // bytes
const LONGEST_WAIT_MS = 200;

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
export class Session<Data extends object = Record<string, unknown>, User extends SessionUser = SessionUser> {
  readonly #layer: GuardedLayer<User>;
  readonly #client: Client;
  readonly #create: boolean;
  /** When the request began (seconds): what a touch writes, so that its bound does not depend on the handler. */
  readonly #startedAt: number;
  readonly #changes = new Map<string, string | undefined>();
  #stored: Stored | undefined;
  #touchDue: boolean;
  #cookie: CookieAction = KEEP;
  #user: Promise<User | undefined> | undefined;
  #closed = false;

  /** @internal Use `sessions.start()`. */
  constructor(layer: GuardedLayer<User>, { client, create, found }: SessionOrigin) {
    this.#layer = layer;
    this.#client = client;
    this.#create = create;
    this.#startedAt = layer.now;
    this.#stored = found;
    this.#touchDue = found?.touchDue ?? false;
  }

  /** The session's ID, which is no credential and may be shown to its user; `undefined` while nothing is stored. */
  get id(): string | undefined {
    return this.#stored?.id;
  }

  /** Who is logged in; `undefined` for an anonymous session. */
  get userId(): UserId | undefined {
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

  /** When the user last logged in. */
  get authenticatedAt(): Date | undefined {
    return dateOf(this.#stored?.record.authenticatedAt);
  }

  /** The user object, loaded when first asked for, once per request; `undefined` for an anonymous session. */
  user(): Promise<User | undefined> {
    const { userId } = this;
    if (userId === undefined) return Promise.resolve(undefined);
    this.#user ??= this.#layer.loadUser(userId);
    return this.#user;
  }

  /**
   * The value of a key, `undefined` if it has none. A copy: to change what is stored, `set` it again, or `update` it.
   */
  get<Key extends KeyOf<Data>>(key: Key): Data[Key] | undefined {
    return this.#decode(key, this.#encoded(key)) as Data[Key] | undefined;
  }

  has(key: KeyOf<Data>): boolean {
    return this.#encoded(key) !== undefined;
  }

  /** The keys that have a value. */
  keys(): readonly KeyOf<Data>[] {
    return [...this.#data().keys()] as KeyOf<Data>[];
  }

  /** All keys with copies of their values. */
  entries(): readonly (readonly [KeyOf<Data>, Data[KeyOf<Data>]])[] {
    return this.keys().map((key) => [key, this.get(key) as Data[KeyOf<Data>]]);
  }

  /**
   * Gives a key a value, to be stored at the end of the request. The value is copied now; changes made to it later
   * are not seen. Setting what is already stored writes nothing.
   *
   * @throws {@link NotStorableError} for a value that would not come back equal (a function, an instance of a class
   * that the codec does not know), a key that is not text, or a session over the store's size limit. The session is
   * left as it was.
   */
  set<Key extends KeyOf<Data>>(key: Key, value: Data[Key]): void {
    this.#refuseIfClosed();
    const encoded = this.#encode(key, value);
    const data = this.#data().set(key, encoded);
    this.#layer.options.persistence.checkStorable?.(
      this.#stored?.id ?? '',
      this.#stored === undefined ? this.#newRecord(EMPTY_SECRET, data) : { ...this.#stored.record, data },
    );
    this.#changes.set(key, encoded);
  }

  /** Takes a key away at the end of the request. That it has no value is no error. */
  delete(key: KeyOf<Data>): void {
    this.#refuseIfClosed();
    this.#changes.set(key, undefined);
  }

  /**
   * Replaces one key's value by what `change` makes of it, atomically and at once: of any number of concurrent
   * updates, none is lost. `change` may be called more than once.
   *
   * @returns the new value
   * @throws {@link NotStorableError}, {@link SessionGoneError}, {@link StoreUnavailableError}
   * @example const visits = await session.update('visits', (n = 0) => n + 1);
   */
  async update<Key extends KeyOf<Data>>(
    key: Key,
    change: (value: Data[Key] | undefined) => Data[Key] | Promise<Data[Key]>,
  ): Promise<Data[Key]> {
    this.#refuseIfClosed();
    if (this.#stored === undefined) await this.#begin(this.#data());
    let after!: Data[Key];
    await this.#replace(key, async (before) => {
      after = await change(this.#decode(key, before) as Data[Key] | undefined);
      return this.#encode(key, after);
    });
    return after;
  }

  /**
   * Takes a key away, at once, and returns the value it had: of any number of concurrent callers exactly one gets
   * it, the others `undefined`. For one-time things: a login challenge, a flash message, an OAuth state.
   *
   * @throws {@link SessionGoneError}, {@link StoreUnavailableError}
   */
  async getAndDelete<Key extends KeyOf<Data>>(key: Key): Promise<Data[Key] | undefined> {
    this.#refuseIfClosed();
    if (this.#stored === undefined) {
      const value = this.get(key);
      this.#changes.delete(key);
      return value;
    }
    let taken: string | undefined;
    await this.#replace(key, (before) => {
      taken = before;
      return undefined;
    });
    return this.#decode(key, taken) as Data[Key] | undefined;
  }

  /**
   * Attaches a user, given by ID or as the user object. The secret is replaced without grace: whoever knew the
   * session before, or planted it, has nothing any more, and writes of requests that began before are refused. The
   * data stays. A session of another user is destroyed first, data and all; the login gets a new one.
   *
   * Call it at any time before the response; a session that was ended meanwhile is replaced by a new one.
   *
   * @param options.exclusive ends all of the user's other sessions
   * @throws {@link NotStorableError} for an unusable user ID, {@link StoreUnavailableError}
   */
  async logIn(user: UserId | User, { exclusive = false }: { readonly exclusive?: boolean } = {}): Promise<void> {
    this.#refuseIfClosed();
    const userId = typeof user === 'object' ? user.id : user;
    userKey(userId);
    if (this.userId !== undefined && !sameUser(this.userId, userId)) await this.destroy();

    const generation = exclusive ? await this.#layer.raiseUserMark(userId) : await this.#layer.loadUserMark(userId);
    const login = { userId, authenticatedAt: this.#layer.now, ...(generation === undefined ? {} : { generation }) };
    if (!(await this.#reissue(login))) {
      this.#stored = undefined;
      await this.#begin(this.#data(), login);
    }
    this.#user = typeof user === 'object' ? Promise.resolve(user) : undefined;
    this.#emit({ type: 'logged-in', exclusive });

    const { id } = this.#stored as Stored;
    if (exclusive) await endOlderLogins(this.#layer, userId, id, generation);
    else await enforceBound(this.#layer, userId, id);
  }

  /**
   * Ends the session for its user. What `keep` names is carried over into a new, anonymous session; everything else
   * is gone, so that the next person at the device does not see it.
   *
   * @throws {@link SessionGoneError} if a login took the session over meanwhile, {@link StoreUnavailableError}
   */
  async logOut({ keep = [] }: { readonly keep?: readonly KeyOf<Data>[] } = {}): Promise<void> {
    this.#refuseIfClosed();
    const kept = new Map([...this.#data()].filter(([key]) => (keep as readonly string[]).includes(key)));
    if (this.#stored !== undefined && kept.size > 0) return this.#replaceByAnonymous(kept);
    await this.#end({ type: 'logged-out', everywhere: false });
    for (const [key, encoded] of kept) this.#changes.set(key, encoded);
  }

  /**
   * Ends the session now, data and all. No write of any request brings it back. What is `set` afterwards begins a
   * new session.
   *
   * @throws {@link SessionGoneError} if a login took the session over meanwhile, {@link StoreUnavailableError}
   */
  async destroy(): Promise<void> {
    this.#refuseIfClosed();
    await this.#end({ type: 'destroyed' });
  }

  /**
   * Replaces the secret at once and without grace, as a login does: for any other change of privilege
   * (ASVS 7.2.4). Does nothing while nothing is stored.
   *
   * @throws {@link SessionGoneError}, {@link StoreUnavailableError}
   */
  async regenerate(): Promise<void> {
    this.#refuseIfClosed();
    if (this.#stored === undefined) return;
    if (!(await this.#reissue())) throw gone();
    this.#emit({ type: 'rotated', reason: 'regenerate' });
  }

  /**
   * Writes now what is buffered, instead of at the end of the request.
   *
   * @throws {@link SessionGoneError}, {@link NotStorableError}, {@link StoreUnavailableError}
   */
  async save(): Promise<void> {
    this.#refuseIfClosed();
    await this.#write({ upkeep: false });
  }

  /**
   * Step-up: refuses unless the user logged in at most `maxAge` seconds ago.
   *
   * @throws {@link LoginTooOldError}: ask for the password again, then call `logIn` (ASVS 7.5.3)
   */
  requireRecentLogin(maxAge: number): void {
    const authenticatedAt = this.#stored?.record.authenticatedAt;
    if (authenticatedAt === undefined || this.#layer.now - authenticatedAt > maxAge) {
      throw new LoginTooOldError(`This needs a login of at most ${maxAge} seconds ago.`);
    }
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
    this.#closed = true;
    try {
      await this.#write({ upkeep: true });
      if (this.#stored?.standing === 'previous') this.#resendSuccessor(this.#stored);
    } catch (error) {
      if (error instanceof SessionGoneError) {
        this.#emit({ type: 'lost-write' });
        return KEEP;
      }
      if (!(error instanceof StoreUnavailableError) || this.#hasChanges()) throw error;
    }
    return this.#cookie;
  }

  /** A digest of the ID, the user, and the keys: nothing secret, and no data. */
  toJSON(): { readonly session: string | undefined; readonly user: string | undefined; readonly keys: readonly string[] } {
    return {
      session: this.#stored === undefined ? undefined : digestOf(this.#stored.id),
      user: this.userId === undefined ? undefined : userKey(this.userId),
      keys: this.keys(),
    };
  }

  [inspect.custom](): string {
    return `Session ${inspect(this.toJSON())}`;
  }

  #encoded(key: string): string | undefined {
    return this.#changes.has(key) ? this.#changes.get(key) : this.#stored?.record.data.get(key);
  }

  /** What is stored, with the buffered changes: a map of the caller's own. */
  #data(): Map<string, string> {
    const data = new Map(this.#stored?.record.data);
    for (const [key, encoded] of this.#changes) {
      if (encoded === undefined) data.delete(key);
      else data.set(key, encoded);
    }
    return data;
  }

  #encode(key: string, value: unknown): string {
    if (typeof key !== 'string' || !isWellFormed(key) || Buffer.byteLength(key) > LONGEST_KEY) {
      throw new NotStorableError(`A key of a session's data must be well-formed text of at most ${LONGEST_KEY} bytes.`);
    }
    try {
      return this.#layer.options.codec.encode(value);
    } catch (cause) {
      if (!(cause instanceof NotStorableError)) throw cause;
      throw new NotStorableError(`The value for the key ${JSON.stringify(key)} cannot be stored: ${cause.message}`, { cause });
    }
  }

  #decode(key: string, encoded: string | undefined): unknown {
    if (encoded === undefined) return undefined;
    try {
      return this.#layer.options.codec.decode(encoded);
    } catch {
      this.#emit({ type: 'unreadable', reason: 'unreadable', key });
      return undefined;
    }
  }

  #newRecord(secret: Secret, data: ReadonlyMap<string, string>, login: Partial<SessionRecord> = {}): SessionRecord {
    const { now, options } = this.#layer;
    return {
      ...begin(options, now),
      ...this.#client,
      secretHash: hashSecret(secret),
      rotatedAt: now,
      auth: 0,
      lastWrite: mintWriteMark(),
      data,
      ...login,
    };
  }

  /** Stores a new session. Should that fail, the next try has a new ID: nobody has heard of this one. */
  async #begin(data: ReadonlyMap<string, string>, login?: Partial<SessionRecord>): Promise<void> {
    const token = mintToken();
    const record = this.#newRecord(token.secret, data, login);
    const outcome = await this.#layer.save(token.id, record, { kind: 'create' });
    if (outcome.kind !== 'saved') throw contended();
    this.#replaced({ ...token, record, standing: 'current' });
    this.#changes.clear();
    this.#touchDue = false;
    this.#setCookie();
    this.#emit({ type: 'created' });
  }

  /** Replaces the secret without grace, with whatever is buffered and due. `false` if there is no such session any more. */
  async #reissue(login?: Partial<SessionRecord>): Promise<boolean> {
    if (this.#stored === undefined) return false;
    const { id, record } = this.#stored;
    const secret = mintSecret();
    const { set, removed } = this.#pending(record.data);
    const next = { ...this.#touched(reissue(record, secret, this.#layer.now)), ...login, data: this.#data(), lastWrite: mintWriteMark() };
    const outcome = await this.#layer.save(id, next, {
      kind: 'update',
      set,
      removed,
      touched: true,
      rotated: true,
      userAttached: login !== undefined,
      expected: { now: this.#layer.now, auth: record.auth },
    });
    if (outcome.kind !== 'saved') return false;
    this.#replaced({ id, record: next, secret, standing: 'current' });
    this.#changes.clear();
    this.#touchDue = false;
    this.#setCookie();
    return true;
  }

  /** Deletes the session as long as it is still the one that this request began with. */
  async #end(event: { type: 'destroyed' } | { type: 'logged-out'; everywhere: false }): Promise<void> {
    if (this.#stored !== undefined) {
      const { id, record } = this.#stored;
      const outcome = await this.#layer.delete(id, { auth: record.auth });
      if (outcome.kind === 'refused') throw gone();
      this.#emit(event);
      this.#cookie = { kind: 'clear' };
    }
    this.#stored = undefined;
    this.#user = undefined;
    this.#changes.clear();
  }

  /** The new session first: should the second step fail, nothing is lost, and nobody seems logged out who is not. */
  async #replaceByAnonymous(data: ReadonlyMap<string, string>): Promise<void> {
    const before = this.#stored;
    const cookieBefore = this.#cookie;
    await this.#begin(data);
    const begun = this.#stored as Stored;
    this.#stored = before;
    try {
      await this.#end({ type: 'logged-out', everywhere: false });
    } catch (error) {
      this.#cookie = cookieBefore;
      throw error;
    }
    this.#stored = begun;
    this.#setCookie();
  }

  /** One atomic change of one key, tried again for as long as others come between. */
  async #replace(
    key: string,
    change: (before: string | undefined) => string | undefined | Promise<string | undefined>,
  ): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      const { id, record, ...rest } = this.#stored as Stored;
      const after = await change(this.#encoded(key));
      if (after !== record.data.get(key)) {
        const data = new Map(record.data);
        if (after === undefined) data.delete(key);
        else data.set(key, after);
        const next = { ...record, data, lastWrite: mintWriteMark() };
        const outcome = await this.#layer.save(id, next, {
          kind: 'update',
          set: after === undefined ? [] : [key],
          removed: after === undefined ? [key] : [],
          touched: false,
          rotated: false,
          userAttached: false,
          expected: { now: this.#layer.now, auth: record.auth, lastWrite: record.lastWrite },
        });
        if (outcome.kind === 'gone') throw gone();
        if (outcome.kind === 'conflict') {
          if (attempt === MOST_ATTEMPTS) throw contended();
          this.#adopt(outcome.current);
          await delay(Math.random() * Math.min(2 ** attempt, LONGEST_WAIT_MS));
          continue;
        }
        this.#stored = { id, record: next, ...rest };
      }
      this.#changes.delete(key);
      return;
    }
  }

  /** Writes what is buffered and, at the end of a request, the upkeep that is due. */
  async #write({ upkeep }: { readonly upkeep: boolean }): Promise<void> {
    if (this.#stored === undefined) {
      const data = this.#data();
      if (data.size > 0 || this.#create) await this.#begin(data);
      this.#changes.clear();
      return;
    }
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const { id } = this.#stored;
      const { next, change, successor } = this.#plan(upkeep);
      if (change === undefined) return upkeep ? this.#lookAgain() : undefined;
      const outcome = await this.#layer.save(id, next, change);
      if (outcome.kind === 'gone') throw gone();
      if (outcome.kind === 'conflict') {
        this.#adopt(outcome.current);
        continue;
      }
      this.#stored = { ...this.#stored, record: next, secret: successor ?? this.#stored.secret };
      this.#changes.clear();
      this.#touchDue &&= !upkeep;
      if (successor !== undefined) {
        this.#setCookie();
        this.#emit({ type: 'rotated', reason: 'interval' });
      }
      return;
    }
    throw contended();
  }

  /** The session as it should be, and what of that is a change; no change if there is nothing to write. */
  #plan(upkeep: boolean): { next: SessionRecord; change?: SessionChange; successor?: Secret } {
    const { record, secret, standing } = this.#stored as Stored;
    const { options, now } = this.#layer;
    const { set, removed } = this.#pending(record.data);
    const touched = upkeep && this.#touchDue;
    const provesCurrent = upkeep && standing === 'current';
    const rotation = provesCurrent && rotationIsDue(options, record, now) ? rotate(record, secret, now) : undefined;
    const confirmed = provesCurrent && rotation === undefined && confirmationIsDue(record);
    const rotated = rotation !== undefined || confirmed;
    if (set.length + removed.length === 0 && !touched && !rotated) return { next: record };

    let next = rotation?.next ?? (confirmed ? confirm(options, record, now) : record);
    if (touched) next = this.#touched(next);
    next = { ...next, data: this.#data(), lastWrite: mintWriteMark() };
    // A cookie is only sent for the secret that is still the present one when this is written.
    const secretMatters = rotated || (upkeep && standing === 'previous');
    const expected = { now, auth: record.auth, ...(secretMatters ? { secretHash: record.secretHash } : {}) };
    return {
      next,
      change: { kind: 'update', set, removed, touched, rotated, userAttached: false, expected },
      ...(rotation === undefined ? {} : { successor: rotation.successor }),
    };
  }

  /** The buffered changes that make a difference to what is stored. */
  #pending(stored: ReadonlyMap<string, string> = new Map()): { readonly set: string[]; readonly removed: string[] } {
    const changed = [...this.#changes].filter(([key, encoded]) => stored.get(key) !== encoded);
    return {
      set: changed.filter(([, encoded]) => encoded !== undefined).map(([key]) => key),
      removed: changed.filter(([, encoded]) => encoded === undefined).map(([key]) => key),
    };
  }

  #hasChanges(): boolean {
    const { set, removed } = this.#pending(this.#stored?.record.data);
    return set.length + removed.length > 0 || (this.#stored === undefined && this.#create);
  }

  #touched(record: SessionRecord): SessionRecord {
    return { ...record, ...touch(this.#layer.options, record, this.#startedAt), ...this.#client };
  }

  /** Takes over what another request has written meanwhile, and sees where that leaves this request's secret. */
  #adopt(record: SessionRecord): void {
    const { id, secret } = this.#stored as Stored;
    const standing = standingOf(record, hashSecret(secret), this.#layer.now);
    this.#stored = { id, record, secret, standing: standing === 'current' || standing === 'previous' ? standing : 'unproven' };
    this.#touchDue &&= touchIsDue(this.#layer.options, record, this.#startedAt);
  }

  /** Before a successor is sent without a write: a login may have come between, and its cookie must stay. */
  async #lookAgain(): Promise<void> {
    const stored = this.#stored as Stored;
    if (stored.standing !== 'previous') return;
    const current = await this.#layer.load(stored.id, true);
    if (current === undefined) this.#stored = { ...stored, standing: 'unproven' };
    else this.#adopt(current);
  }

  /** Tells a client that shows the previous secret the present one, which it seems not to have received. */
  #resendSuccessor({ record, secret }: Stored): void {
    const successor = successorOf(record, secret);
    if (successor !== undefined) this.#setCookie(successor);
  }

  #replaced(stored: Stored): void {
    this.#stored = stored;
    this.#user = undefined;
  }

  #setCookie(secret?: Secret): void {
    const { id, record, secret: own } = this.#stored as Stored;
    const maxAge = record.absoluteExpiresAt - this.#layer.now;
    this.#cookie = { kind: 'set', token: formatToken({ id, secret: secret ?? own }), maxAge };
  }

  #emit(detail: Parameters<GuardedLayer<User>['emit']>[0]): void {
    this.#layer.emit(detail, this.#stored?.id, this.userId);
  }

  #refuseIfClosed(): void {
    if (this.#closed) {
      throw new SessionClosedError('The session was used after its request had been committed; is an await missing in the handler?');
    }
  }
}

const EMPTY_SECRET = new Uint8Array(24) as Secret;

const dateOf = (seconds: number | undefined): Date | undefined => (seconds === undefined ? undefined : new Date(seconds * 1000));

const gone = (): SessionGoneError =>
  new SessionGoneError('The session was ended, or taken over by a login, after this request had begun; nothing was written.');

const contended = (): StoreUnavailableError =>
  new StoreUnavailableError('Other requests kept changing the session at the same time; nothing was written.', { retryable: true });
