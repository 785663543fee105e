import { timeOf } from '../core/clock.js';
import { ConfigurationError, NotStorableError, StoreUnavailableError } from '../core/errors.js';
import { sizeOfStored } from '../core/encryption.js';
import { expectBoolean, expectFunctions, expectWholeNumber } from '../core/option-checks.js';
import { ExtendablePersistenceLayer } from '../core/extendable-persistence-layer.js';
import { isLive } from '../core/lifetime.js';
import type {
  CallOptions,
  DeleteCondition,
  DeleteOptions,
  DeleteOutcome,
  Limits,
  Marks,
  MarksOptions,
  PersistenceLayer,
  RaiseOptions,
  SaveOutcome,
  SessionChange,
  SessionUser,
  Update,
  UserSessions,
} from '../core/persistence-layer.js';
import type { SessionRecord } from '../core/record.js';
import type { RoleHierarchy } from '../core/roles.js';
import { sameBytes } from '../core/same-bytes.js';
import { mintWriteMark, sameHash } from '../core/token.js';
import type { UserId } from '../core/user-id.js';
import { EVERYONE_MARK, PARTITION_KEY, TABLE_ENVIRONMENT, TTL_ATTRIBUTE } from '../table-schema.js';
import { endAll, getAll } from './bulk.js';
import {
  createSession,
  endSession,
  GENERATION,
  getSession,
  ISSUED_BEFORE,
  loginIdOf,
  markIdOf,
  markLogin,
  queryUserSessions,
  type Raise,
  raiseMark,
  refuseCopies,
  SPARED,
  SPARED_GENERATION,
  updateSession,
} from './commands.js';
import { incomplete } from './failure.js';
import { LIMITS, readItem, tombstoneOf } from './item.js';
import {
  type ConditionFailure,
  type GetItemInput,
  isConditionFailure,
  type Item,
  type Port,
  wasRepeated,
} from './port.js';

/** What can be said of a layer, whatever asks DynamoDB for it. */
export interface TablePersistenceLayerOptions<User extends SessionUser = SessionUser> {
  /**
   * @defaultValue the environment variable `DYNAMODB_SESSIONS_TABLE`, which `SessionStore.grantAccess` sets; it is read
   * when the layer is first used
   */
  readonly tableName?: string;
  /**
   * Whether a session is read with all writes acknowledged so far. With `false` a read costs half; one that finds no
   * good session is repeated consistently, but a session may be seen as it was a moment ago.
   * @defaultValue true
   */
  readonly consistentRead?: boolean;
  /** How long one call may take, its retries included, in milliseconds. @defaultValue 2000 */
  readonly timeoutMs?: number;
  /** The user object for an ID: users are kept elsewhere. @defaultValue knows nobody */
  readonly loadUser?: (userId: UserId) => Promise<User | undefined>;
  /** Each role's parent role. @defaultValue no roles */
  readonly roleHierarchy?: () => Promise<RoleHierarchy>;
}

/** The options' names. */
export const TABLE_OPTIONS: readonly string[] = [
  'tableName',
  'consistentRead',
  'timeoutMs',
  'loadUser',
  'roleHierarchy',
];

