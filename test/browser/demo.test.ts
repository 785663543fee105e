import { randomUUID } from 'node:crypto';
import type { BrowserContext, Cookie } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { type Demo, loadDemo } from './demo.js';
import { DevicesPage } from './devices-page.js';
import { elsewhere } from './shop.js';
import { withBrowser } from './with-browser.js';

// The demo, as a person uses it in a browser: over HTTPS, with the cookie that it has when it is deployed.

const URL = 'https://localhost/';
const HOUR = 3_600;
const DAY = 24 * HOUR;

describe.skipIf(inject('chromium') === undefined)('the demo in a browser', () => {
  const world = withBrowser();
  let demo: Demo;

  beforeAll(async () => {
    demo = await loadDemo();
    for (const host of ['localhost', 'shop.test']) world.internet.serve(host, demo.site);
  });
  afterAll(() => demo?.close());

  /** A person whom no other test knows. */
  let name: string;

  beforeEach(() => {
    name = `user-${randomUUID()}`;
  });

  const open = (profile: BrowserContext): Promise<DevicesPage> => DevicesPage.open(profile, URL);

  it('leaves nothing with a stranger (L11)', async () => {
    const profile = await world.newProfile();
    const page = await open(profile);
    await page.reload();
    expect(await page.signedInAs()).toBeUndefined();
    expect(await profile.cookies()).toEqual([]);
    expect(await demo.table.items()).toEqual([]);
  });

  it('gives one cookie at the login, bound to this host, to TLS and to this site, as long as the session may last (C1)', async () => {
    const profile = await world.newProfile();
    const page = await open(profile);
    await page.signIn(name);
    expect(await page.signedInAs()).toBe(name);
    expect(await profile.cookies()).toEqual([
      {
        name: '__Host-id',
        value: expect.stringMatching(/^[\w-]{22}\.[\w-]{32}$/),
        domain: 'localhost',
        path: '/',
        secure: true,
        httpOnly: true,
        sameSite: 'Lax',
        expires: expect.closeTo(Date.now() / 1000 + 30 * DAY, -2),
      },
    ]);
  });

  it('is sent the cookie with every request from then on (C1)', async () => {
    const profile = await world.newProfile();
    const page = await open(profile);
    await page.signIn(name);
    world.internet.forget();
    await page.reload();
    const { value } = await onlyCookie(profile);
    expect(world.internet.exchanges.map(({ url }) => url)).toEqual([URL, `${URL}your-devices`]);
    for (const { cookies, setCookies } of world.internet.exchanges) {
      expect(cookies).toEqual([`__Host-id=${value}`]);
      expect(setCookies).toEqual([]);
    }
  });

  it('keeps the cookie from scripts, which can neither read nor replace it (C1)', async () => {
    const profile = await world.newProfile();
    const page = await open(profile);
    await page.signIn(name);
    const cookie = await onlyCookie(profile);
    const script = `(async () => {
      document.cookie = '__Host-id=forged; Path=/; Secure';
      document.cookie = '__Host-id=; Path=/; Secure; Max-Age=0';
      await cookieStore.set('__Host-id', 'forged').catch(() => {});
      await cookieStore.delete('__Host-id').catch(() => {});
      document.cookie = 'theme=dark; Path=/; Secure';
      return [document.cookie, (await cookieStore.getAll()).map((cookie) => cookie.name)];
    })()`;
    expect(await page.page.evaluate(script)).toEqual(['theme=dark', ['theme']]);
    expect(await profile.cookies()).toEqual([cookie, expect.objectContaining({ name: 'theme' })]);
  });

  it('keeps somebody signed in whose browser is closed and opened again (C6)', async () => {
    const profile = await world.newKeptProfile();
    const before = await profile.open();
    await (await open(before)).signIn(name);
    const cookie = await onlyCookie(before);
    await before.close();
    const after = await profile.open();
    expect(await onlyCookie(after)).toEqual(cookie);
    expect(await (await open(after)).signedInAs()).toBe(name);
  });

  it('takes the cookie away at a logout, and lets no copy of it in (C5, L7)', async () => {
    const [profile, thief] = [await world.newProfile(), await world.newProfile()];
    const page = await open(profile);
    await page.signIn(name);
    await thief.addCookies([await onlyCookie(profile)]);
    await page.logOut();
    expect(await profile.cookies()).toEqual([]);
    expect(await page.signedInAs()).toBeUndefined();
    expect(await (await open(thief)).signedInAs()).toBeUndefined();
  });

  it('replaces the cookie after an hour, and nobody notices (L2)', async () => {
    const profile = await world.newProfile();
    const page = await open(profile);
    await page.signIn(name);
    const before = await onlyCookie(profile);
    demo.pass(HOUR);
    await page.reload();
    const after = await onlyCookie(profile);
    expect(after.value).not.toBe(before.value);
    expect(after.value.split('.')[0]).toBe(before.value.split('.')[0]);
    await page.reload();
    expect(await onlyCookie(profile)).toEqual(after);
    expect(await page.signedInAs()).toBe(name);
  });

  it('gives two tabs that rotate at once the same cookie, and does what both have asked (F4)', async () => {
    const profile = await world.newProfile();
    const [left, right] = [await open(profile), await open(profile)];
    await left.signIn(name);
    await right.reload();
    const before = await onlyCookie(profile);
    demo.pass(HOUR);
    world.internet.forget();

    const held = world.internet.hold(2, ({ method }) => method === 'POST');
    await Promise.all([left.addToCart('lamp'), right.chooseDarkTheme()]);
    await held.arrived;
    held.release();
    await Promise.all([left.said('Added lamp.'), right.said('The theme is dark.')]);

    const after = await onlyCookie(profile);
    const posts = world.internet.exchanges.filter(({ method }) => method === 'POST');
    expect(posts.map(({ cookies }) => cookies)).toEqual([[pair(before)], [pair(before)]]);
    expect(posts.map(({ setCookies }) => setCookies.map((text) => text.split(';')[0]))).toEqual([
      [pair(after)],
      [pair(after)],
    ]);
    expect(after.value).not.toBe(before.value);
    for (const tab of [left, right]) {
      await tab.reload();
      expect(await tab.signedInAs()).toBe(name);
      expect(await tab.cart()).toEqual(['lamp']);
      expect(await tab.isDark()).toBe(true);
    }
    expect(await onlyCookie(profile)).toEqual(after);
  });

  it('gives the new cookie again to a browser that the first answer has not reached (L4)', async () => {
    const profile = await world.newProfile();
    const page = await open(profile);
    await page.signIn(name);
    const before = await onlyCookie(profile);
    demo.pass(HOUR);
    world.internet.forget();

    world.internet.loseNextAnswer(({ method }) => method === 'POST');
    await page.chooseDarkTheme();
    await expect.poll(() => world.internet.exchanges[1]?.setCookies).toHaveLength(1); // the browser, or the page, asks again

    const [lost, next] = world.internet.exchanges;
    expect([lost?.cookies, next?.cookies]).toEqual([[pair(before)], [pair(before)]]);
    const [first = '', again = ''] = [lost, next].map((exchange) => exchange?.setCookies[0]);
    const [earlier = NaN, later = NaN] = [first, again].map((cookie) => Number(/Max-Age=(\d+)/.exec(cookie)?.[1]));
    expect(again.replace(/Max-Age=\d+/, `Max-Age=${earlier}`)).toBe(first); // the same, and no longer than it
    expect(earlier - later).toBeGreaterThanOrEqual(0);
    expect(earlier - later).toBeLessThan(60);
    await page.reload();
    expect(await page.signedInAs()).toBe(name);
    expect(await page.isDark()).toBe(true);
    expect(first).toContain(pair(await onlyCookie(profile)));
  });

  it('ends a session whose cookie was copied, when the copy comes after the grace (L3)', async () => {
    const [profile, thief] = [await world.newProfile(), await world.newProfile()];
    const page = await open(profile);
    await page.signIn(name);
    await thief.addCookies([await onlyCookie(profile)]);
    demo.pass(HOUR);
    await page.reload();
    await page.reload();
    demo.pass(120);
    await page.reload();
    expect(await page.signedInAs()).toBe(name);
    expect(await (await open(thief)).signedInAs()).toBeUndefined();
    await page.reload();
    expect(await page.signedInAs()).toBeUndefined();
  });

  it('refuses a planted cookie once somebody has signed in with it, and whoever planted it cannot end that session (L1)', async () => {
    const [attacker, victim] = [await world.newProfile(), await world.newProfile()];
    const trap = await open(attacker);
    await trap.addToCart('bait');
    await trap.said('Added bait.');
    const planted = await onlyCookie(attacker);

    await victim.addCookies([planted]);
    const page = await open(victim);
    expect(await page.cart()).toEqual(['bait']);
    await page.signIn(name);
    expect((await onlyCookie(victim)).value).not.toBe(planted.value);

    await trap.reload();
    expect(await trap.signedInAs()).toBeUndefined();
    expect(await trap.cart()).toEqual([]);
    await page.reload();
    expect(await page.signedInAs()).toBe(name);
  });

  it('does not let a slow request from before the login take the login’s cookie away (L1)', async () => {
    const profile = await world.newProfile();
    const [slow, quick] = [await open(profile), await open(profile)];
    await slow.addToCart('lamp');
    await slow.said('Added lamp.');

    demo.pass(HOUR);
    const held = world.internet.hold(1, ({ url }) => url === `${URL}?slow`);
    const slowly = slow.page.goto(`${URL}?slow`);
    await held.arrived;
    await quick.signIn(name);
    const cookie = await onlyCookie(profile);
    held.release();
    await slowly;

    expect(await onlyCookie(profile)).toEqual(cookie);
    for (const tab of [slow, quick]) {
      await tab.reload();
      expect(await tab.signedInAs()).toBe(name);
    }
  });

  it.each([
    { from: 'another site', host: 'other.test', carried: 0 },
    { from: 'a subdomain of this one', host: 'evil.shop.test', carried: 1 },
  ])('does nothing that a page of $from asks for, $carried cookies with it (C1)', async ({ host, carried }) => {
    world.internet.serve(
      host,
      elsewhere('<form method="post" action="https://shop.test/logout-everywhere"><button>Win a lamp</button></form>'),
    );
    const profile = await world.newProfile();
    const page = await DevicesPage.open(profile, 'https://shop.test/');
    await page.signIn(name);
    const lure = await profile.newPage();
    await lure.goto(`https://${host}/`);
    await lure.getByRole('button').click();
    await lure.waitForURL('https://shop.test/**');
    expect(await lure.content()).toContain('Another site must not do this.');
    const asked = world.internet.exchanges.find(({ url }) => url === 'https://shop.test/logout-everywhere');
    expect(asked?.cookies).toHaveLength(carried);
    await page.reload();
    expect(await page.signedInAs()).toBe(name);
  });

  it('logs out everywhere, and the other browser sees it (L8)', async () => {
    const [laptop, phone] = [await open(await world.newProfile()), await open(await world.newProfile())];
    await laptop.signIn(name);
    await phone.signIn(name);
    await laptop.reload();
    expect(await laptop.devices()).toBe(2);

    await laptop.logOutEverywhere();
    expect(await laptop.page.context().cookies()).toEqual([]);
    for (const page of [laptop, phone]) {
      await page.reload();
      expect(await page.signedInAs()).toBeUndefined();
    }
  });

  it('ends the one session that is revoked, and no other (L8)', async () => {
    const [laptop, phone] = [await open(await world.newProfile()), await open(await world.newProfile())];
    await phone.signIn(name);
    await laptop.signIn(name);
    await laptop.revokeOther();
    expect(await laptop.devices()).toBe(1);
    await Promise.all([laptop.reload(), phone.reload()]);
    expect([await laptop.signedInAs(), await phone.signedInAs()]).toEqual([name, undefined]);
  });

  it('forgets who was away for a day, whatever the browser has made of Max-Age, and takes the next login (L5)', async () => {
    const profile = await world.newProfile();
    const page = await open(profile);
    await page.signIn(name);
    const cookie = await onlyCookie(profile);
    await profile.addCookies([{ ...cookie, expires: cookie.expires + 300 * DAY }]);
    demo.pass(DAY);
    await page.reload();
    expect(await page.signedInAs()).toBeUndefined();
    await page.signIn(name);
    expect((await onlyCookie(profile)).value).not.toBe(cookie.value);
    expect(await page.signedInAs()).toBe(name);
  });
});

const pair = ({ name, value }: Cookie): string => `${name}=${value}`;

async function onlyCookie(profile: BrowserContext): Promise<Cookie> {
  const [cookie, ...others] = await profile.cookies();
  if (cookie === undefined || others.length > 0) throw new Error('Expected the browser to have exactly one cookie.');
  return cookie;
}
