import { describe, expect, it } from 'vitest';
import { plainObject, plainValue } from '../../../src/migration/plain-value.js';

describe('a plain value', () => {
  it.each([
    ['text', { S: '' }, ''],
    ['a number', { N: '-1.5' }, -1.5],
    ['a number out of range', { N: '1E+125' }, 1e125],
    ['a number of many digits', { N: '9007199254740993' }, 9007199254740992],
    ['a boolean', { BOOL: false }, false],
    ['null', { NULL: true }, null],
    ['bytes', { B: new Uint8Array([1, 2]) }, Buffer.from([1, 2])],
    ['a list', { L: [{ S: 'a' }, { L: [] }, { M: {} }] }, ['a', [], {}]],
    ['sets', { L: [{ SS: ['a'] }, { NS: ['1'] }, { BS: [new Uint8Array([1])] }] }, [['a'], [1], [Buffer.from([1])]]],
    ['a map', { M: { a: { M: { b: { N: '1' } } } } }, { a: { b: 1 } }],
  ] as const)('is made of %s', (_, value, plain) => {
    expect(plainValue(value as never)).toEqual(plain);
  });

  it('has any key as an ordinary one', () => {
    const map = JSON.parse(
      '{ "__proto__": { "M": { "admin": { "BOOL": true } } }, "constructor": { "N": "1" } }',
    ) as never;
    const plain = plainObject(map);
    expect(Object.entries(plain)).toEqual([
      ['__proto__', { admin: true }],
      ['constructor', 1],
    ]);
    expect(plain['admin']).toBeUndefined();
  });
});
