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

export const handler = async ({ cookies }: { readonly cookies?: readonly string[] }): Promise<unknown> => {
  const [, id = ''] = /=([\w-]+)\./.exec(cookies?.[0] ?? '') ?? [];
  const { Item: item } = await client.send(
    new GetItemCommand({ TableName: 'Sessions', Key: { id: { S: id } }, ConsistentRead: true }),
  );
  // The kind of the user's ID stands before it.
  return { statusCode: 200, body: `hello ${item?.['user']?.S?.slice(2)}`, commands: Object.keys(commands).length };
};
