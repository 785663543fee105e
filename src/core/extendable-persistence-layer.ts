import type { SessionRecord } from './record.js';
import type { PersistenceLayer, SessionUser } from './persistence-layer.js';
import type { RoleHierarchy } from './roles.js';

/**
 * A persistence layer from any subset of the functions; each missing one does nothing.
 * Give the functions to the constructor, or override them in a subclass.
 *
 * @example
 * ```ts
 * const persistence = new ExtendablePersistenceLayer({
 *   loadSession: async (id) => {
 *     const text = await redis.get(id);
 *     return text === null ? undefined : deserializeSession(text);
 *   },
 *   saveSession: async (id, session) => {
 *     await redis.set(id, serializeSession(session), { EXAT: session.expiresAt });
 *   },
 * });
 * ```
 */
export class ExtendablePersistenceLayer<User extends SessionUser = SessionUser> implements PersistenceLayer<User> {
  constructor(functions: Partial<PersistenceLayer<User>> = {}) {
    for (const [name, member] of Object.entries(functions))
      if (member !== undefined) Object.assign(this, { [name]: member });
  }

  /** Finds nothing. */
  loadSession(..._: Parameters<PersistenceLayer['loadSession']>): Promise<SessionRecord | undefined> {
    return Promise.resolve(undefined);
  }

  /** Stores nothing. */
  saveSession(..._: Parameters<PersistenceLayer['saveSession']>): ReturnType<PersistenceLayer['saveSession']> {
    return Promise.resolve();
  }

  /** Deletes nothing. */
  deleteSession(..._: Parameters<PersistenceLayer['deleteSession']>): ReturnType<PersistenceLayer['deleteSession']> {
    return Promise.resolve();
  }

  /** Knows of none. */
  userSessions(..._: Parameters<PersistenceLayer['userSessions']>): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  /** Knows nobody. */
  loadUser(..._: Parameters<PersistenceLayer['loadUser']>): Promise<User | undefined> {
    return Promise.resolve(undefined);
  }

  /** Knows no roles. */
  roleHierarchy(): Promise<RoleHierarchy> {
    return Promise.resolve(new Map<string, string>());
  }
}
