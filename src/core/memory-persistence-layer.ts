import { timeOf } from './clock.js';
import { ExtendablePersistenceLayer } from './extendable-persistence-layer.js';
import { isLive, tombstoneEnd } from './lifetime.js';
import type {
  CallOptions,
  DeleteCondition,
  DeleteOptions,
  DeleteOutcome,
  Marks,
  MarksOptions,
  PersistenceLayer,
  RaiseOptions,
  SaveOutcome,
  SessionChange,
  SessionUser,
  Update,
  UserSessions,
} from './persistence-layer.js';
import { RECORD_ATTRIBUTE_NAMES, RECORD_ATTRIBUTES, type SessionRecord } from './record.js';
import { sameBytes } from './same-bytes.js';
import { sameHash } from './token.js';
import { type UserId, userKey } from './user-id.js';

/**
 * Keeps sessions in this process's RAM: the default, good for tests and for a single long-running server.
 * In a deployed Lambda it says so, once: there, every instance would have sessions of its own.
 *
 * @example new MemoryPersistenceLayer({ loadUser: (id) => users.find(id) })
 */
export class MemoryPersistenceLayer<User extends SessionUser = SessionUser>
  extends ExtendablePersistenceLayer<User>
  implements PersistenceLayer<User>
{
  readonly #sessions = new Map<string, Stored>();
  readonly #marks = new Map<string, Marks & { readonly generation: number; readonly expiresAt: number }>();
  readonly #endedLogins = new Map<string, { readonly expiresAt: number }>();
  #epoch: number | undefined;
  #purgeAbove = 1_000;

  constructor(users: Partial<Pick<PersistenceLayer<User>, 'loadUser' | 'roleHierarchy'>> = {}) {
    super(users);
    warnInLambda();
  }

  override async loadSession(id: string, options: CallOptions = {}): Promise<SessionRecord | undefined> {
    const stored = this.#sessions.get(id);
    if (stored !== undefined && isTombstone(stored)) options.report?.('ended', stored.endedAt);
    else if (stored !== undefined && !isLive(stored, timeOf(options))) options.report?.('expired');
    else return stored;
    return undefined;
  }

  override async saveSession(
    id: string,
    session: SessionRecord,
    change: SessionChange,
    options: CallOptions = {},
  ): Promise<SaveOutcome> {
    const stored = this.#record(id);
    const refusal = this.#sessions.has(id) && stored === undefined ? GONE : refusalOf(stored, change);
    if (refusal !== undefined) {
      const isRepeated = sameBytes(stored?.lastWrite, session.lastWrite);
      return isRepeated ? { kind: 'saved' } : refusal;
    }
    if (stored === undefined) this.#purge(timeOf(options));
    this.#sessions.set(
      id,
      stored === undefined || change.kind === 'create' ? session : merged(stored, session, change),
    );
    return { kind: 'saved' };
  }

  override async deleteSession(
    id: string,
    condition: DeleteCondition = {},
    options: CallOptions = {},
  ): Promise<DeleteOutcome> {
    const stored = this.#record(id);
    if (stored === undefined) return { kind: 'absent' };
    const { auth = stored.auth, generationBelow = Number.POSITIVE_INFINITY } = condition;
    if (stored.auth !== auth || (stored.generation ?? 0) >= generationBelow) return { kind: 'refused' };
    this.#bury(id, options);
    return { kind: 'deleted' };
  }

  async deleteSessions(ids: readonly string[], options: DeleteOptions = {}): Promise<void> {
    for (const id of ids) this.#bury(id, options);
  }

  /** Those as well that have expired and are not cleared away. */
  override async userSessions(userId: UserId, options: CallOptions = {}): Promise<readonly string[]> {
    return [...(await this.loadUserSessions(userId, { ...options, now: 0 })).sessions.keys()];
  }

  async loadUserSessions(userId: UserId, options: CallOptions = {}): Promise<UserSessions> {
    const now = timeOf(options);
    const user = userKey(userId);
    const isTheirs = (entry: [string, Stored]): entry is [string, SessionRecord] => {
      const [, stored] = entry;
      if (isTombstone(stored) || stored.userId === undefined) return false;
      return userKey(stored.userId) === user && isLive(stored, now);
    };
    const sessions = new Map([...this.#sessions].filter(isTheirs));
    const logins = [...sessions.values()].map(({ login }) => login);
    return { sessions, ...this.#marksOf(userId, logins) };
  }

  async loadMarks(userId: UserId, { login }: MarksOptions = {}): Promise<Marks> {
    return this.#marksOf(userId, [login]);
  }

  #marksOf(userId: UserId, logins: readonly (string | undefined)[]): Marks {
    const ended = logins.filter((login) => login !== undefined && this.#endedLogins.has(login)) as string[];
    return {
      ...this.#marks.get(userKey(userId)),
      ...(this.#epoch === undefined ? {} : { epoch: this.#epoch }),
      ...(ended.length > 0 && { endedLogins: new Set(ended) }),
    };
  }

  async raiseUserMark(userId: UserId, expiresAt: number, options: RaiseOptions = {}): Promise<number | undefined> {
    const user = userKey(userId);
    const before = this.#marks.get(user);
    const { spare, since, issuedBefore } = options;
    const last = before?.issuedBefore;
    const spared = before?.spared;
    const isSpared = spare !== undefined && spared?.id === spare.id && spared.generation <= spare.generation;
    if (spare !== undefined && before?.generation !== since && !isSpared) return undefined;
    if (issuedBefore !== undefined && last !== undefined && issuedBefore <= last) return undefined;
    // Starts from the time, so that a mark made anew after the last one expired is higher than that was.
    const generation = (before?.generation ?? timeOf(options)) + 1;
    const until = issuedBefore ?? last;
    const kept = { ...(spare && { spared: { ...spare } }), ...(until !== undefined && { issuedBefore: until }) };
    this.#marks.set(user, { generation, ...kept, expiresAt });
    return generation;
  }

  async endLogin(login: string, expiresAt: number, options: CallOptions = {}): Promise<void> {
    this.#purge(timeOf(options));
    this.#endedLogins.set(login, { expiresAt });
  }

  async raiseEpoch(): Promise<void> {
    this.#epoch = (this.#epoch ?? 0) + 1;
  }

  #record(id: string): SessionRecord | undefined {
    const stored = this.#sessions.get(id);
    return stored === undefined || isTombstone(stored) ? undefined : stored;
  }

  #bury(id: string, options: DeleteOptions): void {
    const endedAt = timeOf(options);
    this.#sessions.set(id, { endedAt, expiresAt: tombstoneEnd(endedAt, options) });
  }

  // Looks through everything only when it has doubled since it last did.
  #purge(now: number): void {
    const all = [this.#sessions, this.#marks, this.#endedLogins] as const;
    const size = (): number => all.reduce((sum, stored) => sum + stored.size, 0);
    if (size() < this.#purgeAbove) return;
    for (const stored of all) {
      for (const [key, entry] of stored) if (!isLive(entry, now)) stored.delete(key);
    }
    this.#purgeAbove = Math.max(1_000, 2 * size());
  }
}

/** What is left of a session that was ended. */
interface Tombstone {
  readonly endedAt: number;
  readonly expiresAt: number;
}

type Stored = SessionRecord | Tombstone;

const isTombstone = (stored: Stored): stored is Tombstone => 'endedAt' in stored;

const GONE: SaveOutcome = { kind: 'gone' };

/** Why a change cannot be made to what is stored. */
function refusalOf(stored: SessionRecord | undefined, change: SessionChange): SaveOutcome | undefined {
  if (change.kind === 'create') return stored === undefined ? undefined : GONE;
  const { now, auth, secretHash, value, fence, unconfirmed, deviceChallenge, lastSeenAt } = change.expected;
  if (stored === undefined || !isLive(stored, now) || stored.auth !== auth) return GONE;
  const holds =
    (secretHash === undefined || sameHash(secretHash, stored.secretHash)) &&
    (value === undefined || stored.data.get(value[0]) === value[1]) &&
    (fence === undefined || fence === (stored.fence ?? 0)) &&
    (unconfirmed !== true || stored.previousUntil === undefined) &&
    (deviceChallenge === undefined || sameBytes(stored.deviceChallenge, deviceChallenge)) &&
    (lastSeenAt === undefined || stored.lastSeenAt <= lastSeenAt);
  return holds ? undefined : { kind: 'conflict', current: stored };
}

/** The stored session with just the changed parts of the other: what concurrent requests changed stays. */
function merged(stored: SessionRecord, session: SessionRecord, change: Update): SessionRecord {
  const next: Partial<Record<keyof SessionRecord, unknown>> = { ...stored };
  for (const name of RECORD_ATTRIBUTE_NAMES) {
    const { group } = RECORD_ATTRIBUTES[name];
    if (group === 'created' || (group !== 'always' && !change[group])) continue;
    if (session[name] === undefined) delete next[name];
    else next[name] = session[name];
  }
  if (change.userAttached) next.userId = session.userId;
  const data = new Map(stored.data);
  for (const key of change.removed) data.delete(key);
  for (const key of change.set) data.set(key, session.data.get(key) as string);
  next.data = data;
  return next as unknown as SessionRecord;
}

/** Of the process, which may hold two copies of this module. */
const WARNED = Symbol.for('dynamodb-sessions.warned-in-lambda');
function warnInLambda(): void {
  if (Reflect.has(process, WARNED) || process.env['AWS_LAMBDA_FUNCTION_NAME'] === undefined) return;
  Reflect.set(process, WARNED, true);
  process.emitWarning(
    'Sessions are kept in the RAM of this Lambda instance only: other instances do not see them, and they end with it. Give Sessions a DynamoDBPersistenceLayer.',
    { code: 'SESSIONS_IN_LAMBDA_RAM' },
  );
}
