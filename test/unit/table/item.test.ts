import { type AttributeValue, PutItemCommand } from '@aws-sdk/client-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { updateSession } from '../../../src/table/commands.js';
import { itemOf, LIMITS, readItem, type StoredItem, tombstoneOf } from '../../../src/table/item.js';
import type { Item } from '../../../src/table/port.js';
import {
  type AttributeKind,
  RECORD_ATTRIBUTE_NAMES,
  RECORD_ATTRIBUTES,
  type SessionRecord,
} from '../../../src/core/record.js';
import { DIFFICULT_KEYS } from '../../contract/keys.js';
import { engines } from '../../engines/index.js';
import { changeOf, fullRecord, newId, NOW, recordOf } from '../../world/records.js';
import { createTestTable, type TestTable } from '../../world/tables.js';

const kindOf = (item: Item): StoredItem['kind'] => readItem(item).kind;
const full = itemOf('ID', fullRecord());
const without = (name: string): Item => Object.fromEntries(Object.entries(full).filter(([key]) => key !== name));

describe('an item', () => {
  it('is read as the record that it was made of', () => {
    for (const record of [
      recordOf(),
      fullRecord(),
      fullRecord({ userId: 42n }),
      fullRecord({ userId: -0.5, data: new Map() }),
    ]) {
      expect(readItem(itemOf('ID', record))).toEqual({ kind: 'session', record });
    }
  });

  it('D1: has an attribute of its own for each key of the data', () => {
    const record = recordOf({ data: new Map(DIFFICULT_KEYS.map((key) => [key, '1'])) });
    const item = itemOf('ID', record);
    expect(Object.keys(item)).toHaveLength(Object.keys(itemOf('ID', recordOf())).length + DIFFICULT_KEYS.length);
    expect(readItem(item)).toEqual({ kind: 'session', record });
  });

  it('D3: of an ended session is a tombstone', () => {
    const tombstone = tombstoneOf('ID', NOW, new Uint8Array([1]));
    expect(tombstone).toEqual({
      id: { S: 'ID' },
      version: { N: '1' },
      endedAt: { N: String(NOW) },
      lastWrite: { B: new Uint8Array([1]) },
      expiresAt: { N: String(NOW + 3_600) },
    });
    expect(readItem(tombstone)).toEqual({ kind: 'tombstone', endedAt: NOW });
  });

  it.each([
    [undefined, 3_600],
    [NOW + 3_599, 3_600],
    [NOW + 3_601, 3_601],
    [NOW + 400 * 86_400, 400 * 86_400],
    [0, 3_600],
  ])('of an ended session stays for an hour, and for as long as its ID is to be taken: until %s', (until, stays) => {
    const options = until === undefined ? {} : { takenUntil: until };
    expect(tombstoneOf('ID', NOW, new Uint8Array([1]), options)).toMatchObject({
      endedAt: { N: String(NOW) },
      expiresAt: { N: String(NOW + stays) },
    });
  });

  it('D3: of an ended session is a tombstone, whatever else is in it', () => {
    expect(readItem({ ...full, endedAt: { N: String(NOW) } })).toEqual({ kind: 'tombstone', endedAt: NOW });
    expect(readItem({ ...full, endedAt: { S: 'then' } })).toEqual({ kind: 'tombstone', endedAt: Number.NaN });
  });

  const required = RECORD_ATTRIBUTE_NAMES.filter((name) => RECORD_ATTRIBUTES[name].required);
  const noNumbers: AttributeValue[] = [
    { S: '1' },
    { NULL: true },
    { B: new Uint8Array([1]) },
    { N: 'Infinity' },
    { N: 'NaN' },
    { N: 'abc' },
    { NS: ['1'] },
    { L: [{ N: '1' }] },
  ];
  const wrong: Record<AttributeKind, AttributeValue[]> = {
    number: [...noNumbers, { N: '1.5' }, { N: '9007199254740993' }, { N: '1E+125' }],
    decimal: noNumbers,
    text: [{ N: '1' }, { NULL: true }, { M: {} }, { B: new Uint8Array([1]) }, { BOOL: true }],
    bytes: [{ S: 'AQID' }, { NULL: true }, { B: new Uint8Array(0) }, { BS: [new Uint8Array([1])] }, { N: '1' }],
  };
  const poisons: [string, Item][] = [
    ['that is empty', {}],
    ['with an ID alone', { id: { S: 'ID' } }],
    ['of no version', without('version')],
    ['of version 0', { ...full, version: { N: '0' } }],
    ['whose version is text', { ...full, version: { S: '1' } }],
    ['whose version is no number', { ...full, version: { N: 'one' } }],
    ...required.map((name): [string, Item] => [`without ${name}`, without(name)]),
    ...RECORD_ATTRIBUTE_NAMES.flatMap((name) =>
      wrong[RECORD_ATTRIBUTES[name].kind].map((value): [string, Item] => [
        `whose ${name} is ${JSON.stringify(value)}`,
        { ...full, [name]: value },
      ]),
    ),
    ['whose user is a number', { ...full, user: { N: '42' } }],
    ['whose user has no type', { ...full, user: { S: 'user-1' } }],
    ['whose user is nobody', { ...full, user: { S: 's:' } }],
    ['whose user is Infinity', { ...full, user: { S: 'n:Infinity' } }],
    ['whose data is a number', { ...full, 'data.theme': { N: '1' } }],
    ['whose data is null', { ...full, 'data.theme': { NULL: true } }],
    ['whose data is a map', { ...full, 'data.theme': { M: { a: { S: '1' } } } }],
    ['of a user’s mark', { id: { S: 'user#s:a' }, generation: { N: '5' }, expiresAt: { N: '5' }, version: { N: '1' } }],
  ];
  it.each(poisons)('D3: %s is unreadable', (_, item) => {
    expect(kindOf(item)).toBe('unreadable');
  });

  it.each<[string, Item]>([
    ['2', { ...full, version: { N: '2' } }],
    ['1.5', { ...full, version: { N: '1.5' } }],
    ['1E+125', { ...full, version: { N: '1E+125' } }],
    ['Infinity', { ...full, version: { N: 'Infinity' } }],
    [
      '2, with nothing else that this code knows',
      { id: { S: 'ID' }, version: { N: '2' }, sealed: { B: new Uint8Array([1]) } },
    ],
    ['2, of an ended session', { id: { S: 'ID' }, version: { N: '2' }, endedAt: { N: '1' } }],
  ])('D3: of the version %s is a newer one’s', (_, item) => {
    expect(kindOf(item)).toBe('newer-version');
  });

  it('D3: with an attribute __proto__ is the session that it would be without, and reaches no prototype', () => {
    const poison = JSON.parse('{"__proto__":{"M":{"polluted":{"S":"yes"}}}}') as Item;
    const item = Object.defineProperties({ ...full }, Object.getOwnPropertyDescriptors(poison)) as Item;
    const stored = readItem(item);
    expect(stored.kind).toBe('session');
    expect(Object.getPrototypeOf(stored.kind === 'session' && stored.record)).toBe(Object.prototype);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    const fromTheSdk = Object.defineProperty({ ...full }, '__proto__', { value: undefined, enumerable: true }) as Item;
    expect(kindOf(fromTheSdk)).toBe('session');
    expect(kindOf(Object.create(full) as Item)).toBe('unreadable');
  });

  it('D3: is something, and reading it never throws, whatever is in the table', () => {
    const scalar = fc.oneof(
      fc.record({ S: fc.string() }),
      fc.record({
        N: fc.oneof(
          fc.string(),
          fc.double().map(String),
          fc.bigInt().map(String),
          fc.constant(String(NOW)),
          fc.constantFrom('1', '2'),
        ),
      }),
      fc.record({ B: fc.uint8Array() }),
      fc.record({ BOOL: fc.boolean() }),
      fc.constant({ NULL: true }),
      fc.record({ SS: fc.array(fc.string()) }),
      fc.record({ NS: fc.array(fc.string()) }),
      fc.constant({ $unknown: ['X', 1] }),
    );
    const values = fc.oneof(
      scalar,
      fc.record({ L: fc.array(scalar) }),
      fc.record({ M: fc.dictionary(fc.string(), scalar) }),
    ) as fc.Arbitrary<AttributeValue>;
    const names = fc.oneof(
      fc.constantFrom(...Object.keys(full), 'endedAt', 'data.', 'data.__proto__', '__proto__', 'constructor'),
      fc.string(),
    );
    const changes = fc.array(fc.tuple(names, values), { maxLength: 5 });
    const property = fc.property(fc.boolean(), changes, (whole, entries) => {
      const item = Object.fromEntries([...(whole ? Object.entries(full) : []), ...entries]);
      const stored = readItem(item);
      expect(['session', 'tombstone', 'unreadable', 'newer-version']).toContain(stored.kind);
      if (stored.kind !== 'session') return;
      for (const name of required) expect(stored.record[name]).toBeDefined();
      for (const encoded of stored.record.data.values()) expect(typeof encoded).toBe('string');
    });
    fc.assert(property, { numRuns: 10_000 });
  });
});

