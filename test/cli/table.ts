import { BatchWriteItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import type { Item } from '../../src/table/port.js';
import { itemOf } from '../../src/table/item.js';
import { Sessions, type SessionRecord, type UserId } from '../../src/index.js';
import type { Engine } from '../engines/index.js';
import { fullRecord, newId } from '../world/records.js';
import { createTestTable, type TestTable } from '../world/tables.js';

/** A table of a test file's own, and what the operator types to name it. */
export interface OperatedTable extends TestTable {
  readonly args: readonly string[];
  readonly sessions: Sessions;
  readonly layer: DynamoDBPersistenceLayer;
  /** Logs a user in, as an application does, and gives the token of the cookie. */
  logIn(
    userId: UserId,
    data?: Readonly<Record<string, unknown>>,
    userAgent?: string,
  ): Promise<{ id: string; token: string }>;
  put(items: readonly Item[]): Promise<void>;
}

export async function openTable(engine: Engine): Promise<OperatedTable> {
  const table = await createTestTable(engine);
  const { client, tableName } = table;
  const layer = new DynamoDBPersistenceLayer({ client, tableName, timeoutMs: 15_000 });
  const sessions = new Sessions({ persistence: layer });
  return {
    ...table,
    args: ['--table', tableName, '--endpoint', engine.endpoint],
    sessions,
    layer,
    async logIn(userId, data = {}, userAgent = 'Mozilla/5.0') {
      const session = await sessions.start({ address: '203.0.113.7', userAgent });
      for (const [key, value] of Object.entries(data)) session.set(key, value);
      await session.logIn({ id: userId });
      const action = await session.commit();
      if (action.kind !== 'set') throw new Error('A login sets the cookie.');
      return { id: action.token.split('.')[0] as string, token: action.token };
    },
    async put(items) {
      for (let start = 0; start < items.length; start += 25) {
        const requests = items.slice(start, start + 25).map((Item) => ({ PutRequest: { Item } }));
        await client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }));
      }
    },
  };
}

export const nowSeconds = (): number => Math.floor(Date.now() / 1_000);

/** The item of a session that began a minute ago and lives for an hour. */
export function sessionItem(parts: Partial<SessionRecord> = {}, id: string = newId()): Item {
  const now = nowSeconds();
  const times = { createdAt: now - 60, lastSeenAt: now - 60, rotatedAt: now - 60, absoluteExpiresAt: now + 86_400 };
  return itemOf(id, fullRecord({ ...times, expiresAt: now + 3_600, ...parts }));
}

/**
 * The item of a session that ended an hour ago, or so many seconds. Of nobody: DynamoDB Local's TTL deletes what is in
 * every index, within seconds, and would be quicker than the test.
 */
export const expiredItem = (secondsAgo = 3_600): Item =>
  withoutUser(sessionItem({ createdAt: nowSeconds() - secondsAgo - 3_600, expiresAt: nowSeconds() - secondsAgo }));

export function withoutUser({ user: _, ...item }: Item): Item {
  return item;
}
