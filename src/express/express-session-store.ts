import { type Session, type SessionData, Store } from 'express-session';
import { clientChanges } from '../core/client.js';
import { type DataSeal, opened, sealed, sealedBy } from '../core/encryption.js';
import { contended } from '../core/errors.js';
import { GuardedLayer } from '../core/guarded-layer.js';
import { resolveOptions, type ResolvedOptions, type SessionsOptions } from '../core/options.js';
import { NO_CHANGE, type SessionUser } from '../core/persistence-layer.js';
import type { SessionRecord } from '../core/record.js';
import { Sessions } from '../core/sessions.js';
import { atLogin } from '../core/marks.js';
import { logoutOf } from '../core/find-session.js';
import { mintWriteMark } from '../core/token.js';
import { sameUser } from '../core/user-id.js';
import { answer } from './answer.js';
import { clientOf } from './client.js';
import { endOf } from './session-expiry.js';
import type { FormerSession } from './former-sessions.js';
import { hide, type Known, knowing, recall, remember } from './memory.js';
import { LazyMigration } from './lazy-migration.js';
import { checkOptions, type ExpressSessionStoreOptions } from './options.js';
import { endHasMoved, newRecord, touchIsDue } from './records.js';
import { COOKIE, decode, difference, encode, isSession } from './session-data.js';
import { storedIdOf } from './session-id.js';

const ABSOLUTE_TIMEOUT = 400 * 86_400;
const MOST_ATTEMPTS = 30;

type Callback<Answer = void> = (error?: unknown, answer?: Answer) => void;

/** What is stored of a login. */
type Login = Pick<SessionRecord, 'userId' | 'authenticatedAt' | 'generation' | 'epoch'>;

/**
 * A store for express-session, and for what takes its stores, as @fastify/session and koa-session do.
 *
 * Its functions call back, and return promises as well. With a callback, which hears of a failure, the promise resolves.
 *
 * A session that was ended stays ended: a request that found a session saves it on the condition that it is still
 * there, and only one that found none creates one. It saves the keys that it has changed, so that requests which
 * change different keys do not undo each other; and it saves nothing if nothing has changed and no touch is due,
 * whatever `resave` and `rolling` say. The table holds a hash of the session ID that the cookie carries.
 *
 * Of the optional functions of a store it has `touch`, and neither `all`, `length` nor `clear`, each of which would
 * read the whole table. A user's sessions are found by `sessions`.
 *
 * @throws {@link ConfigurationError} for options that are unknown or out of range
 * @example
 * ```ts
 * app.use(
 *   session({
 *     store: new ExpressSessionStore({ persistence: new DynamoDBPersistenceLayer() }),
 *     secret: process.env.SESSION_SECRET!,
 *     resave: false,
 *     saveUninitialized: false,
 *     cookie: { secure: true, sameSite: 'lax', maxAge: 86_400_000 },
 *   }),
 * );
 * ```
 */
export class ExpressSessionStore extends Store {
  /** What is done to sessions from outside of a request: `ofUser`, `revoke`, `logOutUser`, `logOutEveryone`. */
  readonly sessions: Sessions;

  readonly #layer: GuardedLayer<SessionUser>;
  readonly #policy: ResolvedOptions<SessionUser>;
  readonly #migration: LazyMigration | undefined;
  readonly #userId: NonNullable<ExpressSessionStoreOptions['userId']>;

  constructor(options: ExpressSessionStoreOptions = {}) {
    super();
    checkOptions(options);
    const { migrateFrom, userId = () => undefined, ...rest } = options;
    const settings: SessionsOptions = { absoluteTimeout: ABSOLUTE_TIMEOUT, ...rest };
    this.#policy = resolveOptions(settings);
    const { persistence, onEvent, absoluteTimeout } = this.#policy;
    // A session lives without a request for as long as its cookie says: so `eraseUser` must expect the longest.
    this.sessions = new Sessions({ ...settings, idleTimeout: absoluteTimeout, persistence, onEvent });
    this.#layer = new GuardedLayer(this.#policy);
    this.#migration = migrateFrom && new LazyMigration(this.#layer, migrateFrom, this.#recordOf.bind(this));
    this.#userId = userId;
  }

  // oxlint-disable typescript/no-misused-promises -- koa-session and others await what express-session ignores

