/**
 * A value that is not to be changed, however deep one looks: arrays, maps and sets are readonly ones, and so are the
 * properties of plain objects. What is or has methods stays as it is: a `Date`, a `URL`, bytes, an instance of a class
 * of yours.
 *
 * @example
 * ```ts
 * type Cart = DeepReadonly<{ lines: { sku: string }[] }>; // { readonly lines: readonly { readonly sku: string }[] }
 * ```
 */
// In brackets, a type that has nothing to change keeps its name, which is what an editor shows.
export type DeepReadonly<T> = [T] extends [Primitive] ? T : DeepReadonlyPart<T>;

type Primitive = string | number | bigint | boolean | null | undefined;

/** Of a union, each part for itself. */
type DeepReadonlyPart<T> = T extends object
  ? T extends ReadonlyMap<infer Key, infer Value>
    ? ReadonlyMap<DeepReadonly<Key>, DeepReadonly<Value>>
    : T extends ReadonlySet<infer Item>
      ? ReadonlySet<DeepReadonly<Item>>
      : T extends readonly (infer Item)[]
        ? number extends T['length']
          ? readonly DeepReadonly<Item>[]
          : DeepReadonlyObject<T>
        : IsPlain<T> extends true
          ? DeepReadonlyObject<T>
          : T
  : T;

type DeepReadonlyObject<T> = { readonly [Key in keyof T]: DeepReadonly<T[Key]> };

/** Data has no methods; and a copy of an instance with private members is no instance. */
type IsPlain<T> = true extends { [Key in keyof T]-?: IsMethod<T[Key]> }[keyof T]
  ? false
  : { [Key in keyof T]: T[Key] } extends T
    ? true
    : false;

type IsMethod<T> = 0 extends 1 & T ? false : T extends (...args: never) => unknown ? true : false;

/** Freezes arrays and plain objects, however deep in one another; what else there is, they hold as it was. */
export function deepFreeze<T>(value: T): T {
  if (!isArrayOrPlain(value) || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) deepFreeze(item);
  return value;
}

function isArrayOrPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
