import { isSealed, SEALED } from '../core/encryption.js';
import { tombstoneEnd } from '../core/lifetime.js';
import type { DeleteOptions, Limits } from '../core/persistence-layer.js';
import {
  type AttributeKind,
  RECORD_ATTRIBUTE_NAMES,
  RECORD_ATTRIBUTES,
  RECORD_VERSION,
  type RecordAttribute,
  recordFrom,
  type SessionRecord,
} from '../core/record.js';
import { userKey } from '../core/user-id.js';
import { DATA_PREFIX, PARTITION_KEY, TTL_ATTRIBUTE, USER_INDEX } from '../table-schema.js';
import type { AttributeValue, Item } from './port.js';

/**
 * A session record as a DynamoDB item, and back. The attribute values are written and read as they are on the wire:
 * a general marshaller would drop a key `__proto__`, or let a stored one reach a prototype, and pays for looking at
 * every value.
 */

/** What is stored under a session's ID. */
export type StoredItem =
  | { readonly kind: 'session'; readonly record: SessionRecord }
  /** What an end leaves in a session's place: as long as it stands there, no late copy of a write brings the session back. */
  | { readonly kind: 'tombstone'; readonly endedAt: number }
  | { readonly kind: 'unreadable' }
  | { readonly kind: 'newer-version' };

/** Attribute of the layout's version. */
export const VERSION = 'version';

/** Present on a tombstone: when the session was ended. */
export const ENDED_AT = 'endedAt';

/** What is put in the place of a session that has ended. */
export function tombstoneOf(id: string, endedAt: number, lastWrite: Uint8Array, options: DeleteOptions = {}): Item {
  return {
    [PARTITION_KEY]: { S: id },
    [VERSION]: { N: String(RECORD_VERSION) },
    [ENDED_AT]: { N: String(endedAt) },
    lastWrite: { B: lastWrite },
    [TTL_ATTRIBUTE]: { N: String(tombstoneEnd(endedAt, options)) },
  };
}

/** The item for a record. */
export function itemOf(id: string, record: SessionRecord): Item {
  const item: [string, AttributeValue][] = [
    [PARTITION_KEY, { S: id }],
    [VERSION, { N: String(RECORD_VERSION) }],
  ];
  if (record.userId !== undefined) item.push([USER_INDEX.partitionKey, { S: userKey(record.userId) }]);
  for (const name of RECORD_ATTRIBUTE_NAMES) {
    const value = attributeOf(record, name);
    if (value !== undefined) item.push([name, value]);
  }
  for (const [key, encoded] of record.data) item.push([DATA_PREFIX + key, valueOfText(encoded)]);
  return Object.fromEntries(item);
}

/** One attribute of a record, `undefined` if the record is without it. */
export function attributeOf(record: SessionRecord, name: RecordAttribute): AttributeValue | undefined {
  const value = record[name];
  if (value === undefined) return undefined;
  if (typeof value === 'number') return { N: String(value) };
  return typeof value === 'string' ? { S: value } : { B: value };
}

/** A value of the data. One that is sealed is stored as the bytes that its text stands for, which are a quarter less. */
export function valueOfText(text: string): AttributeValue {
  const bytes = isSealed(text) ? Buffer.from(text.slice(SEALED.length), 'base64url') : undefined;
  return bytes !== undefined && textOfBytes(bytes) === text ? { B: bytes } : { S: text };
}

/** Its text again; `undefined` for what is no value of the data. */
export function textOfValue({ S: text, B: bytes }: AttributeValue): string | undefined {
  return bytes === undefined ? text : textOfBytes(bytes);
}

const textOfBytes = (bytes: Uint8Array): string => SEALED + Buffer.from(bytes).toString('base64url');

/** What an item is. Never throws, whatever was put into the table. */
export function readItem(item: Item): StoredItem {
  const version = valueOf('number', item, VERSION);
  if (typeof version === 'number' && version > RECORD_VERSION) return { kind: 'newer-version' };
  if (Object.hasOwn(item, ENDED_AT)) return { kind: 'tombstone', endedAt: Number(item[ENDED_AT]?.N) };
  const data = dataOf(item);
  const record =
    version === RECORD_VERSION && data !== undefined
      ? recordFrom(
          (name) => valueOf(RECORD_ATTRIBUTES[name].kind, item, name),
          valueOf('text', item, USER_INDEX.partitionKey),
          data,
        )
      : undefined;
  return record === undefined ? { kind: 'unreadable' } : { kind: 'session', record };
}

/** A key's value; `null`, which nothing takes for a value, if it is of another kind than expected. */
function valueOf(kind: AttributeKind, item: Item, name: string): unknown {
  const value = Object.hasOwn(item, name) ? item[name] : undefined;
  if (value === undefined) return undefined;
  if (kind === 'number' || kind === 'decimal') return value.N === undefined ? null : Number(value.N);
  return (kind === 'text' ? value.S : value.B) ?? null;
}

function dataOf(item: Item): ReadonlyMap<string, string> | undefined {
  const data = new Map<string, string>();
  for (const name of Object.keys(item)) {
    // Of an attribute `__proto__` the SDK makes `undefined`.
    if (!name.startsWith(DATA_PREFIX)) continue;
    const encoded = textOfValue(item[name] as AttributeValue);
    if (encoded === undefined) return undefined;
    data.set(name.slice(DATA_PREFIX.length), encoded);
  }
  return data;
}

/**
 * DynamoDB's limits for an item, less what a session's other attributes take at their longest, and for an expression.
 * A session has either a previous secret or the key for a former one, never both.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export const LIMITS: Limits = {
  dataBytes: 400 * 1024 - 2_000,
  keyOverhead: DATA_PREFIX.length,
  packsSealed: true,
  changedKeys: 200,
};
