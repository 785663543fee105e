import type { GuardedLayer } from '../core/guarded-layer.js';
import { isLive } from '../core/lifetime.js';
import type { DeleteOutcome, SessionUser } from '../core/persistence-layer.js';
import type { SessionRecord } from '../core/record.js';
import { logoutOf } from '../core/find-session.js';
import type { FormerSession, FormerSessions } from './former-sessions.js';

/** How long an ended session's place stays taken: far longer than a request takes that found it alive. */
const PLACE_TAKEN_SECONDS = 3_600;

/** Moves former sessions here, one at a time, when their cookies come; and ends them for good. */
export class LazyMigration {
  readonly #layer: GuardedLayer<SessionUser>;
  readonly #former: FormerSessions;
  readonly #recordOf: (former: FormerSession, sid: string, id: string) => SessionRecord;

  constructor(
    layer: GuardedLayer<SessionUser>,
    former: FormerSessions,
    recordOf: (former: FormerSession, sid: string, id: string) => SessionRecord,
  ) {
    this.#layer = layer;
    this.#former = former;
    this.#recordOf = recordOf;
  }

  /**
   * Moves a session that is not here. If another request is faster, its copy is the session; if a logout is, the place
   * is taken. Of a user who has been logged out everywhere, no former session counts.
   */
  async move(sid: string, id: string): Promise<SessionRecord | undefined> {
    const former = await this.#former.load(sid);
    const record = former && this.#recordOf(former, sid, id);
    if (record === undefined || !isLive(record, this.#layer.now)) return this.#layer.load(id);
    const outcome = await this.#layer.save(id, record, { kind: 'create' });
    if (outcome.kind !== 'saved') return this.#layer.load(id);
    await this.#former.delete?.(sid);
    const end = await logoutOf(this.#layer, id, record, true);
    if (end !== undefined) {
      await end();
      return undefined;
    }
    this.#layer.emit({ type: 'created' }, id, record.userId);
    return record;
  }

  /** Ends a session which may be on its way here at this very moment: so its place must be taken, whatever is there. */
  async end(sid: string, id: string): Promise<DeleteOutcome> {
    const takenUntil = await this.#endFormer(sid);
    const outcome = await this.#layer.delete(id);
    await this.#layer.deleteAll([id], { takenUntil });
    return outcome;
  }

  /** Deletes the former session, and says until when its place must stay taken. */
  async #endFormer(sid: string): Promise<number> {
    const { now, options } = this.#layer;
    const soon = now + PLACE_TAKEN_SECONDS;
    if (this.#former.delete !== undefined) {
      await this.#former.delete(sid);
      return soon;
    }
    // It stays where it is, so its place stays taken for as long as it would live.
    const former = await this.#former.load(sid);
    return former === undefined ? soon : Math.max(soon, former.expiresAt ?? now + options.absoluteTimeout);
  }
}
