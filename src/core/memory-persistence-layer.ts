import { timeOf } from './clock.js';
import { isLive } from './lifetime.js';
import type {
  CallOptions,
  DeleteCondition,
  DeleteOutcome,
  Marks,
  PersistenceLayer,
  RaiseOptions,
  SaveOutcome,
  SessionChange,
  SessionUser,
  UserSessions,
} from './persistence-layer.js';
import { RECORD_ATTRIBUTE_NAMES, RECORD_ATTRIBUTES, type SessionRecord } from './record.js';
import type { RoleHierarchy } from './roles.js';
import { sameHash } from './token.js';
import { type UserId, userKey } from './user-id.js';

/**
 * Keeps sessions in this process's RAM: the default, good for tests and for a single long-running server.
 * In a deployed Lambda it says so, once: there, every instance would have sessions of its own.
 *
 * @example new MemoryPersistenceLayer({ loadUser: (id) => users.find(id) })
 */
export class MemoryPersistenceLayer<User extends SessionUser = SessionUser> implements PersistenceLayer<User> {
  readonly #sessions = new Map<string, SessionRecord>();
  readonly #marks = new Map<
    string,
    Pick<Marks, 'spared'> & { readonly generation: number; readonly expiresAt: number }
  >();
  readonly #users: Pick<PersistenceLayer<User>, 'loadUser' | 'roleHierarchy'>;
  #epoch: number | undefined;
  #purgeAbove = 1_000;

  constructor(users: Partial<Pick<PersistenceLayer<User>, 'loadUser' | 'roleHierarchy'>> = {}) {
    this.#users = {
      loadUser: users.loadUser ?? (() => Promise.resolve(undefined)),
      roleHierarchy: users.roleHierarchy ?? (() => Promise.resolve(new Map())),
    };
    warnInLambda();
  }

  async loadSession(id: string, options: CallOptions = {}): Promise<SessionRecord | undefined> {
    const record = this.#sessions.get(id);
    if (record === undefined || isLive(record, timeOf(options))) return record;
    options.report?.('expired');
    return undefined;
  }

  async saveSession(
    id: string,
    session: SessionRecord,
    change: SessionChange,
    options: CallOptions = {},
  ): Promise<SaveOutcome> {
    const stored = this.#sessions.get(id);
    const refusal = refusalOf(stored, change);
    if (refusal !== undefined) {
      const isRepeated = stored !== undefined && Buffer.compare(stored.lastWrite, session.lastWrite) === 0;
      return isRepeated ? { kind: 'saved' } : refusal;
    }
    if (stored === undefined) this.#purge(timeOf(options));
    this.#sessions.set(
      id,
      stored === undefined || change.kind === 'create' ? session : merged(stored, session, change),
    );
    return { kind: 'saved' };
  }

  async deleteSession(id: string, condition: DeleteCondition = {}, options: CallOptions = {}): Promise<DeleteOutcome> {
    const stored = this.#sessions.get(id);
    if (stored === undefined) return { kind: 'absent' };
    const { auth = stored.auth, generationBelow = Number.POSITIVE_INFINITY } = condition;
    if (stored.auth !== auth || (stored.generation ?? 0) >= generationBelow) return { kind: 'refused' };
    this.#sessions.delete(id);
    return { kind: isLive(stored, timeOf(options)) ? 'deleted' : 'absent' };
  }

  async deleteSessions(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#sessions.delete(id);
  }

  async userSessions(userId: UserId, options: CallOptions = {}): Promise<readonly string[]> {
    return [...(await this.loadUserSessions(userId, options)).sessions.keys()];
  }

  async loadUserSessions(userId: UserId, options: CallOptions = {}): Promise<UserSessions> {
    const now = timeOf(options);
    const user = userKey(userId);
    const isTheirs = (record: SessionRecord): boolean =>
      record.userId !== undefined && userKey(record.userId) === user && isLive(record, now);
    return {
      sessions: new Map([...this.#sessions].filter(([, record]) => isTheirs(record))),
      ...(await this.loadMarks(userId)),
    };
  }

  async loadMarks(userId: UserId): Promise<Marks> {
    const mark = this.#marks.get(userKey(userId));
    return {
      ...(mark === undefined ? {} : { generation: mark.generation }),
      ...(mark?.spared === undefined ? {} : { spared: mark.spared }),
      ...(this.#epoch === undefined ? {} : { epoch: this.#epoch }),
    };
  }

  async raiseUserMark(userId: UserId, expiresAt: number, options: RaiseOptions = {}): Promise<number> {
    const user = userKey(userId);
    const before = this.#marks.get(user);
    // Starts from the time, so that a mark made anew after the last one expired is higher than that was.
    const generation = (before?.generation ?? timeOf(options)) + 1;
    this.#marks.set(user, {
      generation,
      ...(options.spare === undefined ? {} : { spared: { id: options.spare, from: before?.generation ?? 0 } }),
      expiresAt: Math.max(expiresAt, before?.expiresAt ?? 0),
    });
    return generation;
  }

  async raiseEpoch(): Promise<void> {
    this.#epoch = (this.#epoch ?? 0) + 1;
  }

  loadUser(userId: UserId): Promise<User | undefined> {
    return this.#users.loadUser(userId);
  }

  roleHierarchy(): Promise<RoleHierarchy> {
    return this.#users.roleHierarchy();
  }

  // Looks through everything only when it has doubled since it last did.
  #purge(now: number): void {
    if (this.#sessions.size + this.#marks.size < this.#purgeAbove) return;
    for (const stored of [this.#sessions, this.#marks] as const) {
      for (const [key, entry] of stored) if (!isLive(entry, now)) stored.delete(key);
    }
    this.#purgeAbove = Math.max(1_000, 2 * (this.#sessions.size + this.#marks.size));
  }
}

/** Why a change cannot be made to what is stored. */
function refusalOf(stored: SessionRecord | undefined, change: SessionChange): SaveOutcome | undefined {
  if (change.kind === 'create') return stored === undefined ? undefined : { kind: 'gone' };
  const { now, auth, secretHash, lastWrite } = change.expected;
  if (stored === undefined || !isLive(stored, now) || stored.auth !== auth) return { kind: 'gone' };
  const otherSecret = secretHash !== undefined && !sameHash(secretHash, stored.secretHash);
  const writeBetween = lastWrite !== undefined && Buffer.compare(lastWrite, stored.lastWrite) !== 0;
  return otherSecret || writeBetween ? { kind: 'conflict', current: stored } : undefined;
}

/** The stored session with just the changed parts of the other: what concurrent requests changed stays. */
function merged(
  stored: SessionRecord,
  session: SessionRecord,
  change: Extract<SessionChange, { kind: 'update' }>,
): SessionRecord {
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

let warned = false;
function warnInLambda(): void {
  if (warned || process.env['AWS_LAMBDA_FUNCTION_NAME'] === undefined) return;
  warned = true;
  process.emitWarning(
    'Sessions are kept in the RAM of this Lambda instance only: other instances do not see them, and they end with it. Give Sessions a DynamoDBPersistenceLayer.',
    { code: 'SESSIONS_IN_LAMBDA_RAM' },
  );
}
