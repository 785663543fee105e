import { describe, expect, it } from 'vitest';
import type { Sessions, SessionsOptions } from '../../src/index.js';
import { newId } from '../world/records.js';
import { type Setting, useStore } from '../world/setting.js';
import { stores } from '../world/stores.js';
import { type App, Browser } from '../world/world.js';

// The clocks of two instances differ by some seconds. docs/promises.md names the one thing that this changes.

const BEHIND = 3;

describe.each(stores())(`two instances whose clocks are ${BEHIND} seconds apart, on $name`, (each) => {
  let { world, user } = {} as Setting;
  useStore(each, (setting) => {
    ({ world, user } = setting);
  });

  /** An instance whose clock is right, and one whose clock is behind. */
  const instances = (options: SessionsOptions = {}): [right: Sessions<App>, behind: Sessions<App>] => [
    world.sessions(options),
    world.sessions({ ...options, clock: { now: () => (world.now - BEHIND) * 1000 } }),
  ];

  it('an instance whose clock is behind may touch a session that another one calls expired already', async () => {
    const [right, behind] = instances();
    const browser = new Browser(right);
    await browser.request((session) => session.logIn(user));
    world.now = ((await browser.start()).expiresAt as Date).getTime() / 1000;
    const tokens = [browser.token as string];
    expect((await right.start({ tokens })).id).toBeUndefined();
    const late = await behind.start({ tokens });
    expect(late.userId).toBe(user);
    await late.touch();
    expect((await right.start({ tokens })).userId).toBe(user);
  });

  it('2. both call it expired, when the one that is behind has come to the second of its end', async () => {
    const [right, behind] = instances();
    const browser = new Browser(right);
    await browser.request((session) => session.logIn(user));
    world.now = ((await browser.start()).expiresAt as Date).getTime() / 1000 + BEHIND;
    for (const sessions of [behind, right])
      expect((await sessions.start({ tokens: [browser.token as string] })).id).toBeUndefined();
  });

  it('10. the absolute lifetime does not grow by more than that', async () => {
    const [right, behind] = instances({ idleTimeout: 600, absoluteTimeout: 1_000, touchInterval: 0 });
    const browser = new Browser(right);
    await browser.request((session) => session.logIn(user));
    const began = world.now;
    for (const later of [500, 999, 1_000 + BEHIND - 1]) {
      world.now = began + later;
      const session = await behind.start({ tokens: [browser.token as string] });
      expect(session.userId).toBe(user);
      browser.receive(await session.commit());
    }
    world.now = began + 1_000 + BEHIND;
    expect((await behind.start({ tokens: [browser.token as string] })).id).toBeUndefined();
  });

  it('1. a session that one of them has ended is ended for the other', async () => {
    for (const [one, other] of [instances(), instances().toReversed()] as [Sessions<App>, Sessions<App>][]) {
      const browser = new Browser(one);
      await browser.request((session) => session.logIn(user));
      const late = await other.start({ tokens: [browser.token as string] });
      await one.logOutUser(user);
      late.set('visits', 1);
      expect(await late.commit()).toEqual({ kind: 'keep' });
      expect((await other.start({ tokens: [browser.token as string] })).id).toBeUndefined();
    }
  });

  it('4. a rotation by the one leaves every request of the other authenticated', async () => {
    for (const [one, other] of [instances(), instances().toReversed()] as [Sessions<App>, Sessions<App>][]) {
      const browser = new Browser(one);
      await browser.request((session) => session.logIn(user));
      for (let hour = 0; hour < 3; hour += 1) {
        world.now += 3_700;
        const tokens = [browser.token as string];
        const requests = await Promise.all([one.start({ tokens }), other.start({ tokens }), one.start({ tokens })]);
        expect(requests.map(({ userId }) => userId)).toEqual([user, user, user]);
        for (const session of requests) browser.receive(await session.commit());
        const seen = await other.start({ tokens: [browser.token as string] });
        expect(seen.userId).toBe(user);
        await seen.commit();
      }
    }
  });

  it('15. the cookie of a login by the one is not replaced by a request to the other', async () => {
    for (const [one, other] of [instances(), instances().toReversed()] as [Sessions<App>, Sessions<App>][]) {
      const browser = new Browser(one);
      await browser.request((session) => session.set('theme', 'dark'));
      const tokens = [browser.token as string];
      await browser.request((session) => session.logIn(user));
      const late = await other.start({ tokens });
      late.set('visits', 1);
      expect(await late.commit()).toEqual({ kind: 'keep' });
    }
  });

  it('9. a login by the one that is behind, after a logout everywhere by the other, stays', async () => {
    const [right, behind] = instances({ revocationCheck: 'always' });
    await right.logOutUser(user);
    const browser = new Browser(behind);
    await browser.request((session) => session.logIn(user));
    expect((await right.start({ tokens: [browser.token as string] })).userId).toBe(user);
    world.now += 400;
    expect((await right.start({ tokens: [browser.token as string] })).userId).toBe(user);
  });

  it('a user’s bound is kept to, whichever of two logins at once comes from which', async () => {
    const [right, behind] = instances({ maxSessionsPerUser: 1 });
    for (let round = 0; round < 10; round += 1) {
      user = `user-${newId()}`;
      const devices = [new Browser(right), new Browser(behind)];
      await Promise.all(devices.map((device) => device.request((session) => session.logIn(user))));
      expect(await right.ofUser(user)).toHaveLength(1);
    }
  });
});
