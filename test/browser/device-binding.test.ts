import type { RequestListener } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { invoke } from '../../examples/devices/lambda-http.js';
import { deviceBinding } from '../../src/dbsc/index.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { type SessionEvent, Sessions } from '../../src/index.js';
import { type CookieOptions, withSession } from '../../src/lambda/index.js';
import { engines } from '../engines/index.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { loadDemo } from './demo.js';
import { DevicesPage } from './devices-page.js';
import { withBrowser } from './with-browser.js';

// Device Bound Session Credentials as Chromium has them. Keys in software stand for those in hardware.

const SOFTWARE_KEYS = 'EnableBoundSessionCredentialsSoftwareKeysForManualTesting';
const SWITCH = `--enable-features=DeviceBoundSessions:RefreshQuota/false,${SOFTWARE_KEYS}`;
const SWITCH_WITH_QUOTA = `--enable-features=DeviceBoundSessions,${SOFTWARE_KEYS}`;

/** The shortest lifetime that leaves a slow machine time for a page view. */
const LIFETIME = 12;
const MAX_AGE = Math.floor(LIFETIME * 0.9);

const SHOP = 'https://shop.test';
const STRICT = 'https://strict.test';
/** Where bound cookies live so long that the browser renews none before its time. */
const CALM = 'https://calm.test';

