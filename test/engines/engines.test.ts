import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  GetItemCommand,
  ListTablesCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capabilities, engines } from './index.js';

const epochSeconds = (): number => Math.floor(Date.now() / 1000);

describe.each(engines())('the engine $name', ({ name, endpoint }) => {
  const can = capabilities[name];
  const client = new DynamoDBClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  const TableName = `engines-${randomUUID()}`;

  beforeAll(async () => {
    await client.send(
      new CreateTableCommand({
        TableName,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'id', AttributeType: 'S' },
          { AttributeName: 'user', AttributeType: 'S' },
        ],
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'byUser',
            KeySchema: [{ AttributeName: 'user', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
      }),
    );
    await waitUntilTableExists({ client, maxWaitTime: 10, minDelay: 1 }, { TableName });
  });

  afterAll(async () => {
    await client.send(new DeleteTableCommand({ TableName }));
    client.destroy();
  });

  it('answers', async () => {
    const { TableNames } = await client.send(new ListTablesCommand());
    expect(TableNames).toContain(TableName);
  });

  it(`${can.ttl ? 'has' : 'lacks'} TTL`, async () => {
    const answer = client.send(
      new UpdateTimeToLiveCommand({
        TableName,
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      }),
    );
    if (!can.ttl) return expect(answer).rejects.toMatchObject({ name: 'UnknownOperationException' });
    await answer;
    // DynamoDB Local 3.3 deletes what is in every index of its table only: without `user` the item would stay for good.
    const Item = { id: { S: 'expired' }, user: { S: 's:user-1' }, expiresAt: { N: String(epochSeconds() - 60) } };
    await client.send(new PutItemCommand({ TableName, Item }));
    const read = new GetItemCommand({ TableName, Key: { id: Item.id }, ConsistentRead: true });
    await expect.poll(async () => (await client.send(read)).Item, { timeout: 15_000 }).toBeUndefined();
  });

  it(`${can.transactions ? 'has' : 'lacks'} transactions`, async () => {
    const Item = { id: { S: 'transacted' } };
    const answer = client.send(new TransactWriteItemsCommand({ TransactItems: [{ Put: { TableName, Item } }] }));
    if (can.transactions) await expect(answer).resolves.toBeDefined();
    else await expect(answer).rejects.toMatchObject({ name: 'UnknownOperationException' });
  });

  it(`${can.capacityUnits ? 'counts' : 'does not count'} the capacity that an index consumes`, async () => {
    const { ConsumedCapacity } = await client.send(
      new PutItemCommand({
        TableName,
        Item: { id: { S: 'counted' }, user: { S: 's:user-1' } },
        ReturnConsumedCapacity: 'INDEXES',
      }),
    );
    expect(ConsumedCapacity?.Table?.CapacityUnits).toBe(1);
    expect(ConsumedCapacity?.GlobalSecondaryIndexes?.byUser?.CapacityUnits).toBe(can.capacityUnits ? 1 : undefined);
  });

  it(`${can.oldItemOnFailedCondition ? 'returns' : 'does not return'} the item that failed a condition`, async () => {
    const Item = { id: { S: 'held' } };
    await client.send(new PutItemCommand({ TableName, Item }));
    const refused = client.send(
      new PutItemCommand({
        TableName,
        Item,
        ConditionExpression: 'attribute_not_exists(#id)',
        ExpressionAttributeNames: { '#id': 'id' },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    );
    await expect(refused).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
      Item: can.oldItemOnFailedCondition ? Item : undefined,
    });
  });
});
