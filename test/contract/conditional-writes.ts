import { describe, expect, it } from 'vitest';
import type { Expected, SaveOutcome, SessionRecord } from '../../src/index.js';
import { RECORD_ATTRIBUTES, type RecordAttribute } from '../../src/core/record.js';
import {
  changeOf,
  expectSaved,
  fullRecord,
  newHash,
  newId,
  NOW,
  recordOf,
  stored,
  withData,
  written,
} from '../world/records.js';
import { DIFFICULT_KEYS } from './keys.js';
import type { Layer } from './layer.js';

/** A write that was sent once. A layer may say so, or not. */
const SAVED = expect.toBeOneOf([{ kind: 'saved' }, { kind: 'saved', repeated: false }]) as unknown;

/** How `saveSession` treats a session that is not what the writer takes it for. */
export function describeConditionalWrites(layer: Layer): void {
  const load = (id: string): Promise<SessionRecord | undefined> => layer().loadSession(id, { now: NOW, fresh: true });

  describe('saveSession, of a new session', () => {
    it('refuses an ID that has a session already, and leaves that as it was', async () => {
      const first = fullRecord();
      const id = await stored(layer(), first);
      expect(await layer().saveSession(id, recordOf(), { kind: 'create' }, { now: NOW })).toEqual({ kind: 'gone' });
      expect(await load(id)).toEqual(first);
    });

    it('lets exactly one of many win an ID', async () => {
      const id = newId();
      const records = Array.from({ length: 8 }, () => recordOf());
      const outcomes = await Promise.all(
        records.map((record) => layer().saveSession(id, record, { kind: 'create' }, { now: NOW })),
      );
      const winners = records.filter((_, index) => outcomes[index]?.kind === 'saved');
      expect(winners).toHaveLength(1);
      expect(await load(id)).toEqual(winners[0]);
    });

    it('F3: answers `saved` when its own write is repeated, because the answer was lost', async () => {
      const record = fullRecord();
      const id = await stored(layer(), record);
      expect(await layer().saveSession(id, record, { kind: 'create' }, { now: NOW })).toEqual({ kind: 'saved' });
      expect(await load(id)).toEqual(record);
    });
  });

  describe('saveSession, of a change', () => {
    it('never inserts: there is no ghost of a session that does not exist', async () => {
      const id = newId();
      const record = fullRecord();
      const change = changeOf(record, { set: ['theme'], touched: true, rotated: true, userAttached: true });
      expect(await layer().saveSession(id, record, change, { now: NOW })).toEqual({ kind: 'gone' });
      expect(await load(id)).toBeUndefined();
      expect(await layer().userSessions(record.userId as string, { now: NOW })).toEqual([]);
    });

    it('F1: never brings back a session that was deleted', async () => {
      const before = fullRecord();
      const id = await stored(layer(), before);
      await layer().deleteSession(id);
      for (const change of [changeOf(before, { set: ['theme'] }), changeOf(before, { touched: true })]) {
        expect(await layer().saveSession(id, withData(before, { theme: '1' }), change, { now: NOW })).toEqual({
          kind: 'gone',
        });
      }
      expect(await load(id)).toBeUndefined();
    });

    it('writes the keys that changed and no others: those of concurrent writers all survive', async () => {
      const before = withData(recordOf(), { kept: '0', old: '0' });
      const id = await stored(layer(), before);
      const keys = Array.from({ length: 10 }, (_, index) => `key ${index}`);
      await Promise.all([
        ...keys.map((key) =>
          layer().saveSession(id, withData(before, { [key]: '1' }), changeOf(before, { set: [key] }), { now: NOW }),
        ),
        layer().saveSession(id, withData(before, { old: undefined }), changeOf(before, { removed: ['old'] }), {
          now: NOW,
        }),
      ]);
      expect((await load(id))?.data).toEqual(new Map([['kept', '0'], ...keys.map((key) => [key, '1'] as const)]));
    });

    it('takes away a key that is not there any more, which is no error', async () => {
      const before = recordOf();
      const id = await stored(layer(), before);
      const change = changeOf(before, { removed: ['never there'] });
      expect(await layer().saveSession(id, written(before), change, { now: NOW })).toEqual(SAVED);
    });

    it.each(['touched', 'address', 'userAgent', 'rotated', 'userAttached', 'keyed', 'fenced'] as const)(
      'writes the attributes of %s and no others',
      async (group) => {
        const before = fullRecord();
        const id = await stored(layer(), before);
        const other = fullRecord({
          expiresAt: NOW + 7_200,
          auth: 9,
          createdAt: NOW - 1,
          absoluteExpiresAt: NOW - 1,
          rotatedAt: NOW + 99,
          lastSeenAt: NOW + 99,
          address: '192.0.2.1',
          userAgent: 'curl',
          generation: 7,
          authenticatedAt: 8,
          previousUntil: 9,
          fence: 10,
          data: new Map(),
        });
        expect(await layer().saveSession(id, other, changeOf(before, { [group]: true }), { now: NOW })).toEqual(SAVED);
        const changed = {
          lastWrite: other.lastWrite,
          ...attributesOf(other, group),
          ...(group === 'userAttached' ? { userId: other.userId } : {}),
        };
        expect(await load(id)).toEqual({ ...before, ...changed });
      },
    );

    it('removes the attributes of a group that the session is now without', async () => {
      const before = fullRecord();
      const id = await stored(layer(), before);
      const {
        previousHash: _h,
        previousUntil: _u,
        nonce: _n,
        address: _a,
        userAgent: _ua,
        generation: _g,
        wrappedKey: _w,
        formerKey: _k,
        fence: _f,
        ...bare
      } = before;
      const after = written(bare);
      const groups = {
        touched: true,
        address: true,
        userAgent: true,
        rotated: true,
        userAttached: true,
        keyed: true,
        fenced: true,
      };
      const change = changeOf(before, groups);
      expect(await layer().saveSession(id, after, change, { now: NOW })).toEqual(SAVED);
      expect(await load(id)).toEqual(after);
    });

    const refusals: readonly [string, 'gone' | 'conflict', (before: SessionRecord) => Partial<Expected>][] = [
      ['has expired, in the very second', 'gone', (before) => ({ now: before.expiresAt })],
      ['has expired, long ago', 'gone', (before) => ({ now: before.expiresAt + 1_000_000 })],
      ['has had a login meanwhile', 'gone', (before) => ({ auth: before.auth - 1 })],
      ['is older than expected', 'gone', (before) => ({ auth: before.auth + 1 })],
      ['has been rotated meanwhile', 'conflict', () => ({ secretHash: newHash() })],
      ['has another value under a key', 'conflict', () => ({ value: ['theme', '"light"'] })],
      ['has a value under a key, and none was expected', 'conflict', () => ({ value: ['theme', undefined] })],
      ['has no value under a key, and one was expected', 'conflict', () => ({ value: ['cart', '"dark"'] })],
      [
        'has been rotated, and has another value under a key',
        'conflict',
        () => ({ secretHash: newHash(), value: ['theme', '1'] }),
      ],
      ['has been seen by a later request', 'conflict', (before) => ({ lastSeenAt: before.lastSeenAt - 1 })],
      ['has a higher fence', 'conflict', ({ fence = 0 }) => ({ fence: fence - 1 })],
      ['has a fence, and none was expected', 'conflict', () => ({ fence: 0 })],
      ['has a lower fence', 'conflict', ({ fence = 0 }) => ({ fence: fence + 1 })],
      ['has had its secret confirmed', 'conflict', () => ({ unconfirmed: true })],
      [
        'has had its secret confirmed, the same one',
        'conflict',
        ({ secretHash }) => ({ unconfirmed: true, secretHash }),
      ],
      ['has another challenge for its device', 'conflict', () => ({ deviceChallenge: newHash() })],
      ['has had a login and another challenge', 'gone', ({ auth }) => ({ auth: auth - 1, deviceChallenge: newHash() })],
      [
        'has had a login, and has another value under a key',
        'gone',
        (before) => ({ auth: before.auth - 1, value: ['theme', '1'] }),
      ],
      ['has had a login and has another fence', 'gone', (before) => ({ auth: before.auth - 1, fence: 0 })],
      ['has expired and had its secret confirmed', 'gone', ({ expiresAt }) => ({ now: expiresAt, unconfirmed: true })],
      ['has expired and been rotated', 'gone', (before) => ({ now: before.expiresAt, secretHash: newHash() })],
    ];

    it.each(refusals)('writes nothing if the session %s: %s', async (_, kind, expected) => {
      const before = fullRecord();
      const id = await stored(layer(), before);
      const change = changeOf(before, {
        set: ['theme', 'new'],
        removed: ['old'],
        touched: true,
        rotated: true,
        userAttached: true,
        bound: true,
        fenced: true,
        expected: expected(before),
      });
      const late = fullRecord({
        fence: 8,
        data: new Map([
          ['theme', '1'],
          ['new', '1'],
        ]),
      });
      const outcome = await layer().saveSession(id, late, change, { now: NOW });
      expect(outcome).toEqual(kind === 'gone' ? { kind } : { kind, current: before });
      expect(await load(id)).toEqual(before);
      expect(await layer().userSessions(late.userId as string, { now: NOW })).toEqual([]);
    });

    it('writes if all of what is expected holds, in the last second of the session', async () => {
      const { previousUntil: _, ...before } = fullRecord();
      const id = await stored(layer(), before);
      const { secretHash, fence = 0, lastSeenAt } = before as SessionRecord;
      const value = ['theme', '"dark"'] as const;
      const expected = { now: before.expiresAt - 1, secretHash, value, fence, unconfirmed: true, lastSeenAt };
      const after = withData(before, { theme: '1' });
      expect(
        await layer().saveSession(id, after, changeOf(before, { set: ['theme'], expected }), { now: NOW }),
      ).toEqual(SAVED);
      expect(await load(id)).toEqual(after);
    });

    it('writes the binding to a device as a whole, and only if its challenge is the one that was expected', async () => {
      const before = fullRecord();
      const id = await stored(layer(), before);
      const { deviceChallenge } = before as SessionRecord & { deviceChallenge: Uint8Array };
      const next = { deviceKey: new Uint8Array([1]), deviceChallenge: new Uint8Array([2]), boundHash: newHash() };
      const none = { boundUntil: undefined, previousBoundHash: undefined, previousBoundUntil: undefined };
      const after = written(before, { ...next, ...none, address: '192.0.2.1' });
      const change = changeOf(before, { bound: true, expected: { deviceChallenge } });
      expect(await layer().saveSession(id, after, change, { now: NOW })).toEqual(SAVED);
      const { boundUntil: _b, previousBoundHash: _h, previousBoundUntil: _u, ...rest } = before as SessionRecord;
      expect(await load(id)).toEqual({ ...rest, ...next, lastWrite: after.lastWrite });
      expect(await layer().saveSession(id, written(after), change, { now: NOW })).toMatchObject({ kind: 'conflict' });
    });

    it('refuses a binding to a session that has no challenge', async () => {
      const before = recordOf();
      const id = await stored(layer(), before);
      const change = changeOf(before, { bound: true, expected: { deviceChallenge: newHash() } });
      const after = written(before, { deviceKey: new Uint8Array([1]) });
      expect(await layer().saveSession(id, after, change, { now: NOW })).toMatchObject({ kind: 'conflict' });
      expect(await load(id)).toEqual(before);
    });

    it.each<[stored: number | undefined, expected: number, kind: 'saved' | 'conflict']>([
      [undefined, 0, 'saved'],
      [undefined, 1, 'conflict'],
      [1, 1, 'saved'],
      [1, 0, 'conflict'],
    ])('takes a session without a fence for one with 0: with %s, it expects %i, and it is %s', async (...row) => {
      const [fence, expected, kind] = row;
      const before = recordOf(fence === undefined ? {} : { fence });
      const id = await stored(layer(), before);
      const change = changeOf(before, { set: ['theme'], expected: { fence: expected } });
      const outcome = await layer().saveSession(id, withData(before, { theme: '1' }), change, { now: NOW });
      expect(outcome).toEqual(kind === 'saved' ? SAVED : { kind, current: before });
    });

    it('compares a value that is sealed with what is expected', async () => {
      const [sealed, other] = [1, 2].map((byte) => `sealed:${Buffer.alloc(40, byte).toString('base64url')}`);
      const before = withData(recordOf(), { cart: sealed });
      const id = await stored(layer(), before);
      const after = withData(before, { cart: '[]' });
      const save = (value: string | undefined): Promise<SaveOutcome | void> => {
        const change = changeOf(before, { set: ['cart'], expected: { value: ['cart', value] } });
        return layer().saveSession(id, after, change, { now: NOW });
      };
      expect(await save(other)).toEqual({ kind: 'conflict', current: before });
      expect(await save(sealed)).toEqual(SAVED);
    });

    it.each(DIFFICULT_KEYS)('compares the value of one key with what is expected: of %j', async (key) => {
      const before = recordOf();
      const id = await stored(layer(), before);
      const save = async (
        encoded: string | undefined,
        expected: string | undefined,
      ): Promise<readonly [string | undefined, string | undefined]> => {
        const parts = encoded === undefined ? { removed: [key] } : { set: [key] };
        const after = written(before, { data: new Map(encoded === undefined ? [] : [[key, encoded]]) });
        const change = changeOf(before, { ...parts, expected: { value: [key, expected] } });
        const outcome = await layer().saveSession(id, after, change, { now: NOW });
        return [outcome?.kind, (await load(id))?.data.get(key)];
      };
      expect(await save('1', '0')).toEqual(['conflict', undefined]);
      expect(await save('1', undefined)).toEqual(['saved', '1']);
      expect(await save('2', undefined)).toEqual(['conflict', '1']);
      expect(await save('2', '')).toEqual(['conflict', '1']);
      expect(await save('2', '1')).toEqual(['saved', '2']);
      expect(await save(undefined, '1')).toEqual(['conflict', '2']);
      expect(await save(undefined, '2')).toEqual(['saved', undefined]);
    });

    it('F2: refuses a copy of an earlier write once the fence was raised', async () => {
      const before = recordOf();
      const id = await stored(layer(), before);
      const late = withData(before, { theme: '"late"' });
      const change = changeOf(before, { set: ['theme'], expected: { fence: 0 } });
      expectSaved(await layer().saveSession(id, late, change, { now: NOW }));
      const raised = written(late, { fence: 1 });
      const raise = changeOf(late, { fenced: true, expected: { fence: 0 } });
      expect(await layer().saveSession(id, raised, raise, { now: NOW })).toEqual(SAVED);
      const now = withData(raised, { theme: '"new"' });
      const plain = changeOf(raised, { set: ['theme'], expected: { fence: 1 } });
      expectSaved(await layer().saveSession(id, now, plain, { now: NOW }));
      expect(await layer().saveSession(id, late, change, { now: NOW })).toEqual({ kind: 'conflict', current: now });
      expect(await load(id)).toEqual(now);
    });

    it('confirms a secret that nobody has confirmed, and of many at once lets one do it', async () => {
      const { previousUntil: _, ...before } = fullRecord();
      const id = await stored(layer(), before);
      const expected = { secretHash: before.secretHash, unconfirmed: true };
      const change = changeOf(before, { rotated: true, expected });
      const writers = Array.from({ length: 8 }, (_each, index) => written(before, { previousUntil: NOW + index }));
      const outcomes = await Promise.all(writers.map((after) => layer().saveSession(id, after, change, { now: NOW })));
      const winners = writers.filter((_each, index) => outcomes[index]?.kind === 'saved');
      expect(winners).toHaveLength(1);
      expect(await load(id)).toEqual(winners[0]);
      expect(outcomes.filter((outcome) => outcome?.kind === 'conflict')).toHaveLength(7);
    });

    it('lets exactly one of many writers win who expect the same value', async () => {
      const before = recordOf();
      const id = await stored(layer(), before);
      const change = changeOf(before, { set: ['n'], expected: { value: ['n', undefined] } });
      const writers = Array.from({ length: 8 }, (_, index) => withData(before, { n: String(index) }));
      const outcomes = await Promise.all(writers.map((after) => layer().saveSession(id, after, change, { now: NOW })));
      const winners = writers.filter((_, index) => outcomes[index]?.kind === 'saved');
      expect(winners).toHaveLength(1);
      expect(await load(id)).toEqual(winners[0]);
      expect(outcomes.filter((outcome) => outcome?.kind === 'conflict')).toHaveLength(7);
    });

    type Repeated = [
      what: string,
      Parameters<typeof changeOf>[1],
      Partial<SessionRecord>,
      expected?: (before: SessionRecord) => Partial<Expected>,
    ];
    it.each<Repeated>([
      ['a change of data', { set: ['theme'] }, {}],
      ['a change that expects a value', { set: ['theme'] }, {}, () => ({ value: ['theme', '"dark"'] })],
      ['a change of data behind a fence', { set: ['theme'] }, {}, ({ fence = 0 }) => ({ fence })],
      ['a raise of the fence', { fenced: true }, { fence: 8 }, ({ fence = 0 }) => ({ fence })],
      ['a rotation', { rotated: true }, { secretHash: newHash() }, ({ secretHash }) => ({ secretHash })],
      ['a login', { rotated: true, touched: true, userAttached: true }, { secretHash: newHash(), auth: 5 }],
    ])(
      'F3: answers `saved` when %s of its own is repeated, because the answer was lost',
      async (_, parts, record, expecting = () => ({})) => {
        const before = fullRecord();
        const id = await stored(layer(), before);
        const after = { ...withData(before, { theme: '1' }), ...record };
        const change = changeOf(before, { ...parts, expected: expecting(before) });
        const first = await layer().saveSession(id, after, change, { now: NOW });
        const state = await load(id);
        expect([first, await layer().saveSession(id, after, change, { now: NOW })]).toEqual([SAVED, SAVED]);
        expect(await load(id)).toEqual(state);
      },
    );
  });
}

type Group = 'touched' | 'address' | 'userAgent' | 'rotated' | 'userAttached' | 'keyed' | 'fenced';

function attributesOf(record: SessionRecord, group: Group): Partial<SessionRecord> {
  const names = Object.entries(RECORD_ATTRIBUTES).filter(([, attribute]) => attribute.group === group);
  return Object.fromEntries(names.map(([name]) => [name, record[name as RecordAttribute]]));
}
