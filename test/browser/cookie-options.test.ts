import type { BrowserContext, Cookie, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { CookieOptions } from '../../src/cookies/index.js';
import { engines } from '../engines/index.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { elsewhere, shop } from './shop.js';
import { withBrowser } from './with-browser.js';

// What a browser makes of each form that the session cookie can have.

const DAY = 86_400;

describe.skipIf(inject('chromium') === undefined)('the session cookie in a browser', () => {
  const world = withBrowser();
  let table: TestTable;

  beforeAll(async () => {
    table = await createTestTable(engines().at(-1)!);
  });
  afterAll(() => table?.drop());

  const open = async (url: string, profile?: BrowserContext): Promise<Page> => {
    const page = await (profile ?? (await world.newProfile())).newPage();
    await page.goto(url);
    return page;
  };

  const forms: readonly (readonly [form: string, options: CookieOptions, expected: Partial<Cookie>])[] = [
    ['as it is by default', {}, { name: '__Host-id', domain: 'shop.test', path: '/', secure: true, sameSite: 'Lax' }],
    ['with another prefix', { name: '__Host-Http-id' }, { name: '__Host-Http-id', domain: 'shop.test' }],
    ['for all subdomains', { name: '__Secure-id', domain: 'shop.test' }, { name: '__Secure-id', domain: '.shop.test' }],
    ['for one path', { name: '__Secure-id', path: '/account' }, { path: '/account' }],
    ['never sent from elsewhere', { sameSite: 'Strict' }, { sameSite: 'Strict' }],
    ['sent from everywhere', { sameSite: 'None' }, { sameSite: 'None' }],
    ['partitioned', { sameSite: 'None', partitioned: true }, { partitionKey: 'https://shop.test' }],
    [
      'for all subdomains and one path, partitioned',
      { name: '__Secure-id', domain: 'shop.test', path: '/account', sameSite: 'None', partitioned: true },
      { domain: '.shop.test', path: '/account', partitionKey: 'https://shop.test' },
    ],
  ];

  it.each(forms)('is set, sent, and taken away at a logout, %s (C1, C5)', async (_, options, expected) => {
    world.internet.serve('shop.test', shop(table, options));
    const page = await open('https://shop.test/account/login');
    expect(await page.context().cookies()).toEqual([expect.objectContaining({ ...expected, httpOnly: true })]);

    await page.goto('https://shop.test/account/');
    expect(await page.title()).toBe('user-1');

    await page.goto('https://shop.test/account/logout');
    expect(await page.context().cookies()).toEqual([]);
    await page.goto('https://shop.test/account/');
    expect(await page.title()).toBe('nobody');
    expect(world.internet.exchanges.at(-1)?.cookies).toEqual([]);
  });

  it('is sent to subdomains with a domain, which can end it too, and not without one (C1, C5)', async () => {
    const shared = shop(table, { name: '__Secure-id', domain: 'shop.test' });
    for (const name of ['shop.test', 'www.shop.test']) world.internet.serve(name, shared);
    const page = await open('https://shop.test/login');
    await page.goto('https://www.shop.test/');
    expect(await page.title()).toBe('user-1');
    await page.goto('https://www.shop.test/logout');
    expect(await page.context().cookies()).toEqual([]);

    const own = shop(table);
    for (const name of ['shop.test', 'www.shop.test']) world.internet.serve(name, own);
    await page.goto('https://shop.test/login');
    await page.goto('https://www.shop.test/');
    expect(await page.title()).toBe('nobody');
    expect(world.internet.exchanges.at(-1)?.cookies).toEqual([]);
  });

  it.each([{ days: 7 }, { days: 30 }, { days: 400 }])(
    'is kept for $days days if a session lasts as long (C6)',
    async ({ days }) => {
      const lasting = { idleTimeout: Math.min(days * DAY, 30 * DAY), absoluteTimeout: days * DAY };
      world.internet.serve('shop.test', shop(table, {}, lasting));
      const page = await open('https://shop.test/login');
      const [cookie] = await page.context().cookies();
      const expected = Date.now() / 1000 + days * DAY;
      expect(Math.abs((cookie?.expires ?? 0) - expected)).toBeLessThan(60);
    },
  );

  it.each<['Lax' | 'Strict' | 'None', byLink: string, others: string]>([
    ['Lax', 'user-1', 'nobody'],
    ['Strict', 'nobody', 'nobody'],
    ['None', 'user-1', 'user-1'],
  ])(
    'with SameSite=%s: a link from elsewhere finds %s, any other request from there %s (C1)',
    async (sameSite, byLink, others) => {
      world.internet.serve('shop.test', shop(table, { sameSite }));
      world.internet.serve(
        'other.test',
        elsewhere(`
      <a href="https://shop.test/by-link">Shop</a>
      <form method="post" action="https://shop.test/by-form"><button>Win</button></form>
      <iframe src="https://shop.test/by-frame"></iframe>
      <img src="https://shop.test/by-image">`),
      );
      // Third-party cookies are let through here, so that nothing but SameSite keeps the cookie back.
      const profile = await (await world.newKeptProfile()).open();
      const page = await open('https://shop.test/login', profile);
      const [cookie] = await profile.cookies();

      await page.goto('https://other.test/');
      await page.evaluate(
        `fetch('https://shop.test/by-script', { method: 'POST', mode: 'no-cors', credentials: 'include' })`,
      );
      await page.getByRole('link').click();
      await page.waitForURL('**/by-link');
      expect(await page.title()).toBe(byLink);
      await page.goto('https://other.test/');
      await page.getByRole('button').click();
      await page.waitForURL('**/by-form');
      expect(await page.title()).toBe(others);

      const sent = (path: string): readonly string[] | undefined =>
        world.internet.exchanges.findLast(({ url }) => url === `https://shop.test/${path}`)?.cookies;
      const whole = [`__Host-id=${cookie?.value}`];
      expect(sent('by-link')).toEqual(byLink === 'nobody' ? [] : whole);
      for (const path of ['by-form', 'by-script', 'by-frame', 'by-image']) {
        expect(sent(path), path).toEqual(others === 'nobody' ? [] : whole);
      }
      expect(await profile.cookies()).toEqual([cookie]);
    },
  );
});

describe.skipIf(inject('chromium') === undefined)(
  'the session cookie inside other sites’ frames, in a browser that blocks third-party cookies',
  () => {
    const world = withBrowser('--test-third-party-cookie-phaseout');
    let table: TestTable;

    beforeAll(async () => {
      table = await createTestTable(engines().at(-1)!);
      for (const name of ['news.test', 'blog.test']) {
        world.internet.serve(name, elsewhere('<iframe src="https://widget.test/"></iframe>'));
      }
    });
    afterAll(() => table?.drop());

    it('is kept for each embedding site apart if it is partitioned, and taken away apart (C5, C9)', async () => {
      world.internet.serve('widget.test', shop(table, { sameSite: 'None', partitioned: true }));
      const profile = await world.newProfile();
      const [news, blog] = [await embedded(profile, 'news.test'), await embedded(profile, 'blog.test')];
      await news.visit('login?as=reader');
      expect([await news.user(), await blog.user()]).toEqual(['reader', 'nobody']);
      await blog.visit('login?as=author');
      expect([await news.user(), await blog.user()]).toEqual(['reader', 'author']);
      expect((await profile.cookies()).map(({ name, partitionKey }) => [name, partitionKey])).toEqual([
        ['__Host-id', 'https://news.test'],
        ['__Host-id', 'https://blog.test'],
      ]);

      const itself = await profile.newPage();
      await itself.goto('https://widget.test/');
      expect(await itself.title()).toBe('nobody');

      await news.visit('logout');
      expect([await news.user(), await blog.user()]).toEqual(['nobody', 'author']);
      expect((await profile.cookies()).map(({ partitionKey }) => partitionKey)).toEqual(['https://blog.test']);
    });

    it('is not kept there if it is not partitioned (C9)', async () => {
      world.internet.serve('widget.test', shop(table, { sameSite: 'None' }));
      const profile = await world.newProfile();
      const news = await embedded(profile, 'news.test');
      await news.visit('login');
      expect(await news.user()).toBe('nobody');
      expect(await profile.cookies()).toEqual([]);
    });
  },
);

/** The frame of widget.test in another site's page. */
async function embedded(
  profile: BrowserContext,
  host: string,
): Promise<{ visit(path: string): Promise<void>; user(): Promise<string> }> {
  const page = await profile.newPage();
  await page.goto(`https://${host}/`);
  const visit = async (path: string): Promise<void> => {
    await page.frames()[1]?.goto(`https://widget.test/${path}`);
  };
  return {
    visit,
    async user() {
      await visit('');
      return (await page.frames()[1]?.title()) ?? '';
    },
  };
}
