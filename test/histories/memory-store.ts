import {
  type CallOptions,
  type Marks,
  MemoryPersistenceLayer,
  type PersistenceLayer,
  type SessionRecord,
  StoreUnavailableError,
  type UserSessions,
} from '../../src/index.js';
import { isLive } from '../../src/core/lifetime.js';
import type { Line } from './line.js';
import { STALENESS } from './rules.js';
import type { Store } from './store.js';

/** How long an index may take to learn of what has changed, in seconds. */
const INDEX_LAG = 60;

/**
 * A store in RAM with the faults of one that is far away, at the port: calls fail, their answers are lost, they are
 * carried out when nobody expects it any more; the index lags, and reads may be stale.
 */
export class MemoryStore implements Store {
  readonly #layer: PersistenceLayer;
  readonly #mayBeStale: boolean;
  /** What was under each ID, from when on. */
  readonly #past = new Map<string, { readonly at: number; readonly record: SessionRecord | undefined }[]>();

  constructor({ layer = new MemoryPersistenceLayer(), mayBeStale }: { layer?: PersistenceLayer; mayBeStale: boolean }) {
    this.#layer = layer;
    this.#mayBeStale = mayBeStale;
  }

  async remaining(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const records = await Promise.all(ids.map((id) => this.#layer.loadSession(id, { now: 0 })));
    return new Set(ids.filter((_, index) => records[index] !== undefined));
  }

  layerFor(line: Line): PersistenceLayer {
    const layer = this.#layer;
    const read = { noAnswer, isRead: true };
    const write = { noAnswer };
    const sentTwice = { noAnswer, again: 'again' } as const;
    return {
      mayBeStale: this.#mayBeStale,

      loadSession: (id, options = {}) =>
        line.call(
          'loadSession',
          (fate) =>
            fate === 'stale' && this.#mayBeStale && options.fresh !== true
              ? Promise.resolve(this.#seenLate(id, line.now, options))
              : layer.loadSession(id, options),
          read,
        ),

      saveSession: (id, session, change, options) =>
        line.call(
          change.kind === 'create' ? 'createSession' : 'updateSession',
          async (fate) => {
            const outcome = await this.#noting(line, [id], () => layer.saveSession(id, session, change, options));
            return fate === 'again' && outcome?.kind === 'saved' ? { ...outcome, repeated: true } : outcome;
          },
          sentTwice,
        ),

      deleteSession: (id, condition, options) =>
        line.call(
          'deleteSession',
          () => this.#noting(line, [id], () => layer.deleteSession(id, condition, options)),
          sentTwice,
        ),

      deleteSessions: (ids, options) =>
        line.call(
          'deleteSessions',
          () => this.#noting(line, ids, async () => layer.deleteSessions?.(ids, options)),
          sentTwice,
        ),

      userSessions: (userId, options) =>
        line.call(
          'userSessions',
          async (fate) => {
            const ids = await layer.userSessions(userId, options);
            return fate === 'stale' ? this.#lagging(ids, line.now) : ids;
          },
          read,
        ),

      loadUserSessions: (userId, options) =>
        line.call(
          'loadUserSessions',
          async (fate) => {
            const all = (await layer.loadUserSessions?.(userId, options)) as UserSessions;
            if (fate !== 'stale') return all;
            const shown = new Set(this.#lagging([...all.sessions.keys()], line.now));
            return { ...all, sessions: new Map([...all.sessions].filter(([id]) => shown.has(id))) };
          },
          read,
        ),

      loadMarks: (userId, options) =>
        line.call('loadMarks', async () => (await layer.loadMarks?.(userId, options)) as Marks, read),

      raiseUserMark: (userId, ...rest) =>
        line.call('raiseUserMark', async () => (await layer.raiseUserMark?.(userId, ...rest)) as number, write),

      endLogin: (...rest) => line.call('endLogin', async () => layer.endLogin?.(...rest), write),

      raiseEpoch: (...rest) => line.call('raiseEpoch', async () => layer.raiseEpoch?.(...rest), write),

      loadUser: () => Promise.resolve(undefined),
      roleHierarchy: () => Promise.resolve(new Map()),
    };
  }

  async #noting<T>(line: Line, ids: readonly string[], write: () => Promise<T>): Promise<T> {
    const result = await write();
    for (const id of ids) {
      const past = this.#past.get(id) ?? [];
      past.push({ at: line.now, record: await this.#layer.loadSession(id, { now: 0 }) });
      this.#past.set(id, past);
    }
    return result;
  }

  /** A session as it was a moment ago. */
  #seenLate(id: string, now: number, options: CallOptions): SessionRecord | undefined {
    const record = (this.#past.get(id) ?? []).findLast(({ at }) => at <= now - STALENESS)?.record;
    return record !== undefined && isLive(record, options.now as number) ? record : undefined;
  }

  /** Without the sessions that an index may not have learned of yet. */
  #lagging(ids: readonly string[], now: number): readonly string[] {
    const isOld = (id: string): boolean =>
      (this.#past.get(id) ?? []).some(({ at, record }) => at <= now - INDEX_LAG && record?.userId !== undefined);
    return ids.filter(isOld);
  }
}

const noAnswer = (): Error => new StoreUnavailableError('No answer.', { retryable: true });
