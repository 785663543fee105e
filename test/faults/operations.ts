import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { markIdOf } from '../../src/table/commands.js';
import type { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { readItem, tombstoneOf } from '../../src/table/item.js';
import type { Item } from '../../src/table/port.js';
import type { RaiseOptions, SessionRecord } from '../../src/index.js';
import type { EngineCapabilities } from '../engines/index.js';
import type { Fault } from '../world/faults.js';
import {
  changeOf,
  fullRecord,
  listed,
  newHash,
  newId,
  NOW,
  recordOf,
  stored,
  type Update,
  withData,
  written,
} from '../world/records.js';
import type { TestTable } from '../world/tables.js';

/** Something that a layer is asked to do, and what it asks of DynamoDB for it. */
export interface Operation {
  readonly name: string;
  readonly method: keyof DynamoDBPersistenceLayer;
  /** The calls that it makes if nothing goes wrong but what is {@link given}. */
  readonly calls: readonly string[];
  /** What has befallen the first attempt of the first call. It is the later ones then that are looked at. */
  readonly given?: Fault;
  /** @defaultValue true */
  readonly consistentRead?: boolean;
  /** Whether it needs a table of its own: it concerns everyone in it. @defaultValue false */
  readonly alone?: boolean;
  begin(scene: Scene): Promise<Trial>;
}

/** Where an operation is tried. */
export interface Scene {
  readonly table: TestTable;
  /** Nothing befalls this layer. */
  readonly sound: DynamoDBPersistenceLayer;
  /** The one on trial. */
  readonly layer: DynamoDBPersistenceLayer;
  /** Whether the session’s data is encrypted: then what replaces its secret, or is the first to change its data, brings a key. */
  readonly encrypted: boolean;
}

/** One try. Answers and states are compared by their values. */
export interface Trial {
  act(): Promise<unknown>;
  /** What it answers if nothing goes wrong. */
  readonly answer: unknown;
  /** What it answers if it sees things as they were when this client last looked. */
  readonly oldAnswer?: unknown;
  /** What the table shows, read directly. */
  state(): Promise<unknown>;
  /** What it shows as long as the call that is looked at is not carried out… */
  readonly before: unknown;
  /** …once it is… */
  readonly after: unknown;
  /** …and when only some of the items have been seen to. */
  readonly between?: readonly unknown[];
}

/** The layer's functions that ask DynamoDB for nothing. */
export const ASK_NOTHING = ['loadUser', 'roleHierarchy'] as const satisfies readonly (keyof DynamoDBPersistenceLayer)[];

/** Everything else that the layer does. */
export function operationsOn({ oldItemOnFailedCondition }: EngineCapabilities): readonly Operation[] {
  // What was there when a condition did not hold is read where the engine does not return it.
  const look = oldItemOnFailedCondition ? [] : ['GetItem'];
  return [
    { name: 'load', method: 'loadSession', calls: ['GetItem'], begin: load },
    { name: 'load, eventually', method: 'loadSession', calls: ['GetItem'], consistentRead: false, begin: load },
    { name: 'list', method: 'userSessions', calls: ['Query'], begin: list },
    { name: 'list whole', method: 'loadUserSessions', calls: ['Query', 'BatchGetItem'], begin: listWhole },
    {
      name: 'list whole, logins',
      method: 'loadUserSessions',
      calls: ['Query', 'BatchGetItem', 'BatchGetItem'],
      begin: listWholeOfLogins,
    },
    { name: 'marks', method: 'loadMarks', calls: ['BatchGetItem'], begin: marks },
    { name: 'marks, of a login', method: 'loadMarks', calls: ['BatchGetItem'], begin: loginsMark },
    { name: 'marks, everyone’s known', method: 'loadMarks', calls: ['GetItem'], begin: usersMark },
    { name: 'create', method: 'saveSession', calls: ['PutItem'], begin: create },
    { name: 'create, refused', method: 'saveSession', calls: ['PutItem', ...look], begin: createOverAnother },
    { name: 'create, ended', method: 'saveSession', calls: ['PutItem', ...look], begin: createInThePlaceOfAnEnd },
    { name: 'change', method: 'saveSession', calls: ['UpdateItem'], begin: change },
    { name: 'change, refused', method: 'saveSession', calls: ['UpdateItem', ...look], begin: changeBehindTheFence },
    { name: 'raise the fence', method: 'saveSession', calls: ['UpdateItem'], begin: raiseTheFence },
    { name: 'touch', method: 'saveSession', calls: ['UpdateItem'], begin: touch },
    { name: 'touch, refused', method: 'saveSession', calls: ['UpdateItem', ...look], begin: touchTooLate },
    { name: 'rotate', method: 'saveSession', calls: ['UpdateItem'], begin: rotate },
    { name: 'rotate, refused', method: 'saveSession', calls: ['UpdateItem', ...look], begin: rotateTooLate },
    { name: 'confirm', method: 'saveSession', calls: ['UpdateItem'], begin: confirm },
    { name: 'confirm, refused', method: 'saveSession', calls: ['UpdateItem', ...look], begin: confirmTooLate },
    { name: 'log in', method: 'saveSession', calls: ['UpdateItem'], begin: logIn },
    { name: 'update', method: 'saveSession', calls: ['UpdateItem'], begin: update },
    { name: 'update, refused', method: 'saveSession', calls: ['UpdateItem', ...look], begin: updateTooLate },
    { name: 'take', method: 'saveSession', calls: ['UpdateItem'], begin: take },
    { name: 'take, refused', method: 'saveSession', calls: ['UpdateItem', ...look], begin: takeTooLate },
    { name: 'delete', method: 'deleteSession', calls: ['PutItem'], begin: end },
    { name: 'delete, refused', method: 'deleteSession', calls: ['PutItem', ...look], begin: endAnother },
    { name: 'delete, ended', method: 'deleteSession', calls: ['PutItem', ...look], begin: endTwice },
    { name: 'delete, nothing', method: 'deleteSession', calls: ['PutItem', 'GetItem'], begin: endNothing },
    { name: 'delete all', method: 'deleteSessions', calls: ['BatchWriteItem'], begin: deleteAll },
    { name: 'raise', method: 'raiseUserMark', calls: ['UpdateItem'], begin: raise },
    {
      name: 'raise twice',
      method: 'raiseUserMark',
      calls: ['UpdateItem', 'UpdateItem'],
      given: 'drop-before',
      begin: refuseCopies,
    },
    { name: 'raise, sparing', method: 'raiseUserMark', calls: ['UpdateItem'], begin: raiseSparing },
    { name: 'raise, refused', method: 'raiseUserMark', calls: ['UpdateItem', ...look], begin: raiseTooLate },
    { name: 'raise, by a provider', method: 'raiseUserMark', calls: ['UpdateItem'], begin: raiseByProvider },
    {
      name: 'raise, by a provider, refused',
      method: 'raiseUserMark',
      calls: ['UpdateItem', ...look],
      begin: raiseByProviderAgain,
    },
    { name: 'end a login', method: 'endLogin', calls: ['PutItem'], begin: endLogin },
    { name: 'raise everyone’s', method: 'raiseEpoch', calls: ['UpdateItem'], alone: true, begin: raiseEveryones },
  ];
}

const at = { now: NOW };
/** What a change answers that was sent once. */
const SAVED = { kind: 'saved', repeated: false };

type Saving = Parameters<typeof changeOf>[1];

async function load({ sound, layer }: Scene): Promise<Trial> {
  const old = recordOf();
  const id = await stored(sound, old);
  await layer.loadSession(id, at);
  const present = withData(old, { theme: '1' });
  await sound.saveSession(id, present, changeOf(old, { set: ['theme'] }), at);
  return reading(() => layer.loadSession(id, at), present, old);
}

async function list({ sound, layer }: Scene): Promise<Trial> {
  const { user, first, both } = await twoSessions(sound, (userId) => layer.userSessions(userId, at));
  const act = async (): Promise<readonly string[]> => (await layer.userSessions(user, at)).toSorted();
  return reading(act, [...both.keys()].toSorted(), [...first.keys()]);
}

async function listWhole({ sound, layer }: Scene): Promise<Trial> {
  const { user, first, both } = await twoSessions(sound, (userId) => layer.loadUserSessions(userId, at));
  const generation = await sound.raiseUserMark(user, NOW + 10, at);
  const seen = (sessions: ReadonlyMap<string, SessionRecord>): unknown => ({
    sessions: inList(sessions),
    generation,
    expiresAt: NOW + 10,
  });
  return reading(() => layer.loadUserSessions(user, at), seen(both), seen(first));
}

async function listWholeOfLogins({ sound, layer }: Scene): Promise<Trial> {
  const [first, second] = [newId(), newId()];
  const {
    user,
    first: one,
    both,
  } = await twoSessions(
    sound,
    async (userId) => {
      await sound.endLogin(first, NOW + 10, at);
      await layer.loadUserSessions(userId, at);
    },
    [first, second],
  );
  const seen = (sessions: ReadonlyMap<string, SessionRecord>): unknown => ({
    sessions: inList(sessions),
    endedLogins: new Set([first]),
  });
  return reading(() => layer.loadUserSessions(user, at), seen(both), seen(one));
}

async function loginsMark({ sound, layer }: Scene): Promise<Trial> {
  const [user, login] = [newId(), newId()];
  await layer.loadMarks(user, { ...at, login });
  await sound.endLogin(login, NOW + 10, at);
  return reading(() => layer.loadMarks(user, { ...at, login }), { endedLogins: new Set([login]) });
}

const marks = (scene: Scene): Promise<Trial> => readingMarks(scene, true);
const usersMark = (scene: Scene): Promise<Trial> => readingMarks(scene, false);

async function readingMarks({ sound, layer }: Scene, fresh: boolean): Promise<Trial> {
  const user = newId();
  await sound.raiseUserMark(user, NOW + 10, at);
  await layer.loadMarks(user, at);
  const generation = await sound.raiseUserMark(user, NOW + 10, at);
  return reading(() => layer.loadMarks(user, { ...at, fresh }), { generation, expiresAt: NOW + 10 });
}

async function create({ table, layer }: Scene): Promise<Trial> {
  const id = newId();
  const record = fullRecord();
  const act = (): Promise<unknown> => layer.saveSession(id, record, { kind: 'create' }, at);
  return { act, answer: { kind: 'saved' }, state: () => recordAt(table, id), before: undefined, after: record };
}

async function createOverAnother({ table, sound, layer }: Scene): Promise<Trial> {
  const other = fullRecord();
  const id = await stored(sound, other);
  const act = (): Promise<unknown> => layer.saveSession(id, fullRecord(), { kind: 'create' }, at);
  return { act, answer: { kind: 'gone' }, state: () => recordAt(table, id), before: other, after: other };
}

/** A late copy of the creation of a session, or whoever guesses its ID. */
async function createInThePlaceOfAnEnd({ table, sound, layer }: Scene): Promise<Trial> {
  const record = fullRecord();
  const id = await stored(sound, record);
  await sound.deleteSession(id, {}, at);
  const act = (): Promise<unknown> => layer.saveSession(id, record, { kind: 'create' }, at);
  return { act, answer: { kind: 'gone' }, state: () => leftAt(table, id), before: endOf(id), after: endOf(id) };
}

const changed = (before: SessionRecord): SessionRecord => withData(before, { theme: '1', old: undefined });
const noFence = (): Partial<Update['expected']> => ({ fence: 0 });

const change = (scene: Scene): Promise<Trial> => saving(scene, { set: ['theme'], removed: ['old'] }, changed, noFence);

const changeBehindTheFence = (scene: Scene): Promise<Trial> =>
  savingTooLate(scene, { set: ['theme'], removed: ['old'] }, changed, noFence, (before) => [
    written(before, { fence: 1 }),
    { fenced: true },
  ]);

/** What follows a change that was sent more than once. */
const raiseTheFence = (scene: Scene): Promise<Trial> =>
  saving(scene, { fenced: true }, (before) => written(before, { fence: 1 }), noFence);

const touched = (before: SessionRecord): SessionRecord =>
  written(before, { lastSeenAt: NOW + 9, expiresAt: NOW + 4_000 });
const notSeenLater = (): Partial<Update['expected']> => ({ lastSeenAt: NOW + 9 });

const touch = (scene: Scene): Promise<Trial> => saving(scene, { touched: true }, touched, notSeenLater);

const touchTooLate = (scene: Scene): Promise<Trial> =>
  savingTooLate(scene, { touched: true }, touched, notSeenLater, (before) => [
    written(before, { lastSeenAt: NOW + 10, expiresAt: NOW + 4_001 }),
    { touched: true },
  ]);

const rotate = (scene: Scene): Promise<Trial> =>
  saving(scene, { rotated: true }, rotated, (before) => ({ secretHash: before.secretHash }));

const logIn = (scene: Scene): Promise<Trial> =>
  saving(scene, { touched: true, rotated: true, userAttached: true }, (before) =>
    written(before, { userId: newId(), generation: 1, authenticatedAt: NOW, secretHash: newHash(), auth: 1 }),
  );

const updated = (before: SessionRecord): SessionRecord => withData(before, { old: '1' });
const taken = (before: SessionRecord): SessionRecord => ({ ...withData(before, { old: undefined }), fence: 1 });
const sameValue = (): Partial<Update['expected']> => ({ value: ['old', '0'], fence: 0 });
const otherValue = (before: SessionRecord): readonly [SessionRecord, Saving] => [
  withData(before, { old: '2' }),
  { set: ['old'] },
];

/** Only if nobody has given the key another value. */
const update = (scene: Scene): Promise<Trial> => saving(scene, { set: ['old'] }, updated, sameValue);
const updateTooLate = (scene: Scene): Promise<Trial> =>
  savingTooLate(scene, { set: ['old'] }, updated, sameValue, otherValue);

/** What `getAndDelete` does. */
const take = (scene: Scene): Promise<Trial> => saving(scene, { removed: ['old'], fenced: true }, taken, sameValue);
const takeTooLate = (scene: Scene): Promise<Trial> =>
  savingTooLate(scene, { removed: ['old'], fenced: true }, taken, sameValue, otherValue);

const confirm = (scene: Scene): Promise<Trial> => saving(scene, { rotated: true }, confirmed, unconfirmed);

const confirmTooLate = (scene: Scene): Promise<Trial> =>
  savingTooLate(scene, { rotated: true }, confirmed, unconfirmed, (before) => [
    written(before, { previousUntil: NOW + 99 }),
    { rotated: true },
  ]);

const confirmed = (before: SessionRecord): SessionRecord => written(before, { previousUntil: NOW + 120 });
const unconfirmed = ({ secretHash }: SessionRecord): Partial<Update['expected']> => ({ secretHash, unconfirmed: true });

const rotateTooLate = (scene: Scene): Promise<Trial> =>
  savingTooLate(scene, { rotated: true }, rotated, (before) => ({ secretHash: before.secretHash }));

const rotated = (before: SessionRecord): SessionRecord =>
  written(before, { secretHash: newHash(), previousHash: before.secretHash, nonce: new Uint8Array(12).fill(7) });

async function end({ table, sound, layer }: Scene): Promise<Trial> {
  const record = fullRecord();
  const id = await stored(sound, record);
  const act = (): Promise<unknown> => layer.deleteSession(id, { auth: record.auth }, at);
  return { act, answer: { kind: 'deleted' }, state: () => leftAt(table, id), before: 'session', after: endOf(id) };
}

async function endAnother({ table, sound, layer }: Scene): Promise<Trial> {
  const record = fullRecord();
  const id = await stored(sound, record);
  const act = (): Promise<unknown> => layer.deleteSession(id, { auth: record.auth + 1 }, at);
  return { act, answer: { kind: 'refused' }, state: () => recordAt(table, id), before: record, after: record };
}

async function endTwice({ table, sound, layer }: Scene): Promise<Trial> {
  const id = await stored(sound, fullRecord());
  await sound.deleteSession(id, {}, at);
  const act = (): Promise<unknown> => layer.deleteSession(id, { auth: 4 }, { now: NOW + 1 });
  return { act, answer: { kind: 'absent' }, state: () => leftAt(table, id), before: endOf(id), after: endOf(id) };
}

async function endNothing({ table, layer }: Scene): Promise<Trial> {
  const id = newId();
  const act = (): Promise<unknown> => layer.deleteSession(id, { auth: 4 }, at);
  return { act, answer: { kind: 'absent' }, state: () => leftAt(table, id), before: undefined, after: undefined };
}

async function deleteAll({ table, sound, layer }: Scene): Promise<Trial> {
  const ids = await Promise.all([1, 2, 3].map(() => stored(sound, fullRecord())));
  const ended = ids.map(endOf);
  const state = async (): Promise<unknown> => {
    const left = await Promise.all(ids.map((id) => leftAt(table, id)));
    const [sessions, ends] = [
      left.filter((each) => each === 'session'),
      left.filter((each, index) => isDeepStrictEqual(each, ended[index])),
    ];
    return { sessions: sessions.length, ends: ends.length };
  };
  const seen = (ends: number): unknown => ({ sessions: 3 - ends, ends });
  const act = (): Promise<unknown> => layer.deleteSessions(ids, at);
  return { act, answer: undefined, state, before: seen(0), after: seen(3), between: [seen(1), seen(2)] };
}

const SPARED = { id: 'spared', generation: 5 };

const raise = (scene: Scene): Promise<Trial> => raising(scene, () => ({}));
const raiseSparing = (scene: Scene): Promise<Trial> => raising(scene, (since) => ({ since, spare: SPARED }));
const raiseByProvider = (scene: Scene): Promise<Trial> => raising(scene, () => ({ issuedBefore: NOW }));

async function raising({ sound, layer }: Scene, options: (since: number) => RaiseOptions): Promise<Trial> {
  const user = newId();
  const first = (await sound.raiseUserMark(user, NOW + 10, at)) as number;
  const raised = options(first);
  const act = (): Promise<unknown> => layer.raiseUserMark(user, NOW + 20, { ...at, ...raised });
  const { spare: spared, issuedBefore } = raised;
  const after = {
    generation: first + 1,
    expiresAt: NOW + 20,
    ...(spared && { spared }),
    ...(issuedBefore !== undefined && { issuedBefore }),
  };
  const state = (): Promise<unknown> => sound.loadMarks(user, at);
  return { act, answer: first + 1, state, before: { generation: first, expiresAt: NOW + 10 }, after };
}

/** A raise that was sent more than once is followed by word that a copy of it is to be refused. */
async function refuseCopies({ table, sound, layer }: Scene): Promise<Trial> {
  const user = newId();
  const first = (await sound.raiseUserMark(user, NOW + 10, at)) as number;
  const act = (): Promise<unknown> => layer.raiseUserMark(user, NOW + 20, at);
  const state = async (): Promise<unknown> => 'copies' in ((await itemAt(table, markIdOf(user))) ?? {});
  return { act, answer: first + 1, state, before: false, after: true };
}

/** The session that is to be spared has been logged out in between. */
async function raiseTooLate({ sound, layer }: Scene): Promise<Trial> {
  const user = newId();
  const since = await sound.raiseUserMark(user, NOW + 10, at);
  const generation = await sound.raiseUserMark(user, NOW + 10, at);
  const act = (): Promise<unknown> => layer.raiseUserMark(user, NOW + 20, { ...at, spare: SPARED, since });
  const state = (): Promise<unknown> => sound.loadMarks(user, at);
  const marks = { generation, expiresAt: NOW + 10 };
  return { act, answer: undefined, state, before: marks, after: marks };
}

/** The provider has said it before. */
async function raiseByProviderAgain({ sound, layer }: Scene): Promise<Trial> {
  const user = newId();
  const generation = await sound.raiseUserMark(user, NOW + 10, { ...at, issuedBefore: NOW });
  const act = (): Promise<unknown> => layer.raiseUserMark(user, NOW + 20, { ...at, issuedBefore: NOW });
  const state = (): Promise<unknown> => sound.loadMarks(user, at);
  const marks = { generation, issuedBefore: NOW, expiresAt: NOW + 10 };
  return { act, answer: undefined, state, before: marks, after: marks };
}

async function endLogin({ sound, layer }: Scene): Promise<Trial> {
  const [user, login] = [newId(), newId()];
  const act = (): Promise<unknown> => layer.endLogin(login, NOW + 20, at);
  const state = async (): Promise<unknown> => (await sound.loadMarks(user, { ...at, login })).endedLogins?.has(login);
  return { act, answer: undefined, state, before: undefined, after: true };
}

async function raiseEveryones({ sound, layer }: Scene): Promise<Trial> {
  const epoch = async (): Promise<number> => (await sound.loadMarks(newId(), { ...at, fresh: true })).epoch ?? 0;
  await sound.raiseEpoch(at);
  const first = await epoch();
  const state = async (): Promise<number> => (await epoch()) - first;
  return { act: () => layer.raiseEpoch(at), answer: undefined, state, before: 0, after: 1 };
}

function reading(act: () => Promise<unknown>, answer: unknown, oldAnswer?: unknown): Trial {
  return { act, answer, oldAnswer, state: () => Promise.resolve(), before: undefined, after: undefined };
}

/** What a list reads of sessions. */
const inList = (sessions: ReadonlyMap<string, SessionRecord>): ReadonlyMap<string, unknown> =>
  new Map([...sessions].map(([id, record]) => [id, { ...required(record), ...listed(record), data: new Map() }]));

const required = ({ secretHash, rotatedAt, auth, lastWrite, absoluteExpiresAt }: SessionRecord) => ({
  secretHash,
  rotatedAt,
  auth,
  lastWrite,
  absoluteExpiresAt,
});

async function twoSessions(
  sound: DynamoDBPersistenceLayer,
  afterTheFirst: (user: string) => Promise<unknown>,
  logins: readonly string[] = [],
): Promise<{ user: string; first: Map<string, SessionRecord>; both: Map<string, SessionRecord> }> {
  const user = newId();
  const begin = async (login: string | undefined): Promise<[string, SessionRecord]> => {
    const { login: _, ...others } = fullRecord({ userId: user });
    const record = { ...others, ...(login !== undefined && { login }) };
    return [await stored(sound, record), record];
  };
  const first = await begin(logins[0]);
  await afterTheFirst(user);
  return { user, first: new Map([first]), both: new Map([first, await begin(logins[1])]) };
}

async function saving(
  { table, sound, layer, encrypted }: Scene,
  what: Saving,
  next: (before: SessionRecord) => SessionRecord,
  expected: (before: SessionRecord) => Partial<Update['expected']> = () => ({}),
): Promise<Trial> {
  const before = withData(recordOf(), { kept: '0', old: '0' });
  const id = await stored(sound, before);
  const [after, change] = keyed(encrypted, before, next(before), { ...what, expected: expected(before) });
  const act = (): Promise<unknown> => layer.saveSession(id, after, changeOf(before, change), at);
  return { act, answer: SAVED, state: () => recordAt(table, id), before, after };
}

/** Another has changed the session in between, by default rotated it. */
async function savingTooLate(
  scene: Scene,
  what: Saving,
  next: (before: SessionRecord) => SessionRecord,
  expected: (before: SessionRecord) => Partial<Update['expected']>,
  byOthers: (before: SessionRecord) => readonly [SessionRecord, Saving] = (before) => [
    rotated(before),
    { rotated: true },
  ],
): Promise<Trial> {
  const { table, sound, layer, encrypted } = scene;
  const before = withData(recordOf(), { kept: '0', old: '0' });
  const id = await stored(sound, before);
  const [others, by] = keyed(encrypted, before, ...byOthers(before));
  await sound.saveSession(id, others, changeOf(before, by), at);
  const [after, change] = keyed(encrypted, before, next(before), { ...what, expected: expected(before) });
  const act = (): Promise<unknown> => layer.saveSession(id, after, changeOf(before, change), at);
  const answer = { kind: 'conflict', current: others };
  return { act, answer, state: () => recordAt(table, id), before: others, after: others };
}

/** With a key for the new secret, and the former one; or with the first key, and what has changed sealed. */
function keyed(
  encrypted: boolean,
  before: SessionRecord,
  after: SessionRecord,
  what: Parameters<typeof changeOf>[1] = {},
): readonly [SessionRecord, NonNullable<Parameters<typeof changeOf>[1]>] {
  if (!encrypted) return [after, what];
  const wrappedKey = newKey();
  if (after.secretHash !== before.secretHash) {
    const withKey = { ...after, wrappedKey, ...(after.auth !== before.auth && { formerKey: newKey() }) };
    return [withKey, { ...what, keyed: true }];
  }
  const { set = [] } = what;
  if (set.length === 0) return [after, what];
  const data = new Map([...after.data, ...set.map((key) => [key, sealedText()] as const)]);
  const { secretHash, fence = 0 } = before;
  return [
    { ...after, data, wrappedKey, fence: fence + 1 },
    { ...what, keyed: true, fenced: true, expected: { ...what.expected, secretHash, fence } },
  ];
}

const newKey = (): Uint8Array => new Uint8Array(randomBytes(60));
const sealedText = (): string => `sealed:${randomBytes(40).toString('base64url')}`;

async function itemAt({ client, tableName }: TestTable, id: string): Promise<Item | undefined> {
  const { Item: item } = await client.send(
    new GetItemCommand({ TableName: tableName, Key: { id: { S: id } }, ConsistentRead: true }),
  );
  return item;
}

async function recordAt(table: TestTable, id: string): Promise<SessionRecord | undefined> {
  const item = await itemAt(table, id);
  const read = item === undefined ? undefined : readItem(item);
  return read?.kind === 'session' ? read.record : undefined;
}

/** What is left under an ID: a session, or all of what is there but the mark of its writer. */
async function leftAt(table: TestTable, id: string): Promise<unknown> {
  const item = await itemAt(table, id);
  if (item === undefined) return undefined;
  return readItem(item).kind === 'session' ? 'session' : unmarked(item);
}

/** All that an end leaves. */
const endOf = (id: string): Item => unmarked(tombstoneOf(id, NOW, new Uint8Array()));

function unmarked({ lastWrite: _, ...item }: Item): Item {
  return item;
}
