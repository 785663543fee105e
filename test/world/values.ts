import assert from 'node:assert/strict';
import fc from 'fast-check';

/** The values that a session can hold, for property tests, and what it means that one came back. */

const tagOf = (value: object): string => Object.prototype.toString.call(value);

/** Equal in every value, in every prototype, and in which references lead to the same object. */
export function assertSame(actual: unknown, expected: unknown, twins = new Map<unknown, unknown>()): void {
  if (typeof expected !== 'object' || expected === null) return assert.ok(Object.is(actual, expected));
  if (twins.has(expected)) return assert.equal(actual, twins.get(expected));
  twins.set(expected, actual);
  assert.ok(typeof actual === 'object' && actual !== null);
  assert.notEqual(actual, expected);
  assert.equal(Object.getPrototypeOf(actual), Object.getPrototypeOf(expected));
  assert.equal(tagOf(actual), tagOf(expected));
  assert.deepEqual(Reflect.ownKeys(actual), Reflect.ownKeys(expected));
  for (const key of Reflect.ownKeys(expected)) {
    const [own, theirs] = [actual, expected].map((object) => Object.getOwnPropertyDescriptor(object, key));
    assertSame(own?.value, theirs?.value, twins);
  }
  const parts = (value: object): unknown[] => {
    if (value instanceof Date) return [value.getTime()];
    if (value instanceof Set) return [...value];
    if (value instanceof Map) return [...value].flat(1);
    if (value instanceof RegExp) return [value.source, value.flags];
    if (value instanceof URL || value instanceof URLSearchParams) return [String(value)];
    if (value instanceof ArrayBuffer) return [...new Uint8Array(value)];
    if (value instanceof DataView) return [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)];
    return [];
  };
  const [own, theirs] = [parts(actual), parts(expected)];
  assert.equal(own.length, theirs.length);
  for (const [index, part] of theirs.entries()) assertSame(own[index], part, twins);
}

/** Keys of objects, those among them that could reach a prototype. */
export const keys: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', '~__proto__', '~~__proto__', 'constructor', 'prototype', 'toString', 'toJSON', 'then'),
  fc.constantFrom('', '0', '-1', 'a.b', 'length', '$', '<script>', '\u2028', '\ud800', '\udfff\ud800'),
);

/** Any code units, unpaired surrogates among them. */
const wildStrings = fc
  .array(fc.integer({ min: 0, max: 0xffff }))
  .map((units) => units.map((unit) => String.fromCharCode(unit)).join(''));

const urls = fc.webUrl({ withFragments: true, withQueryParameters: true }).map((url) => new URL(url));

/** Values that hold no others. */
export const leaves: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything({ maxDepth: 0, withBigInt: true, withDate: true, withTypedArray: true }),
  wildStrings,
  fc.double(),
  urls,
  fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.string())).map((pairs) => new URLSearchParams(pairs)),
  fc.string().map((text) => new RegExp(text.replaceAll(/[$()*+./?[\\\]^{|}]/g, '\\$&'), 'giu'.slice(text.length % 4))),
  fc.uint8Array().map((bytes) => bytes.slice().buffer),
  fc.uint8Array().map((bytes) => new DataView(bytes.slice().buffer)),
  fc.uint8Array().map((bytes) => Buffer.from(bytes)),
  fc.constantFrom(undefined, NaN, Infinity, -Infinity, -0, null, 0n, new Date(NaN)),
);

/** Values of all kinds, one in the other. */
export const trees: fc.Arbitrary<unknown> = fc.anything({
  key: keys,
  values: [leaves],
  maxDepth: 4,
  withBigInt: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
});

/** Sets a property, whatever it is called. */
export const define = (target: object, key: string, value: unknown): object =>
  Object.defineProperty(target, key, { value, configurable: true, enumerable: true, writable: true });

/** Containers that refer to one another at random: shared, and in cycles. */
export const graphs: fc.Arbitrary<object[]> = fc
  .record({
    kinds: fc.array(fc.constantFrom('object', 'null', 'array', 'map', 'set'), { minLength: 1, maxLength: 12 }),
    edges: fc.array(fc.record({ from: fc.nat(), to: fc.nat(), key: keys, value: fc.option(leaves) }), {
      maxLength: 40,
    }),
  })
  .map(({ kinds, edges }) => {
    const nodes = kinds.map((kind): object => {
      if (kind === 'map') return new Map();
      if (kind === 'set') return new Set();
      if (kind === 'array') return [];
      return kind === 'null' ? (Object.create(null) as object) : {};
    });
    for (const { from, to, key, value } of edges) {
      const node = nodes[from % nodes.length] as object;
      const target = value ?? nodes[to % nodes.length];
      if (node instanceof Map) node.set(to % 2 ? key : nodes[to % nodes.length], target);
      else if (node instanceof Set) node.add(target);
      else if (Array.isArray(node)) node[node.length + (to % 3)] = target;
      else define(node, key, target);
    }
    return nodes;
  });
