import { epochSeconds } from './clock.js';
import { ConfigurationError, SessionError, StoreUnavailableError } from './errors.js';
import type { SessionEventDetail } from './events.js';
import { isLive } from './lifetime.js';
import { MARK_LIFETIME } from './marks.js';
import type { ResolvedOptions } from './options.js';
import type {
  CallOptions,
  DeleteCondition,
  DeleteOptions,
  DeleteOutcome,
  LoadFinding,
  Marks,
  RaiseOptions,
  SaveOutcome,
  SessionChange,
  SessionUser,
  UserSessions,
} from './persistence-layer.js';
import type { SessionRecord } from './record.js';
import type { RoleHierarchy } from './roles.js';
import { withTimeLimit } from './time-limit.js';
import { digestOf } from './token.js';
import type { UserId } from './user-id.js';

/**
 * The persistence layer as the domain sees it, for one request: with the request's deadline and the domain's clock,
 * every fault typed and reported, and a loop wherever a layer lacks an optional function.
 */
export class GuardedLayer<User extends SessionUser> {
  readonly options: ResolvedOptions<User>;
  /** Whether the request may only look: then nothing is written for it, not even what would end a session. */
  readonly readOnly: boolean;
  readonly #deadline: number | undefined;

  constructor(options: ResolvedOptions<User>, deadline?: number, readOnly = false) {
    this.options = options;
    this.readOnly = readOnly;
    this.#deadline = deadline;
  }

  /** The present time in seconds. */
  get now(): number {
    return epochSeconds(this.options.clock);
  }

  /**
   * Decides by a session that is looked up: by a read that may be stale only what has no consequences. Before anything
   * is refused, ended or written, the session is looked up afresh.
   */
  async decide<T>(look: (fresh: boolean) => Promise<T>, hasConsequences: (decision: T) => boolean): Promise<T> {
    const isExact = !this.mayBeStale;
    const decision = await look(isExact);
    return isExact || !hasConsequences(decision) ? decision : look(true);
  }

  get hasMarks(): boolean {
    return this.options.persistence.raiseUserMark !== undefined;
  }

  get mayBeStale(): boolean {
    return this.options.persistence.mayBeStale === true;
  }

