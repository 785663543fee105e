import { fileURLToPath } from 'node:url';
import { createContext, runInContext, runInNewContext, runInThisContext } from 'node:vm';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { type Codec, createCodec, readableCodec as codec } from '../../../src/codec/codec.js';
import { ConfigurationError, NotStorableError } from '../../../src/core/errors.js';
import { assertSame } from '../../world/values.js';

/** An expression for a value of each built-in class that a codec stores and every realm has. */
const BUILT_INS = [
  '({ theme: "dark", nested: { list: [1, { ok: true }] } })',
  '[1, [2], , "three"]',
  'new Array(3)',
  'new Date(5)',
  'new Date(NaN)',
  'new Map([["a", { at: new Date(1) }], [new Set([1]), [2]]])',
  'new Set([1n, undefined, NaN, -0, new Map()])',
  '/a\\/b/giu',
  'new Uint8Array([1, 2, 3]).buffer',
  'new DataView(new Uint8Array([1, 2, 3]).buffer, 1)',
  ...['Int8', 'Uint8', 'Uint8Clamped', 'Int16', 'Uint16', 'Int32', 'Uint32', 'Float32', 'Float64'].map(
    (kind) => `new ${kind}Array([1, 2]).subarray(1)`,
  ),
  'new BigInt64Array([1n])',
  'new BigUint64Array([1n])',
  'Object.create(null, { a: { value: {}, enumerable: true, writable: true, configurable: true } })',
  '(() => { const loop = []; loop.push({ loop }, loop); return loop; })()',
  'JSON.parse(\'{"__proto__":{"constructor":1},"at":[]}\')',
];

const own = (expression: string): unknown => runInThisContext(expression);

