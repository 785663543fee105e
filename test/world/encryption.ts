import type { PersistenceLayer, SessionRecord } from '../../src/index.js';
import { isSealed } from '../../src/core/encryption.js';

/** What is stored under each key of a session's data: whether it is sealed. */
export async function sealedIn(
  persistence: PersistenceLayer,
  id: string | undefined,
): Promise<Record<string, boolean>> {
  const record = await storedAt(persistence, id);
  return Object.fromEntries([...record.data].map(([key, text]) => [key, isSealed(text)]));
}

/** The record that is stored. */
export async function storedAt(persistence: PersistenceLayer, id: string | undefined): Promise<SessionRecord> {
  const record = await persistence.loadSession(id ?? '', { now: 0, fresh: true });
  if (record === undefined) throw new Error('There is no such session.');
  return record;
}
