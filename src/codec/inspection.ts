import { NotStorableError } from '../core/errors.js';

/** What can be stored: a value is looked through before it is written, so that nothing comes back different. */

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
export const builtInName = (prototype: unknown): string | undefined =>
  prototype === Date.prototype ? 'Date' : builtIns.get(prototype);

/** How the instances of one class are stored. */
export type RegisteredType = { readonly name: string; readonly encode: (instance: object) => unknown };
/** By the class's prototype. */
export type RegisteredTypes = ReadonlyMap<unknown, RegisteredType>;

/** A walk over a value. Throws at the first part that would not come back equal. */
export class Inspection {
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
