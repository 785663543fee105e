import { builtInName, type Inspection } from './inspection.js';
import { unflatten } from './unflatten.js';

/** The text of what plain JSON cannot hold: devalue's format, in rows that refer to one another, read by devalue. */

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

/**
 * Writes what passed the inspection: rows that refer to one another by their index, and to what has no row by a
 * negative number.
 */
export function writeRows(root: unknown, standIns: Inspection['standIns']): string {
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
    const name = prototype === null ? 'null' : builtInName(prototype);
    switch (name) {
      case 'Date':
        return [name, isoOf(value as Date)];
      case 'Map':
        return [name, ...[...(value as Map<unknown, unknown>)].flat().map(indexOf)];
      case 'Set':
        return [name, ...[...(value as Set<unknown>)].map(indexOf)];
      case 'RegExp':
        return [name, (value as RegExp).source, (value as RegExp).flags];
      case 'URL':
      case 'URLSearchParams':
        return [name, String(value as URL)];
      case 'ArrayBuffer':
        return bytesOf(Buffer.from(value as ArrayBuffer));
      case 'Object':
      case 'Array':
      case 'null':
      case undefined:
        break;
      default: {
        // Just the bytes that the view shows: the rest of its buffer (Node's pool, often) may be someone else's.
        const { buffer, byteOffset, byteLength } = value as ArrayBufferView;
        return [name, rows.push(bytesOf(Buffer.from(buffer, byteOffset, byteLength))) - 1];
      }
    }

    const entries = Object.entries(value).map(([key, item]) => [escapeKey(key), indexOf(item)] as const);
    if (Array.isArray(value)) {
      if (entries.length === value.length) return entries.map(([, index]) => index);
      return [-7, value.length, ...entries.flatMap(([key, index]) => [Number(key), index])];
    }
    return name === 'null' ? [name, ...entries.flat()] : Object.fromEntries(entries);
  };

  const index = indexOf(root);
  return index < 0 ? String(index) : JSON.stringify(rows);
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/**
 * In the library's format no row holds another. Where it would take a nested array for a string, reading could take
 * time with the square of its length.
 */
const isFlat = (rows: unknown): rows is number | unknown[] =>
  !Array.isArray(rows) || rows.every((row) => !isObject(row) || !Object.values(row).some(isObject));

/**
 * Reads what {@link writeRows} wrote.
 *
 * @throws any error for a text that it did not write
 */
export function readRows(text: string, revivers: Record<string, (standIn: unknown) => unknown>): unknown {
  const rows: unknown = JSON.parse(text);
  if (!isFlat(rows)) throw new SyntaxError('A row holds another.');
  return unflatten(rows, revivers, { operations: reading });
}