  /** The session under this ID; `null` if there is none. */
  override get(sid: string, callback: Callback<SessionData | null>): Promise<SessionData | null | undefined>;
  /** The same, for who awaits it. */
  override get(sid: string, ...options: readonly unknown[]): Promise<SessionData | null>;
  override get(sid: string, callback?: unknown): Promise<SessionData | null | undefined> {
    return answer(this.#get(sid), callback);
  }

  /** Writes what has changed, and creates the session if it is new. One that was ended stays ended. */
  override set(sid: string, session: SessionData, callback?: Callback): Promise<void>;
  /** The same, for who awaits it. */
  override set(sid: string, session: SessionData, ...options: readonly unknown[]): Promise<void>;
  override set(sid: string, session: SessionData, callback?: unknown): Promise<void> {
    return answer(this.#set(sid, session), callback);
  }

  /** Writes that the session is in use. It never creates a session. */
  override touch(sid: string, session: SessionData, callback?: Callback): Promise<void> {
    return answer(this.#touch(sid, session), callback);
  }

  /** Ends the session. That there is none is no error. */
  override destroy(sid: string, callback?: Callback): Promise<void>;
  /** The same, for who awaits it. */
  override destroy(sid: string, ...options: readonly unknown[]): Promise<void>;
  override destroy(sid: string, callback?: unknown): Promise<void> {
    return answer(this.#destroy(sid), callback);
  }

  // oxlint-enable typescript/no-misused-promises

  /** For the framework: makes `req.session` of what `get` has answered. */
  override createSession(...[request, data]: Parameters<Store['createSession']>): Session & SessionData {
    const session = super.createSession(request, data);
    hide(session);
    return session;
  }

  async #get(sid: string): Promise<SessionData | null> {
    const id = storedIdOf(sid);
    const seenAt = this.#layer.now;
    const { record, end } = await this.#find(id, seenAt);
    await end?.();
    const found = record ?? (await this.#migration?.move(sid, id));
    if (found === undefined || end !== undefined) return null;

    const known = this.#knownAs(sid, id, found, seenAt);
    const texts = new Map(known.texts);
    const session = decode(known.texts, (key) => {
      texts.delete(key);
      this.#tellUnreadable(id, found, key);
    });
    if (!isSession(session)) return null;
    return knowing(Object.fromEntries(session), id, { ...known, texts }) as SessionData;
  }

  async #set(sid: string, session: SessionData): Promise<void> {
    const id = storedIdOf(sid);
    if (this.#endOf(session) <= this.#layer.now) return this.#destroy(sid);
    const data = encode(session);
    const known = recall(session, id) ?? (await this.#create(sid, id, session, data));
    if (known !== undefined) await this.#update(sid, id, session, known, data);
  }

  async #touch(sid: string, session: SessionData): Promise<void> {
    const id = storedIdOf(sid);
    const known = recall(session, id) ?? this.#notAskedFor(sid, id, (await this.#find(id)).record);
    if (known === undefined) return;
    const cookie = encode({ cookie: session.cookie });
    await this.#update(sid, id, session, known, new Map([...known.texts, ...cookie]));
  }

  /** Stores a session of which its object knows nothing. If it is there already, answers as what. */
  async #create(
    sid: string,
    id: string,
    session: SessionData,
    data: ReadonlyMap<string, string>,
  ): Promise<Known | undefined> {
    const seenAt = this.#layer.now;
    const { record: begun, seal } = this.#begin(sid, id, data, this.#endOf(session));
    const record = { ...begun, ...clientOf(session), ...(await this.#loginOf(session)) };
    if ((await this.#layer.save(id, record, { kind: 'create' })).kind === 'saved') {
      seal?.keep();
      remember(session, id, { record, seenAt, texts: data, seal });
      this.#layer.emit({ type: 'created' }, id, record.userId);
      return undefined;
    }
    const present = this.#notAskedFor(sid, id, await this.#layer.load(id));
    if (present === undefined) this.#layer.emit({ type: 'lost-write' }, id);
    return present;
  }

  /** Writes what is different, provided that the session is still there. */
  async #update(
    sid: string,
    id: string,
    session: SessionData,
    { record: before, seenAt, texts, seal }: Known,
    data: ReadonlyMap<string, string>,
  ): Promise<void> {
    const { set: changed, removed } = difference(texts, data);
    const login = await this.#loginOf(session, before);
    const expiresAt = Math.min(this.#endOf(session), before.absoluteExpiresAt);
    const isDue = touchIsDue(this.#policy, before, seenAt);
    const touched = isDue || endHasMoved(this.#policy, before, expiresAt);
    if (changed.length + removed.length === 0 && login === undefined && !touched) return;

    const record = {
      ...before,
      ...(touched ? { ...clientOf(session), expiresAt } : {}),
      ...(isDue ? { lastSeenAt: seenAt } : {}),
      ...login,
    };
    const set = texts.get(COOKIE) === data.get(COOKIE) ? changed : [...changed, COOKIE];
    const change = {
      ...NO_CHANGE,
      set,
      removed,
      touched,
      ...clientChanges(before, record),
      userAttached: login !== undefined,
    };
    let { fence = 0 } = before;
    let raises = false;
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const expected = { now: this.#layer.now, auth: before.auth, fence };
      const stored = new Map(before.data);
      for (const key of removed) stored.delete(key);
      for (const key of set) stored.set(key, sealed(seal, key, data.get(key) as string));
      // Of two first keys that are made at once, the fence lets one be stored.
      const wrappedKey = set.length > 0 && seal?.hasKey === false ? seal.wrap(Buffer.from(sid)) : undefined;
      const keyed = wrappedKey !== undefined;
      const fenced = raises || keyed;
      const lastWrite = mintWriteMark();
      const next = { ...record, ...(keyed && { wrappedKey }), data: stored, fence: fence + Number(fenced), lastWrite };
      const outcome = await this.#layer.save(id, next, { ...change, keyed, fenced, expected });
      if (outcome.kind === 'gone') return this.#layer.emit({ type: 'lost-write' }, id, before.userId);
      if (outcome.kind === 'conflict') {
        fence = outcome.current.fence ?? 0;
        seal?.learn(outcome.current.wrappedKey, () => Buffer.from(sid));
      } else {
        if (keyed) seal?.keep();
        if (outcome.repeated !== true || fenced)
          return remember(session, id, { record: next, seenAt, texts: data, seal });
        // A copy may land late, and undo what comes after it: written once more with another fence, it is refused.
        raises = true;
      }
    }
    throw contended();
  }

  async #destroy(sid: string): Promise<void> {
    const id = storedIdOf(sid);
    const outcome = await (this.#migration === undefined ? this.#layer.delete(id) : this.#migration.end(sid, id));
    if (outcome.kind === 'deleted') this.#layer.emit({ type: 'destroyed' }, id);
  }

  /** The session, and what clears it away if it turns out that its user has been logged out. */
  #find(id: string, seenAt?: number): Promise<{ record?: SessionRecord; end?: () => Promise<void> }> {
    return this.#layer.decide<{ record?: SessionRecord; end?: () => Promise<void> }>(
      async (fresh) => {
        const record = await this.#layer.load(id, fresh);
        if (record === undefined) return {};
        const isDue = seenAt !== undefined && touchIsDue(this.#policy, record, seenAt);
        const end = seenAt === undefined ? undefined : await logoutOf(this.#layer, id, record, isDue);
        return { record, ...(end && { end }) };
      },
      ({ record, end }) => record === undefined || end !== undefined,
    );
  }

  #endOf(session: SessionData): number {
    return endOf(session, this.#layer.now, this.#policy.idleTimeout);
  }

  /** A former session as it is stored here. When its user logged in is not known, so it has no generation. */
  #recordOf({ session, expiresAt }: FormerSession, sid: string, id: string): SessionRecord {
    const data = session as unknown as SessionData;
    const userId = this.#userId(data) ?? undefined;
    const { record } = this.#begin(sid, id, encode(session), expiresAt ?? this.#endOf(data));
    return userId === undefined ? record : { ...record, userId };
  }

  /** A session that begins now, with a key for its data. The session ID is the secret in its cookie. */
  #begin(
    sid: string,
    id: string,
    data: ReadonlyMap<string, string>,
    end: number,
  ): { readonly record: SessionRecord; readonly seal: DataSeal | undefined } {
    const seal = this.#policy.encryption?.sealOf(id);
    const stored = sealedBy(seal, data);
    const wrappedKey = seal?.wrap(Buffer.from(sid));
    const record = newRecord(this.#policy, this.#layer.now, end, stored);
    return { record: { ...record, ...(wrappedKey && { wrappedKey }) }, seal };
  }

  #knownAs(sid: string, id: string, record: SessionRecord, seenAt: number): Known {
    const seal = this.#policy.encryption?.sealOf(id);
    seal?.learn(record.wrappedKey, () => Buffer.from(sid));
    const texts = new Map<string, string>();
    for (const [key, stored] of record.data) {
      try {
        texts.set(key, opened(seal, key, stored));
      } catch {
        this.#tellUnreadable(id, record, key);
      }
    }
    return { record, seenAt, texts, seal };
  }

  /** A session for which its request has not asked by `get`: so the request has not seen it in use. */
  #notAskedFor(sid: string, id: string, record: SessionRecord | undefined): Known | undefined {
    return record && this.#knownAs(sid, id, record, record.lastSeenAt);
  }

  #tellUnreadable(id: string, { userId }: SessionRecord, key: string): void {
    this.#layer.emit({ type: 'unreadable', reason: 'unreadable', key }, id, userId);
  }

  /** What is stored of the session's user, if it is another than before. */
  async #loginOf(session: SessionData, known?: SessionRecord): Promise<Login | undefined> {
    const userId = this.#userId(session) ?? undefined;
    if (userId === undefined || (known?.userId !== undefined && sameUser(known.userId, userId))) return undefined;
    return { userId, authenticatedAt: this.#layer.now, ...atLogin(await this.#layer.loadMarks(userId, true)) };
  }
}
