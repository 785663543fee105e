/**
 * How one value of a session's data becomes text, and comes back equal.
 * What is not plain JSON is written in devalue's format, and read by devalue.
 */

import { unflatten } from 'devalue';
import { ConfigurationError, NotStorableError } from './errors.js';

/** Text as a codec wrote it: what a layer stores for one key of a session's data. */
export type Encoded = string;

/**
 * Turns the values of a session's data into text and back. Whatever `encode` accepts, `decode` gives back equal.
 * To keep data in another form (compressed, encrypted), implement these two around {@link readableCodec}.
 */
export interface Codec {
  /** @throws {@link NotStorableError} if the value would not come back equal. */
  encode(value: unknown): Encoded;
  /** @throws any error if this codec did not write the text: the key's value is then reported as unreadable. */
  decode(text: Encoded): unknown;
}

/**
 * How the instances of one class are stored. Exactly this class: an instance of a subclass would come back as
 * something else, so a subclass is registered on its own.
 */
export interface StorableType<Instance> {
  /** The class itself. */
  readonly class: { readonly prototype: Instance };
  /** What stands for an instance: anything storable, instances of other registered classes included. */
  encode(instance: Instance): unknown;
  /** An instance equal to the one whose `encode` gave `stored`; declare the type of the parameter accordingly. */
  decode(stored: never): Instance;
}

/** The options of {@link createCodec}. */
export interface CodecOptions<Instances> {
  /**
   * The classes whose instances can be stored, each under the name that it has in the stored text: a letter, then
   * letters, digits, `_`, `.` or `-`. What was stored under a name that is no longer registered is unreadable.
   */
  readonly types: { readonly [Name in keyof Instances]: StorableType<Instances[Name]> };
}

/** No JSON text begins so; what follows is in the format of the library by that name. */
const MARK = 'devalue:';

/** The stack has room for several times as many, so what was encoded can be decoded from any depth of calls. */
const MAX_DEPTH = 256;

/** A class that the library knows → its name for it. Not every version of Node.js has every class. */
const builtIns = new Map<unknown, string>(
  (
    'Array Date Map Set RegExp URL URLSearchParams ArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray ' +
    'Int16Array Uint16Array Float16Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array'
  )
    .split(' ')
    .map((name) => [
      (globalThis as unknown as Record<string, { prototype: object } | undefined>)[name]?.prototype,
      name,
    ]),
);

// Fake timers replace the global Date while a test runs, so it is looked up each time.
const builtInName = (prototype: unknown): string | undefined =>
  prototype === Date.prototype ? 'Date' : builtIns.get(prototype);

/**
 * The library refuses the key `__proto__`. It is written as `~__proto__`, and defined, never assigned, when read:
 * so no key reaches a prototype.
 */
const escapeKey = (key: string): string => (/^~*__proto__$/.test(key) ? `~${key}` : key);
const unescapeKey = <Key>(key: Key): Key | string =>
  typeof key === 'string' && /^~+__proto__$/.test(key) ? key.slice(1) : key;

const reading = {
  set(target: object, key: string | number, value: unknown): void {
    const property = { value, configurable: true, enumerable: true, writable: true };
    Object.defineProperty(target, unescapeKey(key), property);
  },
};

type RegisteredType = { readonly name: string; readonly encode: (instance: object) => unknown };
type RegisteredTypes = ReadonlyMap<unknown, RegisteredType>;

/** A walk over a value. Throws at the first part that would not come back equal. */
class Inspection {
  /** Whether JSON alone brings the value back equal. */
  plain = true;
  /** Each instance of a registered type, with the type's name and what stands for the instance. */
  readonly standIns: Map<unknown, readonly [string, unknown]> = new Map();

  readonly #types: RegisteredTypes;
  readonly #path: string[] = [];
  /** The depth of each object that is being walked; Infinity for those that have been. */
  readonly #depths = new Map<object, number>();
  #innermostInstance = -1;

  constructor(root: unknown, types: RegisteredTypes) {
    this.#types = types;
    this.#visit(root);
  }

