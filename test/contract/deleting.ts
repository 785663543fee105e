import { describe, expect, it } from 'vitest';
import type { DeleteCondition } from '../../src/index.js';
import { fullRecord, newId, NOW, recordOf, stored } from '../world/records.js';
import type { Layer } from './layer.js';

/** How `deleteSession` and `deleteSessions` end sessions, and which they leave alone. */
export function describeDeleting(layer: Layer): void {
  describe('deleteSession', () => {
    it('ends the session', async () => {
      const record = fullRecord();
      const id = await stored(layer(), record);
      expect(await layer().deleteSession(id, undefined, { now: NOW })).toEqual({ kind: 'deleted' });
      expect(await layer().loadSession(id, { now: NOW })).toBeUndefined();
      expect(await layer().userSessions(record.userId as string, { now: NOW })).toEqual([]);
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

    it('deletes an expired session like any other, and says that there was none', async () => {
      const id = await stored(layer(), recordOf({ expiresAt: NOW }));
      expect(await layer().deleteSession(id, { auth: 0 }, { now: NOW })).toEqual({ kind: 'absent' });
      expect(await layer().loadSession(id, { now: NOW - 100 })).toBeUndefined();
    });

    it('lets a session be deleted twice', async () => {
      const id = await stored(layer(), recordOf());
      await layer().deleteSession(id, { auth: 0 });
      expect(await layer().deleteSession(id, { auth: 0 }, { now: NOW })).toEqual({ kind: 'absent' });
    });
  });

  describe('deleteSessions', () => {
    it('ends all of more sessions than fit into one call, duplicates and absent ones among them', async () => {
      const ids = await Promise.all(Array.from({ length: 30 }, () => stored(layer(), recordOf())));
      const survivor = await stored(layer(), recordOf());
      await layer().deleteSessions?.([...ids, ...ids.slice(0, 20), newId(), newId()], { now: NOW });
      const left = await Promise.all([...ids, survivor].map((id) => layer().loadSession(id, { now: NOW })));
      expect(left.map((record) => record !== undefined)).toEqual([...ids.map(() => false), true]);
    });

    it('ends none of none', async () => {
      await layer().deleteSessions?.([], { now: NOW });
    });
  });
}