  /**
   * The session with this ID. If something else is stored there, the application is told.
   *
   * @param onNone is told why there is none, although something is stored; if it was ended, when that was (seconds)
   */
  load(id: string, fresh = true, onNone?: CallOptions['report']): Promise<SessionRecord | undefined> {
    const report = (finding: LoadFinding, endedAt?: number): void => {
      onNone?.(finding, endedAt);
      if (finding !== 'ended' && fresh)
        this.emit(finding === 'expired' ? { type: 'expired' } : { type: 'unreadable', reason: finding }, id);
    };
    return this.#guard('loadSession', async (layer, call) => {
      const record = await layer.loadSession(id, { ...call, fresh, report });
      if (record === undefined || isLive(record, this.now)) return record;
      report('expired');
      return undefined;
    });
  }

  async save(id: string, session: SessionRecord, change: SessionChange): Promise<SaveOutcome> {
    const outcome = await this.#guard('saveSession', (layer, call) => layer.saveSession(id, session, change, call));
    return outcome ?? { kind: 'saved' };
  }

  async delete(id: string, condition?: DeleteCondition): Promise<DeleteOutcome> {
    const outcome = await this.#guard('deleteSession', (layer, call) => layer.deleteSession(id, condition, call));
    return outcome ?? { kind: 'deleted' };
  }

  async deleteAll(ids: readonly string[], options?: DeleteOptions): Promise<void> {
    await this.#guard('deleteSessions', async (layer, call) => {
      if (layer.deleteSessions !== undefined) return layer.deleteSessions(ids, { ...call, ...options });
      for (const id of ids) await layer.deleteSession(id, undefined, call);
    });
  }

  userSessions(userId: UserId): Promise<readonly string[]> {
    return this.#guard('userSessions', (layer, call) => layer.userSessions(userId, call));
  }

  loadUserSessions(userId: UserId): Promise<UserSessions> {
    return this.#guard('loadUserSessions', async (layer, call) => {
      if (layer.loadUserSessions !== undefined) return layer.loadUserSessions(userId, call);
      const sessions = new Map<string, SessionRecord>();
      for (const id of await layer.userSessions(userId, call)) {
        const record = await layer.loadSession(id, call);
        if (record !== undefined) sessions.set(id, record);
      }
      return { sessions, ...(await layer.loadMarks?.(userId, { ...call, fresh: true })) };
    });
  }

  /** None for a layer without marks. */
  loadMarks(userId: UserId, fresh = false, login?: string): Promise<Marks> {
    const asked = { fresh, ...(login !== undefined && { login }) };
    return this.#guard(
      'loadMarks',
      async (layer, call) => (await layer.loadMarks?.(userId, { ...call, ...asked })) ?? {},
    );
  }

  /** The new generation; `undefined` if none was raised, as ever for a layer without marks. */
  raiseUserMark(
    userId: UserId,
    spare?: Pick<RaiseOptions, 'spare' | 'since' | 'issuedBefore'>,
    lifetime: number = MARK_LIFETIME,
  ): Promise<number | undefined> {
    return this.#guard('raiseUserMark', async (layer, call) =>
      layer.raiseUserMark?.(userId, this.now + lifetime, { ...call, ...spare }),
    );
  }

  /** @throws {@link ConfigurationError} for a layer without marks: nobody would be logged out */
  async raiseEpoch(): Promise<void> {
    if (this.options.persistence.raiseEpoch === undefined)
      throw new ConfigurationError('This persistence layer cannot log everyone out; expected it to have raiseEpoch.');
    await this.#guard('raiseEpoch', async (layer, call) => layer.raiseEpoch?.(call));
  }

  /** Only for a layer that can: who has it done asks before, when it is constructed. */
  async endLogin(login: string): Promise<void> {
    await this.#guard('endLogin', async (layer, call) => layer.endLogin?.(login, this.now + MARK_LIFETIME, call));
  }

  loadUser(userId: UserId): Promise<User | undefined> {
    return this.#guard('loadUser', (layer) => layer.loadUser(userId));
  }

  roleHierarchy(): Promise<RoleHierarchy> {
    return this.#guard('roleHierarchy', (layer) => layer.roleHierarchy());
  }

  /** Tells the application. Its listener's fault is its own: no request fails for it, and no process ends by it. */
  emit(detail: SessionEventDetail, id?: string, userId?: UserId): void {
    const { onEvent, clock } = this.options;
    const warn = (error: unknown): void => {
      process.emitWarning(`onEvent threw on "${detail.type}": ${String(error)}`, { code: 'SESSIONS_ON_EVENT' });
    };
    try {
      const told: unknown = onEvent({
        at: new Date(clock.now()),
        ...(id === undefined ? {} : { session: digestOf(id) }),
        ...(userId === undefined ? {} : { userId }),
        ...detail,
      });
      if (told instanceof Promise) told.catch(warn);
    } catch (error) {
      warn(error);
    }
  }

  async #guard<T>(
    operation: string,
    call: (layer: ResolvedOptions<User>['persistence'], options: CallOptions) => Promise<T>,
  ): Promise<T> {
    const { persistence } = this.options;
    const deadline = this.#deadline;
    try {
      if (deadline === undefined) return await call(persistence, { now: this.now });
      const timeUp = (): Error => unavailable(operation, 'did not answer before the deadline');
      // A layer may not know of deadlines.
      return await withTimeLimit(deadline - Date.now(), call(persistence, { now: this.now, deadline }), timeUp);
    } catch (cause) {
      const error = failureOf(operation, cause);
      if (error === undefined) throw cause;
      this.emit({ type: 'store-failure', operation, error });
      throw error;
    }
  }
}

/** The failure of the store that an error is; `undefined` for what the caller did wrong, or came too late with. */
function failureOf(operation: string, cause: unknown): StoreUnavailableError | undefined {
  if (cause instanceof StoreUnavailableError) return cause;
  // The layer can reach no store as it is set up. A request is answered as if there were none.
  if (cause instanceof ConfigurationError) return new StoreUnavailableError(cause.message, { cause, retryable: false });
  return cause instanceof SessionError ? undefined : unavailable(operation, 'failed; its error is the cause', cause);
}

const unavailable = (operation: string, what: string, cause?: unknown): StoreUnavailableError =>
  new StoreUnavailableError(`The persistence layer's ${operation} ${what}.`, { cause, retryable: true });