  #visit(value: unknown): void {
    switch (typeof value) {
      case 'string':
      case 'boolean':
        return;
      case 'object':
        if (value !== null) this.#visitObject(value);
        return;
      case 'number':
        if (!Number.isFinite(value) || Object.is(value, -0)) this.plain = false;
        return;
      case 'undefined':
      case 'bigint':
        this.plain = false;
        return;
      case 'function':
      case 'symbol':
        this.#refuse(`is a ${typeof value}`);
    }
  }

  #visitAt(step: string, value: unknown): void {
    this.#path.push(step);
    this.#visit(value);
    this.#path.pop();
  }

  #visitObject(value: object): void {
    const seenAt = this.#depths.get(value);
    if (seenAt !== undefined) {
      this.plain = false;
      // An instance is made of its finished stand-in, which could not yet hold the instance.
      if (seenAt <= this.#innermostInstance) this.#refuse('closes a cycle through an instance of a registered type');
      return;
    }
    const depth = this.#path.length;
    if (depth > MAX_DEPTH) this.#refuse(`is nested more than ${MAX_DEPTH} levels deep`);
    this.#depths.set(value, depth);

    const prototype: object | null = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) this.#visitProperties(value);
    else if (prototype === Array.prototype && Array.isArray(value)) this.#visitArray(value);
    else {
      this.plain = false;
      const type = this.#types.get(prototype);
      if (type) this.#visitInstance(value, type);
      else if (prototype === null) this.#visitProperties(value);
      else this.#visitBuiltIn(value, prototype);
    }

    this.#depths.set(value, Infinity);
  }

  #visitArray(array: readonly unknown[]): void {
    const keys = this.#visitProperties(array, 1);
    if (keys.length !== array.length) this.plain = false;
    // Indices come first, so the last key tells whether there is anything else.
    const last = keys.at(-1);
    if (last !== undefined && !isIndex(last, array.length)) {
      this.#refuse('is an array with properties besides its items');
    }
  }

  #visitProperties(object: object, hiddenKeys = 0): readonly string[] {
    const keys = Object.keys(object);
    if (Reflect.ownKeys(object).length !== keys.length + hiddenKeys) {
      this.#refuse('has symbols as keys, or properties that are not enumerable');
    }
    for (const key of keys) {
      const property = Object.getOwnPropertyDescriptor(object, key);
      if (property?.get || property?.set) this.#refuse(`has a getter or a setter, ${JSON.stringify(key)}`);
      this.#visitAt(key, property?.value);
    }
    return keys;
  }

  #visitInstance(instance: object, type: RegisteredType): void {
    let standIn: unknown;
    try {
      standIn = type.encode(instance);
    } catch (cause) {
      this.#refuse(`was refused by encode() of its registered type ${type.name}`, { cause });
    }
    this.standIns.set(instance, [`!${type.name}`, standIn]);
    const outer = this.#innermostInstance;
    this.#innermostInstance = this.#path.length;
    this.#visitAt('encode()', standIn);
    this.#innermostInstance = outer;
  }

  #visitBuiltIn(value: object, prototype: object): void {
    const name = builtInName(prototype);
    if (name === undefined || name === 'Array') {
      this.#refuse(`is an instance of ${className(prototype)}, which is no registered type (see createCodec)`);
    }
    const items = ArrayBuffer.isView(value) && 'length' in value ? value.length : 0;
    if (Object.keys(value).length !== items || Object.getOwnPropertySymbols(value).length > 0) {
      this.#refuse(`is a ${name} with properties of its own`);
    }
    if (value instanceof RegExp && value.lastIndex !== 0) this.#refuse('is a RegExp whose lastIndex is not 0');
    if (value instanceof URL && new URL(value.href).href !== value.href) {
      this.#refuse('is a URL that does not parse to itself');
    }
    if (value instanceof ArrayBuffer && 'resizable' in value && value.resizable) {
      this.#refuse('is a resizable ArrayBuffer');
    }
    let index = 0;
    if (value instanceof Map) {
      for (const [key, item] of value) {
        this.#visitAt(`keys()[${index}]`, key);
        this.#visitAt(`values()[${index++}]`, item);
      }
    }
    if (value instanceof Set) for (const item of value) this.#visitAt(`values()[${index++}]`, item);
  }

  #refuse(reason: string, options?: ErrorOptions): never {
    throw new NotStorableError(`Cannot store ${formatPath(this.#path)}: it ${reason}.`, options);
  }
}

