import assert from 'node:assert/strict';
import * as devalue from 'devalue';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createCodec, readableCodec as codec } from '../../../src/codec/codec.js';
import { ConfigurationError, NotStorableError } from '../../../src/core/errors.js';
import { assertSame, define, graphs, keys, leaves, trees } from '../../world/values.js';

const RUNS = 10_000;

/** What a store does to a text that is an attribute of type S. */
const throughUtf8 = (text: string): string => Buffer.from(text, 'utf8').toString('utf8');
const roundTrip = (value: unknown): unknown => codec.decode(throughUtf8(codec.encode(value)));

function refusal(encode: () => unknown): NotStorableError {
  try {
    encode();
  } catch (error) {
    if (error instanceof NotStorableError) return error;
    throw error;
  }
  return assert.fail('It was not refused.');
}

/** Not even an attempt may leave something behind. */
afterEach(() => {
  vi.useRealTimers();
  assert.deepEqual(Object.keys(Object.prototype), []);
  assert.deepEqual(Object.keys(Array.prototype), []);
});

describe('the readable codec', () => {
  describe('stores plain JSON as plain JSON', () => {
    it.each([
      ['a string', 'dark', '"dark"'],
      ['null', null, 'null'],
      ['nested data', { cart: [{ sku: 'A-1', qty: 2 }], ok: true }, '{"cart":[{"sku":"A-1","qty":2}],"ok":true}'],
      [
        'own keys that look dangerous',
        JSON.parse('{"__proto__":{"constructor":1}}'),
        '{"__proto__":{"constructor":1}}',
      ],
    ])('%s', (_, value: unknown, text) => {
      expect(codec.encode(value)).toBe(text);
      assertSame(codec.decode(text), value);
    });

    it('whatever it is', () => {
      const property = fc.property(fc.jsonValue({ noUnicodeString: false, stringUnit: 'binary' }), (value) => {
        const text = JSON.stringify(value);
        const plain: unknown = JSON.parse(text);
        assert.equal(codec.encode(plain), text);
        assertSame(roundTrip(plain), plain);
      });
      fc.assert(property, { numRuns: RUNS });
    });
  });

  describe('stores the rest behind a marker that begins no JSON', () => {
    const shared = { n: 1 };
    it.each([
      ['a date', { at: new Date(0) }, 'devalue:[{"at":1},["Date","1970-01-01T00:00:00.000Z"]]'],
      ['undefined', undefined, 'devalue:-1'],
      ['minus zero', -0, 'devalue:-6'],
      ['a bigint', 42n, 'devalue:[["BigInt","42"]]'],
      ['an object in two places', [shared, shared], 'devalue:[[1,1],{"n":2},1]'],
      ['a Buffer', Buffer.from('hi'), 'devalue:[["!Buffer",1],["ArrayBuffer","aGk="]]'],
    ])('%s', (_, value: unknown, text) => {
      expect(codec.encode(value)).toBe(text);
      expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError);
      assertSame(codec.decode(text), value);
    });
  });

  describe('gives back what it was given', () => {
    it('for trees of all kinds of values', () => {
      const property = fc.property(trees, (value) => {
        const copy = roundTrip(value);
        assertSame(copy, value);
        // Node.js 20 holds that an invalid date equals nothing.
        if (!codec.encode(value).includes('["Date",""]')) assert.deepStrictEqual(copy, value);
      });
      fc.assert(property, { numRuns: RUNS });
    });

    it('for graphs with shared references and cycles', () => {
      fc.assert(
        fc.property(graphs, (value) => assertSame(roundTrip(value), value)),
        { numRuns: RUNS },
      );
    });

    it('for boxed values, hidden properties and symbols: equal, or not at all', () => {
      const strange = fc.anything({
        values: [
          leaves,
          fc.constantFrom(Symbol.iterator, () => {}, Object('x'), Object(1n), new Error('x'), Promise.resolve()),
          keys.map((key) => Object.assign([1], { [key]: 2 })),
          keys.map((key) => Object.defineProperty({}, key, { value: 1 })),
          keys.map((key) => Object.defineProperty([], key === 'length' ? 0 : key, { get: () => 1, enumerable: true })),
        ],
        withBoxedValues: true,
        withMap: true,
        withSet: true,
      });
      const property = fc.property(strange, (value) => {
        let text: string;
        try {
          text = codec.encode(value);
        } catch (error) {
          return assert.ok(error instanceof NotStorableError);
        }
        return assertSame(codec.decode(text), value);
      });
      fc.assert(property, { numRuns: RUNS });
    });

    it('for a second time: what was decoded encodes to the same text', () => {
      const property = fc.property(graphs, (value) => {
        const text = codec.encode(value);
        assert.equal(codec.encode(codec.decode(text)), text);
      });
      fc.assert(property, { numRuns: 1000 });
    });

    it('for an array of four billion holes, in no time', () => {
      const array: unknown[] = [];
      array[4_294_967_294] = 'last';
      const copy = roundTrip(array) as unknown[];
      expect([copy.length, copy.at(-1), Object.keys(copy).length]).toEqual([4_294_967_295, 'last', 1]);
    });

    it.each([
      ['fake timers replace Date', () => vi.useFakeTimers({ now: 1_700_000_000_000 })],
      ['Date is mocked', () => vi.setSystemTime(1_700_000_000_000)],
    ])('for dates made while %s', (_, replaceDate) => {
      const real = new Date(5);
      replaceDate();
      const copy = roundTrip({ real, fake: new Date() }) as Record<string, Date>;
      expect(copy.real?.getTime()).toBe(5);
      expect(copy.fake?.getTime()).toBe(1_700_000_000_000);
      expect(codec.decode(codec.encode(copy.fake))).toBeInstanceOf(Date);
    });

    it('for frozen objects, thawed', () => {
      const copy = roundTrip(Object.freeze({ at: new Date(0), list: Object.freeze([1]) }));
      assertSame(copy, { at: new Date(0), list: [1] });
      expect(Object.isFrozen(copy)).toBe(false);
    });
  });

  describe('shares its format with devalue', () => {
    const anywhere = fc.tuple(trees, graphs, fc.constant(1n)).filter((value) => {
      const text = codec.encode(value);
      return !text.includes('__proto__') && !text.includes('!Buffer');
    });

    it('which reads what it writes', () => {
      const property = fc.property(anywhere, (value) => {
        assertSame(devalue.parse(codec.encode(value).slice('devalue:'.length)), value);
      });
      fc.assert(property, { numRuns: 1000 });
    });

    it('and writes what it reads', () => {
      const property = fc.property(anywhere, (value) => {
        assertSame(codec.decode(`devalue:${devalue.stringify(value)}`), value);
      });
      fc.assert(property, { numRuns: 1000 });
    });
  });

  describe('keeps to the value', () => {
    it('stores just the bytes that a view shows, not its neighbours in the pool', () => {
      const pooled = Buffer.from('hello');
      const view = new Uint8Array(pooled.buffer, pooled.byteOffset, pooled.byteLength);
      const text = codec.encode({ pooled, view, words: new Uint16Array(new ArrayBuffer(64), 2, 1) });
      expect(text).toBe(
        'devalue:[{"pooled":1,"view":3,"words":5},["!Buffer",2],["ArrayBuffer","aGVsbG8="],' +
          '["Uint8Array",4],["ArrayBuffer","aGVsbG8="],["Uint16Array",6],["ArrayBuffer","AAA="]]',
      );
    });

    it('writes and reads keys that name a prototype as ordinary keys', () => {
      const payload = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}}}';
      const value = { at: new Date(0), payload: JSON.parse(payload) as object, bare: Object.create(null) as object };
      define(value.bare, '__proto__', { polluted: 3 });
      const copy = roundTrip(value) as typeof value;
      assertSame(copy, value);
      expect(Object.getPrototypeOf(copy.payload)).toBe(Object.prototype);
      expect(Object.hasOwn(copy.payload, '__proto__')).toBe(true);
      expect(({} as { polluted?: number }).polluted).toBeUndefined();
    });

    it('is not misled by a property that someone added to Object.prototype', () => {
      const value = { at: new Date(0), evil: 1 };
      const spy = vi.fn<(value: unknown) => void>();
      Object.defineProperty(Object.prototype, 'evil', { set: spy, configurable: true });
      try {
        assertSame(roundTrip(value), value);
      } finally {
        delete (Object.prototype as { evil?: unknown }).evil;
      }
      expect(spy).not.toHaveBeenCalled();
    });
  });

  describe('refuses, and says where and why', () => {
    class Money {
      readonly amount = 'four hundred';
    }
    const used = /s/g;
    used.test('secret');
    const local = new URL('http://localhost/secret');
    local.protocol = 'file:';
    let deep: unknown = 'secret';
    for (let level = 0; level <= 257; level += 1) deep = { deep };

    it.each<[string, unknown, string]>([
      ['a function', { items: [{}, { fn() {} }] }, 'value.items[1].fn: it is a function.'],
      ['a class', Money, 'value: it is a function.'],
      ['a symbol', new Map([['secret', Symbol('secret')]]), 'value.values()[0]: it is a symbol.'],
      ['a function in a set', { 'a b': new Set(['secret', () => {}]) }, 'value["a b"].values()[1]: it is a function.'],
      ['a key of a map', new Map([[{ fn() {} }, 'secret']]), 'value.keys()[0].fn: it is a function.'],
      ['a promise', { user: Promise.resolve('secret') }, 'value.user: it is an instance of Promise, '],
      ['a WeakMap', new WeakMap(), 'value: it is an instance of WeakMap, '],
      ['an instance of a class', [new Money()], 'value[0]: it is an instance of Money, '],
      ['an instance of a nameless class', new (class {})(), 'value: it is an instance of an unnamed class, '],
      ['a subclass of Map', new (class Bag extends Map {})(), 'value: it is an instance of Bag, '],
      ['a subclass of Array', new (class List extends Array {})(), 'value: it is an instance of List, '],
      ['an error', new Error('secret'), 'value: it is an instance of Error, '],
      ['a boxed primitive', Object('secret'), 'value: it is an instance of String, '],
      ['shared memory', new SharedArrayBuffer(1), 'value: it is an instance of SharedArrayBuffer, '],
      ['an iterator', ['secret'].values(), 'value: it is an instance of '],
      ['process.env', process.env, 'value: it is an instance of '],
      [
        'arguments',
        (() => {
          return (function () {
            return arguments;
          })();
        })(),
        'value: it has symbols as keys, or',
      ],
      ['a key that is a symbol', { [Symbol('secret')]: 1 }, 'value: it has symbols as keys, or'],
      ['a key of an array that is a symbol', Object.assign([], { [Symbol()]: 1 }), 'value: it has symbols as keys, or'],
      [
        'a hidden property',
        Object.defineProperty({}, 'hidden', { value: 'secret' }),
        'value: it has symbols as keys, or',
      ],
      [
        'a getter',
        {
          get now() {
            return 'secret';
          },
        },
        'value: it has a getter or a setter, "now".',
      ],
      ['a setter', { set now(_: unknown) {} }, 'value: it has a getter or a setter, "now".'],
      [
        'an array with a getter',
        Object.defineProperty([], 0, { get: () => 1, enumerable: true }),
        'value: it has a getter',
      ],
      ['toJSON', { toJSON: () => 'secret' }, 'value.toJSON: it is a function.'],
      ['an array with a property', 'a'.match(/a/), 'value: it is an array with properties besides its items.'],
      ['an array with an empty key', Object.assign([1], { '': 1 }), 'value: it is an array with properties'],
      ['an array with a negative key', Object.assign([1], { '-1': 1 }), 'value: it is an array with properties'],
      [
        'an array with the first number that is no index',
        Object.assign([1], { '4294967295': 1 }),
        'value: it is an array',
      ],
      ['a URL that a setter made', { local }, 'value.local: it is a URL that does not parse to itself.'],
      ['a date with a property', Object.assign(new Date(0), { zone: 'secret' }), 'value: it is a Date with properties'],
      [
        'bytes with a property',
        Object.assign(new Uint8Array(1), { a: 1 }),
        'value: it is a Uint8Array with properties',
      ],
      ['a map with a symbol', Object.assign(new Map(), { [Symbol()]: 1 }), 'value: it is a Map with properties'],
      ['a regular expression in use', { used }, 'value.used: it is a RegExp whose lastIndex is not 0.'],
      [
        'a resizable buffer',
        Reflect.construct(ArrayBuffer, [1, { maxByteLength: 2 }]),
        'value: it is a resizable ArrayBuffer.',
      ],
      ['too deep a nest', deep, `value${'.deep'.repeat(39)}…: it is nested more than 256 levels deep.`],
      ['an impostor of a date', Object.create(Date.prototype), 'value: a part of it cannot be read.'],
      ['an impostor of a map', Object.create(Map.prototype), 'value: a part of it cannot be read.'],
      ['an impostor of an array', Object.create(Array.prototype), 'value: it is an instance of Array, '],
    ])('%s', (_, value, message) => {
      const error = refusal(() => codec.encode(value));
      expect(error.message).toContain(`Cannot store ${message}`);
      expect(error.message).not.toContain('secret');
      refusal(() => codec.encode({ beside: [new Date(0), value] }));
    });

    it('a detached buffer and a revoked proxy', () => {
      const buffer = new ArrayBuffer(8);
      const view = new Uint8Array(buffer);
      structuredClone(buffer, { transfer: [buffer] });
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      for (const value of [buffer, view, proxy]) expect(() => codec.encode({ value })).toThrow(NotStorableError);
    });

    it('nothing that is just nested deeply enough', () => {
      let value: unknown = new Map();
      for (let level = 0; level < 128; level += 1) value = { list: [value] };
      assertSame(roundTrip(value), value);
    });
  });

  describe('reading a text that it did not write', () => {
    const unreadable = (text: string): void => {
      expect(() => codec.decode(text)).toThrow(SyntaxError);
      expect(() => codec.decode(text)).not.toThrow(/secret/);
    };

    it.each([
      '',
      'secret',
      '{"secret":',
      'undefined',
      'devalue:',
      'devalue:[]',
      'devalue:{}',
      'devalue:null',
      'devalue:0',
      'devalue:-2',
      'devalue:-7',
      'devalue:[[1]]',
      'devalue:["secret"',
      'devalue:[["secret",1],2]',
      'devalue:[["!secret",1],[2],3]',
      'devalue:[["__proto__",1],2]',
      'devalue:[["constructor",1],2]',
      'devalue:[["Date",["secret"]]]',
      'devalue:[["RegExp","("]]',
      'devalue:[["URL","secret"]]',
      'devalue:[["BigInt","secret"]]',
      'devalue:[["Uint8Array",1],4000000000]',
      'devalue:[["Uint8Array",1],{"length":2},4000000000]',
      'devalue:[["Object",1],{"length":2},4000000000]',
      'devalue:[["!Buffer",0]]',
      'devalue:[["!Buffer",1],[2],{"length":3},4000000000]',
      'devalue:[["!Buffer",1],[2],["Uint8Array",3],["ArrayBuffer","AAAA"]]',
      'devalue:[{"__proto__":1},{"polluted":2},1]',
      'devalue:[["null","__proto__",1],{"polluted":2},1]',
      'devalue:[["Object",{"__proto__":{"polluted":1}}]]',
      'devalue:[[-7,4294967296]]',
      'devalue:[[-7,1,"__proto__",1],{"polluted":2},1]',
      'devalue:[{"a":"push"}]',
    ])('throws, quotes nothing and touches no prototype: %s', unreadable);

    it('throws at a nest that is too deep for the stack', () => {
      const rows = Array.from({ length: 50_000 }, (_, index) => `[${index + 1}]`);
      unreadable(`devalue:[${rows.join()},1]`);
    });

    it.each([
      [
        'nested arrays where a string belongs',
        `[["Date",${'["a",'.repeat(3000)}"${'x'.repeat(380_000)}"${']'.repeat(3000)}]]`,
      ],
      ['a huge number', `[["BigInt","${'9'.repeat(400_000)}"]]`],
      ['many arrays said to be long', `[[${'1,'.repeat(9999)}1],[-7,4294967295]]`],
      [
        'many views of one buffer',
        `[[2,3],["ArrayBuffer","${'A'.repeat(300_000)}"]${',["Uint8Array",1]'.repeat(5000)}]`,
      ],
      ['indices that are none', `[[${Array.from({ length: 40_000 }, (_, index) => index + 0.5).join()}],0]`],
      [
        'many buffers of one stand-in',
        `[["Set",3],[2],["ArrayBuffer","${'A'.repeat(300_000)}"]${',["!Buffer",1]'.repeat(5000)}]`,
      ],
    ])('takes no more time and memory than its length warrants: %s', (_, rows) => {
      const start = performance.now();
      try {
        codec.decode(`devalue:${rows}`);
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError);
      }
      expect(performance.now() - start).toBeLessThan(1000);
    });

    it('gives a value or a SyntaxError for whatever was damaged or made up', () => {
      const damaged = fc
        .tuple(graphs, fc.array(fc.tuple(fc.nat(), fc.nat(3), fc.constantFrom(...'0123456789-[]{},:"\\~_ae!'))))
        .map(([graph, edits]) => {
          let text = codec.encode(graph);
          for (const [at, length, char] of edits) {
            const index = Math.min('devalue:'.length + (at % text.length), text.length);
            text = text.slice(0, index) + char + text.slice(index + length);
          }
          return text;
        });
      const index = fc.oneof(fc.integer({ min: -8, max: 6 }), fc.double());
      const cell = fc.oneof(index, keys, fc.constantFrom('ArrayBuffer', 'AAAA', null));
      const type = fc.constantFrom(
        'Date',
        'Map',
        'Set',
        'RegExp',
        'Object',
        'BigInt',
        'null',
        'Uint8Array',
        'DataView',
        'ArrayBuffer',
        'URL',
        'URLSearchParams',
        'Temporal.Instant',
        '!Buffer',
        'Float16Array',
        'constructor',
        '__proto__',
      );
      const row = fc.oneof(
        index,
        keys,
        fc.array(index),
        fc.tuple(type, fc.array(cell)).map(([name, cells]) => [name, ...cells]),
        fc.dictionary(keys, cell),
      );
      const madeUp = fc.array(row, { maxLength: 8 }).map((rows) => `devalue:${JSON.stringify(rows)}`);
      const property = fc.property(fc.oneof(damaged, madeUp), (text) => {
        try {
          codec.decode(text);
        } catch (error) {
          assert.ok(error instanceof SyntaxError);
          assert.equal(error.cause, undefined);
        }
        assert.deepEqual(Object.keys(Object.prototype), []);
      });
      fc.assert(property, { numRuns: RUNS });
    });
  });
});

