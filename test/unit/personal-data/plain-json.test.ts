import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readableCodec } from '../../../src/index.js';
import { plainJson } from '../../../src/personal-data/plain-json.js';
import { graphs, trees } from '../../world/values.js';

class Money {
  readonly amount = 5;
  readonly #currency = 'EUR';
  toJSON(): unknown {
    return { amount: BigInt(this.amount), currency: this.#currency };
  }
}

const cycle: Record<string, unknown> = { name: 'a' };
cycle['self'] = new Map([['inner', cycle]]);
const shared = { deep: 1 };
const epoch = new Date(0);

const isJson = (value: unknown): boolean => {
  if (typeof value !== 'object' || value === null)
    return value === null || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
  const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  return isPlain && Object.values(value).every(isJson);
};

describe('a value of a session’s data as JSON', () => {
  it.each<[string, unknown, unknown]>([
    ['text, with a lone surrogate', 'a\ud800', 'a\ud800'],
    ['numbers and booleans', [1.5, true, null], [1.5, true, null]],
    ['numbers that JSON has not', [Number.NaN, -Infinity], ['NaN', '-Infinity']],
    ['undefined', { a: undefined }, { a: null }],
    ['a bigint', 2n ** 70n, '1180591620717411303424'],
    ['a date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a date that is none', new Date(Number.NaN), null],
    ['a map of a set', new Map([[{ a: 1 }, new Set([2n])]]), [[{ a: 1 }, ['2']]]],
    [
      'a pattern, an address and its parameters',
      [/a/g, new URL('https://a.b'), new URLSearchParams('a=1')],
      ['/a/g', 'https://a.b/', 'a=1'],
    ],
    ['bytes', [Buffer.from('hi'), new Uint8Array([1]), new Uint8Array([104, 105]).buffer], ['aGk=', 'AQ==', 'aGk=']],
    ['a part of bytes', new DataView(new Uint8Array([0, 104, 105, 0]).buffer, 1, 2), 'aGk='],
    [
      'numbers in an array of their own',
      [new Float64Array([0.5, Number.NaN]), new BigInt64Array([1n])],
      [[0.5, 'NaN'], ['1']],
    ],
    [
      'keys of prototypes',
      JSON.parse('{"__proto__":{"constructor":1}}'),
      JSON.parse('{"__proto__":{"constructor":1}}'),
    ],
    ['an object without a prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['an instance of a class, by its toJSON', new Money(), { amount: '5', currency: 'EUR' }],
    ['a function, which only a codec of the application’s own gives', [() => 1], [null]],
    ['the same date twice', [epoch, epoch], ['1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00.000Z']],
    ['the same object twice', { 'a/~': shared, b: [shared] }, { 'a/~': { deep: 1 }, b: [{ $ref: '#/a~1~0' }] }],
    ['a cycle', cycle, { name: 'a', self: [['inner', { $ref: '#' }]] }],
  ])('gives %s', (_, value, expected) => {
    const plain = plainJson(value);
    expect(plain).toEqual(expected);
    expect(JSON.stringify(plain)).toBe(JSON.stringify(expected));
  });

  it('takes time in proportion to the objects, however often each is referred to', () => {
    const nodes: unknown[][] = Array.from({ length: 200 }, () => []);
    for (const node of nodes) node.push(...nodes);
    expect(isJson(plainJson(nodes))).toBe(true);
  });

  it('is JSON, whatever the codec can store', () => {
    fc.assert(
      fc.property(fc.oneof(trees, graphs), (value) => {
        expect(isJson(plainJson(readableCodec.decode(readableCodec.encode(value))))).toBe(true);
      }),
    );
  });
});