/**
 * Writes what passed the inspection: rows that refer to one another by their index, and to what has no row by a
 * negative number.
 */
function write(root: unknown, standIns: Inspection['standIns']): string {
  const rows: unknown[] = [];
  const indices = new Map<unknown, number>();

  const indexOf = (value: unknown): number => {
    if (value === undefined) return -1;
    if (Number.isNaN(value)) return -3;
    if (value === Infinity) return -4;
    if (value === -Infinity) return -5;
    if (Object.is(value, -0)) return -6;
    let index = indices.get(value);
    if (index === undefined) {
      index = rows.push(null) - 1;
      indices.set(value, index);
      rows[index] = isObject(value) ? rowOf(value) : typeof value === 'bigint' ? ['BigInt', String(value)] : value;
    }
    return index;
  };

  const isoOf = (date: Date): string => (Number.isNaN(date.getTime()) ? '' : date.toISOString());
  const bytesOf = (bytes: Buffer): unknown[] => ['ArrayBuffer', bytes.toString('base64')];

  const rowOf = (value: object): unknown => {
    const standIn = standIns.get(value);
    if (standIn) return [standIn[0], indexOf(standIn[1])];

    const prototype: object | null = Object.getPrototypeOf(value);
    const name = builtInName(prototype);
    if (name === 'Date') return [name, isoOf(value as Date)];
    if (value instanceof Map) return [name, ...[...value].flat().map(indexOf)];
    if (value instanceof Set) return [name, ...[...value].map(indexOf)];
    if (value instanceof RegExp) return [name, value.source, value.flags];
    if (value instanceof URL || value instanceof URLSearchParams) return [name, String(value)];
    if (value instanceof ArrayBuffer) return bytesOf(Buffer.from(value));
    if (ArrayBuffer.isView(value)) {
      // Just the bytes that the view shows: the rest of its buffer (Node's pool, often) may be someone else's.
      return [name, rows.push(bytesOf(Buffer.from(value.buffer, value.byteOffset, value.byteLength))) - 1];
    }

    const entries = Object.entries(value).map(([key, item]) => [escapeKey(key), indexOf(item)] as const);
    if (Array.isArray(value)) {
      if (entries.length === value.length) return entries.map(([, index]) => index);
      return [-7, value.length, ...entries.flatMap(([key, index]) => [Number(key), index])];
    }
    return prototype === null ? ['null', ...entries.flat()] : Object.fromEntries(entries);
  };

  const index = indexOf(root);
  return MARK + (index < 0 ? index : JSON.stringify(rows));
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

const isIndex = (key: string, length: number): boolean => Number(key) < length && String(Number(key) >>> 0) === key;

const className = (prototype: object): string => String(prototype.constructor?.name || 'an unnamed class');

/** `['items', '3', 'fn']` → `value.items[3].fn`. */
function formatPath(path: readonly string[]): string {
  const steps = path.map((step) =>
    /^[a-z_$][\w$]*(\(\)(\[\d+\])?)?$/i.test(step)
      ? `.${step}`
      : `[${/^\d+$/.test(step) ? step : JSON.stringify(step)}]`,
  );
  const text = `value${steps.join('')}`;
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

const bufferType: StorableType<Buffer> = {
  class: Buffer,
  encode: (buffer) => new Uint8Array(buffer).buffer,
  // A DataView takes an ArrayBuffer only. Buffer.from would take `{ length: 4e9 }`, too.
  decode: (bytes: ArrayBuffer) => Buffer.from(new DataView(bytes).buffer),
};

/**
 * In the library's format no row holds another. Where it would take a nested array for a string, reading could take
 * time with the square of its length.
 */
const isFlat = (rows: unknown): rows is number | unknown[] =>
  !Array.isArray(rows) || rows.every((row) => !isObject(row) || !Object.values(row).some(isObject));

/**
 * A codec like {@link readableCodec} that stores instances of your own classes, too.
 *
 * An instance may hold instances of other registered classes and anything else that can be stored; references to it
 * are kept. It may not be part of a cycle.
 *
 * @throws {@link ConfigurationError} if a name is not one, or a class is stored already.
 *
 * @example
 * ```ts
 * const codec = createCodec({
 *   types: {
 *     Money: {
 *       class: Money,
 *       encode: (money) => `${money.amount} ${money.currency}`,
 *       decode: (text: string) => Money.parse(text),
 *     },
 *   },
 * });
 * codec.encode({ price: new Money('12.50', 'EUR') }); // devalue:[{"price":1},["!Money",2],"12.50 EUR"]
 * ```
 */
export function createCodec<Instances>(options: CodecOptions<Instances>): Codec {
  const types = new Map<unknown, RegisteredType>();
  const revivers: Record<string, (standIn: unknown) => unknown> = {};

  const named = Object.entries(options.types) as [string, StorableType<object>][];
  for (const [name, type] of [['Buffer', bufferType] as const, ...named]) {
    const { prototype } = type.class;
    if (!/^[a-z][\w.-]*$/i.test(name)) {
      throw new ConfigurationError(
        `types: ${JSON.stringify(name)} is no name (a letter, then letters, digits, _ . -).`,
      );
    }
    if (revivers[`!${name}`] || types.has(prototype) || builtIns.has(prototype) || prototype === Object.prototype) {
      throw new ConfigurationError(`types: ${name} or its class is registered already, or needs no registration.`);
    }
    types.set(prototype, { name, encode: (instance) => type.encode(instance as never) });
    revivers[`!${name}`] = (standIn) => type.decode(standIn as never);
  }

  return {
    encode(value) {
      try {
        const { plain, standIns } = new Inspection(value, types);
        return plain ? JSON.stringify(value) : write(value, standIns);
      } catch (error) {
        if (error instanceof NotStorableError) throw error;
        // A detached buffer, a revoked proxy, an object with a foreign prototype. The cause might quote data.
        throw new NotStorableError('Cannot store value: a part of it cannot be read.');
      }
    },

    decode(text) {
      try {
        if (!text.startsWith(MARK)) return JSON.parse(text);
        const rows: unknown = JSON.parse(text.slice(MARK.length));
        if (isFlat(rows)) return unflatten(rows, revivers, { operations: reading });
      } catch {
        // The cause would quote the text.
      }
      throw new SyntaxError('This is no text that the codec wrote, or a type that it needs is not registered.');
    },
  };
}

/**
 * The default codec. A plain JSON value is stored as plain JSON text, which a person can read in the DynamoDB
 * console; anything else in [devalue](https://github.com/sveltejs/devalue)'s format, after `devalue:`.
 *
 * | value | comes back |
 * | --- | --- |
 * | string (lone surrogates included), finite number, boolean, `null`, array, plain object | equal; plain JSON text |
 * | `undefined`, `NaN`, `±Infinity`, `-0`, bigint | equal |
 * | sparse array, object without a prototype | equal |
 * | `Date` (invalid ones included), `Map`, `Set`, `RegExp`, `URL`, `URLSearchParams` | equal |
 * | typed array, `DataView`, `ArrayBuffer`, `Buffer` | equal, each with a buffer of its own that holds just its bytes |
 * | the same object in several places, a cycle | the same object in several places, a cycle |
 * | keys such as `__proto__` and `constructor` | ordinary keys; no prototype is touched |
 * | frozen or sealed object | equal, but not frozen or sealed |
 * | function, symbol, symbol as a key, getter, setter, property that is not enumerable | refused |
 * | array, `Date`, `Map` and so on with properties of its own; `RegExp` with a `lastIndex` | refused |
 * | instance of any other class (a promise, an error, a boxed primitive, a subclass of the above) | refused, unless registered with {@link createCodec} |
 * | more than 256 levels deep | refused |
 *
 * Refused means that `encode` throws a {@link NotStorableError} whose message says where, by key names, and why, but
 * shows no value. `decode` throws a `SyntaxError` at any text that is not its own; it runs no code from the text.
 *
 * @example
 * ```ts
 * readableCodec.encode({ theme: 'dark' }); // {"theme":"dark"}
 * readableCodec.encode({ at: new Date(0) }); // devalue:[{"at":1},["Date","1970-01-01T00:00:00.000Z"]]
 * readableCodec.encode({ items: [{ fn() {} }] }); // NotStorableError: Cannot store value.items[0].fn: it is a function.
 * ```
 */
export const readableCodec: Codec = createCodec({ types: {} });
