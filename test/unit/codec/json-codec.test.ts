import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readableCodec } from '../../../src/codec/codec.js';
import { jsonCodec } from '../../../src/codec/json-codec.js';
import { NotStorableError } from '../../../src/core/errors.js';
import { assertSame, graphs, trees } from '../../world/values.js';

/** The text as the readable codec writes it, if that is plain JSON. */
function plainText(value: unknown): string | undefined {
  try {
    const text = readableCodec.encode(value);
    return text.startsWith('devalue:') ? undefined : text;
  } catch {
    return undefined;
  }
}

/** Whether it is stored or refused, it must be as the readable codec has it. */
function assertAgrees(value: unknown): void {
  const text = plainText(value);
  if (text === undefined) return assert.throws(() => jsonCodec.encode(value), NotStorableError);
  assert.equal(jsonCodec.encode(value), text);
  assertSame(jsonCodec.decode(text), value);
}

describe('the JSON codec', () => {
  it('stores what the readable codec stores as plain JSON, in the same text, and refuses everything else', () => {
    fc.assert(fc.property(trees, assertAgrees), { numRuns: 2_000 });
    fc.assert(fc.property(graphs, assertAgrees), { numRuns: 1_000 });
    fc.assert(fc.property(fc.jsonValue({ noUnicodeString: false, stringUnit: 'binary' }), assertAgrees), {
      numRuns: 1_000,
    });
  });

  const accessor = Object.defineProperty({}, 'now', { get: () => 'secret', enumerable: true });
  const cycle: unknown[] = [];
  cycle.push({ cycle });
  let deep: unknown = 'secret';
  for (let level = 0; level <= 257; level += 1) deep = { deep };

  it.each<[string, unknown, string]>([
    ['undefined', { a: [undefined] }, 'value.a[0]'],
    ['a number that is none', { 'a b': NaN }, 'value["a b"]'],
    ['an infinity', [Infinity], 'value[0]'],
    ['minus zero', -0, 'value'],
    ['a bigint', 1n, 'value'],
    ['a symbol', Symbol('secret'), 'value'],
    ['a function', { toJSON: () => 'secret' }, 'value.toJSON'],
    ['a date', { at: new Date(0) }, 'value.at'],
    ['an instance of a class', new (class Secret {})(), 'value'],
    ['an instance of a subclass of Array', new (class List extends Array {})(), 'value'],
    ['an object without a prototype', Object.create(null), 'value'],
    ['an array with a gap', Object.assign([], { 1: 'secret' }), 'value'],
    ['an array with a gap at its end', Object.assign([1], { length: 2 }), 'value'],
    ['an array with a name', Object.assign([1], { secret: 2 }), 'value'],
    ['an array with a name in place of an item', Object.assign([], { length: 1, secret: 2 }), 'value'],
    ['an array with a hidden property', Object.defineProperty([1], 'secret', { value: 1 }), 'value'],
    ['a key that is a symbol', { [Symbol('secret')]: 1 }, 'value'],
    ['a hidden property', Object.defineProperty({}, 'secret', { value: 1 }), 'value'],
    ['a getter', { accessor }, 'value.accessor.now'],
    ['the same object in two places', Array(2).fill({}), 'value[1]'],
    ['a cycle', cycle, 'value[0].cycle'],
    ['a nest of more than 256 levels', deep, 'value.deep.deep'],
    ['a revoked proxy', revoked(), 'value'],
  ])('refuses %s, says where, and shows nothing of it', (_, value, where) => {
    let message: string | undefined;
    try {
      jsonCodec.encode(value);
    } catch (error) {
      assert.ok(error instanceof NotStorableError);
      ({ message } = error);
    }
    expect(message).toContain(`Cannot store ${where}`);
    expect(message).not.toContain('secret');
  });

  it('takes what is not nested deeper', () => {
    let value: unknown = 'deep';
    for (let level = 0; level <= 256; level += 1) value = [value];
    assertAgrees(value);
  });

  it('reads no text that is not JSON, and does not quote it', () => {
    for (const text of [readableCodec.encode({ secret: new Date(0) }), 'secret', '']) {
      expect(() => jsonCodec.decode(text)).toThrow(SyntaxError);
      expect(() => jsonCodec.decode(text)).not.toThrow(/secret/);
    }
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
