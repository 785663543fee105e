import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import {
  createSession,
  endSession,
  getItems,
  getSession,
  markIdOf,
  markLogin,
  queryUserSessions,
  raiseMark,
  refuseCopies,
  updateSession,
} from '../../../src/table/commands.js';
import { and, Placeholders } from '../../../src/table/expression.js';
import { tombstoneOf } from '../../../src/table/item.js';
import { RECORD_ATTRIBUTE_NAMES } from '../../../src/core/record.js';
import type { UpdateItemInput } from '../../../src/table/port.js';
import type { SecretHash } from '../../../src/core/token.js';
import type { Expected } from '../../../src/index.js';
import { changeOf, recordOf, type Update } from '../../world/records.js';

const hash = (byte: number): SecretHash => new Uint8Array(32).fill(byte) as SecretHash;

const record = recordOf({
  createdAt: 1,
  lastSeenAt: 2,
  expiresAt: 3,
  absoluteExpiresAt: 4,
  secretHash: hash(5),
  rotatedAt: 6,
  auth: 7,
  lastWrite: new Uint8Array([8]),
  data: new Map([
    ['theme', '"dark"'],
    ['__proto__', '1'],
  ]),
});
const user = { userId: 42, generation: 9, authenticatedAt: 10 };

describe('the command', () => {
  it('that reads a session', () => {
    const input = { TableName: 'T', Key: { id: { S: 'ID' } } };
    expect(getSession('T', 'ID', true)).toEqual({ ...input, ConsistentRead: true });
    expect(getSession('T', 'ID', false)).toEqual({ ...input, ConsistentRead: false });
  });

  it('that creates a session', () => {
    expect(createSession('T', 'ID', { ...record, ...user })).toEqual({
      TableName: 'T',
      Item: {
        id: { S: 'ID' },
        version: { N: '1' },
        user: { S: 'n:42' },
        createdAt: { N: '1' },
        lastSeenAt: { N: '2' },
        expiresAt: { N: '3' },
        absoluteExpiresAt: { N: '4' },
        secretHash: { B: hash(5) },
        rotatedAt: { N: '6' },
        auth: { N: '7' },
        generation: { N: '9' },
        authenticatedAt: { N: '10' },
        lastWrite: { B: new Uint8Array([8]) },
        'data.theme': { S: '"dark"' },
        'data.__proto__': { S: '1' },
      },
      ConditionExpression: 'attribute_not_exists(#id)',
      ExpressionAttributeNames: { '#id': 'id' },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
  });

  it('that changes data: just that, and the writer’s mark', () => {
    const change = changeOf(record, { set: ['theme', '__proto__'], removed: ['old key'], expected: { now: 11 } });
    expect(updateSession('T', 'ID', record, change)).toEqual({
      TableName: 'T',
      Key: { id: { S: 'ID' } },
      UpdateExpression: 'SET #lastWrite = :0, #1 = :1, #2 = :2 REMOVE #3',
      ConditionExpression: '#expiresAt > :3 AND #auth = :4 AND #version <= :5',
      ExpressionAttributeNames: {
        '#lastWrite': 'lastWrite',
        '#1': 'data.theme',
        '#2': 'data.__proto__',
        '#3': 'data.old key',
        '#expiresAt': 'expiresAt',
        '#auth': 'auth',
        '#version': 'version',
      },
      ExpressionAttributeValues: {
        ':0': { B: new Uint8Array([8]) },
        ':1': { S: '"dark"' },
        ':2': { S: '1' },
        ':3': { N: '11' },
        ':4': { N: '7' },
        ':5': { N: '1' },
      },
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
  });

  it('that touches: the times that move, and of the client what has changed, be it gone', () => {
    const touch = (client: Partial<Update>): UpdateItemInput =>
      updateSession('T', 'ID', { ...record, userAgent: 'curl' }, changeOf(record, { touched: true, ...client }));
    expect(touch({}).UpdateExpression).toBe('SET #lastSeenAt = :0, #expiresAt = :1, #lastWrite = :2');
    const { UpdateExpression, ExpressionAttributeValues } = touch({ address: true, userAgent: true });
    expect(UpdateExpression).toBe(
      'SET #lastSeenAt = :0, #expiresAt = :1, #userAgent = :2, #lastWrite = :3 REMOVE #address',
    );
    expect(ExpressionAttributeValues).toMatchObject({ ':0': { N: '2' }, ':1': { N: '3' }, ':2': { S: 'curl' } });
  });

  it('that rotates, on the condition that nobody else has', () => {
    const next = { ...record, secretHash: hash(12), previousHash: hash(5), nonce: new Uint8Array([13]) };
    const change = changeOf(record, {
      rotated: true,
      expected: { now: 11, secretHash: hash(5), value: ['a b', '14'] },
    });
    expect(updateSession('T', 'ID', next, change)).toMatchObject({
      UpdateExpression:
        'SET #secretHash = :0, #previousHash = :1, #nonce = :2, #rotatedAt = :3, #auth = :4, #lastWrite = :5 REMOVE #previousUntil',
      ConditionExpression: '#expiresAt > :6 AND #auth = :7 AND #secretHash = :8 AND #8 = :9 AND #version <= :10',
      ExpressionAttributeValues: {
        ':0': { B: hash(12) },
        ':1': { B: hash(5) },
        ':2': { B: new Uint8Array([13]) },
        ':6': { N: '11' },
        ':7': { N: '7' },
        ':8': { B: hash(5) },
        ':9': { S: '14' },
        ':10': { N: '1' },
      },
    });
  });

  it('that attaches a user, under the index’s key', () => {
    expect(
      updateSession('T', 'ID', { ...record, ...user }, changeOf(record, { userAttached: true, expected: { now: 11 } })),
    ).toMatchObject({
      UpdateExpression:
        'SET #generation = :0, #authenticatedAt = :1, #lastWrite = :2, #user = :3 REMOVE #epoch, #login, #provenAt',
      ExpressionAttributeValues: { ':0': { N: '9' }, ':1': { N: '10' }, ':3': { S: 'n:42' } },
    });
  });

  it('that changes anything but the fence leaves the fence alone', () => {
    const change = changeOf(record, { set: ['theme'], touched: true, rotated: true, userAttached: true });
    expect(updateSession('T', 'ID', { ...record, ...user, fence: 3 }, change).UpdateExpression).not.toContain('fence');
  });

  it('that changes anything never touches what is fixed at creation, nor the index’s keys', () => {
    const { userId: _, ...touch } = { ...record, ...user };
    const change = changeOf(record, { set: ['theme'], removed: ['old'], touched: true, rotated: true });
    const { UpdateExpression } = updateSession('T', 'ID', touch, change);
    for (const fixed of ['id', 'user', 'createdAt', 'absoluteExpiresAt', 'version'])
      expect(UpdateExpression).not.toContain(`#${fixed} `);
  });

  it.each<[string, Partial<Expected>, string, AttributeValue[]]>([
    ['a value', { value: ['a b', '1'] }, '#4 = :3', [{ S: '1' }]],
    ['an empty value', { value: ['a b', ''] }, '#4 = :3', [{ S: '' }]],
    ['no value', { value: ['a b', undefined] }, 'attribute_not_exists(#4)', []],
    ['the value that is taken away', { value: ['old', '1'] }, '#1 = :3', [{ S: '1' }]],
    ['the fence 3', { fence: 3 }, '#fence = :3', [{ N: '3' }]],
    ['no fence', { fence: 0 }, 'attribute_not_exists(#fence)', []],
    ['that nobody has confirmed the secret', { unconfirmed: true }, 'attribute_not_exists(#previousUntil)', []],
    ['that no later request has seen it', { lastSeenAt: 3 }, '#lastSeenAt <= :3', [{ N: '3' }]],
  ])('that changes something, expecting %s', (_, expected, condition, values) => {
    const change = changeOf(record, { removed: ['old'], expected: { now: 11, ...expected } });
    const input = updateSession('T', 'ID', { ...record, fence: 12 }, change);
    expect(input).toMatchObject({
      UpdateExpression: 'SET #lastWrite = :0 REMOVE #1',
      ConditionExpression: `#expiresAt > :1 AND #auth = :2 AND ${condition} AND #version <= :${3 + values.length}`,
      ExpressionAttributeValues: Object.fromEntries(
        [{ N: '11' }, { N: '7' }, ...values, { N: '1' }].map((value, index) => [`:${index + 1}`, value]),
      ),
    });
    const [key] = expected.value ?? ['old'];
    expect(Object.values(input.ExpressionAttributeNames ?? {})).toContain(`data.${key}`);
  });

  it('that changes something expects nothing that is not given', () => {
    const change = changeOf(record, { removed: ['old'], expected: { now: 11, unconfirmed: false } });
    expect(updateSession('T', 'ID', record, change).ConditionExpression).toBe(
      '#expiresAt > :1 AND #auth = :2 AND #version <= :3',
    );
  });

  it('that raises the fence', () => {
    const change = changeOf(record, { fenced: true, expected: { now: 11, fence: 3 } });
    expect(updateSession('T', 'ID', { ...record, fence: 4 }, change)).toMatchObject({
      UpdateExpression: 'SET #fence = :0, #lastWrite = :1',
      ConditionExpression: '#expiresAt > :2 AND #auth = :3 AND #fence = :4 AND #version <= :5',
      ExpressionAttributeValues: { ':0': { N: '4' }, ':4': { N: '3' } },
    });
  });

  it('that confirms a secret, on the condition that nobody has', () => {
    const change = changeOf(record, { rotated: true, expected: { now: 11, secretHash: hash(5), unconfirmed: true } });
    expect(updateSession('T', 'ID', { ...record, previousUntil: 12 }, change)).toMatchObject({
      UpdateExpression:
        'SET #secretHash = :0, #previousUntil = :1, #rotatedAt = :2, #auth = :3, #lastWrite = :4 REMOVE #previousHash, #nonce',
      ConditionExpression:
        '#expiresAt > :5 AND #auth = :6 AND #secretHash = :7 AND attribute_not_exists(#previousUntil) AND #version <= :8',
    });
  });

  const tombstone = tombstoneOf('ID', 1_000, new Uint8Array([1]));
  const authIs = '(attribute_not_exists(#auth) OR #auth = :0)';
  it.each([
    [{}, '', []],
    [{ auth: 0 }, `${authIs} AND `, ['0']],
    [{ generationBelow: 0 }, '#generation < :0 AND ', ['0']],
    [{ generationBelow: 9 }, '(attribute_not_exists(#generation) OR #generation < :0) AND ', ['9']],
    [
      { auth: 7, generationBelow: 9 },
      `${authIs} AND (attribute_not_exists(#generation) OR #generation < :1) AND `,
      ['7', '9'],
    ],
  ])('that ends a session, on the condition %o', (condition, expression, numbers) => {
    const input = endSession('T', tombstone, condition);
    expect(input).toEqual({
      TableName: 'T',
      Item: tombstone,
      ConditionExpression: `attribute_exists(#id) AND attribute_not_exists(#endedAt) AND ${expression}(attribute_not_exists(#version) OR #version <= :${numbers.length})`,
      ExpressionAttributeNames: {
        '#id': 'id',
        '#endedAt': 'endedAt',
        ...('auth' in condition && { '#auth': 'auth' }),
        ...('generationBelow' in condition && { '#generation': 'generation' }),
        '#version': 'version',
      },
      ExpressionAttributeValues: Object.fromEntries([...numbers, '1'].map((N, index) => [`:${index}`, { N }])),
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
  });

  it('that finds a user’s sessions, a page at a time', () => {
    const input = {
      TableName: 'T',
      IndexName: 'byUser',
      KeyConditionExpression: '#user = :0',
      ProjectionExpression: '#id',
      ExpressionAttributeNames: { '#user': 'user', '#id': 'id' },
      ExpressionAttributeValues: { ':0': { S: 's:user-1' } },
    };
    expect(queryUserSessions('T', 'user-1', undefined)).toEqual(input);
    expect(queryUserSessions('T', 'user-1', { id: { S: 'ID' } })).toEqual({
      ...input,
      ExclusiveStartKey: { id: { S: 'ID' } },
    });
  });

  it('that reads many items, consistently', () => {
    const Keys = [{ id: { S: 'a' } }, { id: { S: 'b' } }];
    expect(getItems(['a', 'b'], false)).toEqual({ Keys, ConsistentRead: true });
  });

  it('that reads many items for a list: no data, no previous secret, no key of a device, and all else that there is', () => {
    const { Keys, ConsistentRead, ProjectionExpression = '', ExpressionAttributeNames } = getItems(['a', 'b'], true);
    expect({ Keys, ConsistentRead }).toEqual({ Keys: [{ id: { S: 'a' } }, { id: { S: 'b' } }], ConsistentRead: true });
    const unlisted =
      'previousHash previousUntil nonce deviceKey deviceChallenge boundHash previousBoundHash previousBoundUntil formerKey fence';
    const listed = RECORD_ATTRIBUTE_NAMES.filter((name) => !unlisted.split(' ').includes(name));
    expect(listed).toHaveLength(RECORD_ATTRIBUTE_NAMES.length - 10);
    const names = ['id', 'version', 'user', ...listed, 'endedAt', 'spared', 'sparedGeneration'];
    expect(ProjectionExpression).toBe(names.map((name) => `#${name}`).join(', '));
    expect(ExpressionAttributeNames).toEqual(Object.fromEntries(names.map((name) => [`#${name}`, name])));
  });

  it('that raises a mark, in one write, from the time if there is none', () => {
    const lastWrite = new Uint8Array([1]);
    expect(raiseMark('T', markIdOf('user-1'), { lastWrite, expiresAt: 2_000, now: 1_000 })).toEqual({
      TableName: 'T',
      Key: { id: { S: 'user#s:user-1' } },
      UpdateExpression:
        'SET #generation = if_not_exists(#generation, :1) + :2, #version = :3, #lastWrite = :0, #expiresAt = :4 REMOVE #spared, #sparedGeneration',
      ConditionExpression: '(attribute_not_exists(#lastWrite) OR #lastWrite <> :0) AND (NOT contains(#copies, :0))',
      ExpressionAttributeNames: {
        '#copies': 'copies',
        '#generation': 'generation',
        '#spared': 'spared',
        '#sparedGeneration': 'sparedGeneration',
        '#version': 'version',
        '#lastWrite': 'lastWrite',
        '#expiresAt': 'expiresAt',
      },
      ExpressionAttributeValues: {
        ':0': { B: lastWrite },
        ':1': { N: '1000' },
        ':2': { N: '1' },
        ':3': { N: '1' },
        ':4': { N: '2000' },
      },
      ReturnValues: 'ALL_NEW',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    });
  });

  it('that raises a mark which stays', () => {
    const lastWrite = new Uint8Array([1]);
    const { UpdateExpression, ExpressionAttributeNames } = raiseMark('T', 'everyone', { lastWrite, now: 1_000 });
    expect(UpdateExpression).not.toContain('expiresAt');
    expect(ExpressionAttributeNames).not.toHaveProperty('#expiresAt');
  });

  it.each([
    [undefined, 'attribute_not_exists(#generation)', []],
    [9, '#generation = :6', ['9']],
  ])(
    'that raises a mark but spares a session, if it was seen alive at this very mark, or is spared already: %s',
    (since, asSeen, numbers) => {
      const raise = { lastWrite: new Uint8Array([1]), spare: { id: 'ID', generation: 5 }, since, now: 1_000 };
      const input = raiseMark('T', markIdOf('user-1'), raise);
      expect(input.UpdateExpression).toBe(
        'SET #generation = if_not_exists(#generation, :1) + :2, #version = :3, #lastWrite = :0, #spared = :4, #sparedGeneration = :5',
      );
      expect(input.ConditionExpression).toBe(
        `(attribute_not_exists(#lastWrite) OR #lastWrite <> :0) AND (NOT contains(#copies, :0)) AND (${asSeen} OR (#spared = :4 AND #sparedGeneration <= :5))`,
      );
      expect(input.ExpressionAttributeValues).toEqual({
        ':0': { B: new Uint8Array([1]) },
        ':1': { N: '1000' },
        ':2': { N: '1' },
        ':3': { N: '1' },
        ':4': { S: 'ID' },
        ':5': { N: '5' },
        ...Object.fromEntries(numbers.map((N, index) => [`:${6 + index}`, { N }])),
      });
    },
  );

  it('that raises a mark for a logout at a provider, unless it was raised for that time or a later one', () => {
    const raise = { lastWrite: new Uint8Array([1]), issuedBefore: 900, now: 1_000 };
    const input = raiseMark('T', markIdOf('user-1'), raise);
    expect(input.UpdateExpression).toContain('#issuedBefore = :4');
    expect(input.ConditionExpression).toContain(' AND (attribute_not_exists(#issuedBefore) OR #issuedBefore < :4)');
    expect(input.ExpressionAttributeValues).toMatchObject({ ':4': { N: '900' } });
  });

  it('that says that a login has ended: a copy of it says the same', () => {
    expect(markLogin('T', 'name', 2_000)).toEqual({
      TableName: 'T',
      Item: { id: { S: 'login#name' }, version: { N: '1' }, expiresAt: { N: '2000' } },
    });
  });

  it('that refuses the copies of a raise from now on', () => {
    const lastWrite = new Uint8Array([1]);
    expect(refuseCopies('T', markIdOf('user-1'), { lastWrite })).toEqual({
      TableName: 'T',
      Key: { id: { S: 'user#s:user-1' } },
      UpdateExpression: 'ADD #copies :0',
      ExpressionAttributeNames: { '#copies': 'copies' },
      ExpressionAttributeValues: { ':0': { BS: [lastWrite] } },
    });
  });
});

describe('the placeholders of a command', () => {
  it('are one for each name, readable where they can be', () => {
    const placeholders = new Placeholders();
    const names = ['expiresAt', 'data.a b', 'expiresAt', '__proto__', 'data.#', 'data.a b'].map((name) =>
      placeholders.name(name),
    );
    expect(names).toEqual(['#expiresAt', '#1', '#expiresAt', '#__proto__', '#3', '#1']);
    expect(Object.entries(placeholders.input.ExpressionAttributeNames)).toEqual([
      ['#expiresAt', 'expiresAt'],
      ['#1', 'data.a b'],
      ['#__proto__', '__proto__'],
      ['#3', 'data.#'],
    ]);
  });

  it('have no member for values if there are none: DynamoDB refuses an empty one', () => {
    expect(new Placeholders().input).toEqual({ ExpressionAttributeNames: {} });
  });

  it('are joined by conditions that apply', () => {
    expect(and('a', undefined, 'b')).toBe('a AND b');
    expect(and()).toBe('');
  });
});
