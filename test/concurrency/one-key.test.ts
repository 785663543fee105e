import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { PersistenceLayer, Session } from '../../src/index.js';
import { layerWith } from '../world/layer-with.js';
import { type Setting, useStore } from '../world/setting.js';
import { stores } from '../world/stores.js';
import { type App, Browser } from '../world/world.js';

// An update and a getAndDelete are of one key: what others do to other keys is no business of theirs.

describe.each(stores())('one key on $name', (each) => {
  let { store, world, sessions, browser, user } = {} as Setting;
  useStore(each, async (setting) => {
    ({ store, world, sessions, browser, user } = setting);
    await browser.request((session) => (session.set('visits', 0), session.set('theme', 'light')));
  });

  const entries = async (): Promise<unknown> => Object.fromEntries((await browser.start()).entries());

  /** A request on another instance, just before each of whose first saves others write. */
  const crowded = (times: number, write: (attempt: number) => Promise<unknown>): Promise<Session<App>> => {
    let attempts = 0;
    const persistence: PersistenceLayer = layerWith(store.persistence, {
      async saveSession(...call) {
        attempts += 1;
        if (attempts <= times) await write(attempts);
        return store.persistence.saveSession(...call);
      },
    });
    return world.sessions({ persistence }).start({ tokens: [browser.token as string] });
  };

  const setOther = (attempt: number): Promise<unknown> =>
    browser.request((session) => session.set('cart', [`${attempt}`]));

  describe('in an update', () => {
    it.each([
      [5, 8],
      [1, 40],
    ])(
      'is changed by one call of the function, though %i writes to other keys come before each of %i attempts',
      async (writes, attempts) => {
        let calls = 0;
        const session = await crowded(attempts, (attempt) =>
          Promise.all(Array.from({ length: writes }, (_, index) => setOther(10 * attempt + index))),
        );
        await session.update('visits', (n = 0) => {
          calls += 1;
          return n + 1;
        });
        expect(calls).toBe(1);
        expect(await entries()).toMatchObject({ visits: 1, theme: 'light' });
      },
    );

    it('is changed by one call, though others write to other keys all the while', async () => {
      let goesOn = true;
      let writes = 0;
      const writers = Array.from({ length: 4 }, async () => {
        while (goesOn) {
          await setOther((writes += 1));
          await delay(1);
        }
      });
      let calls = 0;
      try {
        await browser.request((session) =>
          session.update('visits', async (n = 0) => {
            calls += 1;
            await delay(20);
            return n + 1;
          }),
        );
      } finally {
        goesOn = false;
        await Promise.all(writers);
      }
      expect(writes).toBeGreaterThan(4);
      expect(calls).toBe(1);
      expect(await entries()).toMatchObject({ visits: 1 });
    });

    it('is changed by another call for another value, and by none if it is the same again', async () => {
      const seen: (number | undefined)[] = [];
      const values = [5, 5, 7];
      const session = await crowded(3, (attempt) =>
        browser.request((other) => {
          other.set('visits', values[attempt - 1] as number);
          other.set('cart', [`${attempt}`]);
        }),
      );
      await session.update('visits', (n) => {
        seen.push(n);
        return (n ?? 0) + 1;
      });
      expect(seen).toEqual([0, 5]);
      expect(await entries()).toMatchObject({ visits: 6 });
    });

    it('is changed again, if it was taken away, and set anew, meanwhile', async () => {
      const seen: (number | undefined)[] = [];
      const session = await crowded(2, (attempt) =>
        browser.request((other) => (attempt === 1 ? other.delete('visits') : other.set('visits', 9))),
      );
      await session.update('visits', (n) => {
        seen.push(n);
        return (n ?? 100) + 1;
      });
      expect(seen).toEqual([0, undefined, 9]);
      expect(await entries()).toMatchObject({ visits: 10 });
    });

    it('within an update of another key is changed once, and so is the other', async () => {
      const calls: string[] = [];
      await browser.request((session) =>
        session.update('visits', async (n = 0) => {
          calls.push('visits');
          await session.update('cart', (cart = []) => {
            calls.push('cart');
            return [...cart, 'book'];
          });
          return n + 1;
        }),
      );
      expect(calls).toEqual(['visits', 'cart']);
      expect(await entries()).toEqual({ visits: 1, theme: 'light', cart: ['book'] });
    });

    it('within an update of the same key is changed by both', async () => {
      await browser.request((session) =>
        session.update('visits', async (n = 0) => {
          if (n === 0) await session.update('visits', (inner = 0) => inner + 10);
          return n + 1;
        }),
      );
      expect(await entries()).toMatchObject({ visits: 11 });
    });

    it('is counted right by 40 requests at once, each of which sets another key as well', async () => {
      const count = each.name === 'memory' ? 40 : 20;
      const counts = new Set<number>();
      await Promise.all(
        Array.from({ length: count }, () =>
          browser.request(async (session) => {
            session.set('cart', ['book']);
            counts.add(await session.update('visits', (n = 0) => n + 1));
          }),
        ),
      );
      expect(counts.size).toBe(count);
      expect(await entries()).toMatchObject({ visits: count, cart: ['book'] });
    });

    it.each<[string, (session: Session<App>) => unknown]>([
      ['is stored', () => {}],
      ['is buffered', (session) => session.set('visits', 5)],
    ])('is changed by each of three at once in one request, while its value %s', async (_, prepare) => {
      const session = await browser.start();
      prepare(session);
      const before = session.get('visits') as number;
      const after = await Promise.all([1, 2, 3].map(() => session.update('visits', (n = 0) => n + 1)));
      await session.commit();
      expect(after.toSorted((a, b) => a - b)).toEqual([before + 1, before + 2, before + 3]);
      expect(await entries()).toMatchObject({ visits: before + 3 });
    });

    it('is changed by each of three at once in one request that stores the session for the first time', async () => {
      const device = new Browser(sessions);
      const session = await device.start();
      session.set('visits', 5);
      const after = await Promise.all([1, 2, 3].map(() => session.update('visits', (n = 0) => n + 1)));
      device.receive(await session.commit());
      expect(after.toSorted((a, b) => a - b)).toEqual([6, 7, 8]);
      expect((await device.start()).get('visits')).toBe(8);
    });

    it('is what another request left, if both make no difference to what they read', async () => {
      const session = await crowded(0, () => Promise.resolve());
      await browser.request((other) => other.set('visits', 3));
      expect(await session.update('visits', (n = 0) => Math.max(n, 0))).toBe(3);
    });
  });

  describe('in getAndDelete', () => {
    const places: Record<string, (device: Browser) => Promise<Session<App>>> = {
      'is buffered, in a session that is not stored': async () => {
        const session = await sessions.start();
        session.set('challenge', 'once');
        return session;
      },
      'is buffered, in a stored session': async () => {
        const session = await browser.start();
        session.set('challenge', 'once');
        return session;
      },
      'is buffered over one that is stored': async (device) => {
        await device.request((session) => session.set('challenge', 'before'));
        const session = await device.start();
        session.set('challenge', 'once');
        return session;
      },
      'is stored': async (device) => {
        await device.request((session) => session.set('challenge', 'once'));
        return device.start();
      },
    };

    it.each(Object.entries(places))(
      '14. is given to exactly one of three calls at once of one request, if it %s',
      async (_, place) => {
        for (let round = 0; round < 20; round += 1) {
          const session = await place(browser);
          const taken = await Promise.all([1, 2, 3].map(() => session.getAndDelete('challenge')));
          expect(taken.filter((value) => value !== undefined)).toEqual(['once']);
          expect(session.has('challenge')).toBe(false);
          browser.receive(await session.commit());
          expect((await browser.start()).has('challenge')).toBe(false);
        }
      },
    );

    it('14. is given to exactly one, while the session is stored for the first time', async () => {
      for (let round = 0; round < 20; round += 1) {
        const device = new Browser(sessions);
        const session = await device.start();
        session.set('challenge', 'once');
        const [, ...taken] = await Promise.all([
          session.update('visits', () => 1),
          session.getAndDelete('challenge'),
          session.getAndDelete('challenge'),
        ]);
        expect(taken.filter((value) => value !== undefined)).toEqual(['once']);
        device.receive(await session.commit());
        expect(Object.fromEntries((await device.start()).entries())).toEqual({ visits: 1 });
      }
    });

    it('14. is given to exactly one, beside a save, a login or a regenerate of the same request', async () => {
      for (const act of [
        (session: Session<App>) => session.save(),
        (session: Session<App>) => session.regenerate(),
        (session: Session<App>) => session.logIn(user),
      ]) {
        for (const first of [true, false]) {
          const session = await browser.start();
          session.set('challenge', 'once');
          const take = (): Promise<unknown> => session.getAndDelete('challenge');
          const calls = first ? [take, () => act(session), take] : [() => act(session), take, take];
          const taken = (await Promise.all(calls.map((call) => call()))).filter((value) => value !== undefined);
          expect(taken).toEqual(['once']);
          browser.receive(await session.commit());
          expect((await browser.start()).has('challenge')).toBe(false);
        }
      }
    });

    it('14. is given to exactly one of two requests, of which each calls twice, while others write to other keys', async () => {
      for (let round = 0; round < 20; round += 1) {
        await browser.request((session) => session.set('challenge', 'once'));
        const requests = await Promise.all([browser.start(), browser.start()]);
        const [taken] = await Promise.all([
          Promise.all(requests.flatMap((session) => [1, 2].map(() => session.getAndDelete('challenge')))),
          ...Array.from({ length: 5 }, (_, index) => setOther(index)),
        ]);
        expect(taken.filter((value) => value === 'once')).toHaveLength(1);
      }
    });

    it('14. is given to nobody twice: what is set again meanwhile is another value, and stays', async () => {
      const session = await browser.start();
      session.set('challenge', 'first');
      const under = session.getAndDelete('challenge');
      session.set('challenge', 'second');
      expect(await under).toBe('first');
      expect(await session.getAndDelete('challenge')).toBe('second');
      await session.commit();
      expect((await browser.start()).has('challenge')).toBe(false);
    });

    it('stays with its request, if it is buffered and the store fails', async () => {
      const failing = layerWith(store.persistence, { saveSession: () => Promise.reject(new Error('down')) });
      await browser.request((session) => session.set('challenge', 'before'));
      const session = await world.sessions({ persistence: failing }).start({ tokens: [browser.token as string] });
      session.set('challenge', 'once');
      await expect(session.getAndDelete('challenge')).rejects.toThrow('saveSession');
      expect(session.get('challenge')).toBe('once');
    });

    it('is taken beside an update of the same key: either the update comes first, or the take', async () => {
      for (let round = 0; round < 20; round += 1) {
        for (const isBuffered of [true, false]) {
          if (!isBuffered) await browser.request((session) => session.set('visits', 5));
          const session = await browser.start();
          if (isBuffered) session.set('visits', 5);
          const [updated, taken] = await Promise.all([
            session.update('visits', (n = 0) => n + 1),
            session.getAndDelete('visits'),
          ]);
          await session.commit();
          const left = (await browser.start()).get('visits');
          const updateFirst = updated === 6 && taken === 6 && left === undefined;
          const takeFirst = updated === 1 && taken === 5 && left === 1;
          expect([updated, taken, left, updateFirst || takeFirst]).toEqual([updated, taken, left, true]);
        }
      }
    });
  });

  describe('beside two logins of one request at once', () => {
    it('is with the first: the second user has a session of their own, and the first one’s is ended', async () => {
      for (let round = 0; round < 10; round += 1) {
        const [first, second] = [`${user}-a-${round}`, `${user}-b-${round}`];
        const device = new Browser(sessions);
        if (round % 2 === 0) await device.request((session) => session.set('cart', ['book']));
        const session = await device.start();
        session.set('challenge', 'a');
        const ids: (string | undefined)[] = [];
        await Promise.all([
          session.logIn(first).then(() => ids.push(session.id)),
          session.logIn(second).then(() => ids.push(session.id)),
        ]);
        device.receive(await session.commit());
        const found = await device.start();
        expect([found.userId, Object.fromEntries(found.entries())]).toEqual([second, {}]);
        expect(ids[0]).not.toBe(found.id);
        expect(await sessions.ofUser(first)).toEqual([]);
        expect((await sessions.ofUser(second)).map(({ id }) => id)).toEqual([found.id]);
      }
    });

    it('stays, if both are of the same user', async () => {
      const session = await browser.start();
      session.set('challenge', 'a');
      await Promise.all([session.logIn(user), session.logIn(user), session.logIn(user, { exclusive: true })]);
      browser.receive(await session.commit());
      const found = await browser.start();
      expect([found.userId, found.get('challenge'), found.get('visits')]).toEqual([user, 'a', 0]);
      expect(await sessions.ofUser(user)).toHaveLength(1);
    });

    it('is gone, if a logout is one of the two: in the order of the calls', async () => {
      const session = await browser.start();
      await Promise.all([session.logIn(user), session.logOut()]);
      expect(await browser.finish(session)).toEqual({ kind: 'clear' });
      expect(await sessions.ofUser(user)).toEqual([]);

      const again = await browser.start();
      await Promise.all([again.logOut(), again.logIn(user)]);
      browser.receive(await again.commit());
      expect((await browser.start()).userId).toBe(user);
      expect(await sessions.ofUser(user)).toHaveLength(1);
    });
  });
});
