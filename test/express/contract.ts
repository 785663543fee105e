import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Store } from 'express-session';
import { type Calls, callsOf, sessionOf } from './calls.js';

/** What every store of express-session does, whatever else it does: the package's own store and the peers included. */
export function describeStore(
  name: string,
  open: () => Promise<{ readonly store: Store; readonly close: () => Promise<void> }>,
): void {
  describe(`a store: ${name}`, () => {
    let calls: Calls;
    let sid: string;

    beforeAll(async () => {
      const { store, close } = await open();
      calls = callsOf(store);
      return close;
    });
    beforeEach(() => {
      sid = randomBytes(24).toString('base64url');
      vi.useFakeTimers({ toFake: ['Date'] });
    });
    afterEach(() => void vi.useRealTimers());
    afterAll(() => void vi.useRealTimers());

    const pass = (milliseconds: number): void => void vi.setSystemTime(Date.now() + milliseconds);

    it('knows no session that was not set', async () => {
      expect((await calls.get(sid)) ?? null).toBeNull();
    });

    it('gives back what was set', async () => {
      const data = { name: 'Ann', visits: 3, cart: ['book', { id: 7, price: 12.5 }], none: null, admin: false };
      await calls.set(sid, sessionOf(data, 60_000));
      expect(await calls.get(sid)).toMatchObject({ ...data, cookie: { originalMaxAge: 60_000 } });
    });

    it('takes a later set for the whole session', async () => {
      await calls.set(sid, sessionOf({ theme: 'dark', cart: ['book'] }));
      await calls.set(sid, sessionOf({ theme: 'light' }));
      const { cookie: _, ...data } = (await calls.get(sid)) as object as { cookie: object };
      expect(data).toMatchObject({ theme: 'light' });
      expect(data).not.toHaveProperty('cart');
    });

    it('keeps sessions apart', async () => {
      const other = `${sid}-other`;
      await calls.set(sid, sessionOf({ name: 'Ann' }));
      await calls.set(other, sessionOf({ name: 'Ben' }));
      await calls.destroy(other);
      expect(await calls.get(sid)).toMatchObject({ name: 'Ann' });
      expect((await calls.get(other)) ?? null).toBeNull();
    });

    it('forgets a session that was destroyed, and destroys one that does not exist', async () => {
      await calls.set(sid, sessionOf());
      await calls.destroy(sid);
      expect((await calls.get(sid)) ?? null).toBeNull();
      await calls.destroy(sid);
    });

    it('ends a session with its cookie', async () => {
      await calls.set(sid, sessionOf({}, 60_000));
      pass(55_000);
      expect(await calls.get(sid)).toBeTruthy();
      pass(10_000);
      expect((await calls.get(sid)) ?? null).toBeNull();
    });

    it('keeps a session for longer that is touched', async () => {
      const session = sessionOf({ name: 'Ann' }, 60_000);
      await calls.set(sid, session);
      pass(50_000);
      await calls.touch(sid, sessionOf({ name: 'Ann' }, 60_000));
      pass(50_000);
      expect(await calls.get(sid)).toMatchObject({ name: 'Ann' });
      pass(20_000);
      expect((await calls.get(sid)) ?? null).toBeNull();
    });
  });
}
