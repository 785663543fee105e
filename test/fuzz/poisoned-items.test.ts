import { type AttributeValue, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RECORD_VERSION } from '../../src/core/record.js';
import { formatToken, hashSecret, mintToken } from '../../src/core/token.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { getItems } from '../../src/table/commands.js';
import { itemOf, readItem } from '../../src/table/item.js';
import type { Item } from '../../src/table/port.js';
import { engines } from '../engines/index.js';
import { fullRecord } from '../world/records.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { tombstoneAt } from '../world/tombstones.js';
import { World } from '../world/world.js';

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const number = fc.oneof(
  fc.integer().map(String),
  fc.maxSafeInteger().map(String),
  fc.constantFrom('0', '1', '2', '-1', '1.5', '1E+100', '9007199254740993', '1800000000', '1800003600'),
);
const scalars = fc.oneof(
  fc.record({ S: text }),
  fc.record({ N: number }),
  fc.record({ B: fc.uint8Array({ minLength: 1, maxLength: 40 }) }),
  fc.record({ BOOL: fc.boolean() }),
  fc.constant({ NULL: true }),
);
const values = fc.oneof(
  scalars,
  fc.record({ SS: fc.uniqueArray(text, { minLength: 1 }) }),
  fc.record({ L: fc.array(scalars) }),
  fc.record({ M: fc.dictionary(fc.constantFrom('a', 'b', 'constructor'), scalars) }),
) as fc.Arbitrary<AttributeValue>;

/** What DynamoDB lets stand in an attribute: a key of the table or its index is of its kind, or absent. */
const attributes = fc.oneof(
  fc.tuple(fc.constant('user'), fc.record({ S: fc.string({ unit: 'grapheme', minLength: 1 }) })),
  fc.tuple(fc.constant('createdAt'), fc.record({ N: number })),
  fc.tuple(fc.constant('version'), fc.record({ N: fc.constantFrom('0', '1', '2', '3', '1.5') })),
  fc.tuple(
    fc.constantFrom(
      ...Object.keys(itemOf('ID', fullRecord())).filter((name) => !['id', 'user', 'createdAt'].includes(name)),
      'data.',
      'data.__proto__',
      '__proto__',
      'constructor',
      'endedAt',
      'epoch',
      'spared',
      'sparedGeneration',
    ),
    fc.option(values, { nil: undefined }),
  ),
) as fc.Arbitrary<[string, AttributeValue | undefined]>;

const listed = Object.values(getItems([], true).ExpressionAttributeNames ?? {});

describe.each(engines())('an item that anything may have been done to, on $name', (engine) => {
  let table: TestTable;
  beforeAll(async () => {
    table = await createTestTable(engine);
  });
  afterAll(() => table.drop());

  const itemAt = async (id: string): Promise<Item | undefined> => {
    const read = new GetItemCommand({ TableName: table.tableName, Key: { id: { S: id } }, ConsistentRead: true });
    return (await table.client.send(read)).Item;
  };

  // dynalite refuses an attribute of the name __proto__.
  it(
    'is a session, or none and an event, and one of a newer version stays as it is (D3)',
    { timeout: 120_000 },
    async () => {
      const world = new World(new DynamoDBPersistenceLayer({ client: table.client, tableName: table.tableName }));
      const sessions = world.sessions();
      const found = { session: 0, tombstone: 0, unreadable: 0, 'newer-version': 0 };

      const property = fc.asyncProperty(fc.array(attributes, { maxLength: 3 }), fc.nat(5), async (changes, act) => {
        const { id, secret } = mintToken();
        const record = fullRecord({ secretHash: hashSecret(secret) });
        const user = record.userId as string;
        const whole = itemOf(id, record);
        const poisoned = [...Object.entries(whole), ...changes].filter(
          ([name, value]) => value !== undefined && !(name === '__proto__' && engine.name === 'dynalite'),
        );
        const Item = Object.fromEntries(poisoned) as Item;
        await table.client.send(new PutItemCommand({ TableName: table.tableName, Item }));
        const item = (await itemAt(id)) as Item;
        const { kind } = readItem(item);
        found[kind] += 1;
        // A list does not see what has been done to what it does not read.
        const shown = readItem(Object.fromEntries(Object.entries(item).filter(([name]) => listed.includes(name))));
        const isShown = shown.kind === 'session' && shown.record.userId === user && shown.record.expiresAt > world.now;
        expect((await sessions.ofUser(user)).map((one) => one.id)).toEqual(isShown ? [id] : []);

        world.events.length = 0;
        const session = await sessions.start({ tokens: [formatToken({ id, secret })] });
        if (kind === 'unreadable' || kind === 'newer-version') {
          expect(session.id).toBeUndefined();
          expect(world.events).toEqual([expect.objectContaining({ type: 'unreadable', reason: kind })]);
        }
        if (kind === 'tombstone') expect(session.id).toBeUndefined();

        for (const [key] of session.entries()) expect(session.has(key)).toBe(true);
        for (const time of [session.createdAt, session.lastSeenAt, session.expiresAt]) {
          if (session.id === undefined) expect(time).toBeUndefined();
          else expect(time).toBeInstanceOf(Date);
        }
        const isFound = session.id === id;
        if (act === 0) session.set('theme', 'dark');
        if (act === 1) await session.logIn('somebody');
        if (act === 2) await session.destroy();
        if (act === 3) await session.regenerate();
        if (act === 4) await sessions.revoke(id);
        await session.commit();
        if (kind === 'newer-version') expect(await itemAt(id)).toEqual(item);
        expect(session.id === id ? kind : 'session').toBe('session');
        if (isFound && (act === 2 || act === 4)) expect(await itemAt(id)).toEqual(tombstoneAt(id, world.now));
      });
      await fc.assert(property, { numRuns: 500, endOnFailure: true });

      expect(RECORD_VERSION).toBe(1);
      expect(Math.min(found.session, found.tombstone, found.unreadable, found['newer-version'])).toBeGreaterThan(0);
    },
  );
});
