import { randomUUID } from 'node:crypto';
import { DeleteTableCommand, DynamoDBClient, type DynamoDBClientConfig, ScanCommand } from '@aws-sdk/client-dynamodb';
import { createSessionTable } from '../../src/dynamodb/index.js';
import type { Item } from '../../src/table/port.js';
import type { Engine } from '../engines/index.js';

/** A table of a test's own on a shared engine. */
export interface TestTable {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** Everything that is in it. */
  items(): Promise<Item[]>;
  drop(): Promise<void>;
}

/** A client for a local engine. */
export function clientFor({ endpoint }: Engine, config: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    ...config,
  });
}

export async function createTestTable(engine: Engine, tableName = `test-${randomUUID()}`): Promise<TestTable> {
  const client = clientFor(engine);
  await createSessionTable(client, { tableName });
  return {
    client,
    tableName,
    async items() {
      const items: Item[] = [];
      let ExclusiveStartKey: Item | undefined;
      do {
        const page = await client.send(
          new ScanCommand({
            TableName: tableName,
            ConsistentRead: true,
            ...(ExclusiveStartKey && { ExclusiveStartKey }),
          }),
        );
        items.push(...(page.Items ?? []));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey !== undefined);
      return items;
    },
    async drop() {
      await client.send(new DeleteTableCommand({ TableName: tableName }));
      client.destroy();
    },
  };
}
