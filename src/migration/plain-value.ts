import type { AttributeValue } from '@aws-sdk/client-dynamodb';

/**
 * An attribute value as a plain one, for items that others have written. Any key of a map is an ordinary key of the
 * object, and any number is one: the SDK's own function lets a key `__proto__` become the prototype of what it
 * returns, and throws on a key `constructor` and on numbers out of range.
 */
export function plainValue(value: AttributeValue): unknown {
  if (value.M !== undefined) return plainObject(value.M);
  if (value.L !== undefined) return value.L.map(plainValue);
  if (value.N !== undefined) return Number(value.N);
  if (value.NS !== undefined) return value.NS.map(Number);
  if (value.B !== undefined) return Buffer.from(value.B);
  if (value.BS !== undefined) return value.BS.map((bytes) => Buffer.from(bytes));
  if (value.NULL !== undefined) return null;
  return value.S ?? value.BOOL ?? value.SS;
}

/** The same for a map. */
export function plainObject(map: Readonly<Record<string, AttributeValue>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, plainValue(value)]));
}
