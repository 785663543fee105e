import { GuardedLayer } from '../core/guarded-layer.js';
import { tombstoneEnd } from '../core/lifetime.js';
import type { ResolvedOptions } from '../core/options.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { Sessions } from '../core/sessions.js';
import { logOutEverywhere } from '../core/user-sessions.js';
import { refuseBlindLayer } from './blind-layer.js';

/** What of a user is still stored after {@link eraseUser}, and until when. */
export interface Erasure {
  /**
   * How many of the user's sessions are stored all the same: those of logins that came meanwhile, and those of which the
   * index has learnt since. Call `eraseUser` again.
   */
  readonly sessions: number;
  /**
   * Until when the user's mark is kept; it holds the user ID, and nothing else of the user. A session that the index
   * has hidden is dead by it, and is cleared away by then, too. `undefined` if the persistence layer has no marks.
   */
  readonly markUntil: Date | undefined;
  /** Until when tombstones stand in the place of the sessions; they hold a session ID, and nothing of the user. */
  readonly tombstonesUntil: Date;
}

/** In seconds. For clocks that differ, and for an instance that was frozen in the middle of a login. */
const MARGIN = 86_400;

/**
 * Erases what is stored of a user (GDPR, article 17): ends all of the user's sessions, as `logOutUser` does, and leaves
 * a tombstone without the user's ID in the place of each.
 *
 * The user's mark must stay for a while: it keeps those sessions dead that the index does not show yet, and the logins
 * that are under way. No request touches such a session without a look at the mark, so the last of them expires after
 * the idle timeout. The mark is kept for a day longer, and then cleared away as an expired session is. With
 * `revocationCheck: 'never'` a session can be touched, and the mark is kept, until the absolute timeout.
 *
 * First see to it that the user cannot log in any more. Call it with the `Sessions` of your application; if several
 * share the table, with those whose timeouts are the longest, and with `store.sessions` if one is an
 * `ExpressSessionStore`.
 *
 * @throws {@link StoreUnavailableError} if not everything could be done: call it again;
 * {@link ConfigurationError} if the persistence layer does not know a user's sessions; {@link NotStorableError} for an
 * unusable user ID
 * @example
 * ```ts
 * const { sessions: left, markUntil } = await eraseUser(sessions, 'user-1');
 * ```
 */
export async function eraseUser<Data extends object, User extends SessionUser>(
  sessions: Sessions<Data, User>,
  userId: User['id'],
): Promise<Erasure> {
  const { options } = sessions;
  refuseBlindLayer(options);
  const layer = new GuardedLayer(options);
  const lifetime = longestUnchecked(options) + MARGIN;
  const askedFor = layer.now + lifetime;
  await logOutEverywhere(layer, userId, undefined, lifetime);
  const { sessions: left, expiresAt = askedFor } = await layer.loadUserSessions(userId);
  return {
    sessions: left.size,
    markUntil: layer.hasMarks ? dateOf(expiresAt) : undefined,
    tombstonesUntil: dateOf(tombstoneEnd(layer.now, {})),
  };
}

/** For how long a session can live, at the most, without a look at its user's mark (seconds). */
function longestUnchecked({
  revocationCheck,
  idleTimeout,
  absoluteTimeout,
}: Pick<ResolvedOptions<SessionUser>, 'revocationCheck' | 'idleTimeout' | 'absoluteTimeout'>): number {
  return revocationCheck === 'never' ? absoluteTimeout : idleTimeout;
}

const dateOf = (seconds: number): Date => new Date(seconds * 1_000);
