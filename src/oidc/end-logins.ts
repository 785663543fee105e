import type { GuardedLayer } from '../core/guarded-layer.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { UserId } from '../core/user-id.js';
import { endOlderLogins, inGroups } from '../core/user-sessions.js';

/** What ends when a provider says that a login, or a user, is logged out. All of it can be done again. */

/**
 * Ends a login at a provider: first for all requests that look at its mark, then the sessions of the user, if the user is
 * known, that came of it and that the index shows.
 */
export async function endLogin<User extends SessionUser>(
  layer: GuardedLayer<User>,
  login: string,
  userId: UserId | undefined,
): Promise<void> {
  await layer.endLogin(login);
  layer.emit({ type: 'provider-logout', everywhere: false }, undefined, userId);
  if (userId === undefined) return;
  const { sessions } = await layer.loadUserSessions(userId);
  const its = [...sessions].filter(([, record]) => record.login === login);
  await inGroups(its, async ([id, { auth }]) => {
    // A session that has gone over to another login meanwhile stays.
    const outcome = await layer.delete(id, { auth });
    if (outcome.kind === 'deleted') layer.emit({ type: 'revoked', reason: 'login-ended' }, id, userId);
  });
}

/**
 * Ends all logins of a user that came before a time of the provider's (seconds). Told of the same time again, or of an
 * earlier one, it ends nothing that has begun since: so a token that comes a second time does no harm.
 */
export async function endLoginsOf<User extends SessionUser>(
  layer: GuardedLayer<User>,
  userId: UserId,
  issuedBefore: number,
): Promise<void> {
  const raised = await layer.raiseUserMark(userId, { issuedBefore });
  if (raised !== undefined) layer.emit({ type: 'provider-logout', everywhere: true }, undefined, userId);
  const generation = raised ?? (await layer.loadMarks(userId, true)).generation;
  await endOlderLogins(layer, userId, '', generation);
}
