import { describe, expect, it } from 'vitest';
import { deviceBinding } from '../../src/dbsc/index.js';
import type { Sessions, SessionsOptions } from '../../src/index.js';
import { DeviceBrowser } from '../world/device-browser.js';
import { playAll } from '../world/every-order.js';
import type { App, World } from '../world/world.js';
import { PAGES, sendTo } from './application.js';

// What a browser asks by itself, and other requests of the same session, in every order of their calls to the store.

const options: SessionsOptions = { deviceBinding: deviceBinding({ lifetime: 600 }) };

describe('16. in every order of their calls,', { timeout: 60_000 }, () => {
  /** A browser whose session is bound, and was seen to be; after 300 seconds, a touch of its next request is due. */
  const bound = async (world: World, sessions: Sessions<App>, seconds = 500): Promise<DeviceBrowser> => {
    const browser = new DeviceBrowser(sendTo(sessions, PAGES), { clock: { now: () => world.now * 1000 } });
    await browser.visit('/login');
    await browser.visit('/');
    world.now += seconds;
    return browser;
  };
  const through = (browser: DeviceBrowser, sessions: Sessions<App>): DeviceBrowser =>
    browser.through(sendTo(sessions, PAGES));
  /** What the browser sees afterwards, when its cookie has run out. */
  const after = async (world: World, browser: DeviceBrowser): Promise<string> => {
    world.now += 550;
    browser.restart();
    return (await browser.visit('/')).body;
  };

  it('two renewals and a page view leave the browser bound, and its user signed in (B3)', async () => {
    await playAll(
      {
        options,
        async begin(world, sessions) {
          const browser = await bound(world, sessions, 200);
          const statuses: number[] = [];
          const bodies: string[] = [];
          const renewal = async (own: Sessions<App>): Promise<unknown> =>
            statuses.push((await through(browser, own).prove()).status);
          return {
            requests: [
              renewal,
              renewal,
              async (own) => bodies.push((await through(browser, own).ask('GET', '/bound')).body),
            ],
            check: async () => [statuses.toSorted((a, b) => a - b), bodies, await after(world, browser)],
          };
        },
      },
      [[200, 403], ['true'], '"ann"'],
    );
  });

  it('a renewal and a logout leave nothing that could be renewed (B5)', async () => {
    await playAll(
      {
        options,
        async begin(world, sessions) {
          const browser = await bound(world, sessions);
          const copy = browser.through(sendTo(sessions, PAGES));
          return {
            requests: [
              async (own) => expect([200, 401, 503]).toContain((await through(browser, own).prove()).status),
              (own) => through(browser, own).ask('GET', '/logout'),
            ],
            check: async () => [(await copy.prove()).status, await after(world, browser)],
          };
        },
      },
      [401, '"nobody"'],
    );
  });

  it('a renewal and a login leave the login’s binding, and the key from before is worth nothing (B2, B3)', async () => {
    await playAll(
      {
        options,
        async begin(world, sessions) {
          const browser = await bound(world, sessions);
          const former = browser.through(sendTo(sessions, PAGES));
          let latest = browser;
          return {
            requests: [
              async (own) => expect([200, 503]).toContain((await through(former, own).prove()).status),
              async (own) => {
                latest = through(browser, own);
                await latest.visit('/login');
              },
            ],
            check: async () => {
              const browserNow = latest.through(sendTo(sessions, PAGES));
              const { challenge } = browserNow;
              const status = (await Object.assign(former, { challenge }).prove()).status;
              return [latest.own.at(-1), status, await after(world, browserNow)];
            },
          };
        },
      },
      ['register 200', 403, '"ann"'],
    );
  });

  it('a renewal and a page view, with a rotation due, leave the browser signed in (B6)', async () => {
    await playAll(
      {
        options: { ...options, rotationInterval: 60 },
        async begin(world, sessions) {
          const browser = await bound(world, sessions);
          const bodies: string[] = [];
          return {
            requests: [
              async (own) => expect((await through(browser, own).prove()).status).toBe(200),
              async (own) => bodies.push((await through(browser, own).ask('GET', '/')).body),
            ],
            check: async () => [bodies, await after(world, browser)],
          };
        },
      },
      [['"ann"'], '"ann"'],
    );
  });

  it('two registrations with one challenge, and a page that sets something: one key, and what was set is there (B2)', async () => {
    await playAll(
      {
        options,
        async begin(_world, sessions) {
          const browser = new DeviceBrowser(sendTo(sessions, PAGES), { binds: false });
          await browser.visit('/login');
          const statuses: number[] = [];
          const registration = async (own: Sessions<App>): Promise<unknown> =>
            statuses.push((await through(browser, own).register()).status);
          return {
            requests: [registration, registration, (own) => through(browser, own).ask('GET', '/save')],
            check: async () => {
              const tokens = [browser.jar.get('__Host-id')!];
              const session = await sessions.read({ tokens, boundTokens: [browser.jar.get('__Host-id-bound')!] });
              return [statuses.toSorted((a, b) => a - b), session.userId, session.get('theme'), session.bound];
            },
          };
        },
      },
      [[200, 403], 'ann', 'dark', true],
    );
  });
});
