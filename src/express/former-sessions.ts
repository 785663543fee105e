/** A session as another session store has kept it. */
export interface FormerSession {
  /** What the store would give to the application: `cookie`, and the application's keys. */
  readonly session: Readonly<Record<string, unknown>>;
  /** When it ends, in whole seconds since the epoch. Absent: never. */
  readonly expiresAt?: number | undefined;
}

/**
 * Where sessions were kept before, each under the session ID that its cookie carries.
 * A former session is moved when its cookie comes.
 */
export interface FormerSessions {
  /** The session with this ID, or `undefined`: that none exists is no error. It may have expired. */
  load(sid: string): Promise<FormerSession | undefined>;
  /**
   * Deletes the session. That none exists is no error. Without this function the former sessions are only read: they
   * stay where they are until they expire.
   */
  delete?(sid: string): Promise<void>;
}
