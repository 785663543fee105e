import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Demo, loadDemo } from './demo.js';
import { DevicesPage } from './devices-page.js';
import { withBrowser } from './with-browser.js';

// The pictures of the demo in the documentation. They are taken in any case, and kept by `npm run screenshots` alone:
// how a letter looks is up to the machine's fonts (the pictures that are kept have Inter and JetBrains Mono).

const URL = 'https://localhost/';
const FOLDER = join(import.meta.dirname, '../../docs/images');
const LARGEST = 200_000; // bytes

const IPHONE =
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1';
const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:133.0) Gecko/20100101 Firefox/133.0';

describe.skipIf(inject('chromium') === undefined)('the pictures of the demo', () => {
  const world = withBrowser();
  let demo: Demo;

  beforeAll(async () => {
    demo = await loadDemo();
    world.internet.serve('localhost', demo.site);
  });
  afterAll(() => demo?.close());

  it.each([
    { name: 'devices-light', colorScheme: 'light', viewport: { width: 1_120, height: 860 }, deviceScaleFactor: 1 },
    { name: 'devices-dark', colorScheme: 'dark', viewport: { width: 1_120, height: 860 }, deviceScaleFactor: 1 },
    { name: 'devices-phone', colorScheme: 'light', viewport: { width: 360, height: 740 }, deviceScaleFactor: 1.5 },
  ] as const)('$name shows three devices, and what the last requests have cost', async ({ name, ...options }) => {
    const device = async (userAgent?: string): Promise<DevicesPage> => {
      const profile = await world.newProfile({ ...options, ...(userAgent !== undefined && { userAgent }) });
      const page = await DevicesPage.open(profile, URL);
      await page.signIn('ada');
      return page;
    };
    const phone = await device(IPHONE);
    demo.pass(5 * 3_600);
    const desktop = await device(FIREFOX);
    demo.pass(12 * 60);
    const page = await device();
    for (const article of ['A lamp', 'Some tea']) {
      await page.addToCart(article);
      await page.said(`Added ${article}.`);
    }
    await page.renewSecret();
    await page.comeBack();
    expect(await page.deviceNames()).toHaveLength(3);
    expect(await page.cart()).toEqual(['A lamp', 'Some tea']);

    await page.page.mouse.move(0, 0);
    await page.page.evaluate(
      `document.activeElement.blur(); document.querySelector('#status').textContent = ''; scrollTo(0, 0)`,
    );
    const picture = await page.page.screenshot({ animations: 'disabled' });
    expect(picture.length).toBeLessThan(LARGEST);
    expect(sizeOf(picture)).toEqual([
      options.viewport.width * options.deviceScaleFactor,
      options.viewport.height * options.deviceScaleFactor,
    ]);
    for (const signedIn of [phone, desktop, page]) await signedIn.logOut();

    if (process.env['MODE'] !== 'screenshots') return;
    await mkdir(FOLDER, { recursive: true });
    await writeFile(join(FOLDER, `${name}.png`), picture);
  });
});

/** Width and height of a PNG. */
const sizeOf = (picture: Buffer): number[] => [picture.readUInt32BE(16), picture.readUInt32BE(20)];
