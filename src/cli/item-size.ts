import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { Item } from '../table/port.js';

/**
 * What an item takes, in bytes, as DynamoDB counts it for capacity and storage (not the 100 bytes of storage that an
 * item takes besides).
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function sizeOfItem(item: Item): number {
  let bytes = 0;
  for (const [name, value] of Object.entries(item)) bytes += Buffer.byteLength(name) + sizeOfValue(value);
  return bytes;
}

/** What every list and map, and each of their elements, takes besides its content. */
const COLLECTION = 3;
const ELEMENT = 1;

function sizeOfValue(value: AttributeValue | undefined): number {
  if (value === undefined) return 0; // What the SDK makes of an attribute `__proto__`.
  const { S, N, B, SS, NS, BS, L, M } = value;
  if (S !== undefined) return Buffer.byteLength(S);
  if (N !== undefined) return sizeOfNumber(N);
  if (B !== undefined) return B.length;
  if (SS !== undefined) return sum(SS.map((each) => Buffer.byteLength(each)));
  if (NS !== undefined) return sum(NS.map(sizeOfNumber));
  if (BS !== undefined) return sum(BS.map((each) => each.length));
  if (L !== undefined) return COLLECTION + sum(L.map((each) => ELEMENT + sizeOfValue(each)));
  if (M !== undefined) return COLLECTION + sizeOfItem(M) + Object.keys(M).length * ELEMENT;
  return 1; // BOOL or NULL
}

/** A byte for every two significant digits, and one more; one more again below zero. */
function sizeOfNumber(text: string): number {
  const [mantissa = ''] = text.split(/e/i);
  const digits = mantissa.replaceAll(/[-+.]/g, '').replace(/^0+/, '').replace(/0+$/, '');
  return Math.ceil(digits.length / 2) + 1 + (text.startsWith('-') ? 1 : 0);
}

const sum = (sizes: readonly number[]): number => sizes.reduce((total, each) => total + each, 0);
