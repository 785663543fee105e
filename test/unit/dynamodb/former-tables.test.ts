import { describe, expect, it } from 'vitest';
import { connectDynamoDBTable, dynamodbStoreTable } from '../../../src/dynamodb/index.js';

describe.each([
  ['connectDynamoDBTable', connectDynamoDBTable],
  ['dynamodbStoreTable', dynamodbStoreTable],
])('the options of %s', (_, table) => {
  it.each<[string, object, RegExp]>([
    ['an unknown one', { table: 'sessions' }, /Unknown option table; expected one of tableName, hashKey, prefix/],
    ['a table name that is none', { tableName: 1 }, /Option tableName is a number; expected a string/],
    ['a prefix that is none', { prefix: null }, /Option prefix is a object; expected a string/],
    ['a client that cannot send', { client: {} }, /Option client.send is undefined/],
    ['a time limit that is none', { timeoutMs: 0 }, /Option timeoutMs is 0/],
    ['readOnly that is no boolean', { readOnly: 'no' }, /Option readOnly is a string; expected a boolean/],
  ])('refuse %s', (_name, options, message) => {
    expect(() => table(options)).toThrow(message);
  });

  it('leave out the deleting where the table is only read', () => {
    expect(table()).toHaveProperty('delete');
    expect(table({ readOnly: true })).not.toHaveProperty('delete');
  });
});
