import type { BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { engines } from '../engines/index.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { elsewhere, shop } from './shop.js';
import { withBrowser } from './with-browser.js';

// A subdomain that belongs to somebody else: what it can do with a cookie of the same name, and what comes of it.

const UNKNOWN = `${'A'.repeat(22)}.${'B'.repeat(32)}`;

describe.skipIf(inject('chromium') === undefined)('a cookie that a subdomain plants', () => {
  const world = withBrowser();
  let table: TestTable;

  beforeAll(async () => {
    table = await createTestTable(engines().at(-1)!);
  });
  afterAll(() => table?.drop());

  /** Signs in at the shop in a profile of its own. */
  const signedIn = async (name: string): Promise<{ profile: BrowserContext; page: Page; token: string }> => {
    const profile = await world.newProfile();
    const page = await profile.newPage();
    await page.goto(`https://shop.test/login?as=${name}`);
    return { profile, page, token: (await profile.cookies())[0]?.value ?? '' };
  };

  /** Who is signed in at the shop, and with which session cookies the browser asked. */
  const userAt = async (page: Page, url = 'https://shop.test/'): Promise<{ user: string; sent: readonly string[] }> => {
    await page.goto(url);
    return { user: await page.title(), sent: world.internet.exchanges.at(-1)?.cookies ?? [] };
  };

  describe('with the prefix of the default name', () => {
    it.each([
      ['for the whole domain', '__Host-id=forged; Domain=shop.test; Path=/; Secure'],
      ['for the whole domain, in other letters', '__hOsT-id=forged; Domain=shop.test; Path=/; Secure'],
      ['without Secure', '__Host-id=forged; Path=/'],
      ['for a longer path', '__Host-id=forged; Path=/account; Secure'],
      ['as the value of a nameless cookie', '=__Host-id=forged; Domain=shop.test; Path=/; Secure'],
      ['as a cookie without a name', '__Host-id; Domain=shop.test; Path=/; Secure'],
      ['for itself', '__Host-id=forged; Path=/; Secure'],
    ])('reaches nobody: %s (C1)', async (_, setCookie) => {
      world.internet.serve('shop.test', shop(table));
      world.internet.serve('evil.shop.test', elsewhere('', setCookie));
      const { profile, page, token } = await signedIn('user-1');
      const own = await profile.cookies();
      await page.goto('https://evil.shop.test/');
      await page.evaluate(`document.cookie = ${JSON.stringify(setCookie)}`);
      expect(await profile.cookies('https://shop.test/account')).toEqual(own);
      for (const url of ['https://shop.test/', 'https://shop.test/account']) {
        expect(await userAt(page, url)).toEqual({ user: 'user-1', sent: [`__Host-id=${token}`] });
      }
    });

    it('reaches nobody from the shop’s own name over plain HTTP (C1)', async () => {
      const forged = '__Host-id=forged; Path=/';
      world.internet.serve('shop.test', (request, response) => {
        const isPlain = !('encrypted' in request.socket);
        (isPlain ? elsewhere('', forged, `${forged}; Secure`) : shop(table))(request, response);
      });
      const { page, token } = await signedIn('user-1');
      expect((await userAt(page, 'http://shop.test/')).sent).toEqual([]);
      expect(await userAt(page)).toEqual({ user: 'user-1', sent: [`__Host-id=${token}`] });
    });
  });

  describe('without a prefix', () => {
    const plant = (value: string, path = '/'): void => {
      world.internet.serve('evil.shop.test', elsewhere('', `id=${value}; Domain=shop.test; Path=${path}; Secure`));
    };

    beforeAll(() => {
      world.internet.serve('shop.test', shop(table, { name: 'id' }));
    });

    it.each([
      ['nonsense', 'forged', '/'],
      ['nonsense, sent first', 'forged', '/account'],
      ['an unknown token', UNKNOWN, '/'],
      ['an unknown token, sent first', UNKNOWN, '/account'],
    ])('does not get between somebody and their session: %s (C2)', async (_, planted, path) => {
      plant(planted, path);
      const { page, token } = await signedIn('user-1');
      await page.goto('https://evil.shop.test/');
      const { user, sent } = await userAt(page, 'https://shop.test/account');
      expect(sent).toEqual(path === '/' ? [`id=${token}`, `id=${planted}`] : [`id=${planted}`, `id=${token}`]);
      expect(user).toBe('user-1');
    });

    it('does not get in the way of a login, though it was there first and is sent first (C2)', async () => {
      plant(UNKNOWN);
      const page = await (await world.newProfile()).newPage();
      await page.goto('https://evil.shop.test/');
      await page.goto('https://shop.test/login?as=user-1');
      const { user, sent } = await userAt(page);
      expect(sent).toEqual([`id=${UNKNOWN}`, expect.stringMatching(/^id=/)]);
      expect(user).toBe('user-1');
    });

    it('signs nobody in as its owner who is signed in already, and loses nobody’s session (C2)', async () => {
      const attacker = await signedIn('attacker');
      plant(attacker.token);
      const { profile, page, token } = await signedIn('user-1');
      await page.goto('https://evil.shop.test/');
      const { user, sent } = await userAt(page);
      expect(sent).toEqual([`id=${token}`, `id=${attacker.token}`]);
      expect(user).toBe('nobody');

      await profile.clearCookies({ domain: '.shop.test' });
      expect(await userAt(page)).toEqual({ user: 'user-1', sent: [`id=${token}`] });
    });

    it('is good for nothing any more once somebody has signed in with it (L1)', async () => {
      world.internet.serve('shop.test', shop(table, { name: 'id' }));
      const attacker = await signedIn('attacker');
      plant(attacker.token);
      const victim = await world.newProfile();
      const page = await victim.newPage();
      await page.goto('https://evil.shop.test/');
      expect((await userAt(page)).user).toBe('attacker');
      await page.goto('https://shop.test/login?as=user-1');
      expect((await userAt(page)).user).toBe('user-1');
      expect((await userAt(attacker.page)).user).not.toBe('user-1');
      expect((await userAt(page)).user).toBe('user-1');
    });
  });
});
