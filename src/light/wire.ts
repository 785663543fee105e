import { crc32 } from 'node:zlib';
import type { Item } from '../table/port.js';
import type { HttpAnswer } from './connection.js';

/** DynamoDB's JSON, in which bytes are base64. */

/** What is sent. */
export function encode(input: object): string {
  return JSON.stringify(input, function (this: Record<string, unknown>, name, value: unknown) {
    const own = this[name]; // of a Buffer, `value` is what its `toJSON` made
    return own instanceof Uint8Array
      ? Buffer.from(own.buffer, own.byteOffset, own.byteLength).toString('base64')
      : value;
  });
}

/**
 * What was answered, with the bytes of its items.
 *
 * @throws for what is not whole, or no answer of DynamoDB
 */
export function decode({ headers, body }: HttpAnswer): Record<string, unknown> {
  const sum = headers['x-amz-crc32'];
  if (sum !== undefined && Number(sum) !== crc32(body)) throw garbled('its checksum is another');
  if (headers['content-encoding'] !== undefined) throw garbled('it is encoded');
  const answer = parse(body.toString());
  if (!isObject(answer)) throw garbled('it is no object');
  for (const name of ['Item', 'Attributes', 'LastEvaluatedKey']) if (name in answer) readItem(answer[name]);
  if ('Items' in answer) readItems(answer['Items']);
  if ('Responses' in answer) {
    if (!isObject(answer['Responses'])) throw garbled('its items are no items');
    Object.values(answer['Responses']).forEach(readItems);
  }
  return answer;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw garbled('it is no JSON');
  }
}

function readItems(items: unknown): asserts items is Item[] {
  if (!Array.isArray(items)) throw garbled('its items are no list');
  for (const item of items as unknown[]) readItem(item);
}

/** Makes bytes of base64, in place: so an attribute `__proto__` stays what it is, a property of the item. */
function readItem(item: unknown): asserts item is Item {
  if (!isObject(item)) throw garbled('its item is none');
  for (const value of Object.values(item)) {
    if (!isObject(value)) throw garbled('its item has an attribute without a kind');
    readValue(value);
  }
}

function readValue(value: Record<string, unknown>): void {
  const { B: bytes, BS: set } = value as { B?: unknown; BS?: unknown };
  if (bytes !== undefined) value['B'] = bytesOf(bytes);
  if (Array.isArray(set)) value['BS'] = set.map(bytesOf);
}

function bytesOf(text: unknown): Uint8Array {
  if (typeof text !== 'string') throw garbled('its bytes are no base64');
  const bytes = Buffer.from(text, 'base64');
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const garbled = (how: string): Error =>
  Object.assign(new Error(`The answer is not DynamoDB's: ${how}.`), { name: 'GarbledAnswer' });