describe('a codec with registered types', () => {
  class Money {
    readonly amount: string;
    readonly currency: string;
    private constructor(amount: string, currency: string) {
      this.amount = amount;
      this.currency = currency;
    }
    static of(text: string): Money {
      const [amount = '', currency = ''] = text.split(' ');
      return new Money(amount, currency);
    }
  }
  class Cart {
    readonly lines: unknown;
    constructor(lines: unknown) {
      this.lines = lines;
    }
  }
  const money = createCodec({
    types: {
      Money: {
        class: Money,
        encode: (value) => `${value.amount} ${value.currency}`,
        decode: (text: string) => Money.of(text),
      },
      Cart: { class: Cart, encode: (cart) => cart.lines, decode: (lines: unknown) => new Cart(lines) },
    },
  });

  it('stores and restores instances, under their name', () => {
    const value = { price: Money.of('12.50 EUR') };
    const text = money.encode(value);
    expect(text).toBe('devalue:[{"price":1},["!Money",2],"12.50 EUR"]');
    assertSame(money.decode(text), value);
  });

  it('keeps shared references, within instances, too', () => {
    const price = Money.of('1 EUR');
    const lines = new Map<unknown, unknown>([[price, price]]);
    const value = [price, new Cart(lines), lines, new Cart([lines, new Cart(price)])];
    assertSame(money.decode(money.encode(value)), value);
  });

  it.each([undefined, null, 0, -0, '', false, NaN, 0n, []].map((standIn) => [standIn]))(
    'takes %s for what it is when it stands for an instance',
    (standIn) => {
      const value = [new Cart(standIn), new Cart(standIn)];
      assertSame(money.decode(money.encode(value)), value);
    },
  );

  it('still stores plain JSON as plain JSON, and a Buffer as a Buffer', () => {
    expect(money.encode({ theme: 'dark' })).toBe('{"theme":"dark"}');
    assertSame(money.decode(money.encode([Buffer.from('hi')])), [Buffer.from('hi')]);
  });

  it('refuses a cycle through an instance, from wherever it is entered', () => {
    const lines: unknown[] = [];
    const cart = new Cart(lines);
    lines.push({ cart });
    const message = /it closes a cycle through an instance of a registered type/;
    for (const value of [cart, lines, { cart }]) expect(() => money.encode(value)).toThrow(message);
  });

  it('allows a cycle inside of an instance', () => {
    const lines: unknown[] = [];
    lines.push(lines);
    const value = new Cart(lines);
    assertSame(money.decode(money.encode(value)), value);
  });

  it('refuses a subclass, which would come back as its base', () => {
    expect(() => money.encode(new (class BigCart extends Cart {})([]))).toThrow('an instance of BigCart');
  });

  it('says where inside of an instance something cannot be stored', () => {
    expect(() => money.encode({ cart: new Cart([() => {}]) })).toThrow(
      'Cannot store value.cart.encode()[0]: it is a function.',
    );
  });

  it('tells that encode threw, with its error as the cause', () => {
    const cause = new Error('out of paper');
    class Printer {}
    const encode = (): never => {
      throw cause;
    };
    const codec = createCodec({ types: { Printer: { class: Printer, encode, decode: () => new Printer() } } });
    const thrown = refusal(() => codec.encode({ printer: new Printer() }));
    expect(thrown).toMatchObject({
      message: 'Cannot store value.printer: it was refused by encode() of its registered type Printer.',
      cause,
    });
  });

  it('cannot read what a codec with more types has written', () => {
    expect(() => codec.decode(money.encode(Money.of('1 EUR')))).toThrow(SyntaxError);
  });

  it.each(['', '1st', 'a b', '"],[', '!Money', '__proto__'])('takes no %j for a name', (name) => {
    const types = Object.fromEntries([[name, { class: Cart, encode: () => 0, decode: () => new Cart(0) }]]);
    expect(() => createCodec({ types })).toThrow(ConfigurationError);
  });

  it('takes no class that is stored anyway, or was registered under another name', () => {
    const type = { encode: () => 0, decode: () => ({}) as never };
    for (const known of [Object, Map, Date, Array, Buffer, Cart]) {
      const types = { First: { class: Cart, ...type }, Second: { class: known as never, ...type } };
      expect(() => createCodec({ types })).toThrow(ConfigurationError);
    }
    expect(() => createCodec({ types: { Buffer: { class: Cart, ...type } } })).toThrow(ConfigurationError);
  });
});
