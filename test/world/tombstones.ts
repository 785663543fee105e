import { expect } from 'vitest';
import { ENDED_AT } from '../../src/table/item.js';
import type { Item } from '../../src/table/port.js';
import type { PersistenceLayer } from '../../src/index.js';
import { PARTITION_KEY } from '../../src/table-schema.js';

/** Whether an item is a session: it has the hash of a secret, which neither a mark nor a tombstone has. */
export const isSession = (item: Item): boolean => 'secretHash' in item;

/**
 * What an end leaves of a session, and nothing besides: no secret, no user, no data. For comparing, as `lastWrite` is
 * any bytes.
 *
 * @param expiresAt by default an hour after the end
 */
export function tombstoneAt(id: string, endedAt: number, expiresAt: number = endedAt + 3_600): Item {
  return {
    [PARTITION_KEY]: { S: id },
    version: { N: '1' },
    [ENDED_AT]: { N: String(endedAt) },
    lastWrite: { B: expect.any(Uint8Array) as Uint8Array },
    expiresAt: { N: String(expiresAt) },
  };
}

/** Expects that this session was ended then, and that nothing is left of it anywhere in its store but word of that. */
export async function expectEnded(
  store: { readonly persistence: PersistenceLayer; records(): Promise<readonly object[]> },
  id: string,
  endedAt: number,
): Promise<void> {
  const told: unknown[] = [];
  const report = (...finding: unknown[]): number => told.push(finding);
  const record = await store.persistence.loadSession(id, { now: endedAt, fresh: true, report });
  expect([record, told]).toEqual([undefined, [['ended', endedAt]]]);
  const left = (await store.records()).filter((each) => JSON.stringify(each).includes(id));
  expect(left).toEqual(left.map(() => tombstoneAt(id, endedAt)));
}
