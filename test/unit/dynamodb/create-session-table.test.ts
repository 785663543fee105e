import { randomUUID } from 'node:crypto';
import {
  DeleteTableCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ListTablesCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, describe, expect, it } from 'vitest';
import { createSessionTable } from '../../../src/dynamodb/index.js';
import { capabilities, engines } from '../../engines/index.js';
import { clientFor } from '../../world/tables.js';

describe.each(engines())('createSessionTable on $name', (engine) => {
  const can = capabilities[engine.name];
  const client = clientFor(engine);
  const TableName = `created-${randomUUID()}`;
  afterAll(async () => {
    await client.send(new DeleteTableCommand({ TableName }));
    client.destroy();
  });

  it('creates the table with its index, on demand, and returns when it can be used', async () => {
    await createSessionTable(client, { tableName: TableName });
    const { Table } = await client.send(new DescribeTableCommand({ TableName }));
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
      GlobalSecondaryIndexes: [
        {
          IndexName: 'byUser',
          IndexStatus: 'ACTIVE',
          Projection: { ProjectionType: 'KEYS_ONLY' },
          KeySchema: [
            { AttributeName: 'user', KeyType: 'HASH' },
            { AttributeName: 'createdAt', KeyType: 'RANGE' },
          ],
        },
      ],
    });
    const byName = Object.fromEntries(
      (Table?.AttributeDefinitions ?? []).map((each) => [each.AttributeName, each.AttributeType]),
    );
    expect(byName).toEqual({ id: 'S', user: 'S', createdAt: 'N' });
  });

  it(`${can.ttl ? 'has TTL on expiresAt' : 'is made without TTL, which the engine does not know'}`, async () => {
    const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
    const enabled = { TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' };
    expect(TimeToLiveDescription).toEqual(can.ttl ? enabled : { TimeToLiveStatus: 'DISABLED' });
  });

  it('refuses a name that is taken, and leaves that table alone', async () => {
    await expect(createSessionTable(client, { tableName: TableName })).rejects.toMatchObject({
      name: 'ResourceInUseException',
    });
    expect((await client.send(new ListTablesCommand())).TableNames).toContain(TableName);
  });
});
