import type { DeleteItemCommandInput, ScanCommandInput } from '@aws-sdk/client-dynamodb';
import { RECORD_VERSION } from '../core/record.js';
import { and, type Condition, Placeholders } from '../table/expression.js';
import { VERSION } from '../table/item.js';
import type { Item } from '../table/port.js';
import { CLEANUP_CHECKPOINT, EVERYONE_MARK, PARTITION_KEY, TTL_ATTRIBUTE } from '../table-schema.js';

/** What is sent to DynamoDB to find what has expired and to delete it. */

/** A part of the table, and how far it is read. */
export interface Page {
  readonly segment: number;
  readonly segments: number;
  /** The ID after which to go on. */
  readonly after: string | undefined;
  readonly limit: number;
}

/**
 * The next items of a segment: those that had expired by `cutoff`, if {@link findingOf} says so too, and those that
 * cannot be judged.
 * Of the rest nothing is sent over; reading them costs the same.
 */
export function scanExpired(TableName: string, page: Page, cutoff: number): ScanCommandInput {
  const placeholders = new Placeholders();
  const expiresAt = placeholders.name(TTL_ATTRIBUTE);
  const version = placeholders.name(VERSION);
  const number = placeholders.value({ S: 'N' });
  const known = placeholders.number(RECORD_VERSION);
  const filter = [
    `${expiresAt} <= ${placeholders.number(cutoff)}`,
    `(NOT attribute_type(${expiresAt}, ${number}))`,
    `(NOT attribute_type(${version}, ${number}))`,
    `${version} > ${known}`,
  ].join(' OR ');
  return {
    TableName,
    Segment: page.segment,
    TotalSegments: page.segments,
    Limit: page.limit,
    ProjectionExpression: [PARTITION_KEY, TTL_ATTRIBUTE, VERSION].map((name) => placeholders.name(name)).join(', '),
    FilterExpression: filter,
    ReturnConsumedCapacity: 'TOTAL',
    ...(page.after === undefined ? {} : { ExclusiveStartKey: { [PARTITION_KEY]: { S: page.after } } }),
    ...placeholders.input,
  };
}

/** What an item is to the cleanup. */
export type Finding =
  | { readonly kind: 'expired'; readonly id: string; readonly expiresAt: number }
  | { readonly kind: 'skipped' }
  /** Everyone's mark, which never expires. */
  | { readonly kind: 'kept' }
  | { readonly kind: 'checkpoint' };

/** Judges an item that {@link scanExpired} brought. */
export function findingOf(item: Item, cutoff: number): Finding {
  const id = item[PARTITION_KEY]?.S;
  if (id === CLEANUP_CHECKPOINT) return { kind: 'checkpoint' };
  if (id === EVERYONE_MARK) return { kind: 'kept' };
  const expiresAt = Number(item[TTL_ATTRIBUTE]?.N);
  const isExpired = expiresAt <= cutoff && Number(item[VERSION]?.N) <= RECORD_VERSION;
  return id !== undefined && isExpired ? { kind: 'expired', id, expiresAt } : { kind: 'skipped' };
}

/**
 * Deletes an item if it is still as expired as when it was found. Holds as well if it is gone: a repeated
 * request must not take its own success for a session that was extended.
 */
export function deleteExpired(TableName: string, id: string, cutoff: number): DeleteItemCommandInput {
  const placeholders = new Placeholders();
  const isGone: Condition = `attribute_not_exists(${placeholders.name(PARTITION_KEY)})`;
  const isExpired = and(
    `${placeholders.name(TTL_ATTRIBUTE)} <= ${placeholders.number(cutoff)}`,
    `${placeholders.name(VERSION)} <= ${placeholders.number(RECORD_VERSION)}`,
  );
  return {
    TableName,
    Key: { [PARTITION_KEY]: { S: id } },
    ConditionExpression: `${isGone} OR (${isExpired})`,
    ReturnConsumedCapacity: 'INDEXES',
    ...placeholders.input,
  };
}
