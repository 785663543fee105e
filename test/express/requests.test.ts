import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ExpressSessionStore, type ExpressSessionStoreOptions } from '../../src/express/index.js';
import type { SessionEvent } from '../../src/index.js';
import { stores, type TestStore } from '../world/stores.js';
import { type App, type AppOptions, allFrameworks } from './apps.js';
import { Browser } from './browser.js';

describe.each(allFrameworks)('$framework', ({ start }) => {
  describe.each(stores())('on $name', (engine) => {
    let table: TestStore;
    let apps: App[];
    let events: SessionEvent[];

    beforeEach(async () => {
      table = await engine.open();
      apps = [];
      events = [];
    });
    afterEach(async () => {
      await Promise.all(apps.map((app) => app.close()));
      await table.close();
    });

    /** A process of the application, with a store of its own on the shared table. */
    async function process(options: AppOptions = {}, storeOptions: ExpressSessionStoreOptions = {}): Promise<App> {
      const store = new ExpressSessionStore({
        persistence: table.persistence,
        userId: (session) => session.user,
        onEvent: (event) => events.push(event),
        ...storeOptions,
      });
      const app = await start(store, options);
      apps.push(app);
      return app;
    }

    const takeEvents = (): string[] => events.splice(0).map(({ type }) => type);

    it('keeps what the application sets, changes and deletes', async () => {
      const browser = new Browser((await process()).url);
      await browser.send('PUT', '/data/theme/dark');
      await browser.send('PUT', '/data/cart/book');
      expect(await browser.session()).toEqual({ theme: 'dark', cart: 'book' });
      await browser.send('PUT', '/data/theme/light');
      await browser.send('DELETE', '/data/cart');
      expect(await browser.session()).toEqual({ theme: 'light' });
    });

    it('shows every process the same session', async () => {
      const [first, second] = [await process(), await process()];
      const browser = new Browser(first.url);
      await browser.send('PUT', '/data/theme/dark');
      expect(await browser.copy(second.url).session()).toEqual({ theme: 'dark' });
    });

    it('stores nothing, and sends no cookie, for a visitor of whom nothing is known', async () => {
      const browser = new Browser((await process()).url);
      expect(await browser.session()).toEqual({});
      expect([browser.cookies.size, await table.dump()]).toEqual([0, []]);
    });

    it('keeps the changes of concurrent requests to different keys', async () => {
      const app = await process();
      const browser = new Browser(app.url);
      await browser.send('PUT', '/data/theme/dark');
      const waiting = once(app.doors, 'waiting');
      const slow = browser.send('PUT', '/later/slow/1');
      await waiting;
      await browser.send('PUT', '/data/quick/1');
      await browser.send('DELETE', '/data/theme');
      app.doors.emit('go');
      await slow;
      expect(await browser.session()).toEqual({ slow: '1', quick: '1' });
    });

    describe('after a session was ended', () => {
      it.each<[how: string, end: (browser: Browser, app: App) => Promise<unknown>]>([
        ['by its own logout', (browser) => browser.send('POST', '/logout')],
        ['by a login, which takes a new session ID', (browser) => browser.send('POST', '/login/user-1')],
      ])('%s, a late save does not bring it back', async (_, end) => {
        const [here, there] = [await process(), await process()];
        const browser = new Browser(here.url);
        await browser.send('PUT', '/data/theme/dark');
        const thief = browser.copy();
        const waiting = once(here.doors, 'waiting');
        const late = browser.copy().send('PUT', '/later/late/1');
        await waiting;
        await end(browser.copy(there.url), there);
        takeEvents();
        here.doors.emit('go');
        expect(await late).toMatchObject({ status: 200 });
        expect(takeEvents()).toEqual(['lost-write']);
        expect(await thief.session()).toEqual({});
      });

      it('everywhere, by the user, a late save does not bring one back', async () => {
        const store = new ExpressSessionStore({ persistence: table.persistence, userId: (session) => session.user });
        const app = await start(store);
        apps.push(app);
        const [laptop, phone, other] = [new Browser(app.url), new Browser(app.url), new Browser(app.url)];
        await laptop.send('POST', '/login/user-1');
        await phone.send('POST', '/login/user-1');
        await other.send('POST', '/login/user-2');
        expect(await store.sessions.ofUser('user-1')).toHaveLength(2);
        const waiting = once(app.doors, 'waiting');
        const late = phone.send('PUT', '/later/late/1');
        await waiting;
        await store.sessions.logOutUser('user-1');
        app.doors.emit('go');
        await late;
        expect([await laptop.session(), await phone.session()]).toEqual([{}, {}]);
        expect(await other.session()).toEqual({ user: 'user-2' });
      });
    });

    it('leaves a planted session ID without the session of who logs in', async () => {
      const app = await process();
      const attacker = new Browser(app.url);
      await attacker.send('PUT', '/data/theme/dark');
      const victim = attacker.copy();
      await victim.send('POST', '/login/user-1');
      expect(await victim.session()).toEqual({ user: 'user-1' });
      expect(await attacker.session()).toEqual({});
      expect(victim.cookies).not.toEqual(attacker.cookies);
    });
  });
});
