import { describe, expect, it } from 'vitest';
import type { Sessions, SessionsOptions } from '../../src/index.js';
import { type Setting, useStore } from '../world/setting.js';
import { stores } from '../world/stores.js';
import { type App, Browser } from '../world/world.js';

// Not every caller of `start` knows the client's address: what is not known is no other client.

describe.each(stores())('a client whose address is not known, on $name', (each) => {
  let { world, user } = {} as Setting;

  const HOME = '192.0.2.1';
  const ABROAD = '198.51.100.1';

  useStore(each, (setting) => {
    ({ world, user } = setting);
  });

  const strict = (options: SessionsOptions = {}): Sessions<App> =>
    world.sessions({ acceptRemoteIp: { otherwise: 'destroy' }, ...options });

  const logIn = async (sessions: Sessions<App>, address: string | undefined): Promise<Browser> => {
    const browser = new Browser(sessions);
    const session = await browser.start({ address, userAgent: 'Browser' });
    await session.logIn(user);
    await browser.finish(session);
    return browser;
  };

  it.each([undefined, '', 'unknown', '300.1.1.1', '192.0.2.1, 198.51.100.1'])(
    'is not another client than the session’s, if it is given as %o',
    async (address) => {
      const browser = await logIn(strict(), HOME);
      world.takeEvents();
      expect((await browser.start({ address })).userId).toBe(user);
      expect(world.takeEvents()).toEqual([]);
      expect((await browser.start({ address: HOME })).userId).toBe(user);
    },
  );

  it('is not another client, either, if it is the session’s that was not known', async () => {
    const browser = await logIn(strict(), undefined);
    world.takeEvents();
    expect((await browser.start({ address: HOME })).userId).toBe(user);
    expect(world.takeEvents()).toEqual([]);
  });

  it('is not reported as one', async () => {
    const browser = await logIn(strict({ acceptRemoteIp: { otherwise: 'report' } }), HOME);
    world.takeEvents();
    await browser.start();
    expect(world.takeEvents()).toEqual([]);
  });

  it.each<[string, (browser: Browser) => Promise<unknown>]>([
    ['a touch', (browser) => browser.request()],
    ['an explicit touch', async (browser) => (await browser.start()).touch()],
    ['a rotation', (browser) => ((world.now += 3_600), browser.request())],
    ['a save', (browser) => browser.request((session) => session.set('visits', 1))],
    ['a login', (browser) => browser.request((session) => session.logIn(user))],
    ['a regenerate', (browser) => browser.request((session) => session.regenerate())],
  ])('leaves the session’s address and user agent as they were, with %s', async (_, act) => {
    const sessions = strict();
    const browser = await logIn(sessions, HOME);
    world.now += 400;
    await act(browser);
    expect(await sessions.ofUser(user)).toMatchObject([{ address: HOME, userAgent: 'Browser' }]);
    expect((await browser.start({ address: ABROAD })).id).toBeUndefined();
    expect((await browser.start({ address: HOME })).id).toBeUndefined();
  });

  it('is known from the first touch on that knows it', async () => {
    const sessions = strict();
    const browser = await logIn(sessions, undefined);
    world.now += 400;
    await browser.finish(await browser.start({ address: HOME }));
    expect((await browser.start({ address: ABROAD })).id).toBeUndefined();
  });

  it('does not save a session from a client whose address is another', async () => {
    const browser = await logIn(strict(), HOME);
    world.takeEvents();
    expect((await browser.start({ address: ABROAD })).id).toBeUndefined();
    expect(world.takeEvents()).toEqual(['anomaly']);
    expect((await browser.start({ address: HOME })).id).toBeUndefined();
  });
});
