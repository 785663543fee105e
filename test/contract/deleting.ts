import { describe, expect, it } from 'vitest';
import type { DeleteCondition } from '../../src/index.js';
import { changeOf, fullRecord, newId, NOW, recordOf, stored, withData } from '../world/records.js';
import type { Layer } from './layer.js';

/** How `deleteSession` and `deleteSessions` end sessions, and which they leave alone. */
export function describeDeleting(layer: Layer): void {
  /** What is said of an ID under which no session is found. */
  const findingsAt = async (id: string, now: number): Promise<unknown[]> => {
    const findings: unknown[] = [];
    await layer().loadSession(id, { now, fresh: true, report: (...finding) => findings.push(finding) });
    return findings;
  };

  describe('deleteSession', () => {
    it('ends the session', async () => {
      const record = fullRecord();
      const id = await stored(layer(), record);
      expect(await layer().deleteSession(id, undefined, { now: NOW })).toEqual({ kind: 'deleted' });
      expect(await layer().loadSession(id, { now: NOW })).toBeUndefined();
      expect(await layer().userSessions(record.userId as string, { now: NOW })).toEqual([]);
      expect((await layer().loadUserSessions(record.userId as string, { now: NOW })).sessions).toEqual(new Map());
    });

    it.each<[string, DeleteCondition]>([
      ['no condition', {}],
      ['an auth', { auth: 3 }],
      ['a generation', { generationBelow: 3 }],
      ['both', { auth: 3, generationBelow: 3 }],
    ])('says that a session does not exist, with %s', async (_, condition) => {
      expect(await layer().deleteSession(newId(), condition, { now: NOW })).toEqual({ kind: 'absent' });
    });

    const session = { auth: 4, generation: 10 };
    const { generation: _, ...withoutGeneration } = fullRecord({ auth: 4 });

    it.each<[DeleteCondition, 'deleted' | 'refused']>([
      [{ auth: 4 }, 'deleted'],
      [{ auth: 3 }, 'refused'],
      [{ auth: 5 }, 'refused'],
      [{ auth: 0 }, 'refused'],
      [{ generationBelow: 11 }, 'deleted'],
      [{ generationBelow: 10 }, 'refused'],
      [{ generationBelow: 9 }, 'refused'],
      [{ auth: 4, generationBelow: 11 }, 'deleted'],
      [{ auth: 4, generationBelow: 10 }, 'refused'],
      [{ auth: 5, generationBelow: 11 }, 'refused'],
    ])('on the condition %o, of a session with auth 4 and generation 10: %s', async (condition, kind) => {
      const record = fullRecord(session);
      const id = await stored(layer(), record);
      expect(await layer().deleteSession(id, condition, { now: NOW })).toEqual({ kind });
      expect(await layer().loadSession(id, { now: NOW })).toEqual(kind === 'deleted' ? undefined : record);
    });

    it.each<[DeleteCondition, 'deleted' | 'refused']>([
      [{ generationBelow: 1 }, 'deleted'],
      [{ generationBelow: 0 }, 'refused'],
    ])('takes a session without a generation for one with 0: on the condition %o it is %s', async (condition, kind) => {
      const id = await stored(layer(), withoutGeneration);
      expect(await layer().deleteSession(id, condition, { now: NOW })).toEqual({ kind });
    });

    it('deletes an expired session like any other', async () => {
      const id = await stored(layer(), recordOf({ expiresAt: NOW }));
      expect(await layer().deleteSession(id, { auth: 0 }, { now: NOW })).toEqual({ kind: 'deleted' });
      expect(await layer().loadSession(id, { now: NOW - 100 })).toBeUndefined();
    });

    it('lets a session be deleted twice, and remembers when it was first', async () => {
      const id = await stored(layer(), recordOf());
      await layer().deleteSession(id, { auth: 0 }, { now: NOW });
      expect(await layer().deleteSession(id, { auth: 0 }, { now: NOW + 5 })).toEqual({ kind: 'absent' });
      expect(await findingsAt(id, NOW + 6)).toEqual([['ended', NOW]]);
    });

    it('leaves an ID free where there is no session', async () => {
      const id = newId();
      expect(await layer().deleteSession(id, {}, { now: NOW })).toEqual({ kind: 'absent' });
      expect(await findingsAt(id, NOW)).toEqual([]);
      expect(await layer().saveSession(id, recordOf(), { kind: 'create' }, { now: NOW })).toEqual({ kind: 'saved' });
    });
  });

  describe.each<[string, (id: string) => Promise<unknown>]>([
    ['deleteSession', (id) => layer().deleteSession(id, undefined, { now: NOW + 7 })],
    ['deleteSession on a condition', (id) => layer().deleteSession(id, { auth: 4 }, { now: NOW + 7 })],
    ['deleteSessions', async (id) => layer().deleteSessions?.([id], { now: NOW + 7 })],
  ])('after %s, in the place of the session,', (_name, end) => {
    it('is word of when it was ended', async () => {
      const id = await stored(layer(), fullRecord());
      expect(await findingsAt(id, NOW + 8)).toEqual([]);
      await end(id);
      expect(await findingsAt(id, NOW + 8)).toEqual([['ended', NOW + 7]]);
      expect(await findingsAt(id, NOW + 86_400)).toEqual([['ended', NOW + 7]]);
    });

    it('F2: no session begins, nor does a late copy of its creation bring it back', async () => {
      const record = fullRecord();
      const id = await stored(layer(), record);
      await end(id);
      for (const late of [record, recordOf()])
        expect(await layer().saveSession(id, late, { kind: 'create' }, { now: NOW + 8 })).toEqual({ kind: 'gone' });
      expect(await layer().loadSession(id, { now: NOW + 8 })).toBeUndefined();
      expect(await layer().userSessions(record.userId as string, { now: NOW + 8 })).toEqual([]);
    });

    it('F2: no late copy of a change is made', async () => {
      const record = fullRecord();
      const id = await stored(layer(), record);
      await end(id);
      const change = changeOf(record, {
        set: ['theme'],
        touched: true,
        rotated: true,
        userAttached: true,
        fenced: true,
      });
      const late = withData(record, { theme: '1' });
      expect(await layer().saveSession(id, late, change, { now: NOW + 8 })).toEqual({ kind: 'gone' });
      expect(await layer().loadSession(id, { now: NOW + 8 })).toBeUndefined();
      expect(await layer().userSessions(record.userId as string, { now: NOW + 8 })).toEqual([]);
    });

    it.each<DeleteCondition>([{}, { auth: 4 }, { auth: 5 }, { generationBelow: 1 }])(
      'is nothing more to end, on the condition %o',
      async (condition) => {
        const id = await stored(layer(), fullRecord());
        await end(id);
        expect(await layer().deleteSession(id, condition, { now: NOW + 8 })).toEqual({ kind: 'absent' });
      },
    );
  });

  describe('deleteSessions', () => {
    it('ends all of more sessions than fit into one call, duplicates and absent ones among them', async () => {
      const ids = await Promise.all(Array.from({ length: 30 }, () => stored(layer(), recordOf())));
      const survivor = await stored(layer(), recordOf());
      await layer().deleteSessions?.([...ids, ...ids.slice(0, 20), newId(), newId()], { now: NOW });
      const left = await Promise.all([...ids, survivor].map((id) => layer().loadSession(id, { now: NOW })));
      expect(left.map((record) => record !== undefined)).toEqual([...ids.map(() => false), true]);
    });

    it('ends sessions whatever has become of them, the expired and the ended ones, too', async () => {
      const ids = await Promise.all(
        [fullRecord({ auth: 99, generation: NOW + 99 }), recordOf({ expiresAt: NOW }), recordOf()].map((record) =>
          stored(layer(), record),
        ),
      );
      await layer().deleteSession(ids[2] as string, {}, { now: NOW });
      await layer().deleteSessions?.(ids, { now: NOW + 1 });
      for (const id of ids) expect(await findingsAt(id, NOW - 100)).toEqual([['ended', NOW + 1]]);
    });

    it.each([undefined, NOW + 86_400])(
      'F2: lets no session begin under any of the IDs, also where there is none: until %s',
      async (takenUntil) => {
        const ids = [newId(), await stored(layer(), recordOf()), await stored(layer(), recordOf())];
        await layer().deleteSession(ids[2] as string, {}, { now: NOW });
        const options = { now: NOW + 1, ...(takenUntil !== undefined && { takenUntil }) };
        await layer().deleteSessions?.(ids, options);
        for (const id of ids) {
          const late = await layer().saveSession(id, recordOf(), { kind: 'create' }, { now: NOW + 2 });
          expect(late).toEqual({ kind: 'gone' });
          expect(await findingsAt(id, NOW + 2)).toEqual([['ended', NOW + 1]]);
        }
      },
    );

    it('ends none of none', async () => {
      await layer().deleteSessions?.([], { now: NOW });
    });
  });
}
