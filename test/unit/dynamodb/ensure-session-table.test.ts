import type { TableDescription, TimeToLiveDescription } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { ensureSessionTable } from '../../../src/dynamodb/ensure-session-table.js';
import { fault, ok, startFaultyEndpoint } from '../../world/endpoint.js';
import { clientFor } from '../../world/tables.js';

const sessionTable: TableDescription = {
  TableStatus: 'ACTIVE',
  AttributeDefinitions: [
    { AttributeName: 'id', AttributeType: 'S' },
    { AttributeName: 'createdAt', AttributeType: 'N' },
    { AttributeName: 'user', AttributeType: 'S' },
  ],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  GlobalSecondaryIndexes: [
    { IndexName: 'byEmail', KeySchema: [{ AttributeName: 'email', KeyType: 'HASH' }] },
    {
      IndexName: 'byUser',
      KeySchema: [
        { AttributeName: 'user', KeyType: 'HASH' },
        { AttributeName: 'createdAt', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
};
const ON: TimeToLiveDescription = { TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' };

describe('a table that is there already', () => {
  async function ensure(table: TableDescription, ttl: TimeToLiveDescription) {
    const { endpoint, operations } = await startFaultyEndpoint(
      fault(400, 'ResourceInUseException'),
      ok({ Table: table }), // to the waiter
      ok({ Table: table }),
      ok({ TimeToLiveDescription: ttl }),
      ok(),
    );
    const client = clientFor({ name: 'dynalite', endpoint });
    return { ensured: await ensureSessionTable(client, 'Sessions'), operations };
  }

  it('is left as it is if its keys and its index fit, whatever else it has', async () => {
    const { ensured, operations } = await ensure(sessionTable, ON);
    expect(ensured).toEqual({ kind: 'present' });
    expect(operations).toEqual(['CreateTable', 'DescribeTable', 'DescribeTable', 'DescribeTimeToLive']);
  });

  it('gets TTL if that is off', async () => {
    const { ensured, operations } = await ensure(sessionTable, { TimeToLiveStatus: 'DISABLED' });
    expect(ensured).toEqual({ kind: 'present' });
    expect(operations.at(-1)).toBe('UpdateTimeToLive');
  });

  it.each<[string, TableDescription, TimeToLiveDescription, string]>([
    [
      'a sort key',
      { ...sessionTable, KeySchema: [...(sessionTable.KeySchema ?? []), { AttributeName: 'user', KeyType: 'RANGE' }] },
      ON,
      'the key is id (S, HASH) and user (S, RANGE), not id (S, HASH)',
    ],
    [
      'a key of another type',
      {
        ...sessionTable,
        AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'N' }],
        GlobalSecondaryIndexes: [],
      },
      { TimeToLiveStatus: 'DISABLED' },
      'the key is id (N, HASH), not id (S, HASH); the index byUser is missing',
    ],
    [
      'another index of that name',
      {
        ...sessionTable,
        GlobalSecondaryIndexes: [{ IndexName: 'byUser', KeySchema: [{ AttributeName: 'user', KeyType: 'HASH' }] }],
      },
      ON,
      'the key of the index byUser is user (S, HASH), not user (S, HASH) and createdAt (N, RANGE)',
    ],
    [
      'TTL on another attribute',
      sessionTable,
      { TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' },
      'TTL is on "ttl", not on "expiresAt"',
    ],
  ])('with %s is told to differ, and nothing is written', async (_, table, ttl, difference) => {
    const { ensured, operations } = await ensure(table, ttl);
    expect(ensured).toMatchObject({ kind: 'different' });
    expect(ensured.kind === 'different' && ensured.differences.join('; ')).toBe(difference);
    expect(operations).not.toContain('UpdateTimeToLive');
  });
});
