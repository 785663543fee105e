import { randomUUID } from 'node:crypto';
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import type { BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { violationsOf } from './accessibility.js';
import { type Demo, loadDemo } from './demo.js';
import { DevicesPage } from './devices-page.js';
import { withBrowser } from './with-browser.js';

// The demo's page, for those who look at it: with a keyboard, on a phone, with a screen reader, without scripts.

const URL = 'https://localhost/';
const [PHONE, DESKTOP] = [
  { width: 360, height: 740 },
  { width: 1_200, height: 800 },
];
const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1';

describe.skipIf(inject('chromium') === undefined)('the demo’s page', () => {
  const world = withBrowser();
  let demo: Demo;
  let name: string;

  beforeAll(async () => {
    demo = await loadDemo();
    world.internet.serve('localhost', demo.site);
  });
  afterAll(() => demo?.close());
  beforeEach(() => {
    name = `user-${randomUUID()}`;
  });

  const open = async (options: BrowserContextOptions = {}): Promise<DevicesPage> =>
    DevicesPage.open(await world.newProfile(options), URL);
  const signedIn = async (options: BrowserContextOptions = {}): Promise<DevicesPage> => {
    const page = await open(options);
    await page.signIn(name);
    return page;
  };

  describe('its receipts', () => {
    it('say that a stranger costs nothing', async () => {
      expect(await (await open()).receipts()).toEqual(['GET / 0 calls DynamoDB was not asked.']);
    });

    it('say that an unchanged page view is one call and one read', async () => {
      const page = await signedIn();
      await page.reload();
      const [devices, view] = await page.receipts();
      expect(view).toBe('GET / GetItem 1 R 1 call 1 R A million of these: $0.13');
      expect(devices).toMatch(/^GET \/your-devices GetItem 1 R Query .* BatchGetItem .* 3 calls/);
    });

    it('say what was written, and what happened', async () => {
      const page = await signedIn();
      expect((await page.receipts())[1]).toMatch(/^POST \/login CREATED LOGGED IN .* PutItem 1 W/);
      await page.chooseDarkTheme();
      await page.said('The theme is dark.');
      expect((await page.receipts())[0]).toMatch(
        /^POST \/theme GetItem 1 R UpdateItem theme 1 W 2 calls 1 R 1 W A mil/,
      );
    });

    it('say that a session was touched and rotated', async () => {
      const page = await signedIn();
      demo.pass(3_600);
      await page.reload();
      expect((await page.receipts())[1]).toMatch(/^GET \/ TOUCHED ROTATED /);
    });

    it('say that a copied cookie came back', async () => {
      const [page, thief] = [await signedIn(), await world.newProfile()];
      await thief.addCookies(await page.page.context().cookies());
      demo.pass(3_600);
      await page.reload();
      await page.reload();
      demo.pass(120);
      expect(await (await DevicesPage.open(thief, URL)).receipts()).toEqual([
        expect.stringMatching(/^GET \/ REUSED .*PutItem/),
      ]);
    });

    it('are kept, the last one first, and in short below on a phone', async () => {
      const page = await open({ viewport: PHONE });
      await page.addToCart('tea');
      await page.said('Added tea.');
      const lines = (await page.receipts()).map((text) => text.split(' ').slice(0, 2).join(' '));
      expect(lines).toEqual(['POST /cart', 'GET /']);
      await page.page.getByRole('link', { name: /^POST \/cart · \d call/ }).click();
      expect(new globalThis.URL(page.page.url()).hash).toBe('#cost');
    });
  });

  it('shows what the session reads, and what the table holds of it, which only the cookie opens (E4)', async () => {
    const page = await signedIn();
    await page.addToCart('tea');
    await page.said('Added tea.');
    expect(await page.held('What your session reads')).toEqual({ cart: '["tea"]' });
    const held = await page.held('What the table holds');
    expect(Object.keys(held)).toEqual(['data.cart', 'wrappedKey']);
    const item = (await demo.table.items()).find(({ user }) => user?.S === `s:${name}`);
    for (const [attribute, shown] of Object.entries(held)) expect(bytesIn(shown)).toEqual(bytesOf(item?.[attribute]));
    expect(Buffer.concat(Object.values(held).map(bytesIn)).includes('tea')).toBe(false);

    await page.renewSecret();
    const after = await page.held('What the table holds');
    expect(after['data.cart']).toBe(held['data.cart']);
    expect(after['wrappedKey']).not.toBe(held['wrappedKey']);
    expect(await page.held('What your session reads')).toEqual({ cart: '["tea"]' });
  });

  it('tells devices by their browser and system, and marks this one', async () => {
    const [, page] = [await signedIn({ userAgent: IPHONE }), await signedIn({ userAgent: 'curl/8.5.0' })];
    expect((await page.deviceNames()).toSorted()).toEqual([
      'Safari on iPhone',
      expect.stringMatching(/^curl\s+This device$/),
    ]);
  });

  it('tells two sessions of one browser by when they were begun, and marks this one', async () => {
    await signedIn();
    demo.pass(90);
    await signedIn();
    demo.pass(90);
    const page = await signedIn();
    const texts = await page.deviceTexts();
    const begun = texts.map(
      (text) => /Begun (\d+ \w+, \d\d:\d\d:\d\d UTC) Last seen .* from 127\.0\.0\.1/.exec(text)?.[1],
    );
    expect(new Set(begun).size).toBe(3);
    expect(begun).not.toContain(undefined);
    expect(texts.filter((text) => text.includes('This device'))).toHaveLength(1);
    const [own] = texts.flatMap((text, at) => (text.includes('This device') ? [begun[at]] : []));
    expect(new Set(await page.revokeButtons())).toEqual(
      new Set(begun.filter((time) => time !== own).map((time) => `Revoke Chrome on Linux, begun ${time}`)),
    );
  });

  it.each([
    ['a phone', PHONE],
    ['a small phone', { width: 320, height: 480 }],
  ])('covers no receipt with what it says, at the end of the page on %s', async (_, viewport) => {
    const page = await open({ viewport, reducedMotion: 'reduce' });
    const article = 'M'.repeat(60);
    await page.addToCart(article);
    await page.said(`Added ${article}.`);
    await page.page.evaluate('scrollTo(0, document.documentElement.scrollHeight)');
    const boxOf = async (selector: string) => (await page.page.locator(selector).last().boundingBox())!;
    const [said, short, receipt] = [await boxOf('#status'), await boxOf('.last'), await boxOf('.paper')];
    expect(said.height).toBeGreaterThan(0);
    expect(said.y + said.height).toBeLessThanOrEqual(short.y);
    expect(short.y + short.height).toBeCloseTo(viewport.height, 0);
    expect(receipt.y + receipt.height).toBeLessThanOrEqual(said.y);
  });

  it('shows what people type as they have typed it', async () => {
    const text = `<b id="x">&amp; '"</b><!-- slip -->`;
    name = `${text}${randomUUID()}`.slice(0, 64);
    const page = await signedIn();
    expect(await page.signedInAs()).toBe(name);
    await page.addToCart(text);
    await page.said(`Added ${text}.`);
    expect(await page.cart()).toEqual([text]);
    await page.reload();
    expect(await page.cart()).toEqual([text]);
    expect(await page.page.locator('#x').count()).toBe(0);
    expect(await page.receipts()).toHaveLength(2);
  });

  it('can be used with the keyboard alone, and shows where one is', async () => {
    const { page } = await open();
    const focus = async (role: 'textbox' | 'button', label: string): Promise<void> => {
      const target = page.getByRole(role, { name: label });
      const isFocused = async (): Promise<boolean> => (await target.and(page.locator(':focus')).count()) === 1;
      for (let presses = 0; !(await isFocused()); presses++) {
        expect(presses).toBeLessThan(30);
        await page.keyboard.press('Tab');
        expect(await outlineOfFocus(page)).toMatch(/^(solid 3px|none: between the end and the beginning)$/);
      }
    };
    await focus('textbox', 'Name');
    await page.keyboard.type(name);
    await page.keyboard.press('Enter');
    await page
      .getByRole('status')
      .filter({ hasText: `You are signed in as ${name}.` })
      .waitFor();

    await focus('textbox', 'Article');
    await page.keyboard.type('tea');
    await page.keyboard.press('Enter');
    await page.getByRole('status').filter({ hasText: 'Added tea.' }).waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('article'); // and the next article can follow

    await page.keyboard.press('Shift+Tab');
    await focus('button', 'Log out everywhere');
    await page.keyboard.press('Space');
    await page.getByRole('status').filter({ hasText: 'You are logged out everywhere.' }).waitFor();
    expect(await page.evaluate('document.activeElement.tagName')).toBe('H1'); // for the button is gone
  });

  it.each([320, 360, 768, 1_200])(
    'is never wider than its window of %i pixels, whatever people type',
    async (width) => {
      const page = await open({ viewport: { width, height: 740 } });
      name = `${'W'.repeat(40)}${randomUUID()}`.slice(0, 64);
      await expectNoSideways(page.page);
      await page.signIn(name);
      await page.addToCart('M'.repeat(60));
      await page.said(/^Added/);
      await expectNoSideways(page.page);
    },
  );

  describe.each(['light', 'dark'] as const)('in %s colours', (colorScheme) => {
    it.each([
      ['a desktop', DESKTOP],
      ['a phone', PHONE],
    ])('breaks no rule of accessibility that axe-core knows, on %s', async (_, viewport) => {
      const page = await open({ colorScheme, viewport, reducedMotion: 'reduce' });
      expect(await violationsOf(page.page)).toEqual([]);
      await signedIn({ userAgent: IPHONE });
      await page.signIn(name);
      await page.addToCart('tea');
      await page.said('Added tea.');
      expect(await violationsOf(page.page)).toEqual([]);
    });

    it('has a refusal that is as accessible', async () => {
      const profile = await world.newProfile({ colorScheme });
      const page = await profile.newPage();
      await page.goto(`${URL}nowhere`);
      expect(await page.getByRole('alert').textContent()).toBe('There is nothing at this path.');
      expect(await violationsOf(page)).toEqual([]);
    });
  });

  it('has the colours of the system, until another theme is chosen', async () => {
    const dark = await open({ colorScheme: 'dark' });
    const light = await open({ colorScheme: 'light' });
    const [night, day] = [await background(dark.page), await background(light.page)];
    expect(night).not.toBe(day);
    await light.chooseDarkTheme();
    await light.said('The theme is dark.');
    expect(await background(light.page)).toBe(night);
    await light.reload();
    expect(await background(light.page)).toBe(night);
  });

  it('moves nothing for those who do not want it', async () => {
    const animations = async (reducedMotion: 'reduce' | 'no-preference'): Promise<unknown> => {
      const page = await open({ reducedMotion });
      await page.addToCart('tea');
      await page.said('Added tea.');
      return page.page.evaluate(`getComputedStyle(document.querySelector('.new .paper')).animationName`);
    };
    expect(await animations('no-preference')).toBe('print');
    expect(await animations('reduce')).toBe('none');
  });

  it('asks nobody else for anything, and keeps to its own policy', async () => {
    const profile = await world.newProfile();
    const asked: string[] = [];
    const complaints: string[] = [];
    profile.on('request', (request) => asked.push(new globalThis.URL(request.url()).origin));
    profile.on('console', (message) => complaints.push(message.text()));
    profile.on('weberror', (error) => complaints.push(String(error.error())));
    const page = await DevicesPage.open(profile, URL);
    await page.signIn(name);
    await page.chooseDarkTheme();
    await page.said('The theme is dark.');
    await page.logOutEverywhere();
    expect(new Set(asked)).toEqual(new Set(['https://localhost']));
    expect(complaints).toEqual([]);
  });

  it('says why it refuses, and keeps what was typed', async () => {
    const page = await open();
    for (let count = 0; count < 12; count++) {
      await page.addToCart(`tea ${count}`);
      await page.said(`Added tea ${count}.`);
    }
    await page.addToCart('one too many');
    await page.said('The cart is full.');
    expect(await page.page.getByRole('textbox', { name: 'Article' }).inputValue()).toBe('one too many');
    expect(await page.cart()).toHaveLength(12);
  });

  describe('without scripts', () => {
    const press = (page: Page, label: string | RegExp): Promise<void> =>
      page.getByRole('button', { name: label }).first().click();
    let profile: BrowserContext;
    let page: Page;

    beforeEach(async () => {
      profile = await world.newProfile({ javaScriptEnabled: false });
      page = await profile.newPage();
      await page.goto(URL);
    });

    it('signs in, keeps data, and says what the page has cost', async () => {
      await page.getByRole('textbox', { name: 'Name' }).fill(name);
      await press(page, 'Sign in');
      await page.getByText(name, { exact: true }).waitFor();
      expect((await page.getByRole('article').innerText()).replaceAll(/\s+/g, ' ')).toMatch(
        /^GET \/ GetItem 1 R 1 call 1 R/,
      );

      await press(page, '+ Some tea');
      await page.getByRole('listitem').filter({ hasText: 'Some tea' }).waitFor();
      await page.getByRole('radio', { name: 'Dark' }).check();
      await press(page, 'Use it');
      await page.getByText('"dark"').waitFor();
      expect(await page.getByRole('radio', { name: 'Dark' }).isChecked()).toBe(true);
      await press(page, 'Remove Some tea');
      await page.getByText('Empty.').waitFor();
      await press(page, 'Log out');
      await page.getByRole('button', { name: 'Sign in' }).waitFor();
      expect(await profile.cookies()).toEqual([]);
    });

    it('lists the devices, and ends one of them', async () => {
      const other = await signedIn({ userAgent: IPHONE });
      await page.getByRole('textbox', { name: 'Name' }).fill(name);
      await press(page, 'Sign in');
      await page.getByRole('link', { name: 'Show your devices' }).click();
      await press(page, 'Revoke Safari on iPhone');
      await page.getByRole('link', { name: 'Show your devices' }).click();
      await page.getByText('This device', { exact: true }).waitFor();
      expect(await page.getByRole('button', { name: /^Revoke/ }).count()).toBe(0);
      await other.reload();
      expect(await other.signedInAs()).toBeUndefined();
    });

    it('does nothing twice when it is loaded again', async () => {
      await press(page, '+ Some tea');
      await page.getByRole('listitem').filter({ hasText: 'Some tea' }).waitFor();
      await page.reload();
      expect(await page.getByRole('button', { name: 'Remove Some tea' }).count()).toBe(1);
    });
  });
});

const bytesIn = (shown: string): Buffer => Buffer.from(shown, 'base64');
const bytesOf = (value: AttributeValue | undefined): Buffer => Buffer.from(value?.B ?? []);

async function expectNoSideways(page: Page): Promise<void> {
  const { needed, given } = (await page.evaluate(
    '({ needed: document.documentElement.scrollWidth, given: document.documentElement.clientWidth })',
  )) as { needed: number; given: number };
  expect(needed).toBe(given);
}

/** The outline of what has the focus; a radio button's is its label's. */
function outlineOfFocus(page: Page): Promise<unknown> {
  return page.evaluate(`(() => {
    const { activeElement } = document;
    if (activeElement === document.body) return 'none: between the end and the beginning';
    const { outlineStyle, outlineWidth } = getComputedStyle(activeElement.closest('.themes label') ?? activeElement);
    return outlineStyle + ' ' + outlineWidth;
  })()`);
}

const background = (page: Page): Promise<unknown> => page.evaluate('getComputedStyle(document.body).backgroundColor');
