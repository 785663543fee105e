import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';

/** What a handler loads that keeps sessions by hand: the client, and the commands that it takes. */
const client = new DynamoDBClient({});
const commands = {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
};

export const handler = async (event: { readonly id: string }): Promise<unknown> => {
  const { Item: item } = await client.send(
    new GetItemCommand({ TableName: 'Sessions', Key: { id: { S: event.id } }, ConsistentRead: true }),
  );
  return { statusCode: 200, body: `hello ${item?.['user']?.S} ${Object.keys(commands).length}` };
};
