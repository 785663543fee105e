import type { DeleteCondition, RaiseOptions, Update } from '../core/persistence-layer.js';
import {
  RECORD_ATTRIBUTE_NAMES,
  RECORD_ATTRIBUTES,
  RECORD_VERSION,
  type RecordAttribute,
  type SessionRecord,
} from '../core/record.js';
import { type UserId, userKey } from '../core/user-id.js';
import {
  DATA_PREFIX,
  LOGIN_MARK_PREFIX,
  PARTITION_KEY,
  TTL_ATTRIBUTE,
  USER_INDEX,
  USER_MARK_PREFIX,
} from '../table-schema.js';
import { and, type Condition, Placeholders } from './expression.js';
import { attributeOf, ENDED_AT, itemOf, valueOfText, VERSION } from './item.js';
import type { GetItemInput, Item, Keys, PutItemInput, QueryInput, UpdateItemInput } from './port.js';

/** What is sent to DynamoDB: built here, from arguments alone, and sent elsewhere. */

/** The attribute of a mark that counts its raises. */
export const GENERATION = 'generation';

/** The attributes of a mark whose last raise has spared a session: its ID, and its own generation. */
export const SPARED = 'spared';
export const SPARED_GENERATION = 'sparedGeneration';

/** The attribute of a mark that says until when ID tokens log nobody in. */
export const ISSUED_BEFORE = 'issuedBefore';

/** The attribute of a mark that names the raises which were sent more than once, and so may land again. */
const COPIES = 'copies';

const keyOf = (id: string): Item => ({ [PARTITION_KEY]: { S: id } });

/** The ID of a user's mark. */
export const markIdOf = (userId: UserId): string => USER_MARK_PREFIX + userKey(userId);

/** The ID of the mark of a login that has ended. */
export const loginIdOf = (login: string): string => LOGIN_MARK_PREFIX + login;

export function getSession(TableName: string, id: string, consistent: boolean): GetItemInput {
  return { TableName, Key: keyOf(id), ConsistentRead: consistent };
}

export function createSession(TableName: string, id: string, record: SessionRecord): PutItemInput {
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
export function updateSession(TableName: string, id: string, record: SessionRecord, change: Update): UpdateItemInput {
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
    set.push(`${placeholders.name(DATA_PREFIX + key)} = ${placeholders.value(valueOfText(encoded))}`);
  }
  for (const key of change.removed) remove.push(placeholders.name(DATA_PREFIX + key));

  const { now, auth, secretHash, value, fence, unconfirmed, deviceChallenge, lastSeenAt } = change.expected;
  const isLive = `${placeholders.name('expiresAt')} > ${placeholders.number(now)}`;
  const sameAuth = `${placeholders.name('auth')} = ${placeholders.number(auth)}`;
  const sameSecret = secretHash && `${placeholders.name('secretHash')} = ${placeholders.value({ B: secretHash })}`;
  const sameValue = value && hasValue(placeholders, DATA_PREFIX + value[0], value[1]);
  const sameFence = fence === undefined ? undefined : isNumber(placeholders, 'fence', fence);
  const isUnconfirmed = unconfirmed === true ? isNumber(placeholders, 'previousUntil') : undefined;
  const sameChallenge =
    deviceChallenge && `${placeholders.name('deviceChallenge')} = ${placeholders.value({ B: deviceChallenge })}`;
  const notSeenLater =
    lastSeenAt === undefined ? undefined : `${placeholders.name('lastSeenAt')} <= ${placeholders.number(lastSeenAt)}`;

  return {
    TableName,
    Key: keyOf(id),
    UpdateExpression: [`SET ${set.join(', ')}`, ...(remove.length === 0 ? [] : [`REMOVE ${remove.join(', ')}`])].join(
      ' ',
    ),
    ConditionExpression: and(
      isLive,
      sameAuth,
      sameSecret,
      sameValue,
      sameFence,
      isUnconfirmed,
      sameChallenge,
      notSeenLater,
      ownVersion(placeholders),
    ),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    ...placeholders.input,
  };
}

