import { DescribeTimeToLiveCommand, DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import type { Connection } from './connection.js';

/**
 * Whether DynamoDB deletes what has expired in this table.
 *
 * @returns `undefined` if one may not ask
 * @throws the SDK's error
 */
export async function hasTimeToLive({ client, tableName }: Connection): Promise<boolean | undefined> {
  try {
    const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: tableName }));
    return TimeToLiveDescription?.TimeToLiveStatus?.startsWith('ENABL') === true; // ENABLED, ENABLING
  } catch (error) {
    if (!(error instanceof DynamoDBServiceException)) throw error;
    if (error.name === 'AccessDeniedException') return undefined;
    if (error.name === 'UnknownOperationException') return false; // an engine that has no TTL
    throw error;
  }
}
