import type {
  BatchGetItemCommandInput,
  DeleteItemCommandInput,
  GetItemCommandInput,
  PutItemCommandInput,
  QueryCommandInput,
  UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { DeleteCondition, SessionChange } from '../core/persistence-layer.js';
import { RECORD_ATTRIBUTE_NAMES, RECORD_ATTRIBUTES, RECORD_VERSION, type SessionRecord } from '../core/record.js';
import { type UserId, userKey } from '../core/user-id.js';
import { DATA_PREFIX, PARTITION_KEY, TTL_ATTRIBUTE, USER_INDEX, USER_MARK_PREFIX } from '../table-schema.js';
import { and, type Condition, Placeholders } from './expression.js';
import { attributeOf, ENDED_AT, type Item, itemOf, MAY_REAPPEAR, VERSION } from './item.js';

/** What is sent to DynamoDB: built here, from arguments alone, and sent elsewhere. */

type Update = Extract<SessionChange, { kind: 'update' }>;

/** How long a tombstone stays: far longer than any copy of a write is under way. */
const TOMBSTONE_SECONDS = 3_600;

/** The attribute of a mark that counts its raises. */
export const GENERATION = 'generation';

/** The attributes of a mark whose last raise has spared a session: its ID, and the generation before the raise. */
export const SPARED = 'spared';
export const SPARED_FROM = 'sparedFrom';

const keyOf = (id: string): Item => ({ [PARTITION_KEY]: { S: id } });

/** The ID of a user's mark. */
export const markIdOf = (userId: UserId): string => USER_MARK_PREFIX + userKey(userId);

export function getSession(TableName: string, id: string, consistent: boolean): GetItemCommandInput {
  return { TableName, Key: keyOf(id), ConsistentRead: consistent };
}

export function createSession(TableName: string, id: string, record: SessionRecord): PutItemCommandInput {
  const placeholders = new Placeholders();
  return {
    TableName,
    Item: itemOf(id, record),
    ConditionExpression: `attribute_not_exists(${placeholders.name(PARTITION_KEY)})`,
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    ...placeholders.input,
  };
}

/** Writes what has changed and nothing else, provided that the session is still what the writer expects. */
export function updateSession(
  TableName: string,
  id: string,
  record: SessionRecord,
  change: Update,
): UpdateItemCommandInput {
  const placeholders = new Placeholders();
  const set: string[] = [];
  const remove: string[] = [];

  for (const attribute of RECORD_ATTRIBUTE_NAMES) {
    const { group } = RECORD_ATTRIBUTES[attribute];
    if (group === 'created' || (group !== 'always' && !change[group])) continue;
    const value = attributeOf(record, attribute);
    if (value === undefined) remove.push(placeholders.name(attribute));
    else set.push(`${placeholders.name(attribute)} = ${placeholders.value(value)}`);
  }
  if (change.userAttached && record.userId !== undefined) {
    set.push(`${placeholders.name(USER_INDEX.partitionKey)} = ${placeholders.value({ S: userKey(record.userId) })}`);
  }
  for (const key of change.set) {
    const encoded = record.data.get(key) as string;
    set.push(`${placeholders.name(DATA_PREFIX + key)} = ${placeholders.value({ S: encoded })}`);
  }
  for (const key of change.removed) remove.push(placeholders.name(DATA_PREFIX + key));

  const { now, auth, secretHash, lastWrite } = change.expected;
  const isLive = `${placeholders.name('expiresAt')} > ${placeholders.number(now)}`;
  const sameAuth = `${placeholders.name('auth')} = ${placeholders.number(auth)}`;
  const sameSecret = secretHash && `${placeholders.name('secretHash')} = ${placeholders.value({ B: secretHash })}`;
  const noWriteBetween = lastWrite && `${placeholders.name('lastWrite')} = ${placeholders.value({ B: lastWrite })}`;

  return {
    TableName,
    Key: keyOf(id),
    UpdateExpression: [`SET ${set.join(', ')}`, ...(remove.length === 0 ? [] : [`REMOVE ${remove.join(', ')}`])].join(
      ' ',
    ),
    ConditionExpression: and(isLive, sameAuth, sameSecret, noWriteBetween, ownVersion(placeholders)),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    ...placeholders.input,
  };
}

/** Notes that a copy of the write that created the session may still be under way. */
export function markMayReappear(TableName: string, id: string, record: SessionRecord): UpdateItemCommandInput {
  const placeholders = new Placeholders();
  return {
    TableName,
    Key: keyOf(id),
    UpdateExpression: `SET ${placeholders.name(MAY_REAPPEAR)} = ${placeholders.value({ BOOL: true })}`,
    ConditionExpression: `${placeholders.name('secretHash')} = ${placeholders.value({ B: record.secretHash })}`,
    ...placeholders.input,
  };
}

/** Deletes a session that leaves nothing behind. */
export function deleteSession(TableName: string, id: string, condition: DeleteCondition): DeleteItemCommandInput {
  const placeholders = new Placeholders();
  return {
    TableName,
    Key: keyOf(id),
    ConditionExpression: and(
      `attribute_not_exists(${placeholders.name(MAY_REAPPEAR)})`,
      `attribute_not_exists(${placeholders.name(ENDED_AT)})`,
      ...deleteConditions(placeholders, condition),
    ),
    ReturnValues: 'ALL_OLD',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    ...placeholders.input,
  };
}

/** Ends a session that a late copy of its creation could bring back: what stays in its place refuses the copy. */
export function burySession(
  TableName: string,
  id: string,
  condition: DeleteCondition,
  { lastWrite, now }: { readonly lastWrite: Uint8Array; readonly now: number },
): PutItemCommandInput {
  const placeholders = new Placeholders();
  return {
    TableName,
    Item: {
      ...keyOf(id),
      [VERSION]: { N: String(RECORD_VERSION) },
      [ENDED_AT]: { N: String(now) },
      lastWrite: { B: lastWrite },
      [TTL_ATTRIBUTE]: { N: String(now + TOMBSTONE_SECONDS) },
    },
    ConditionExpression: and(
      `attribute_not_exists(${placeholders.name(ENDED_AT)})`,
      ...deleteConditions(placeholders, condition),
    ),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    ...placeholders.input,
  };
}

/** What a newer version of this package has written is left alone. */
function ownVersion(placeholders: Placeholders): Condition {
  return `${placeholders.name(VERSION)} <= ${placeholders.number(RECORD_VERSION)}`;
}

function deleteConditions(
  placeholders: Placeholders,
  { auth, generationBelow }: DeleteCondition,
): readonly Condition[] {
  const conditions: Condition[] = [];
  if (auth !== undefined) {
    const name = placeholders.name('auth');
    conditions.push(`(attribute_not_exists(${name}) OR ${name} = ${placeholders.number(auth)})`);
  }
  if (generationBelow !== undefined) {
    const name = placeholders.name(GENERATION);
    const isBelow = `${name} < ${placeholders.number(generationBelow)}`;
    conditions.push(generationBelow > 0 ? `(attribute_not_exists(${name}) OR ${isBelow})` : isBelow);
  }
  conditions.push(`(attribute_not_exists(${placeholders.name(VERSION)}) OR ${ownVersion(placeholders)})`);
  return conditions;
}

/** The IDs of a user's sessions, a page at a time. */
export function queryUserSessions(TableName: string, userId: UserId, after: Item | undefined): QueryCommandInput {
  const placeholders = new Placeholders();
  return {
    TableName,
    IndexName: USER_INDEX.indexName,
    KeyConditionExpression: `${placeholders.name(USER_INDEX.partitionKey)} = ${placeholders.value({ S: userKey(userId) })}`,
    ProjectionExpression: placeholders.name(PARTITION_KEY),
    ...placeholders.input,
    ...(after === undefined ? {} : { ExclusiveStartKey: after }),
  };
}

/** Up to 100 items by their IDs. */
export function getItems(TableName: string, ids: readonly string[]): BatchGetItemCommandInput {
  return { RequestItems: { [TableName]: { Keys: ids.map(keyOf), ConsistentRead: true } } };
}

/** One raise of a mark. */
export interface Raise {
  /** By which a copy of this raise is told from others: it raises once, however often it arrives. */
  readonly lastWrite: Uint8Array;
  /** Until when the mark must stay, on the condition that it does not stay longer already; without: as long as it does. */
  readonly expiresAt?: number | undefined;
  /** The ID of a session that stays. */
  readonly spare?: string | undefined;
  readonly now: number;
}

/**
 * Makes the mark's generation higher than it ever was, in one write. A mark that is made anew, after the last one
 * expired, starts from the time, and so above where the last one ended.
 */
export function raiseMark(
  TableName: string,
  id: string,
  { lastWrite, expiresAt, spare, now }: Raise,
): UpdateItemCommandInput {
  const placeholders = new Placeholders();
  const generation = placeholders.name(GENERATION);
  const spared = placeholders.name(SPARED);
  const writer = placeholders.name('lastWrite');
  const own = placeholders.value({ B: lastWrite });
  const set = [
    `${generation} = if_not_exists(${generation}, ${placeholders.number(now)}) + ${placeholders.number(1)}`,
    `${placeholders.name(VERSION)} = ${placeholders.number(RECORD_VERSION)}`,
    `${writer} = ${own}`,
  ];
  if (spare !== undefined) {
    set.push(`${spared} = ${placeholders.value({ S: spare })}`);
    set.push(`${placeholders.name(SPARED_FROM)} = if_not_exists(${generation}, ${placeholders.number(0)})`);
  }
  let staysNoLonger: Condition | undefined;
  if (expiresAt !== undefined) {
    const name = placeholders.name(TTL_ATTRIBUTE);
    const value = placeholders.number(expiresAt);
    set.push(`${name} = ${value}`);
    staysNoLonger = `(attribute_not_exists(${name}) OR ${name} <= ${value})`;
  }
  return {
    TableName,
    Key: keyOf(id),
    UpdateExpression: `SET ${set.join(', ')}${spare === undefined ? ` REMOVE ${spared}` : ''}`,
    ConditionExpression: and(`(attribute_not_exists(${writer}) OR ${writer} <> ${own})`, staysNoLonger),
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    ...placeholders.input,
  };
}