/** Keeps sessions in a table, through whatever asks DynamoDB. */
export class TablePersistenceLayer<User extends SessionUser = SessionUser, AskedBy extends Port = Port>
  extends ExtendablePersistenceLayer<User>
  implements PersistenceLayer<User>
{
  readonly mayBeStale: boolean;
  readonly limits: Limits = LIMITS;

  #tableName: string | undefined;
  /** @internal */
  protected readonly port: AskedBy;
  /** Everyone's mark as it was seen last, and when (seconds). */
  #everyone: { readonly mark?: Item | undefined; readonly seenAt: number } = { seenAt: Number.NEGATIVE_INFINITY };

  /** @param portFor makes what asks DynamoDB, given how long one call may take, in milliseconds */
  constructor(options: TablePersistenceLayerOptions<User>, portFor: (timeoutMs: number) => AskedBy) {
    const { timeoutMs = 2_000, consistentRead = true, tableName, ...functions } = options;
    super(functions);
    if (tableName !== undefined && (typeof tableName !== 'string' || tableName === '')) throw nameless();
    expectWholeNumber('timeoutMs', timeoutMs, 1, 900_000, ' of milliseconds');
    expectBoolean('consistentRead', consistentRead);
    expectFunctions('', this, ['loadUser', 'roleHierarchy']);

    this.#tableName = tableName;
    this.port = portFor(timeoutMs);
    this.mayBeStale = !consistentRead;
  }

  override async loadSession(id: string, options: CallOptions = {}): Promise<SessionRecord | undefined> {
    const item = await this.#get(getSession(this.#table, id, !this.mayBeStale || options.fresh === true), options);
    const stored = item === undefined ? undefined : readItem(item);
    switch (stored?.kind) {
      case 'session':
        if (isLive(stored.record, timeOf(options))) return stored.record;
        options.report?.('expired');
        return undefined;
      case 'unreadable':
      case 'newer-version':
        options.report?.(stored.kind);
        return undefined;
      case 'tombstone':
        options.report?.('ended', stored.endedAt);
        return undefined;
      case undefined:
        return undefined;
    }
  }

  override async saveSession(
    id: string,
    session: SessionRecord,
    change: SessionChange,
    options: CallOptions = {},
  ): Promise<SaveOutcome> {
    if (change.kind === 'create' || change.set.length > 0) expectRoomFor(session.data);
    if (change.kind === 'create') return this.#create(id, session, options);
    const input = updateSession(this.#table, id, session, change);
    if ((input.UpdateExpression as string).length > LONGEST_EXPRESSION) {
      throw new NotStorableError(
        `${change.set.length + change.removed.length} keys changed in one request are more than DynamoDB changes in one write; put them under fewer keys.`,
      );
    }
    try {
      const answer = await this.port.send(options, 'UpdateItem', input);
      return { kind: 'saved', repeated: wasRepeated(answer) };
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
      return this.#refused(id, session, change, error, options);
    }
  }

  override async deleteSession(
    id: string,
    condition: DeleteCondition = {},
    options: CallOptions = {},
  ): Promise<DeleteOutcome> {
    const lastWrite = mintWriteMark();
    try {
      const tombstone = tombstoneOf(id, timeOf(options), lastWrite);
      await this.port.send(options, 'PutItem', endSession(this.#table, tombstone, condition));
      return { kind: 'deleted' };
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
      const item = await this.#present(id, error, options);
      if (isWrittenBy(lastWrite, item)) return { kind: 'deleted' };
      return { kind: item === undefined || readItem(item).kind === 'tombstone' ? 'absent' : 'refused' };
    }
  }

  override async userSessions(userId: UserId, options: CallOptions = {}): Promise<readonly string[]> {
    const ids: string[] = [];
    let after: Item | undefined;
    do {
      const input = queryUserSessions(this.#table, userId, after);
      const page = await this.port.send(options, 'Query', input);
      if (page.Items === undefined) throw incomplete();
      for (const item of page.Items) if (item[PARTITION_KEY]?.S !== undefined) ids.push(item[PARTITION_KEY].S);
      after = page.LastEvaluatedKey;
    } while (after !== undefined);
    return ids;
  }

  /**
   * Without data. One query, and one bulk read per 100 sessions, which brings the marks along. One more if sessions came
   * of logins at a provider.
   */
  async loadUserSessions(userId: UserId, options: CallOptions = {}): Promise<UserSessions> {
    const ids = await this.userSessions(userId, options);
    const items = await this.#getAll([EVERYONE_MARK, markIdOf(userId), ...ids], options, true);
    const sessions = new Map<string, SessionRecord>();
    for (const id of ids) {
      const item = items.get(id);
      const stored = item && readItem(item);
      if (stored?.kind === 'session' && isLive(stored.record, timeOf(options))) sessions.set(id, stored.record);
    }
    const logins = [...sessions.values()].map(({ login }) => login).filter((login) => login !== undefined);
    const ended = logins.length === 0 ? items : await this.#getAll(logins.map(loginIdOf), options, true);
    return { sessions, ...this.#marksIn(items, userId, timeOf(options)), ...endedIn(ended, logins) };
  }

  /** Unconditional: meant for sessions that their user's mark has already ended. */
  async deleteSessions(ids: readonly string[], options: DeleteOptions = {}): Promise<void> {
    await endAll(this.port, options, this.#table, ids);
  }

  /** One call. All requests would read the epoch from one item, so each instance believes for 10 seconds what it saw. */
  async loadMarks(userId: UserId, options: MarksOptions = {}): Promise<Marks> {
    const now = timeOf(options);
    const { seenAt, mark: everyone } = this.#everyone;
    const isKnown = options.fresh !== true && now >= seenAt && now < seenAt + EPOCH_SECONDS;
    const id = markIdOf(userId);
    const logins = options.login === undefined ? [] : [options.login];
    if (isKnown && logins.length === 0)
      return marksOf(await this.#get(getSession(this.#table, id, true), options), everyone);
    const items = await this.#getAll([...(isKnown ? [] : [EVERYONE_MARK]), id, ...logins.map(loginIdOf)], options);
    const marks = isKnown ? marksOf(items.get(id), everyone) : this.#marksIn(items, userId, now);
    return { ...marks, ...endedIn(items, logins) };
  }

  async raiseUserMark(userId: UserId, expiresAt: number, options: RaiseOptions = {}): Promise<number | undefined> {
    return this.#raise(markIdOf(userId), expiresAt, options);
  }

  async raiseEpoch(options: CallOptions = {}): Promise<void> {
    await this.#raise(EVERYONE_MARK, undefined, options);
    this.#everyone = { seenAt: Number.NEGATIVE_INFINITY };
  }

  async endLogin(login: string, expiresAt: number, options: CallOptions = {}): Promise<void> {
    await this.port.send(options, 'PutItem', markLogin(this.#table, login, expiresAt));
  }

  /** @param expiresAt `undefined` for a mark that stays */
  async #raise(id: string, expiresAt: number | undefined, options: RaiseOptions): Promise<number | undefined> {
    const { spare, since, issuedBefore } = options;
    const raise = { lastWrite: mintWriteMark(), expiresAt, spare, since, issuedBefore, now: timeOf(options) };
    try {
      const answer = await this.port.send(options, 'UpdateItem', raiseMark(this.#table, id, raise));
      return await this.#raised(id, raise, answer.Attributes, wasRepeated(answer), options);
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
      const mark = await this.#present(id, error, options);
      if (isWrittenBy(raise.lastWrite, mark)) return this.#raised(id, raise, mark, wasRepeated(error), options);
      if (spare !== undefined || issuedBefore !== undefined) return undefined;
      throw new StoreUnavailableError('The mark was raised, and raised again by another before it could be read.', {
        retryable: true,
      });
    }
  }

  async #raised(
    id: string,
    raise: Pick<Raise, 'lastWrite'>,
    mark: Item = {},
    repeated: boolean,
    options: CallOptions,
  ): Promise<number> {
    if (repeated) await this.port.send(options, 'UpdateItem', refuseCopies(this.#table, id, raise));
    return generationOf(mark);
  }

  #marksIn(items: ReadonlyMap<string, Item>, userId: UserId, seenAt: number): Marks {
    this.#everyone = { mark: items.get(EVERYONE_MARK), seenAt };
    return marksOf(items.get(markIdOf(userId)), this.#everyone.mark);
  }

  async #getAll(ids: readonly string[], options: CallOptions, forList = false): Promise<ReadonlyMap<string, Item>> {
    const items = await getAll(this.port, options, this.#table, ids, forList);
    return new Map(items.map((item) => [item[PARTITION_KEY]?.S as string, item]));
  }

  async #create(id: string, session: SessionRecord, options: CallOptions): Promise<SaveOutcome> {
    try {
      const input = createSession(this.#table, id, session);
      await this.port.send(options, 'PutItem', input);
      return { kind: 'saved' };
    } catch (error) {
      if (!isConditionFailure(error)) throw error;
      const item = await this.#present(id, error, options);
      const stored = item === undefined ? undefined : readItem(item);
      const isOwn = stored?.kind === 'session' && sameHash(stored.record.secretHash, session.secretHash);
      return { kind: isOwn ? 'saved' : 'gone' };
    }
  }

  /** Why an update's condition did not hold; it may be because it had been applied, and the answer lost. */
  async #refused(
    id: string,
    session: SessionRecord,
    { expected, set, removed }: Update,
    error: ConditionFailure,
    options: CallOptions,
  ): Promise<SaveOutcome> {
    const item = await this.#present(id, error, options);
    const stored = item === undefined ? undefined : readItem(item);
    if (stored?.kind !== 'session') return { kind: 'gone' };
    const current = stored.record;
    const isOwnWrite = sameBytes(current.lastWrite, session.lastWrite);
    const isOwnSecret = session.auth !== expected.auth && sameHash(current.secretHash, session.secretHash);
    if (isOwnWrite || isOwnSecret) return { kind: 'saved', repeated: wasRepeated(error) };
    if (current.auth !== expected.auth || !isLive(current, expected.now)) return { kind: 'gone' };
    // A copy of it may have been applied, and what it wrote be taken since: so it is not to be written anew.
    if (wasRepeated(error) && set.length + removed.length > 0) {
      throw new StoreUnavailableError(
        'DynamoDB lost the answer to a write, and another write came after it; whether it was applied is unknown.',
        { retryable: false },
      );
    }
    return { kind: 'conflict', current };
  }

  /** What is under the ID now that a condition did not hold. Not every engine returns it with the refusal. */
  async #present(id: string, error: ConditionFailure, options: CallOptions): Promise<Item | undefined> {
    return error.Item ?? this.#get(getSession(this.#table, id, true), options);
  }

  /** Not before it is needed: where a module is only loaded, as in a build, the environment may lack it. */
  get #table(): string {
    this.#tableName ??= process.env[TABLE_ENVIRONMENT.tableName];
    if (!this.#tableName) throw nameless();
    return this.#tableName;
  }

  async #get(input: GetItemInput, options: CallOptions): Promise<Item | undefined> {
    const { Item: item } = await this.port.send(options, 'GetItem', input);
    return item;
  }
}

const nameless = (): ConfigurationError =>
  new ConfigurationError(
    `Option tableName is missing; expected the table's name, there or in the environment variable ${TABLE_ENVIRONMENT.tableName}, which SessionStore.grantAccess sets.`,
  );

/** For how long an instance believes what it has seen of the epoch. */
const EPOCH_SECONDS = 10;

/** DynamoDB's limit for an expression. */
const LONGEST_EXPRESSION = 4_096;

function expectRoomFor(data: ReadonlyMap<string, string>): void {
  let size = 0;
  for (const [key, text] of data) size += LIMITS.keyOverhead + Buffer.byteLength(key) + sizeOfStored(text, LIMITS);
  if (size > LIMITS.dataBytes)
    throw new NotStorableError(`The session's data would take ${size} bytes; expected at most ${LIMITS.dataBytes}.`);
}

function isWrittenBy(lastWrite: Uint8Array, item: Item | undefined): item is Item {
  return sameBytes(item?.['lastWrite']?.B, lastWrite);
}

function marksOf(user: Item | undefined, everyone: Item | undefined): Marks {
  const issuedBefore = Number(user?.[ISSUED_BEFORE]?.N);
  const id = user?.[SPARED]?.S;
  const generation = Number(user?.[SPARED_GENERATION]?.N);
  return {
    ...(user && { generation: generationOf(user), expiresAt: Number(user[TTL_ATTRIBUTE]?.N) }),
    ...(id !== undefined && Number.isSafeInteger(generation) && { spared: { id, generation } }),
    ...(Number.isFinite(issuedBefore) && { issuedBefore }),
    ...(everyone && { epoch: generationOf(everyone) }),
  };
}

/** Those logins that have a mark: whatever stands there, the login has ended. */
function endedIn(items: ReadonlyMap<string, Item>, logins: readonly string[]): Pick<Marks, 'endedLogins'> {
  const ended = logins.filter((login) => items.has(loginIdOf(login)));
  return ended.length === 0 ? {} : { endedLogins: new Set(ended) };
}

/** A mark that cannot be read is higher than any generation: nobody whom it concerns is logged in. */
export function generationOf(item: Item): number {
  const generation = Number(item[GENERATION]?.N);
  return Number.isSafeInteger(generation) ? generation : Number.POSITIVE_INFINITY;
}
