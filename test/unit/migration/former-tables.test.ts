import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectDynamoDBTable, dynamodbStoreTable } from '../../../src/migration/index.js';

const tables = [
  ['connectDynamoDBTable', connectDynamoDBTable],
  ['dynamodbStoreTable', dynamodbStoreTable],
] as const;

describe.each(tables)('the options of %s', (_, table) => {
  it.each<[string, object, RegExp]>([
    ['an unknown one', { table: 'sessions' }, /Unknown option table; expected one of tableName, hashKey, prefix/],
    ['a table name that is none', { tableName: 1 }, /Option tableName is 1; expected a string/],
    ['a prefix that is none', { prefix: null }, /Option prefix is null; expected a string/],
    ['a client that cannot send', { client: {} }, /Option client.send is undefined/],
    ['a time limit that is none', { timeoutMs: 0 }, /Option timeoutMs is 0/],
    [
      'readOnly that is no boolean',
      { readOnly: 'no' },
      /Option readOnly is a value of type string; expected a boolean/,
    ],
  ])('refuse %s', (_name, options, message) => {
    expect(() => table(options)).toThrow(message);
  });

  it('leave out the deleting where the table is only read', () => {
    expect(table()).toHaveProperty('delete');
    expect(table({ readOnly: true })).not.toHaveProperty('delete');
  });
});

const numbers = fc.oneof(
  fc.integer().map(String),
  fc.double().map(String),
  fc.constantFrom('8640000000000', '8640000000001', '-1E+125', '9.99E+125', '1E-130', '-0'),
);
const { value: values } = fc.letrec<{ value: AttributeValue; map: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.record({ S: fc.oneof(fc.string(), fc.json()) }),
    fc.record({ N: numbers }),
    fc.record({ B: fc.uint8Array() }),
    fc.record({ BOOL: fc.boolean() }),
    fc.constant({ NULL: true }),
    fc.record({ NS: fc.array(numbers) }),
    fc.record({ L: fc.array(tie('value')) }),
    tie('map'),
  ) as fc.Arbitrary<AttributeValue>,
  map: fc.record({
    M: fc.dictionary(fc.constantFrom('cookie', 'originalMaxAge', 'expires', '__proto__', 'constructor'), tie('value')),
  }) as fc.Arbitrary<AttributeValue>,
}));
const cookies = fc.record(
  { originalMaxAge: fc.oneof(fc.double(), fc.constant(null)), expires: fc.oneof(fc.string(), fc.jsonValue()) },
  { requiredKeys: [] },
);
const items = fc.record(
  {
    sess: fc.oneof(
      values,
      cookies.map((cookie) => ({ S: JSON.stringify({ cookie }) })),
      numbers.map((N) => ({ M: { cookie: { M: { originalMaxAge: { N } } } } })),
    ),
    expires: fc.oneof(
      values,
      numbers.map((N) => ({ N })),
    ),
  },
  { requiredKeys: [] },
);

describe.each(tables)('an item in the table of %s that anything may have been done to', (_, table) => {
  it('is a session whose end a Date can hold, or none', async () => {
    const found = { session: 0, none: 0 };
    const property = fc.asyncProperty(items, async (Item) => {
      const client = { send: () => Promise.resolve({ Item }) };
      const former = await table({ client: client as never }).load('sid');
      found[former === undefined ? 'none' : 'session'] += 1;
      if (former === undefined) return;
      expect(former.session['cookie']).toBeTypeOf('object');
      expect(new Date((former.expiresAt ?? 0) * 1_000).getTime()).not.toBeNaN();
    });
    await fc.assert(property, { numRuns: 2_000 });
    expect(Math.min(found.session, found.none)).toBeGreaterThan(100);
  });
});