/** Puts a tombstone in the place of a session. It refuses what comes late: all writes are conditioned on a session. */
export function endSession(TableName: string, tombstone: Item, condition: DeleteCondition): PutItemInput {
  const placeholders = new Placeholders();
  return {
    TableName,
    Item: tombstone,
    ConditionExpression: and(
      `attribute_exists(${placeholders.name(PARTITION_KEY)})`,
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
export function queryUserSessions(TableName: string, userId: UserId, after: Item | undefined): QueryInput {
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

/** What a list of sessions does without: in a list, nothing is proven, replaced or opened. */
const UNLISTED: ReadonlySet<string> = new Set<RecordAttribute>([
  'previousHash',
  'previousUntil',
  'nonce',
  'deviceKey',
  'deviceChallenge',
  'boundHash',
  'previousBoundHash',
  'previousBoundUntil',
  'formerKey',
  'fence',
]);
const LISTED = RECORD_ATTRIBUTE_NAMES.filter((name) => !UNLISTED.has(name));

/** Items by their IDs: whole, or as a list needs them, without the data of sessions. */
export function getItems(ids: readonly string[], forList: boolean): Keys {
  const keys = { Keys: ids.map(keyOf), ConsistentRead: true };
  if (!forList) return keys;
  const placeholders = new Placeholders();
  const names = [PARTITION_KEY, VERSION, USER_INDEX.partitionKey, ...LISTED, ENDED_AT];
  const ofMarks = [SPARED, SPARED_GENERATION];
  const ProjectionExpression = [...names, ...ofMarks].map((name) => placeholders.name(name)).join(', ');
  return { ...keys, ProjectionExpression, ...placeholders.input };
}

/** Says that a login at a provider has ended. A copy of it says the same. */
export function markLogin(TableName: string, login: string, expiresAt: number): PutItemInput {
  const version = { [VERSION]: { N: String(RECORD_VERSION) } };
  return { TableName, Item: { ...keyOf(loginIdOf(login)), ...version, [TTL_ATTRIBUTE]: { N: String(expiresAt) } } };
}

/** One raise of a mark. */
export interface Raise extends Pick<RaiseOptions, 'spare' | 'since' | 'issuedBefore'> {
  /** By which a copy of this raise is told from others: it raises once, however often it arrives. */
  readonly lastWrite: Uint8Array;
  /** Until when the mark must stay; without: for good. */
  readonly expiresAt?: number | undefined;
  readonly now: number;
}

/**
 * Makes the mark's generation higher than it ever was, in one write. A mark that is made anew, after the last one
 * expired, starts from the time, and so above where the last one ended.
 *
 * A session is spared on the condition that nothing has ended it: the mark is as when it was seen alive, or the raises
 * since have spared it, too.
 */
export function raiseMark(
  TableName: string,
  id: string,
  { lastWrite, expiresAt, spare, since, issuedBefore, now }: Raise,
): UpdateItemInput {
  const placeholders = new Placeholders();
  const generation = placeholders.name(GENERATION);
  const spared = placeholders.name(SPARED);
  const sparedGeneration = placeholders.name(SPARED_GENERATION);
  const writer = placeholders.name('lastWrite');
  const own = placeholders.value({ B: lastWrite });
  const set = [
    `${generation} = if_not_exists(${generation}, ${placeholders.number(now)}) + ${placeholders.number(1)}`,
    `${placeholders.name(VERSION)} = ${placeholders.number(RECORD_VERSION)}`,
    `${writer} = ${own}`,
  ];
  if (expiresAt !== undefined) set.push(`${placeholders.name(TTL_ATTRIBUTE)} = ${placeholders.number(expiresAt)}`);
  let isNewer: Condition | undefined;
  if (issuedBefore !== undefined) {
    const name = placeholders.name(ISSUED_BEFORE);
    const time = placeholders.number(issuedBefore);
    set.push(`${name} = ${time}`);
    isNewer = `(attribute_not_exists(${name}) OR ${name} < ${time})`;
  }
  let isAlive: Condition | undefined;
  if (spare !== undefined) {
    const session = placeholders.value({ S: spare.id });
    const ownGeneration = placeholders.number(spare.generation);
    set.push(`${spared} = ${session}`, `${sparedGeneration} = ${ownGeneration}`);
    isAlive = `(${isNumber(placeholders, GENERATION, since)} OR (${spared} = ${session} AND ${sparedGeneration} <= ${ownGeneration}))`;
  }
  return {
    TableName,
    Key: keyOf(id),
    UpdateExpression: `SET ${set.join(', ')}${spare === undefined ? ` REMOVE ${spared}, ${sparedGeneration}` : ''}`,
    ConditionExpression: and(
      `(attribute_not_exists(${writer}) OR ${writer} <> ${own})`,
      `(NOT contains(${placeholders.name(COPIES)}, ${own}))`,
      isNewer,
      isAlive,
    ),
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    ...placeholders.input,
  };
}

/** From now on a copy of this raise is refused, whoever has raised the mark since. */
export function refuseCopies(TableName: string, id: string, { lastWrite }: Pick<Raise, 'lastWrite'>): UpdateItemInput {
  const placeholders = new Placeholders();
  return {
    TableName,
    Key: keyOf(id),
    UpdateExpression: `ADD ${placeholders.name(COPIES)} ${placeholders.value({ BS: [lastWrite] })}`,
    ...placeholders.input,
  };
}

function hasValue(placeholders: Placeholders, attribute: string, text: string | undefined): Condition {
  const name = placeholders.name(attribute);
  return text === undefined ? `attribute_not_exists(${name})` : `${name} = ${placeholders.value(valueOfText(text))}`;
}

/** A number; zero and none are the same. */
function isNumber(placeholders: Placeholders, attribute: string, value = 0): Condition {
  const name = placeholders.name(attribute);
  return value === 0 ? `attribute_not_exists(${name})` : `${name} = ${placeholders.number(value)}`;
}
