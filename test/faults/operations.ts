import { GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { markMayReappear } from '../../src/dynamodb/commands.js';
import type { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { type Item, MAY_REAPPEAR, readItem } from '../../src/dynamodb/item.js';
import type { SessionRecord } from '../../src/index.js';
import type { EngineCapabilities } from '../engines/index.js';
import type { Fault } from '../world/faults.js';
import {
  changeOf,
  fullRecord,
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
export const ASK_NOTHING = [
  'checkStorable',
  'loadUser',
  'roleHierarchy',
] as const satisfies readonly (keyof DynamoDBPersistenceLayer)[];

/** Everything else that the layer does. */
export function operationsOn({ oldItemOnFailedCondition }: EngineCapabilities): readonly Operation[] {
  // What was there when a condition did not hold is read where the engine does not return it.
  const look = oldItemOnFailedCondition ? [] : ['GetItem'];
  return [
    { name: 'load', method: 'loadSession', calls: ['GetItem'], begin: load },
    { name: 'load, eventually', method: 'loadSession', calls: ['GetItem'], consistentRead: false, begin: load },
    { name: 'list', method: 'userSessions', calls: ['Query'], begin: list },
    { name: 'list whole', method: 'loadUserSessions', calls: ['Query', 'BatchGetItem'], begin: listWhole },
    { name: 'marks', method: 'loadMarks', calls: ['BatchGetItem'], begin: marks },
    { name: 'marks, everyone’s known', method: 'loadMarks', calls: ['GetItem'], begin: usersMark },
    { name: 'create', method: 'saveSession', calls: ['PutItem'], begin: create },
    {
      name: 'create twice',
      method: 'saveSession',
      calls: ['PutItem', 'UpdateItem'],
      given: 'drop-before',
      begin: note,
    },
    { name: 'create, refused', method: 'saveSession', calls: ['PutItem', ...look], begin: createOverAnother },
    { name: 'change', method: 'saveSession', calls: ['UpdateItem'], begin: change },
    { name: 'touch', method: 'saveSession', calls: ['UpdateItem'], begin: touch },
    { name: 'rotate', method: 'saveSession', calls: ['UpdateItem'], begin: rotate },
    { name: 'rotate, refused', method: 'saveSession', calls: ['UpdateItem', ...look], begin: rotateTooLate },
    { name: 'log in', method: 'saveSession', calls: ['UpdateItem'], begin: logIn },
    { name: 'take', method: 'saveSession', calls: ['UpdateItem'], begin: take },
    { name: 'take, refused', method: 'saveSession', calls: ['UpdateItem', ...look], begin: takeTooLate },
    { name: 'delete', method: 'deleteSession', calls: ['DeleteItem'], begin: end },
    { name: 'delete, refused', method: 'deleteSession', calls: ['DeleteItem', ...look], begin: endAnother },
    { name: 'bury', method: 'deleteSession', calls: ['DeleteItem', ...look, 'PutItem'], begin: bury },
    { name: 'delete all', method: 'deleteSessions', calls: ['BatchWriteItem'], begin: deleteAll },
    { name: 'raise', method: 'raiseUserMark', calls: ['UpdateItem'], begin: raise },
    { name: 'raise, kept', method: 'raiseUserMark', calls: ['UpdateItem', ...look, 'UpdateItem'], begin: raiseKept },
    { name: 'raise everyone’s', method: 'raiseEpoch', calls: ['UpdateItem'], alone: true, begin: raiseEveryones },
  ];
}

const at = { now: NOW };
const SAVED = { kind: 'saved' };

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
  const seen = (sessions: ReadonlyMap<string, SessionRecord>): unknown => ({ sessions, generation });
  return reading(() => layer.loadUserSessions(user, at), seen(both), seen(first));
}

const marks = (scene: Scene): Promise<Trial> => readingMarks(scene, true);
const usersMark = (scene: Scene): Promise<Trial> => readingMarks(scene, false);

async function readingMarks({ sound, layer }: Scene, fresh: boolean): Promise<Trial> {
  const user = newId();
  await sound.raiseUserMark(user, NOW + 10, at);
  await layer.loadMarks(user, at);
  const generation = await sound.raiseUserMark(user, NOW + 10, at);
  return reading(() => layer.loadMarks(user, { ...at, fresh }), { generation });
}

async function create({ table, layer }: Scene): Promise<Trial> {
  const id = newId();
  const record = fullRecord();
  const act = (): Promise<unknown> => layer.saveSession(id, record, { kind: 'create' }, at);
  return { act, answer: SAVED, state: () => recordAt(table, id), before: undefined, after: record };
}

/** A session whose creation was sent twice gets a note that says so. */
async function note(scene: Scene): Promise<Trial> {
  const id = newId();
  const record = fullRecord();
  const state = async (): Promise<unknown> => MAY_REAPPEAR in ((await itemAt(scene.table, id)) ?? {});
  const act = (): Promise<unknown> => scene.layer.saveSession(id, record, { kind: 'create' }, at);
  return { act, answer: SAVED, state, before: false, after: true };
}

async function createOverAnother({ table, sound, layer }: Scene): Promise<Trial> {
  const other = fullRecord();
  const id = await stored(sound, other);
  const act = (): Promise<unknown> => layer.saveSession(id, fullRecord(), { kind: 'create' }, at);
  return { act, answer: { kind: 'gone' }, state: () => recordAt(table, id), before: other, after: other };
}

const change = (scene: Scene): Promise<Trial> =>
  saving(scene, { set: ['theme'], removed: ['old'] }, (before) => withData(before, { theme: '1', old: undefined }));

const touch = (scene: Scene): Promise<Trial> =>
  saving(scene, { touched: true }, (before) => written(before, { lastSeenAt: NOW + 9, expiresAt: NOW + 4_000 }));

const rotate = (scene: Scene): Promise<Trial> =>
  saving(scene, { rotated: true }, rotated, (before) => ({ secretHash: before.secretHash }));

const logIn = (scene: Scene): Promise<Trial> =>
  saving(scene, { touched: true, rotated: true, userAttached: true }, (before) =>
    written(before, { userId: newId(), generation: 1, authenticatedAt: NOW, secretHash: newHash(), auth: 1 }),
  );

/** What `update` and `getAndDelete` do: only if no other write has come between. */
const take = (scene: Scene): Promise<Trial> =>
  saving(
    scene,
    { removed: ['old'] },
    (before) => withData(before, { old: undefined }),
    (before) => ({ lastWrite: before.lastWrite }),
  );

const rotateTooLate = (scene: Scene): Promise<Trial> =>
  savingTooLate(scene, { rotated: true }, rotated, (before) => ({ secretHash: before.secretHash }));

const takeTooLate = (scene: Scene): Promise<Trial> =>
  savingTooLate(
    scene,
    { removed: ['old'] },
    (before) => withData(before, { old: undefined }),
    (before) => ({ lastWrite: before.lastWrite }),
  );

const rotated = (before: SessionRecord): SessionRecord =>
  written(before, { secretHash: newHash(), previousHash: before.secretHash, nonce: new Uint8Array(12).fill(7) });

async function end({ table, sound, layer }: Scene): Promise<Trial> {
  const record = fullRecord();
  const id = await stored(sound, record);
  const act = (): Promise<unknown> => layer.deleteSession(id, { auth: record.auth }, at);
  return { act, answer: { kind: 'deleted' }, state: () => itemAt(table, id).then(Boolean), before: true, after: false };
}

async function endAnother({ table, sound, layer }: Scene): Promise<Trial> {
  const record = fullRecord();
  const id = await stored(sound, record);
  const act = (): Promise<unknown> => layer.deleteSession(id, { auth: record.auth + 1 }, at);
  return { act, answer: { kind: 'refused' }, state: () => recordAt(table, id), before: record, after: record };
}

/** A session that may reappear is not deleted: what stays in its place refuses the copy of its creation. */
async function bury({ table, sound, layer }: Scene): Promise<Trial> {
  const record = fullRecord();
  const id = await stored(sound, record);
  await table.client.send(new UpdateItemCommand(markMayReappear(table.tableName, id, record)));
  const state = async (): Promise<unknown> => readItem((await itemAt(table, id)) ?? {}).kind;
  const act = (): Promise<unknown> => layer.deleteSession(id, { auth: record.auth }, at);
  return { act, answer: { kind: 'deleted' }, state, before: 'session', after: 'tombstone' };
}

async function deleteAll({ table, sound, layer }: Scene): Promise<Trial> {
  const ids = await Promise.all([1, 2, 3].map(() => stored(sound, fullRecord())));
  const state = async (): Promise<unknown> =>
    (await Promise.all(ids.map((id) => itemAt(table, id)))).filter(Boolean).length;
  return { act: () => layer.deleteSessions(ids, at), answer: undefined, state, before: 3, after: 0, between: [2, 1] };
}

const raise = (scene: Scene): Promise<Trial> => raising(scene, NOW + 20);

/** A mark that stays for longer than it would be raised for is raised by a second call. */
const raiseKept = (scene: Scene): Promise<Trial> => raising(scene, NOW + 5);

async function raising({ sound, layer }: Scene, expiresAt: number): Promise<Trial> {
  const user = newId();
  const first = await sound.raiseUserMark(user, NOW + 10, at);
  const generation = async (): Promise<number> => (await sound.loadMarks(user, at)).generation ?? 0;
  const act = async (): Promise<unknown> => (await layer.raiseUserMark(user, expiresAt, at)) - first;
  return { act, answer: 1, state: async () => (await generation()) - first, before: 0, after: 1 };
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

async function twoSessions(
  sound: DynamoDBPersistenceLayer,
  afterTheFirst: (user: string) => Promise<unknown>,
): Promise<{ user: string; first: Map<string, SessionRecord>; both: Map<string, SessionRecord> }> {
  const user = newId();
  const begin = async (): Promise<[string, SessionRecord]> => {
    const record = fullRecord({ userId: user });
    return [await stored(sound, record), record];
  };
  const first = await begin();
  await afterTheFirst(user);
  return { user, first: new Map([first]), both: new Map([first, await begin()]) };
}

async function saving(
  { table, sound, layer }: Scene,
  what: Saving,
  changed: (before: SessionRecord) => SessionRecord,
  expected: (before: SessionRecord) => Partial<Update['expected']> = () => ({}),
): Promise<Trial> {
  const before = withData(recordOf(), { kept: '0', old: '0' });
  const id = await stored(sound, before);
  const after = changed(before);
  const act = (): Promise<unknown> =>
    layer.saveSession(id, after, changeOf(before, { ...what, expected: expected(before) }), at);
  return { act, answer: SAVED, state: () => recordAt(table, id), before, after };
}

/** Another has rotated the session in between. */
async function savingTooLate(
  scene: Scene,
  what: Saving,
  changed: (before: SessionRecord) => SessionRecord,
  expected: (before: SessionRecord) => Partial<Update['expected']>,
): Promise<Trial> {
  const { table, sound, layer } = scene;
  const before = withData(recordOf(), { kept: '0', old: '0' });
  const id = await stored(sound, before);
  const others = rotated(before);
  await sound.saveSession(id, others, changeOf(before, { rotated: true }), at);
  const act = (): Promise<unknown> =>
    layer.saveSession(id, changed(before), changeOf(before, { ...what, expected: expected(before) }), at);
  const answer = { kind: 'conflict', current: others };
  return { act, answer, state: () => recordAt(table, id), before: others, after: others };
}

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
