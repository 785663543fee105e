import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { createLocalProvider } from '../../examples/devices/local-provider.js';
import { violationsOf } from './accessibility.js';
import { type Demo, loadDemo } from './demo.js';
import { DevicesPage } from './devices-page.js';
import { withBrowser } from './with-browser.js';

// The demo as `npm start` has it: over plain HTTP, with an OpenID provider beside it.

describe.skipIf(inject('chromium') === undefined)('the demo and its provider in a browser', () => {
  const world = withBrowser();
  const [site, provider] = [createServer(), createServer()];
  let origin: string;
  let issuer: string;
  let demo: Demo;

  const listen = async (server: typeof site): Promise<string> => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  beforeAll(async () => {
    [origin, issuer] = [await listen(site), await listen(provider)];
    const { answer, environment } = await createLocalProvider(issuer, origin);
    provider.on('request', answer);
    Object.assign(process.env, environment, { ORIGIN: origin, PLAIN_HTTP: '1' });
    demo = await loadDemo();
    site.on('request', demo.site);
  });
  afterAll(async () => {
    await demo?.close();
    for (const server of [site, provider]) {
      server.close();
      server.closeAllConnections();
    }
  });

  const open = async (options: BrowserContextOptions = {}): Promise<DevicesPage> =>
    DevicesPage.open(await world.newProfile(options), `${origin}/`);

  const link = (page: Page, name: string) => page.getByRole('link', { name });
  const signIn = async ({ page }: DevicesPage, name: string): Promise<void> => {
    await link(page, 'Sign in at the provider').click();
    await page.waitForURL(`${issuer}/sign-in/*`);
    await page.getByRole('textbox', { name: 'Name' }).fill(name);
    await page.getByRole('button', { name: 'Continue' }).click();
    await link(page, 'Log out at the provider').waitFor();
  };
  const logOut = async ({ page }: DevicesPage): Promise<void> => {
    await link(page, 'Log out at the provider').click();
    await page.getByRole('button', { name: 'Log out' }).click();
    await link(page, 'Sign in at the provider').waitFor();
  };

  it('signs in there; the logout there ends the session, and the page has its receipt', async () => {
    const [laptop, phone] = [await open(), await open()];
    await signIn(laptop, 'ada');
    await signIn(phone, 'ada');
    await laptop.reload();
    expect(await laptop.signedInAs()).toBe('ada');
    expect(await laptop.devices()).toBe(2);

    await logOut(laptop);
    expect(await laptop.signedInAs()).toBeUndefined();
    expect(new URL(laptop.page.url()).href).toBe(`${origin}/`);
    expect(await laptop.receipts()).toEqual([
      expect.stringMatching(/^GET \/ GetItem 1 R 1 call 1 R/),
      expect.stringMatching(/^POST \/back-channel-logout PROVIDER LOGOUT REVOKED PutItem .* 1 W/),
    ]);
    await phone.reload();
    expect(await phone.signedInAs()).toBe('ada');
    expect(await phone.devices()).toBe(1);
  });

  it('notices in another tab that the provider has ended the session, and shows its receipt there', async () => {
    const tab = await open();
    await signIn(tab, 'bea');
    const other = await DevicesPage.open(tab.page.context(), `${origin}/`);
    await logOut(other);
    expect(await tab.signedInAs()).toBe('bea'); // it has not looked yet
    await tab.comeBack();
    expect(await tab.signedInAs()).toBeUndefined();
  });

  it('shows in the same page, without loading it anew, what the provider has had done meanwhile', async () => {
    const [tab, elsewhere] = [await open(), await open()];
    await signIn(elsewhere, 'cas');
    await link(elsewhere.page, 'Log out at the provider').click();
    const form = elsewhere.page.locator('form');
    const [action = '', xsrf = ''] = [
      await form.getAttribute('action'),
      await form.locator('[name=xsrf]').getAttribute('value'),
    ].map(String);
    // It does not come back to the demo's page, which would take the receipt.
    await elsewhere.page.request.post(action, { form: { xsrf, logout: 'yes' }, maxRedirects: 0 });
    const count = (await tab.receipts()).length;
    await tab.addToCart('tea');
    await tab.said('Added tea.');
    expect((await tab.receipts()).slice(0, -count)).toEqual([
      expect.stringMatching(/^POST \/cart /),
      expect.stringMatching(/^POST \/back-channel-logout PROVIDER LOGOUT /),
    ]);
  });

  it('signs in, and out, without scripts', async () => {
    const page = await (await world.newProfile({ javaScriptEnabled: false })).newPage();
    await page.goto(origin);
    await link(page, 'Sign in at the provider').click();
    await page.getByRole('textbox', { name: 'Name' }).fill('dot');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('dot', { exact: true }).waitFor();
    await link(page, 'Log out at the provider').click();
    await page.getByRole('button', { name: 'Log out' }).click();
    await link(page, 'Sign in at the provider').waitFor();
    expect(await page.getByRole('article').allInnerTexts()).toHaveLength(2);
  });

  describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
    it.each([
      ['a desktop', { width: 1_200, height: 800 }],
      ['a phone', { width: 320, height: 740 }],
    ])('breaks no rule of accessibility that axe-core knows, and is never wider than %s', async (_, viewport) => {
      const { page } = await open({ colorScheme, viewport, reducedMotion: 'reduce' });
      const look = async (): Promise<void> => {
        expect(await violationsOf(page)).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(viewport.width);
      };
      await look();
      await link(page, 'Sign in at the provider').click();
      await page.getByRole('button', { name: 'Continue' }).waitFor();
      await look();
      await page.getByRole('textbox', { name: 'Name' }).fill('M'.repeat(64));
      await page.getByRole('button', { name: 'Continue' }).click();
      await link(page, 'Log out at the provider').waitFor();
      await look();
      await link(page, 'Log out at the provider').click();
      await page.getByRole('button', { name: 'Log out' }).waitFor();
      await look();
      await page.getByRole('button', { name: 'Log out' }).click();
      await link(page, 'Sign in at the provider').waitFor();
      await look();
    });
  });
});
