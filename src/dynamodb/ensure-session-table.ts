import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  DynamoDBServiceException,
  type KeySchemaElement,
  type TableDescription,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { PARTITION_KEY, TTL_ATTRIBUTE, USER_INDEX } from '../table-schema.js';
import { createSessionTable, turnOnTtl } from './create-session-table.js';

/** What came of {@link ensureSessionTable}. */
export type EnsuredTable =
  | { readonly kind: 'created' }
  | { readonly kind: 'present' }
  /** There is a table of that name that cannot hold sessions. It was left as it is. */
  | { readonly kind: 'different'; readonly differences: readonly string[] };

/**
 * Creates the session table unless it is there. A table that is there must have the keys and the index of a session
 * table; its TTL is turned on if it is off.
 *
 * @throws the SDK's error
 */
export async function ensureSessionTable(client: DynamoDBClient, tableName: string): Promise<EnsuredTable> {
  try {
    await createSessionTable(client, { tableName });
    return { kind: 'created' };
  } catch (error) {
    if (!(error instanceof DynamoDBServiceException) || error.name !== 'ResourceInUseException') throw error;
  }
  // Somebody else may be creating it right now.
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { TableName: tableName });
  const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
  const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: tableName }));
  const { TimeToLiveStatus, AttributeName: ttlAttribute } = TimeToLiveDescription ?? {};
  const differences = [
    ...keyDifferences(Table ?? {}),
    ...(ttlAttribute === undefined || ttlAttribute === TTL_ATTRIBUTE
      ? []
      : [`TTL is on "${ttlAttribute}", not on "${TTL_ATTRIBUTE}"`]),
  ];
  if (differences.length > 0) return { kind: 'different', differences };
  if (TimeToLiveStatus === 'DISABLED') await turnOnTtl(client, tableName);
  return { kind: 'present' };
}

/** Other indexes, and an index that holds more than keys, do no harm. */
function keyDifferences({ KeySchema, AttributeDefinitions, GlobalSecondaryIndexes }: TableDescription): string[] {
  const types = new Map(AttributeDefinitions?.map((each) => [each.AttributeName, each.AttributeType]));
  const say = (keys: readonly KeySchemaElement[] = []): string =>
    keys
      .map(({ AttributeName, KeyType }) => `${AttributeName} (${types.get(AttributeName)}, ${KeyType})`)
      .join(' and ');
  const { indexName, partitionKey, sortKey } = USER_INDEX;
  const index = GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === indexName);
  const compare = (what: string, actual: string, expected: string): string[] =>
    actual === expected ? [] : [`${what} is ${actual}, not ${expected}`];
  return [
    ...compare('the key', say(KeySchema), `${PARTITION_KEY} (S, HASH)`),
    ...(index === undefined
      ? [`the index ${indexName} is missing`]
      : compare(
          `the key of the index ${indexName}`,
          say(index.KeySchema),
          `${partitionKey} (S, HASH) and ${sortKey} (N, RANGE)`,
        )),
  ];
}
