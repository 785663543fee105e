/**
 * How one value of a session's data becomes text, and comes back equal.
 * What is not plain JSON is written in devalue's format, and read by devalue.
 */

import { ConfigurationError, NotStorableError } from '../core/errors.js';
import { builtInName, Inspection, type RegisteredType } from './inspection.js';
import { readRows, writeRows } from './devalue-rows.js';

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

const bufferType = {
  encode: (buffer: object) => new Uint8Array(buffer as Buffer).buffer,
  // A DataView takes an ArrayBuffer only. Buffer.from would take `{ length: 4e9 }`, too.
  decode: (bytes: unknown) => Buffer.from(new DataView(bytes as ArrayBuffer).buffer),
};

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
  const types = new Map<unknown, RegisteredType>([[Buffer.prototype, { name: 'Buffer', encode: bufferType.encode }]]);
  const revivers: Record<string, (standIn: unknown) => unknown> = { '!Buffer': bufferType.decode };

  for (const [name, type] of Object.entries(options.types) as [string, StorableType<object>][]) {
    const { prototype } = type.class;
    if (!/^[a-z][\w.-]*$/i.test(name)) {
      throw new ConfigurationError(
        `types: ${JSON.stringify(name)} is no name (a letter, then letters, digits, _ . -).`,
      );
    }
    if (revivers[`!${name}`] || types.has(prototype) || builtInName(prototype) !== undefined) {
      throw new ConfigurationError(`types: ${name} or its class is registered already, or needs no registration.`);
    }
    types.set(prototype, { name, encode: (instance) => type.encode(instance as never) });
    revivers[`!${name}`] = (standIn) => type.decode(standIn as never);
  }

  return {
    encode(value) {
      try {
        const { plain, standIns } = new Inspection(value, types);
        return plain ? JSON.stringify(value) : MARK + writeRows(value, standIns);
      } catch (error) {
        if (error instanceof NotStorableError) throw error;
        // A detached buffer, a revoked proxy, an object with a foreign prototype. The cause might quote data.
        throw new NotStorableError('Cannot store value: a part of it cannot be read.');
      }
    },

    decode(text) {
      try {
        return text.startsWith(MARK) ? readRows(text.slice(MARK.length), revivers) : JSON.parse(text);
      } catch {
        // The cause would quote the text.
        throw new SyntaxError('This is no text that the codec wrote, or a type that it needs is not registered.');
      }
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
 * | any of these of another realm (jest, `node:vm`), but for `URL` and `URLSearchParams` | equal, as a value of this realm |
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
