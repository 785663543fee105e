import {
  CreateTableCommand,
  type CreateTableCommandInput,
  type DynamoDBClient,
  DynamoDBServiceException,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { PARTITION_KEY, TTL_ATTRIBUTE, USER_INDEX } from '../table-schema.js';

/**
 * Creates the table that sessions are kept in, for local use and tests: on demand, with its index, and with TTL where
 * the engine has it. In the cloud, `SessionStore` does this. The persistence layer itself never calls it, and needs
 * no right to.
 *
 * @throws the SDK's error, `ResourceInUseException` if there is a table of that name
 * @example
 * ```ts
 * const client = new DynamoDBClient({ endpoint: 'http://127.0.0.1:8000', region: 'local' });
 * await createSessionTable(client, { tableName: 'Sessions' });
 * ```
 */
export async function createSessionTable(
  client: DynamoDBClient,
  { tableName }: { readonly tableName: string },
): Promise<void> {
  await client.send(new CreateTableCommand(sessionTable(tableName)));
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { TableName: tableName });
  await turnOnTtl(client, tableName);
}

/** Does nothing on an engine that has no TTL. */
export async function turnOnTtl(client: DynamoDBClient, tableName: string): Promise<void> {
  try {
    await client.send(
      new UpdateTimeToLiveCommand({
        TableName: tableName,
        TimeToLiveSpecification: { AttributeName: TTL_ATTRIBUTE, Enabled: true },
      }),
    );
  } catch (error) {
    const lacksTtl = error instanceof DynamoDBServiceException && error.name === 'UnknownOperationException';
    if (!lacksTtl) throw error;
  }
}

function sessionTable(tableName: string): CreateTableCommandInput {
  return {
    TableName: tableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: PARTITION_KEY, AttributeType: 'S' },
      { AttributeName: USER_INDEX.partitionKey, AttributeType: 'S' },
      { AttributeName: USER_INDEX.sortKey, AttributeType: 'N' },
    ],
    KeySchema: [{ AttributeName: PARTITION_KEY, KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [
      {
        IndexName: USER_INDEX.indexName,
        KeySchema: [
          { AttributeName: USER_INDEX.partitionKey, KeyType: 'HASH' },
          { AttributeName: USER_INDEX.sortKey, KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
    ],
  };
}