describe('a value of another realm', () => {
  it.each(BUILT_INS)('is stored like one of this realm, and comes back as one: %s', (expression) => {
    const foreign: unknown = runInNewContext(expression);
    expect(codec.encode(foreign)).toBe(codec.encode(own(expression)));
    assertSame(codec.decode(codec.encode(foreign)), own(expression));
    const beside = [new Date(0), foreign, own(expression)];
    assertSame(codec.decode(codec.encode(beside)), [new Date(0), own(expression), own(expression)]);
  });

  it('is plain JSON where it would be of this realm', () => {
    expect(codec.encode(runInNewContext('({ list: [{ a: 1 }] })'))).toBe('{"list":[{"a":1}]}');
  });

  it.each([
    ['a subclass of Map', 'new (class Map extends globalThis.Map {})()', 'an instance of Map,'],
    ['a subclass of Array', 'new (class List extends Array {})()', 'an instance of List,'],
    ['a subclass of Date', 'new (class Day extends Date {})(0)', 'an instance of Day,'],
    ['a subclass of Object', 'new (class Object extends globalThis.Object {})()', 'an instance of Object,'],
    ['an instance of a class', 'new (class Money {})()', 'an instance of Money,'],
    ['an error', 'new Error("secret")', 'an instance of Error,'],
    ['a boxed primitive', 'Object("secret")', 'an instance of String,'],
    ['a promise', 'Promise.resolve()', 'an instance of Promise,'],
    ['shared memory', 'new SharedArrayBuffer(1)', 'an instance of SharedArrayBuffer,'],
    ['a prototype that says it is of Map', 'Object.create({ constructor: Map })', 'an instance of Map,'],
    [
      'a function that looks like Object',
      '(() => { function Object() { ["native code"]; } return new Object(); })()',
      'an instance of Object,',
    ],
    [
      'a bound constructor',
      '(() => { const bound = Map.bind(); Object.defineProperty(bound, "name", { value: "Map" }); bound.prototype = { constructor: bound }; return Object.create(bound.prototype); })()',
      'an instance of Map,',
    ],
    ['an impostor of an array', 'Object.create(Array.prototype)', 'an instance of Array,'],
    ['a function', '({ fn() {} })', 'a function'],
    ['a getter', '({ get now() { return 1; } })', 'a getter or a setter'],
    ['a symbol as a key', '({ [Symbol()]: 1 })', 'symbols as keys'],
    ['a property of an array', 'Object.assign([], { a: 1 })', 'an array with properties besides its items'],
    ['a property of a map', 'Object.assign(new Map(), { a: 1 })', 'a Map with properties of its own'],
    ['a regular expression in use', '(() => { const used = /s/g; used.test("s"); return used; })()', 'lastIndex'],
    ['a resizable buffer', 'new ArrayBuffer(1, { maxByteLength: 2 })', 'a resizable ArrayBuffer'],
  ])('is refused where one of this realm would be: %s', (_, expression, reason) => {
    const value: unknown = runInNewContext(expression);
    expect(() => codec.encode(value)).toThrow(NotStorableError);
    expect(() => codec.encode({ beside: [new Date(0), value] })).toThrow(reason);
    expect(() => codec.encode(value)).not.toThrow(/secret/);
  });

  it.each(['Date', 'Map', 'Set', 'RegExp', 'ArrayBuffer', 'DataView', 'Uint8Array', 'Float64Array'])(
    'is refused if it only has the prototype of %s',
    (name) => {
      for (const realm of [runInNewContext(name), Reflect.get(globalThis, name)] as { prototype: object }[]) {
        expect(() => codec.encode(Object.create(realm.prototype))).toThrow(NotStorableError);
      }
    },
  );

  it('can be an instance of a registered class, which is told by its prototype', () => {
    const Money = runInNewContext('(class Money {})') as new () => object;
    const money = createCodec({ types: { Money: { class: Money, encode: () => 1, decode: () => new Money() } } });
    assertSame(money.decode(money.encode(new Money())), new Money());
    const Other = runInNewContext('(class Money {})') as new () => object;
    expect(() => money.encode(new Other())).toThrow(NotStorableError);
  });

  it('can be of no built-in class that is registered', () => {
    const ForeignMap = runInNewContext('Map') as typeof Map;
    const type = { class: ForeignMap, encode: () => 0, decode: () => new ForeignMap() };
    expect(() => createCodec({ types: { ForeignMap: type } })).toThrow(ConfigurationError);
  });
});

describe('a codec in a realm of its own, as jest loads it', () => {
  const loaded = (async (): Promise<{ codec: Codec; run: (code: string) => unknown }> => {
    const { outputFiles } = await build({
      entryPoints: [fileURLToPath(new URL('../../../src/codec/codec.ts', import.meta.url))],
      bundle: true,
      write: false,
      format: 'iife',
      globalName: 'library',
    });
    const context = createContext({ URL, URLSearchParams, Buffer, TextEncoder, TextDecoder, atob, btoa });
    runInContext(outputFiles[0]?.text ?? '', context);
    return {
      codec: runInContext('library.readableCodec', context) as Codec,
      run: (code) => runInContext(code, context),
    };
  })();

  it.each(BUILT_INS)('stores what comes from outside, and gives back its own: %s', async (expression) => {
    const { codec: inner, run } = await loaded;
    const outside = own(expression);
    const text = inner.encode(outside);
    expect(text).toBe(codec.encode(outside));
    const prototypeInside = (value: unknown): unknown => Object.getPrototypeOf(value as object);
    expect(prototypeInside(inner.decode(text))).toBe(prototypeInside(run(expression)));
    assertSame(codec.decode(inner.encode(inner.decode(text))), outside);
  });

  it.each([Buffer.from('hi'), new URL('https://example.com/a?b#c'), new URLSearchParams('a=1&a=2')])(
    'stores what Node.js gives to every realm: %s',
    async (value) => {
      const { codec: inner } = await loaded;
      assertSame(codec.decode(inner.encode({ value })), { value });
      assertSame(inner.decode(inner.encode(value)), value);
    },
  );
});