describe('the limits of a session’s data', () => {
  it('leave room for 2,000 bytes of other attributes in an item, and count the prefix of each key', () => {
    expect(LIMITS).toEqual({ dataBytes: 407_600, keyOverhead: 'data.'.length, packsSealed: true, changedKeys: 200 });
  });

  it('let one request change as many keys as one write can, with all else that a write can change', () => {
    const names = Array.from({ length: LIMITS.changedKeys }, (_, index) => `key ${index}`);
    const record = fullRecord({ data: new Map(names.map((name) => [name, '1'])), epoch: 1 });
    const change = changeOf(record, {
      set: names,
      touched: true,
      rotated: true,
      userAttached: true,
      keyed: true,
      bound: true,
      fenced: true,
    });
    expect(updateSession('T', 'ID', record, change).UpdateExpression?.length).toBeLessThanOrEqual(4_096);
    const {
      previousHash: _h,
      previousUntil: _u,
      nonce: _n,
      formerKey: _k,
      address: _a,
      userAgent: _ua,
      ...bare
    } = record;
    const { UpdateExpression } = updateSession('T', 'ID', bare, { ...change, set: [], removed: names });
    expect(UpdateExpression?.length).toBeLessThanOrEqual(4_096);
  });
});

describe.each(engines())('the largest session on $name', (engine) => {
  let table: TestTable;
  beforeAll(async () => {
    table = await createTestTable(engine);
  });
  afterAll(() => table.drop());

  const either: readonly (keyof SessionRecord)[][] = [['formerKey'], ['previousHash', 'previousUntil', 'nonce']];

  it.each(['x', 'é', '€', '🎉'].flatMap((character) => either.map((absent) => ({ character, absent }))))(
    'D4: fits, filled with $character, with all attributes at their longest but for $absent',
    async ({ character, absent }) => {
      const room = LIMITS.dataBytes - LIMITS.keyOverhead - 'fill'.length;
      const width = Buffer.byteLength(character);
      const fill = character.repeat(Math.floor(room / width)) + 'x'.repeat(room % width);
      const last = 99_999_999_999;
      const record = fullRecord({
        createdAt: last,
        absoluteExpiresAt: last,
        lastSeenAt: last,
        expiresAt: last,
        previousUntil: last,
        rotatedAt: last,
        generation: last,
        authenticatedAt: last + 0.999,
        deviceKey: new Uint8Array(422), // RSA with 3,072 bits
        boundUntil: last,
        previousBoundUntil: last,
        fence: Number.MAX_SAFE_INTEGER,
        epoch: last,
        auth: Number.MAX_SAFE_INTEGER,
        userId: 'u'.repeat(254),
        address: 'ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255',
        userAgent: 'M'.repeat(258),
        data: new Map([['fill', fill]]),
        ...Object.fromEntries(absent.map((name) => [name, undefined])),
      });
      const Item = itemOf(newId(), record);
      const size = (part: Iterable<[string, AttributeValue]>): number =>
        [...part].reduce((sum, [name, { S = '' }]) => sum + Buffer.byteLength(name) + Buffer.byteLength(S), 0);
      expect(size(Object.entries(Item).filter(([name]) => name.startsWith('data.')))).toBe(LIMITS.dataBytes);
      await expect(table.client.send(new PutItemCommand({ TableName: table.tableName, Item }))).resolves.toBeDefined();
    },
  );
});
