import { describe, expect, it } from 'vitest';
import type { RaiseOptions, SessionRecord, Spared, UserId } from '../../src/index.js';
import { changeOf, fullRecord, listed, newId, NOW, recordOf, stored, written } from '../world/records.js';
import type { Layer } from './layer.js';

const sorted = (ids: Iterable<string>): string[] => [...ids].toSorted();

/** What a layer knows of users: their sessions, their marks, themselves. */
export function describeUsers(layer: Layer): void {
  describe('userSessions', () => {
    it('names all of a user’s sessions, and nobody else’s', async () => {
      const [user, other] = [newId(), newId()];
      const ids = [
        await stored(layer(), fullRecord({ userId: user })),
        await stored(layer(), fullRecord({ userId: user })),
      ];
      await stored(layer(), fullRecord({ userId: other }));
      await stored(layer(), recordOf());
      expect(sorted(await layer().userSessions(user, { now: NOW }))).toEqual(sorted(ids));
      expect(await layer().userSessions('nobody', { now: NOW })).toEqual([]);
    });

    it('keeps user IDs apart by type: 42, "42" and 42n are three users', async () => {
      const number = Math.floor(Math.random() * 2 ** 48);
      const users: UserId[] = [number, String(number), BigInt(number), `n:${number}`, -number];
      const ids = await Promise.all(users.map((userId) => stored(layer(), fullRecord({ userId }))));
      for (const [index, user] of users.entries()) {
        expect(await layer().userSessions(user, { now: NOW })).toEqual([ids[index]]);
        const { sessions } = await layer().loadUserSessions(user, { now: NOW });
        expect([...sessions.keys()]).toEqual([ids[index]]);
      }
    });

    it.each(['__proto__', '#', 'user#s:1', 'ü'.repeat(100), ' '])('takes %j for a user ID', async (text) => {
      const user = `${text.slice(0, 489)}${newId()}`;
      const id = await stored(layer(), fullRecord({ userId: user }));
      expect(await layer().userSessions(user, { now: NOW })).toEqual([id]);
    });

    it('names a session from the moment on that the user is attached to it', async () => {
      const before = recordOf();
      const id = await stored(layer(), before);
      const userId = newId();
      await layer().saveSession(id, written(before, { userId }), changeOf(before, { userAttached: true }), {
        now: NOW,
      });
      expect(await layer().userSessions(userId, { now: NOW })).toEqual([id]);
    });

    it('names a session no longer once it is deleted', async () => {
      const userId = newId();
      const id = await stored(layer(), fullRecord({ userId }));
      await layer().deleteSession(id);
      expect(await layer().userSessions(userId, { now: NOW })).toEqual([]);
    });
  });

  describe('loadUserSessions', () => {
    it('gives all of a user’s live sessions with their records, however many', async () => {
      const userId = newId();
      const records = Array.from({ length: 105 }, (_, index) => fullRecord({ userId, createdAt: NOW - index }));
      const ids = await Promise.all(records.map((record) => stored(layer(), record)));
      await stored(layer(), fullRecord({ userId, expiresAt: NOW }));
      const found = await layer().loadUserSessions(userId, { now: NOW });
      expect(new Set(found.sessions.keys())).toEqual(new Set(ids));
      for (const [index, id] of ids.entries()) {
        const record = records[index] as SessionRecord;
        const { data, ...attributes } = found.sessions.get(id) as SessionRecord;
        expect(record).toMatchObject(attributes);
        expect(attributes).toMatchObject(listed(record));
        expect(data).toBeOneOf([record.data, new Map()]);
      }
      expect(found.generation).toBeUndefined();
    });

    it('gives the generation of the user’s mark with them', async () => {
      const userId = newId();
      const generation = await layer().raiseUserMark(userId, NOW + 10, { now: NOW });
      expect(await layer().loadUserSessions(userId, { now: NOW })).toEqual({
        sessions: new Map(),
        generation,
        expiresAt: NOW + 10,
      });
    });
  });

  describe('the user’s mark', () => {
    it('has no generation before it is raised', async () => {
      expect((await layer().loadMarks(newId(), { now: NOW })).generation).toBeUndefined();
    });

    it('goes up whenever it is raised, and is what it was raised to', async () => {
      const user = newId();
      let last = 0;
      for (let raise = 0; raise < 5; raise += 1) {
        const generation = await layer().raiseUserMark(user, NOW + 10, { now: NOW - raise });
        expect(generation).toBeGreaterThan(last);
        expect((await layer().loadMarks(user, { now: NOW })).generation).toBe(generation);
        last = generation as number;
      }
    });

    it('gives each of many who raise it at once a generation of their own', async () => {
      const user = newId();
      const generations = await Promise.all(
        Array.from({ length: 8 }, () => layer().raiseUserMark(user, NOW + 10, { now: NOW })),
      );
      expect(new Set(generations).size).toBe(8);
      expect((await layer().loadMarks(user, { now: NOW })).generation).toBe(Math.max(...(generations as number[])));
    });

    it('goes up when it is raised after its expiry', async () => {
      const user = newId();
      const first = await layer().raiseUserMark(user, NOW + 10, { now: NOW });
      expect(await layer().raiseUserMark(user, NOW + 1_000, { now: NOW + 500 })).toBeGreaterThan(first as number);
    });

    it('says which session its last raise has spared, with which generation of its own, and until when it is kept', async () => {
      const user = newId();
      const raise = (options: RaiseOptions): Promise<number | undefined> =>
        layer().raiseUserMark(user, NOW + 10, { now: NOW, ...options });
      const a = { id: 'a', generation: 0 };
      const first = await raise({ spare: a });
      expect(await layer().loadMarks(user, { now: NOW })).toEqual({
        generation: first,
        spared: a,
        expiresAt: NOW + 10,
      });
      const b = { id: 'b', generation: 7 };
      const second = await raise({ spare: b, since: first });
      expect(second).toBeGreaterThan(first as number);
      expect(await layer().loadMarks(user, { now: NOW })).toEqual({
        generation: second,
        spared: b,
        expiresAt: NOW + 10,
      });
      expect(await layer().loadUserSessions(user, { now: NOW })).toMatchObject({ generation: second, spared: b });
      const third = await raise({});
      expect(await layer().loadMarks(user, { now: NOW })).toEqual({ generation: third, expiresAt: NOW + 10 });
    });

    describe('when it is to spare a session that was seen alive at one generation, and is at another,', () => {
      const spare: Spared = { id: 'a', generation: 5 };

      it.each<[string, RaiseOptions]>([
        ['spares none', {}],
        ['spares another one', { spare: { ...spare, id: 'b' } }],
        ['spares the one that it becomes by another login', { spare: { ...spare, generation: 6 } }],
      ])('is left as it is if it %s', async (_, between) => {
        const user = newId();
        const since = await layer().raiseUserMark(user, NOW + 10, { now: NOW });
        await layer().raiseUserMark(user, NOW + 10, { now: NOW, since, ...between });
        const marks = await layer().loadMarks(user, { now: NOW });
        expect(await layer().raiseUserMark(user, NOW + 99, { now: NOW, spare, since })).toBeUndefined();
        expect(await layer().loadMarks(user, { now: NOW })).toEqual(marks);
      });

      it('is left as it is if there was none, and is one now', async () => {
        const user = newId();
        const generation = await layer().raiseUserMark(user, NOW + 10, { now: NOW });
        expect(await layer().raiseUserMark(user, NOW + 99, { now: NOW, spare })).toBeUndefined();
        expect(await layer().loadMarks(user, { now: NOW })).toEqual({ generation, expiresAt: NOW + 10 });
      });

      it('is raised if all raises since have spared that session, too', async () => {
        const user = newId();
        const since = await layer().raiseUserMark(user, NOW + 10, { now: NOW });
        let last = since as number;
        for (let raise = 0; raise < 3; raise += 1) {
          const generation = await layer().raiseUserMark(user, NOW + 10, { now: NOW, spare, since });
          expect(generation).toBeGreaterThan(last);
          expect(await layer().loadMarks(user, { now: NOW })).toEqual({
            generation,
            spared: spare,
            expiresAt: NOW + 10,
          });
          last = generation as number;
        }
      });

      it('is raised if it was spared before it has logged in again', async () => {
        const user = newId();
        const first = await layer().raiseUserMark(user, NOW + 10, { now: NOW });
        const before = { ...spare, generation: 0 };
        const since = await layer().raiseUserMark(user, NOW + 10, { now: NOW, spare: before, since: first });
        const generation = await layer().raiseUserMark(user, NOW + 10, { now: NOW, spare, since: first });
        expect(generation).toBeGreaterThan(since as number);
        expect(await layer().loadMarks(user, { now: NOW })).toEqual({ generation, spared: spare, expiresAt: NOW + 10 });
      });

      it('is raised by one of many who would each spare another session', async () => {
        const user = newId();
        const since = await layer().raiseUserMark(user, NOW + 10, { now: NOW });
        const spares = Array.from({ length: 8 }, (_, index) => ({ id: `session-${index}`, generation: 0 }));
        const generations = await Promise.all(
          spares.map((each) => layer().raiseUserMark(user, NOW + 10, { now: NOW, spare: each, since })),
        );
        const raised = spares.filter((_, index) => generations[index] !== undefined);
        expect(raised).toHaveLength(1);
        const [generation] = generations.filter((each) => each !== undefined);
        expect(await layer().loadMarks(user, { now: NOW })).toEqual({
          generation,
          spared: raised[0],
          expiresAt: NOW + 10,
        });
      });
    });

    it('is the mark of one user: 42, "42" and 42n have one each', async () => {
      const number = Math.floor(Math.random() * 2 ** 48);
      await layer().raiseUserMark(number, NOW + 10, { now: NOW });
      expect((await layer().loadMarks(String(number), { now: NOW })).generation).toBeUndefined();
      expect((await layer().loadMarks(BigInt(number), { now: NOW })).generation).toBeUndefined();
    });

    it('is no session, and none of the user’s', async () => {
      const user = newId();
      await layer().raiseUserMark(user, NOW + 10, { now: NOW });
      expect(await layer().userSessions(user, { now: NOW })).toEqual([]);
      expect(await layer().loadSession(`user#s:${user}`, { now: NOW })).toBeUndefined();
    });
  });

  describe('a logout at a provider', () => {
    it('raises the user’s mark once for each time, and never for an earlier one, and the time stays', async () => {
      const user = newId();
      const raise = (issuedBefore?: number): Promise<number | undefined> =>
        layer().raiseUserMark(user, NOW + 10, { now: NOW, issuedBefore });
      const first = (await raise(NOW - 5)) as number;
      expect(await layer().loadMarks(user, { now: NOW })).toEqual({
        generation: first,
        issuedBefore: NOW - 5,
        expiresAt: NOW + 10,
      });
      expect([await raise(NOW - 5), await raise(NOW - 6)]).toEqual([undefined, undefined]);
      const second = (await raise(NOW - 4)) as number;
      expect(second).toBeGreaterThan(first);
      const third = await raise();
      expect(await layer().loadMarks(user, { now: NOW })).toEqual({
        generation: third,
        issuedBefore: NOW - 4,
        expiresAt: NOW + 10,
      });
    });

    it('raises it once for one time, however many say it at once', async () => {
      const user = newId();
      const raises = Array.from({ length: 8 }, () =>
        layer().raiseUserMark(user, NOW + 10, { now: NOW, issuedBefore: NOW }),
      );
      expect((await Promise.all(raises)).filter((generation) => generation !== undefined)).toHaveLength(1);
    });

    it('ends a login by its name, which whoever asks for it is told, and nobody else', async () => {
      const [user, login, other] = [newId(), newId(), newId()];
      await layer().endLogin(login, NOW + 10, { now: NOW });
      await layer().endLogin(login, NOW + 20, { now: NOW });
      expect(await layer().loadMarks(user, { now: NOW, fresh: true, login })).toMatchObject({
        endedLogins: new Set([login]),
      });
      for (const options of [{ login: other }, { login: other, fresh: true }, {}, { fresh: true }])
        expect(await layer().loadMarks(user, { now: NOW, ...options })).not.toHaveProperty('endedLogins');
      expect(await layer().loadMarks(user, { now: NOW, login })).toMatchObject({ endedLogins: new Set([login]) });
      expect(await layer().loadSession(`login#${login}`, { now: NOW })).toBeUndefined();
    });

    it('says with a user’s sessions which of their logins have ended', async () => {
      const user = newId();
      const [ended, other] = [newId(), newId()];
      const ids = await Promise.all(
        [ended, ended, other, undefined].map((login) => stored(layer(), fullRecord({ userId: user, login }))),
      );
      await layer().endLogin(newId(), NOW + 10, { now: NOW });
      expect(await layer().loadUserSessions(user, { now: NOW })).not.toHaveProperty('endedLogins');
      await layer().endLogin(ended, NOW + 10, { now: NOW });
      const { sessions, endedLogins } = await layer().loadUserSessions(user, { now: NOW });
      expect([sorted(sessions.keys()), endedLogins]).toEqual([sorted(ids), new Set([ended])]);
    });
  });

  describe('loadUser and roleHierarchy', () => {
    it('know nobody, and no roles, unless they are given', async () => {
      expect(await layer().loadUser('user-1')).toBeUndefined();
      expect([...(await layer().roleHierarchy())]).toEqual([]);
    });
  });
}
