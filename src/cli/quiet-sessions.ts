import type { SessionsOptions } from '../core/options.js';
import type { PersistenceLayer } from '../core/persistence-layer.js';
import { Sessions } from '../core/sessions.js';

/** Sessions that write nothing to the console when the store fails: the command says so itself, in one line. */
export function quietSessions(persistence: PersistenceLayer, options: SessionsOptions = {}): Sessions {
  return new Sessions({ ...options, persistence, onEvent: () => {} });
}
