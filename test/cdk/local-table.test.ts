import { DescribeTableCommand, DescribeTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createLocalTable } from '../../examples/devices/local-table.js';
import { engines } from '../engines/index.js';
import { clientFor, createTestTable } from '../world/tables.js';

describe.each(engines())('the table on $name', (engine) => {
  it('is the same from the construct’s template, as npm start makes it, and from createSessionTable', async () => {
    const client = clientFor(engine);
    onTestFinished(() => client.destroy());
    const made = await createTestTable(engine);
    onTestFinished(() => made.drop());
    const TableName = `${made.tableName}-template`;
    await createLocalTable(client, TableName);
    await createLocalTable(client, TableName);

    const describeTable = async (name: string): Promise<unknown> => {
      const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
      const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName: name }));
      const indexes = (Table?.GlobalSecondaryIndexes ?? []).map(({ IndexName, KeySchema, Projection }) => ({
        IndexName,
        KeySchema,
        Projection,
      }));
      const attributes = (Table?.AttributeDefinitions ?? []).toSorted((a, b) =>
        String(a.AttributeName).localeCompare(String(b.AttributeName)),
      );
      const billing = Table?.BillingModeSummary?.BillingMode;
      return { keys: Table?.KeySchema, indexes, attributes, billing, ttl: TimeToLiveDescription };
    };
    expect(await describeTable(TableName)).toEqual(await describeTable(made.tableName));
  });
});
