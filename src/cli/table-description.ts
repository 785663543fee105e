import { DescribeTableCommand, DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import type { Connection } from './connection.js';

/** What DynamoDB says of a table's size. It counts anew about every six hours. */
export interface TableDescription {
  readonly items: number;
  readonly bytes: number;
}

/**
 * @returns `undefined` if one may not ask: the job itself goes on, and does not know how far it is
 * @throws the SDK's error, before a long job that would only ask again and again
 */
export async function describeTable({ client, tableName }: Connection): Promise<TableDescription | undefined> {
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
    return { items: Table?.ItemCount ?? 0, bytes: Table?.TableSizeBytes ?? 0 };
  } catch (error) {
    if (error instanceof DynamoDBServiceException && error.name === 'AccessDeniedException') return undefined;
    throw error;
  }
}
