import type {
  AttributeValue,
  DeleteItemCommandInput,
  GetItemCommandInput,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { RECORD_VERSION } from '../core/record.js';
import { Placeholders } from '../table/expression.js';
import { VERSION } from '../table/item.js';
import type { Item } from '../table/port.js';
import { CLEANUP_CHECKPOINT, PARTITION_KEY } from '../table-schema.js';

/**
 * The checkpoint: one item in the table itself, with how far each segment has been read. It has no `expiresAt`, so
 * nothing clears it away; a run that comes to the end of the table deletes it.
 *
 * It is no lock. Of two runs at once each notes places before which it has read everything itself, so whichever note
 * comes last is true.
 */

/** How far a segment has been read. */
export type Place =
  | { readonly kind: 'start' }
  | { readonly kind: 'after'; readonly id: string }
  | { readonly kind: 'done' };

const PLACES = 'places';
const Key: Item = { [PARTITION_KEY]: { S: CLEANUP_CHECKPOINT } };

export function readCheckpoint(TableName: string): GetItemCommandInput {
  return { TableName, Key, ConsistentRead: true };
}

/** Notes the places for the next run. */
export function writeCheckpoint(TableName: string, places: readonly Place[]): UpdateItemCommandInput {
  const placeholders = new Placeholders();
  return {
    TableName,
    Key,
    UpdateExpression: `SET ${placeholders.name(PLACES)} = ${placeholders.value(stored(places))}, ${placeholders.name(VERSION)} = ${placeholders.number(RECORD_VERSION)}`,
    ...placeholders.input,
  };
}

/** The next run begins at the beginning. */
export function removeCheckpoint(TableName: string): DeleteItemCommandInput {
  return { TableName, Key };
}

/** Where to go on in each segment: at the beginning, if the checkpoint is for other segments or cannot be read. */
export function placesIn(checkpoint: Item | undefined, segments: number): readonly Place[] {
  const list = checkpoint?.[PLACES]?.L ?? [];
  return Array.from({ length: segments }, (_, segment) =>
    placeOf(list.length === segments ? list[segment] : undefined),
  );
}

function placeOf(value: AttributeValue | undefined): Place {
  if (value?.BOOL === true) return { kind: 'done' };
  return value?.S ? { kind: 'after', id: value.S } : { kind: 'start' };
}

function stored(places: readonly Place[]): AttributeValue {
  const values: AttributeValue[] = places.map((place) =>
    place.kind === 'after' ? { S: place.id } : { BOOL: place.kind === 'done' },
  );
  return { L: values };
}
