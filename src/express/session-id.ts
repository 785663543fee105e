import { createHash } from 'node:crypto';

/**
 * The ID under which a session is stored: half of the SHA-256 of the session ID that its cookie carries. The cookie's
 * is a credential and is stored nowhere; this one is none, and can be shown to its user and given to `Sessions`.
 *
 * @example await store.sessions.logOutUser(user.id, { except: { id: storedIdOf(req.sessionID) } });
 */
export function storedIdOf(sid: string): string {
  // 128 bits: as long as every other session's ID in the table.
  return createHash('sha256').update(sid).digest().subarray(0, 16).toString('base64url');
}
