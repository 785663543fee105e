import { describe, expect, it } from 'vitest';
import type { Expected, SessionRecord } from '../../src/index.js';
import { RECORD_ATTRIBUTES, type RecordAttribute } from '../../src/core/record.js';
import {
  bytes,
  changeOf,
  fullRecord,
  newHash,
  newId,
  NOW,
  recordOf,
  stored,
  withData,
  written,
} from '../world/records.js';
import type { Layer } from './layer.js';

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
      expect(await layer().saveSession(id, written(before), change, { now: NOW })).toEqual({ kind: 'saved' });
    });

    it.each(['touched', 'rotated', 'userAttached'] as const)(
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
          data: new Map(),
        });
        expect(await layer().saveSession(id, other, changeOf(before, { [group]: true }), { now: NOW })).toEqual({
          kind: 'saved',
        });
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
        ...bare
      } = before;
      const after = written(bare);
      const change = changeOf(before, { touched: true, rotated: true, userAttached: true });
      expect(await layer().saveSession(id, after, change, { now: NOW })).toEqual({ kind: 'saved' });
      expect(await load(id)).toEqual(after);
    });

    const refusals: readonly [string, 'gone' | 'conflict', (before: SessionRecord) => Partial<Expected>][] = [
      ['has expired, in the very second', 'gone', (before) => ({ now: before.expiresAt })],
      ['has expired, long ago', 'gone', (before) => ({ now: before.expiresAt + 1_000_000 })],
      ['has had a login meanwhile', 'gone', (before) => ({ auth: before.auth - 1 })],
      ['is older than expected', 'gone', (before) => ({ auth: before.auth + 1 })],
      ['has been rotated meanwhile', 'conflict', () => ({ secretHash: newHash() })],
      ['has been written meanwhile', 'conflict', () => ({ lastWrite: bytes(8) })],
      ['has been rotated and written meanwhile', 'conflict', () => ({ secretHash: newHash(), lastWrite: bytes(8) })],
      [
        'has had a login and been written meanwhile',
        'gone',
        (before) => ({ auth: before.auth - 1, lastWrite: bytes(8) }),
      ],
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
        expected: expected(before),
      });
      const late = fullRecord({
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
      const before = fullRecord();
      const id = await stored(layer(), before);
      const expected = { now: before.expiresAt - 1, secretHash: before.secretHash, lastWrite: before.lastWrite };
      const after = withData(before, { theme: '1' });
      expect(
        await layer().saveSession(id, after, changeOf(before, { set: ['theme'], expected }), { now: NOW }),
      ).toEqual({ kind: 'saved' });
      expect(await load(id)).toEqual(after);
    });

    it('lets exactly one of many writers win who expect no write between', async () => {
      const before = recordOf();
      const id = await stored(layer(), before);
      const change = changeOf(before, { set: ['n'], expected: { lastWrite: before.lastWrite } });
      const writers = Array.from({ length: 8 }, (_, index) => withData(before, { n: String(index) }));
      const outcomes = await Promise.all(writers.map((after) => layer().saveSession(id, after, change, { now: NOW })));
      const winners = writers.filter((_, index) => outcomes[index]?.kind === 'saved');
      expect(winners).toHaveLength(1);
      expect(await load(id)).toEqual(winners[0]);
      expect(outcomes.filter((outcome) => outcome?.kind === 'conflict')).toHaveLength(7);
    });

    it.each<[string, Parameters<typeof changeOf>[1], Partial<SessionRecord>, (keyof Expected)[]]>([
      ['a change of data', { set: ['theme'] }, {}, []],
      ['a change that expects no write between', { set: ['theme'] }, {}, ['lastWrite']],
      ['a rotation', { rotated: true }, { secretHash: newHash() }, ['secretHash']],
      ['a login', { rotated: true, touched: true, userAttached: true }, { secretHash: newHash(), auth: 5 }, []],
    ])(
      'F3: answers `saved` when %s of its own is repeated, because the answer was lost',
      async (_, parts, record, expecting) => {
        const before = fullRecord();
        const id = await stored(layer(), before);
        const after = { ...withData(before, { theme: '1' }), ...record };
        const expected = Object.fromEntries(expecting.map((name) => [name, before[name as 'lastWrite']]));
        const change = changeOf(before, { ...parts, expected });
        const first = await layer().saveSession(id, after, change, { now: NOW });
        const state = await load(id);
        expect([first, await layer().saveSession(id, after, change, { now: NOW })]).toEqual([
          { kind: 'saved' },
          { kind: 'saved' },
        ]);
        expect(await load(id)).toEqual(state);
      },
    );
  });
}

function attributesOf(record: SessionRecord, group: 'touched' | 'rotated' | 'userAttached'): Partial<SessionRecord> {
  const names = Object.entries(RECORD_ATTRIBUTES).filter(([, attribute]) => attribute.group === group);
  return Object.fromEntries(names.map(([name]) => [name, record[name as RecordAttribute]]));
}
