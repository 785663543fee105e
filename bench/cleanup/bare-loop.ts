import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  ScanCommand,
  type ScanCommandOutput,
} from '@aws-sdk/client-dynamodb';

/** Deletes the items with these keys. */
type DeleteAll = (
  client: DynamoDBClient,
  tableName: string,
  keys: NonNullable<ScanCommandOutput['Items']>,
) => Promise<void>;

/** What one would write by hand: scan, and delete what a page brought. No segments, and no place to go on from. */
export async function bareLoop(
  client: DynamoDBClient,
  tableName: string,
  now: number,
  deleteAll: DeleteAll,
): Promise<number> {
  let deleted = 0;
  let after: ScanCommandOutput['LastEvaluatedKey'];
  do {
    const page: ScanCommandOutput = await client.send(
      new ScanCommand({
        TableName: tableName,
        ProjectionExpression: 'id',
        FilterExpression: 'expiresAt <= :now',
        ExpressionAttributeValues: { ':now': { N: String(now) } },
        ...(after && { ExclusiveStartKey: after }),
      }),
    );
    const keys = page.Items ?? [];
    await deleteAll(client, tableName, keys);
    deleted += keys.length;
    after = page.LastEvaluatedKey;
  } while (after !== undefined);
  return deleted;
}

/** One after another. */
export const oneByOne: DeleteAll = async (client, tableName, keys) => {
  for (const Key of keys) await client.send(new DeleteItemCommand({ TableName: tableName, Key }));
};

/** In batches, which have no conditions: this deletes sessions that are extended meanwhile. */
export const inBatches: DeleteAll = async (client, tableName, keys) => {
  for (let first = 0; first < keys.length; first += 25) {
    const requests = keys.slice(first, first + 25).map((Key) => ({ DeleteRequest: { Key } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }));
  }
};

/**
 * The fastest that one would write by hand: segments side by side, and each page's deletions at once, on the condition
 * that they are still expired. No place to go on from, no deadline, no budget, nothing asked again.
 */
export async function parallelLoop(
  client: DynamoDBClient,
  tableName: string,
  now: number,
  { segments, pageSize, atOnce }: { segments: number; pageSize: number; atOnce: number },
): Promise<number> {
  let deleted = 0;
  const values = { ':now': { N: String(now) } };
  const cleanSegment = async (segment: number): Promise<void> => {
    let after: ScanCommandOutput['LastEvaluatedKey'];
    do {
      const page: ScanCommandOutput = await client.send(
        new ScanCommand({
          TableName: tableName,
          Segment: segment,
          TotalSegments: segments,
          Limit: pageSize,
          ProjectionExpression: 'id',
          FilterExpression: 'expiresAt <= :now',
          ExpressionAttributeValues: values,
          ...(after && { ExclusiveStartKey: after }),
        }),
      );
      const left = (page.Items ?? [])[Symbol.iterator]();
      const deleteSome = async (): Promise<void> => {
        for (const Key of left) {
          await client.send(
            new DeleteItemCommand({
              TableName: tableName,
              Key,
              ConditionExpression: 'expiresAt <= :now',
              ExpressionAttributeValues: values,
            }),
          );
          deleted += 1;
        }
      };
      await Promise.all(Array.from({ length: atOnce / segments }, deleteSome));
      after = page.LastEvaluatedKey;
    } while (after !== undefined);
  };
  await Promise.all(Array.from({ length: segments }, (_, segment) => cleanSegment(segment)));
  return deleted;
}
