import { NotStorableError } from '../core/errors.js';
import { formatPath, formatStep } from './path.js';

/** What can be stored: a value is looked through before it is written, so that nothing comes back different. */

/** The stack has room for several times as many, so what was encoded can be decoded from any depth of calls. */
const MAX_DEPTH = 256;

/** The names of the classes that the library knows. */
const builtInNames = new Set(
  (
    'Object Array Date Map Set RegExp URL URLSearchParams ArrayBuffer DataView Int8Array Uint8Array Uint8ClampedArray ' +
    'Int16Array Uint16Array Float16Array Int32Array Uint32Array Float32Array Float64Array BigInt64Array BigUint64Array'
  ).split(' '),
);

/** The name of each class of this realm, by its prototype. Not every version of Node.js has every class. */
let ownBuiltIns: ReadonlyMap<unknown, string> | undefined;

/** The name of the built-in class that has this prototype, be it of this realm or of another (`node:vm`, jest). */
export function builtInName(prototype: object | null): string | undefined {
  // Fake timers replace the global Date while a test runs, so it is looked up each time.
  if (prototype === Date.prototype) return 'Date';
  // Node.js makes many of these classes only when they are named, so nothing is until there is a value to look at.
  ownBuiltIns ??= new Map([...builtInNames].map((name) => [globals[name]?.prototype, name]));
  return ownBuiltIns.get(prototype) ?? foreignName(prototype);
}

const globals = globalThis as unknown as Readonly<Record<string, { readonly prototype: object } | undefined>>;

/** A class of the language has one prototype for ever, and no other function has its source text. */
function foreignName(prototype: object | null): string | undefined {
  const constructor: unknown = prototype?.constructor;
  if (typeof constructor !== 'function' || constructor.prototype !== prototype) return undefined;
  const { name } = constructor;
  const isNative = Function.prototype.toString.call(constructor) === `function ${name}() { [native code] }`;
  return isNative && builtInNames.has(name) ? name : undefined;
}

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
    else if (prototype === null) {
      this.plain = false;
      this.#visitProperties(value);
    } else {
      const type = this.#types.get(prototype);
      if (type) this.#visitInstance(value, type);
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
    this.plain = false;
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
    if (name === 'Object') {
      this.#visitProperties(value);
      return;
    }
    if (name === 'Array' && Array.isArray(value)) {
      this.#visitArray(value);
      return;
    }
    this.plain = false;
    if (name === undefined || name === 'Array') {
      this.#refuse(`is an instance of ${className(prototype)}, which is no registered type (see createCodec)`);
    }
    const items = ArrayBuffer.isView(value) && 'length' in value ? (value.length as number) : 0;
    if (Object.keys(value).length !== items || Object.getOwnPropertySymbols(value).length > 0) {
      this.#refuse(`is a ${name} with properties of its own`);
    }
    let index = 0;
    switch (name) {
      case 'RegExp':
        if ((value as RegExp).lastIndex !== 0) this.#refuse('is a RegExp whose lastIndex is not 0');
        return;
      case 'URL':
        if (new URL((value as URL).href).href !== (value as URL).href) {
          this.#refuse('is a URL that does not parse to itself');
        }
        return;
      case 'ArrayBuffer':
        if ('resizable' in value && value.resizable) this.#refuse('is a resizable ArrayBuffer');
        return;
      case 'Map':
        for (const [key, item] of value as Map<unknown, unknown>) {
          this.#visitAt(`keys()[${index}]`, key);
          this.#visitAt(`values()[${index++}]`, item);
        }
        return;
      case 'Set':
        for (const item of value as Set<unknown>) this.#visitAt(`values()[${index++}]`, item);
    }
  }

  #refuse(reason: string, options?: ErrorOptions): never {
    throw new NotStorableError(
      `Cannot store ${formatPath(this.#path.map(formatStep).join(''))}: it ${reason}.`,
      options,
    );
  }
}

const isIndex = (key: string, length: number): boolean => Number(key) < length && String(Number(key) >>> 0) === key;

const className = (prototype: object): string => String(prototype.constructor?.name || 'an unnamed class');
