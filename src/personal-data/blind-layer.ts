import { ConfigurationError } from '../core/errors.js';
import { ExtendablePersistenceLayer } from '../core/extendable-persistence-layer.js';
import type { ResolvedOptions } from '../core/options.js';
import type { SessionUser } from '../core/persistence-layer.js';

/**
 * Nothing found is no answer of a layer that does not look.
 *
 * @throws {@link ConfigurationError} for a layer that does not know which sessions are a user's
 */
export function refuseBlindLayer<User extends SessionUser>({ persistence }: ResolvedOptions<User>): void {
  if (persistence.userSessions === ExtendablePersistenceLayer.prototype.userSessions)
    throw new ConfigurationError('This persistence layer does not know the sessions of a user; expected userSessions.');
}