describe.skipIf(inject('chromium') === undefined)('a session bound to its device, in Chromium', () => {
  const world = withBrowser(SWITCH);
  const limited = withBrowser(SWITCH_WITH_QUOTA);
  let table: TestTable;
  let sessions: Sessions;
  const events: SessionEvent[] = [];

  beforeAll(async () => {
    table = await createTestTable(engines().at(-1)!);
    const { client, tableName } = table;
    const sessionsFor = (lifetime: number): Sessions =>
      new Sessions({
        persistence: new DynamoDBPersistenceLayer({ client, tableName }),
        deviceBinding: deviceBinding({ lifetime }),
        onEvent: (event) => events.push(event),
      });
    sessions = sessionsFor(LIFETIME);
    const shop = (cookie: CookieOptions = {}, ofShop = sessions): RequestListener => {
      const handler = withSession(
        ofShop,
        async ({ rawPath, body }, session) => {
          if (rawPath === '/login') await session.logIn('ann');
          if (rawPath === '/logout') await session.logOut();
          const user = `${session.userId ?? 'nobody'}, ${session.bound ? 'bound' : 'unbound'}`;
          if (rawPath === '/api') return { statusCode: 200, body: `${user}, ${body ?? ''}` };
          const headers = { 'content-type': 'text/html' };
          const html = `<!doctype html><title>${user}</title><link rel="icon" href="data:,">`;
          return { statusCode: 200, headers, body: html };
        },
        { csrf: {}, cookie },
      );
      return invoke(handler);
    };
    world.internet.serve('shop.test', shop());
    limited.internet.serve('shop.test', shop());
    world.internet.serve('strict.test', shop({ sameSite: 'Strict' }));
    world.internet.serve('calm.test', shop({}, sessionsFor(600)));
    world.internet.serve('elsewhere.test', (_request, response) => {
      response
        .setHeader('content-type', 'text/html')
        .end(
          `<a id="page" href="${SHOP}/">shop</a><a id="login" href="${SHOP}/login">log in</a><a id="strict" href="${STRICT}/">strict</a>`,
        );
    });
  });
  afterAll(() => table?.drop());
  beforeEach(() => {
    events.length = 0;
  });

  /** What the browser has asked by itself since the last call. */
  const asked = (): string[] => {
    const own = world.internet.exchanges.flatMap(({ method, url }) =>
      method === 'POST' && url.includes('/.well-known/') ? [url.split('/').at(-1)!] : [],
    );
    world.internet.forget();
    return own;
  };
  const told = (): string[] => {
    const types = events
      .map((event) => event.type)
      .filter((type) => /^(?:bound|bound-again|binding-refused|reused)$/.test(type));
    events.length = 0;
    return types;
  };
  const visit = async (page: Page, path = '/'): Promise<string> => {
    await page.goto(SHOP + path);
    return page.title();
  };
  const call = (page: Page, body: string): Promise<string> =>
    page.evaluate(async (text) => (await fetch('/api', { method: 'POST', body: text })).text(), body);
  const boundCookie = async (profile: BrowserContext): Promise<string | undefined> =>
    (await profile.cookies(SHOP)).find(({ name }) => name === '__Host-id-bound')?.value;

  /** Somebody who has just logged in, and whose browser has bound the session. */
  const loggedIn = async (profile: BrowserContext): Promise<Page> => {
    const page = await profile.newPage();
    await visit(page, '/login');
    await expect.poll(() => boundCookie(profile)).toBeDefined();
    expect(await visit(page)).toBe('ann, bound');
    asked();
    told();
    return page;
  };
  /** Until the browser has dropped the bound cookie. */
  const expired = (): Promise<void> => delay((MAX_AGE + 1) * 1000);

  it('is bound at the login, and goes with every page view', async () => {
    const profile = await world.newProfile();
    const page = await profile.newPage();
    expect(await visit(page, '/login')).toBe('ann, unbound');
    await expect.poll(() => boundCookie(profile)).toBeDefined();
    expect(await visit(page)).toBe('ann, bound');
    expect(asked()[0]).toBe('register');
    expect(told()[0]).toBe('bound');
    expect(await call(page, 'a body')).toBe('ann, bound, a body');
  });

  it('is renewed once when the cookie has run out, before five requests at once, whose bodies stay', async () => {
    const profile = await world.newProfile();
    const page = await loggedIn(profile);
    await expired();
    const bodies = ['1', '2', '3', '4', '5'];
    const answers = await Promise.all(bodies.map((body) => call(page, body)));
    expect(answers).toEqual(bodies.map((body) => `ann, bound, ${body}`));
    expect(told().filter((type) => type !== 'bound-again')).toEqual([]);
    const posts = world.internet.exchanges.filter(({ method }) => method === 'POST').map(({ url }) => url);
    expect(posts[0]).toBe(`${SHOP}/.well-known/dynamodb-sessions/refresh`);
  });

  it('16. ends with its logout, which the browser is told of when it next asks (B5)', async () => {
    const profile = await world.newProfile();
    const page = await loggedIn(profile);
    expect(await visit(page, '/logout')).toBe('nobody, unbound');
    await expired();
    expect(await visit(page)).toBe('nobody, unbound');
    // Beside the logout, Chromium may have asked already, for the cookie was near its end.
    expect(asked()).toContain('refresh');
    expect(await visit(page)).toBe('nobody, unbound');
    expect(asked()).toEqual([]);
  });

  it('16. ends when it is revoked from another device', async () => {
    const profile = await world.newProfile();
    const page = await loggedIn(profile);
    const [session] = await sessions.ofUser('ann');
    expect(session?.bound).toBe(true);
    await sessions.logOutUser('ann');
    expect(await visit(page)).toBe('nobody, unbound');
    await expired();
    expect(await visit(page)).toBe('nobody, unbound');
    asked();
    expect(await visit(page)).toBe('nobody, unbound');
    expect(asked()).toEqual([]);
  });

  it('is there for a request that has left the browser before the bound cookie came, and arrives after another has shown it', async () => {
    const page = await (await world.newProfile()).newPage();
    const registration = world.internet.hold(1, ({ url }) => url.endsWith('/register'));
    await page.goto(`${CALM}/login`);
    await registration.arrived;
    const held = world.internet.hold(1, ({ url }) => url.endsWith('/api'));
    const underWay = call(page, 'under way');
    await held.arrived;
    registration.release();
    await expect.poll(() => call(page, 'later')).toBe('ann, bound, later');
    held.release();
    expect(await underWay).toBe('ann, unbound, under way');
    expect(told()).toEqual(['bound']);
  });

  it('is bound anew by another login', async () => {
    const profile = await world.newProfile();
    const page = await loggedIn(profile);
    expect(await visit(page, '/login')).toBe('ann, unbound');
    await expect.poll(() => visit(page)).toBe('ann, bound');
    expect(await visit(page, '/logout')).toBe('nobody, unbound');
    expect(await visit(page, '/login')).toBe('ann, unbound');
    await expect.poll(() => visit(page)).toBe('ann, bound');
    await expired();
    expect(await visit(page)).toBe('ann, bound');
  });

  it('goes on after the browser was closed and opened again', async () => {
    const kept = await world.newKeptProfile();
    const before = await kept.open();
    await loggedIn(before);
    await before.close();
    await expired();
    const after = await kept.open();
    const page = await after.newPage();
    expect(await visit(page)).toBe('ann, bound');
    expect(told()).toContain('bound-again');
  });

  it('16. is nobody in another browser with a copy of all cookies once their time is over, and the event says so (B1)', async () => {
    const profile = await world.newProfile();
    const page = await loggedIn(profile);
    const thief = await world.newProfile();
    // A thief keeps the copy for longer than the browser that it is from.
    const forever = Math.floor(Date.now() / 1000) + 3_600;
    await thief.addCookies((await profile.cookies(SHOP)).map((cookie) => ({ ...cookie, expires: forever })));
    const copy = await thief.newPage();
    expect(await visit(copy)).toBe('ann, bound');
    await delay((LIFETIME + 1) * 1000);
    told();
    expect(await visit(copy)).toBe('nobody, unbound');
    expect(told()).toEqual(['reused']);
    expect(await visit(page)).toBe('ann, bound');
    expect(await visit(copy)).toBe('nobody, unbound');
  });

  it('goes on after the answer to a renewal was lost on its way (B6)', async () => {
    const profile = await world.newProfile();
    const page = await loggedIn(profile);
    await expired();
    world.internet.loseNextAnswer(({ url }) => url.endsWith('/refresh'));
    await visit(page);
    expect(await visit(page)).toBe('ann, bound');
  });

  it('is there when the user comes by a link from another site', async () => {
    const profile = await world.newProfile();
    const page = await loggedIn(profile);
    await expired();
    await page.goto('https://elsewhere.test/');
    await page.click('#page');
    await page.waitForURL(`${SHOP}/`);
    expect(await page.title()).toBe('ann, bound');
  });

  it('with a SameSite=Strict cookie is nobody by a link from another site, and as it was within its own', async () => {
    const profile = await world.newProfile();
    const page = await profile.newPage();
    const visitStrict = async (): Promise<string> => {
      await page.goto(`${STRICT}/`);
      return page.title();
    };
    await page.goto(`${STRICT}/login`);
    await expect.poll(visitStrict).toBe('ann, bound');
    await expired();
    told();
    await page.goto('https://elsewhere.test/');
    await page.click('#strict');
    await page.waitForURL(`${STRICT}/`);
    expect(await page.title()).toBe('nobody, unbound');
    expect(told()).not.toContain('binding-refused');
    expect(await visitStrict()).toBe('ann, bound');
    expect(told()).toContain('bound-again');
  });

  it('is nobody while Chromium does not sign, for it has signed too often; nothing is ended by that', async () => {
    const profile = await limited.newProfile();
    const page = await loggedIn(profile);
    const titles: string[] = [];
    for (let view = 1; view <= 10; view += 1) {
      await profile.clearCookies({ name: '__Host-id-bound' });
      titles.push(await visit(page));
    }
    expect([titles.at(0), titles.at(-1)]).toEqual(['ann, bound', 'nobody, unbound']);
    const outcomes = told();
    expect(outcomes.filter((type) => type === 'bound-again').length).toBeLessThan(6); // and one was for the key
    expect(outcomes.filter((type) => type !== 'bound-again' && type !== 'binding-refused')).toEqual([]);
    const { cookies, setCookies } = limited.internet.exchanges.at(-1)!;
    expect(setCookies).toEqual([]);
    const id = cookies[0]!.slice('__Host-id='.length).split('.')[0];
    expect((await sessions.ofUser('ann')).map((session) => session.id)).toContain(id);
  });

  it('is bound at a login to which another site has sent the user, as an identity provider does', async () => {
    const profile = await world.newProfile();
    const page = await profile.newPage();
    await page.goto('https://elsewhere.test/');
    await page.click('#login');
    await page.waitForURL(`${SHOP}/login`);
    await expect.poll(() => boundCookie(profile)).toBeDefined();
    expect(await visit(page)).toBe('ann, bound');
  });

  it('is seen by the browser’s own tools as it is told here', async () => {
    const profile = await world.newProfile();
    const page = await profile.newPage();
    const tools = await profile.newCDPSession(page);
    const seen: string[] = [];
    tools.on('Network.deviceBoundSessionEventOccurred', (event) => {
      const { creationEventDetails, refreshEventDetails, terminationEventDetails } = event;
      if (creationEventDetails?.fetchResult === 'Success') seen.push('bound');
      if (refreshEventDetails?.refreshResult === 'Refreshed') seen.push('bound-again');
      if (terminationEventDetails !== undefined) seen.push(`ended: ${terminationEventDetails.deletionReason}`);
    });
    await tools.send('Network.enableDeviceBoundSessions', { enable: true });
    await visit(page, '/login');
    await expect.poll(() => boundCookie(profile)).toBeDefined();
    await expired();
    expect(await visit(page)).toBe('ann, bound');
    // Near its end, Chromium renews the cookie beside a page view too, so there may be more than these two.
    const happened = (): string[] => events.map(({ type }) => type).filter((type) => type.startsWith('bound'));
    await expect.poll(() => seen.length - happened().length).toBe(0);
    expect(seen.slice(0, 2)).toEqual(['bound', 'bound-again']);
    expect(seen).toEqual(told());
    await sessions.logOutUser('ann');
    await expired();
    await visit(page);
    await expect.poll(() => seen.at(-1)).toBe('ended: RefreshFatalError');
  });

  it('is shown by the demo, in which a thief with a copy of the cookie is nobody (B1)', async () => {
    const demo = await loadDemo();
    world.internet.serve('demo.test', demo.site);
    try {
      const profile = await world.newProfile();
      const page = await DevicesPage.open(profile, 'https://demo.test/');
      await page.signIn('ada');
      await expect
        .poll(async () => (await profile.cookies('https://demo.test/')).map(({ name }) => name))
        .toContain('__Host-id-bound');
      await page.reload();
      await page.page.getByText('This session is bound to this device.').waitFor();
      demo.pass(10); // requests that were under way when it was bound are over
      await page.playThief('With a copy of the cookie, the thief is nobody.');
    } finally {
      await demo.close();
    }
  });
});
