import {
  RECORD_ATTRIBUTE_NAMES,
  RECORD_ATTRIBUTES,
  RECORD_VERSION,
  type RecordAttribute,
  recordFrom,
  type SessionRecord,
} from './record.js';
import { userKey } from './user-id.js';

/**
 * A session as one line of readable JSON, for a persistence layer of your own. The data's values stand in it as the
 * codec wrote them; bytes are base64url. {@link deserializeSession} gives back an equal record.
 *
 * @example await redis.set(id, serializeSession(session), { EXAT: session.expiresAt });
 */
export function serializeSession(session: SessionRecord): string {
  const attributes = RECORD_ATTRIBUTE_NAMES.map((name) => {
    const value = session[name];
    return [name, value instanceof Uint8Array ? Buffer.from(value).toString('base64url') : value];
  });
  return JSON.stringify({
    version: RECORD_VERSION,
    user: session.userId === undefined ? undefined : userKey(session.userId),
    ...Object.fromEntries(attributes),
    data: Object.fromEntries(session.data),
  });
}

/**
 * Reads what {@link serializeSession} wrote.
 *
 * @returns `undefined` for anything else, the text of a newer version of this package included: that is no session.
 */
export function deserializeSession(text: string): SessionRecord | undefined {
  const stored = parseObject(text);
  const data = stored?.['data'];
  if (stored?.['version'] !== RECORD_VERSION || typeof data !== 'object' || data === null || Array.isArray(data))
    return undefined;
  const entries = Object.entries(data);
  if (!entries.every((entry): entry is [string, string] => typeof entry[1] === 'string')) return undefined;
  return recordFrom((name) => attribute(stored, name), stored['user'], new Map(entries));
}

function attribute(stored: Record<string, unknown>, name: RecordAttribute): unknown {
  const value = stored[name];
  if (RECORD_ATTRIBUTES[name].kind !== 'bytes' || typeof value !== 'string') return value;
  const bytes = Buffer.from(value, 'base64url');
  return bytes.toString('base64url') === value ? new Uint8Array(bytes) : value;
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
