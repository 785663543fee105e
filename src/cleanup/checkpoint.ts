import type { AttributeValue, DeleteItemCommandInput, UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { RECORD_VERSION } from '../core/record.js';
import { Placeholders } from '../table/expression.js';
import { VERSION } from '../table/item.js';
import type { Item } from '../table/port.js';
import { CLEANUP_CHECKPOINT, PARTITION_KEY } from '../table-schema.js';

/**
 * The checkpoint: one item in the table itself, with how far each segment has been read and which run is at it. It has
 * no `expiresAt`, so nothing clears it away; a run that comes to the end of the table deletes it.
 */

/** How far a segment has been read. */
export type Place =
  | { readonly kind: 'start' }
  | { readonly kind: 'after'; readonly id: string }
  | { readonly kind: 'done' };

/** A run's claim to be the only one. Another takes it over when it has not been renewed in time. */
export interface Lease {
  readonly owner: string;
  readonly seconds: number;
}

/** The most that a lease may take: as long as a Lambda can. */
export const LONGEST_LEASE_SECONDS = 900;

/** How far two clocks may be apart, in seconds: each is off by up to 5. */
const CLOCKS_APART = 10;

const OWNER = 'owner';
const UNTIL = 'until';
const PLACES = 'places';
const Key: Item = { [PARTITION_KEY]: { S: CLEANUP_CHECKPOINT } };

/**
 * Takes the lease, and answers where the last run stopped. Refused while another run holds it. One that ends later than
 * any lease can, or at no time at all, is no lease: nothing written into the item stops the cleanup for ever.
 */
export function takeLease(TableName: string, { owner, seconds }: Lease, now: number): UpdateItemCommandInput {
  const placeholders = new Placeholders();
  const [ownerName, untilName] = [placeholders.name(OWNER), placeholders.name(UNTIL)];
  const me = placeholders.value({ S: owner });
  const earliest = placeholders.number(now - CLOCKS_APART);
  const latest = placeholders.number(now + LONGEST_LEASE_SECONDS + CLOCKS_APART);
  return {
    TableName,
    Key,
    UpdateExpression: `SET ${ownerName} = ${me}, ${untilName} = ${placeholders.number(now + seconds)}, ${placeholders.name(VERSION)} = ${placeholders.number(RECORD_VERSION)}`,
    ConditionExpression: `attribute_not_exists(${ownerName}) OR ${ownerName} = ${me} OR (NOT ${untilName} BETWEEN ${earliest} AND ${latest})`,
    ReturnValues: 'ALL_NEW',
    ...placeholders.input,
  };
}

/** Notes the places and renews the lease. Refused if another run has taken it over. */
export function renewLease(
  TableName: string,
  { owner, seconds }: Lease,
  places: readonly Place[],
  now: number,
): UpdateItemCommandInput {
  const placeholders = new Placeholders();
  return {
    TableName,
    Key,
    UpdateExpression: `SET ${placeholders.name(PLACES)} = ${placeholders.value(stored(places))}, ${placeholders.name(UNTIL)} = ${placeholders.number(now + seconds)}`,
    ConditionExpression: `${placeholders.name(OWNER)} = ${placeholders.value({ S: owner })}`,
    ...placeholders.input,
  };
}

/** Notes the places for the next run, and gives the lease back. */
export function leaveCheckpoint(TableName: string, { owner }: Lease, places: readonly Place[]): UpdateItemCommandInput {
  const placeholders = new Placeholders();
  return {
    TableName,
    Key,
    UpdateExpression: `SET ${placeholders.name(PLACES)} = ${placeholders.value(stored(places))} REMOVE ${placeholders.name(OWNER)}, ${placeholders.name(UNTIL)}`,
    ConditionExpression: `${placeholders.name(OWNER)} = ${placeholders.value({ S: owner })}`,
    ...placeholders.input,
  };
}

/** Removes the checkpoint, and with it the lease: the next run begins at the beginning. Refused if there is none any more. */
export function removeCheckpoint(TableName: string, { owner }: Lease): DeleteItemCommandInput {
  const placeholders = new Placeholders();
  return {
    TableName,
    Key,
    ConditionExpression: `${placeholders.name(OWNER)} = ${placeholders.value({ S: owner })}`,
    ...placeholders.input,
  };
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
