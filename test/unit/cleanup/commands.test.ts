import { describe, expect, it } from 'vitest';
import { placesIn, readCheckpoint, removeCheckpoint, writeCheckpoint } from '../../../src/cleanup/checkpoint.js';
import { deleteExpired, findingOf, scanExpired } from '../../../src/cleanup/commands.js';
import type { Item } from '../../../src/table/port.js';

const CUTOFF = 1_800_000_000;

describe('scanExpired', () => {
  it('asks for three attributes of what has expired or is not understood', () => {
    expect(scanExpired('T', { segment: 1, segments: 4, after: 'x', limit: 10 }, CUTOFF)).toEqual({
      TableName: 'T',
      Segment: 1,
      TotalSegments: 4,
      Limit: 10,
      ExclusiveStartKey: { id: { S: 'x' } },
      ProjectionExpression: '#id, #expiresAt, #version',
      FilterExpression:
        '#expiresAt <= :2 OR (NOT attribute_type(#expiresAt, :0)) OR (NOT attribute_type(#version, :0)) OR #version > :1',
      ReturnConsumedCapacity: 'TOTAL',
      ExpressionAttributeNames: { '#id': 'id', '#expiresAt': 'expiresAt', '#version': 'version' },
      ExpressionAttributeValues: { ':0': { S: 'N' }, ':1': { N: '1' }, ':2': { N: '1800000000' } },
    });
  });

  it('begins at the beginning of a segment', () => {
    const input = scanExpired('T', { segment: 0, segments: 1, after: undefined, limit: 10 }, CUTOFF);
    expect(input).not.toHaveProperty('ExclusiveStartKey');
  });
});

describe('deleteExpired', () => {
  it('holds for what is still expired and understood, or gone', () => {
    expect(deleteExpired('T', 'x', CUTOFF)).toEqual({
      TableName: 'T',
      Key: { id: { S: 'x' } },
      ConditionExpression: 'attribute_not_exists(#id) OR (#expiresAt <= :0 AND #version <= :1)',
      ReturnConsumedCapacity: 'INDEXES',
      ExpressionAttributeNames: { '#id': 'id', '#expiresAt': 'expiresAt', '#version': 'version' },
      ExpressionAttributeValues: { ':0': { N: '1800000000' }, ':1': { N: '1' } },
    });
  });
});

describe('findingOf', () => {
  const n = (value: number): { N: string } => ({ N: String(value) });

  it.each([
    ['expired', { id: { S: 'x' }, expiresAt: n(CUTOFF), version: n(1) }],
    ['skipped', { id: { S: 'x' }, expiresAt: n(CUTOFF), version: n(2) }],
    ['skipped', { id: { S: 'x' }, expiresAt: n(CUTOFF + 1), version: n(1) }],
    ['skipped', { id: { S: 'x' }, expiresAt: n(CUTOFF) }],
    ['skipped', { id: { S: 'x' }, version: n(1) }],
    ['skipped', { expiresAt: n(CUTOFF), version: n(1) }],
    ['checkpoint', { id: { S: 'cleanup#checkpoint' }, expiresAt: n(CUTOFF), version: n(1) }],
    ['kept', { id: { S: 'everyone#mark' }, version: n(1) }],
  ])('%s: %j', (kind, item) => {
    expect(findingOf(item, CUTOFF).kind).toBe(kind);
  });
});

describe('the checkpoint', () => {
  const places = [{ kind: 'start' }, { kind: 'after', id: 'x' }, { kind: 'done' }] as const;
  const stored = { L: [{ BOOL: false }, { S: 'x' }, { BOOL: true }] };

  it('is read consistently, written and removed without a condition', () => {
    const Key = { id: { S: 'cleanup#checkpoint' } };
    expect(readCheckpoint('T')).toEqual({ TableName: 'T', Key, ConsistentRead: true });
    expect(writeCheckpoint('T', places)).toEqual({
      TableName: 'T',
      Key,
      UpdateExpression: 'SET #places = :0, #version = :1',
      ExpressionAttributeNames: { '#places': 'places', '#version': 'version' },
      ExpressionAttributeValues: { ':0': stored, ':1': { N: '1' } },
    });
    expect(removeCheckpoint('T')).toEqual({ TableName: 'T', Key });
  });

  it('gives back what it was given', () => {
    expect(placesIn({ places: stored }, 3)).toEqual(places);
  });

  it.each<[Item | undefined]>([
    [undefined],
    [{}],
    [{ places: { S: 'x' } }],
    [{ places: { L: [{ S: 'x' }] } }],
    [{ places: { L: [{ NULL: true }, { N: '1' }] } }],
  ])('that says nothing begins at the beginning: %j', (checkpoint) => {
    expect(placesIn(checkpoint, 2)).toEqual([{ kind: 'start' }, { kind: 'start' }]);
  });
});
