import { beforeAll, describe, expect, it } from 'vitest';
import { cached } from '../../src/cache/index.js';
import type { DeviceBindingOptions } from '../../src/dbsc/index.js';
import { NotBoundError, type SessionUser, type UserId } from '../../src/index.js';
import type { DeviceBrowser } from '../world/device-browser.js';
import { layerWith } from '../world/layer-with.js';
import { stores, type TestStore } from '../world/stores.js';
import { Application, sendTo } from './application.js';

describe.each(stores())('sessions bound to devices, in $name', (stored) => {
  let store: TestStore;
  beforeAll(async () => {
    store = await stored.open();
    return () => store.close();
  });
  const open = (
    ...options: ConstructorParameters<typeof Application> extends [unknown, ...infer Rest] ? Rest : never
  ): Application => new Application(store.persistence, ...options);

  describe.each(['ES256', 'RS256'] as const)('with %s', (alg) => {
    it('is bound by the browser right after its login, and known to be from the next request on', async () => {
      const application = open();
      const browser = application.browser({ alg });
      expect((await browser.visit('/bound')).body).toBe('false');
      await browser.visit('/login');
      expect(browser.own).toEqual(['register 200']);
      expect(application.takeBindingEvents()).toEqual(['bound']);
      expect((await browser.visit('/bound')).body).toBe('true');
      expect((await browser.visit('/')).body).toBe('"ann"');
    });

    it('is renewed by one request when the bound cookie has run out', async () => {
      const application = open();
      const browser = await application.boundBrowser(alg);
      browser.own.length = 0;
      application.now += 540; // the browser keeps it for nine tenths of its lifetime
      expect((await browser.visit('/bound')).body).toBe('true');
      expect(browser.own).toEqual(['refresh 200']);
      expect(application.takeBindingEvents()).toEqual(['bound-again']);
    });
  });

  it('has a bound cookie that the browser keeps for nine tenths of its lifetime, in whole seconds', async () => {
    const browser = open({ lifetime: 12 }).browser();
    await browser.visit('/login');
    const { setCookies } = await browser.refresh();
    expect(setCookies).toEqual([expect.stringMatching(/^__Host-id-bound=[\w-]{32}; .*Max-Age=10(?:;|$)/)]);
  });

  it('16. is nobody, and loses nothing, without the bound cookie (B1)', async () => {
    const application = open();
    const browser = await application.boundBrowser();
    application.now += 10;
    const thief = browser.thief();
    thief.jar.receive({ cookies: ['__Host-id-bound=; Path=/; Max-Age=0'] });
    const answered = await thief.visit('/');
    expect(answered.body).toBe('"nobody"');
    expect(answered.setCookies).toEqual([]);
    expect((await thief.visit('/save')).setCookies).toEqual([]);
    expect(application.takeBindingEvents()).toEqual(
      Array.from({ length: 2 }, () => 'binding-refused no-cookie refused'),
    );
    expect((await browser.visit('/')).body).toBe('"ann"');
  });

  it('16. is nobody with a copy of both cookies once the lifetime is over, and the event says that it is a copy (B1)', async () => {
    const application = open();
    const browser = await application.boundBrowser();
    const thief = browser.thief();
    application.now += 599;
    expect((await thief.visit('/')).body).toBe('"ann"');
    application.now += 1;
    expect((await thief.visit('/')).body).toBe('"nobody"');
    expect(application.takeBindingEvents()).toEqual(['reused refused']);
    expect((await browser.visit('/')).body).toBe('"ann"');
    expect((await thief.visit('/')).body).toBe('"nobody"');
    expect(application.takeBindingEvents()).toEqual(['bound-again', 'reused refused']);
  });

  it('takes the best of several bound cookies, for somebody may have planted another', async () => {
    const application = open();
    const browser = await application.boundBrowser();
    const visit = async (...planted: readonly string[]): Promise<string> => {
      const cookies = [...planted.map((value) => `__Host-id-bound=${value}`), ...browser.jar.cookies()];
      return (await application.send({ method: 'GET', path: '/', headers: {}, cookies })).body;
    };
    const wrong = 'A'.repeat(32);
    const copied = browser.jar.get('__Host-id-bound')!;
    expect(await visit(wrong, '')).toBe('"ann"');
    expect(application.takeBindingEvents()).toEqual([]);
    application.now += 600;
    expect(await visit(wrong, copied)).toBe('"nobody"');
    for (const other of [`${copied}.`, `.${copied}`]) expect(await visit(wrong, other)).toBe('"nobody"');
    expect(application.takeBindingEvents()).toEqual([
      'reused refused',
      'binding-refused wrong-cookie refused',
      'binding-refused wrong-cookie refused',
    ]);
  });

  it('16. accepts the cookie before for requests that are under way while it is replaced, until its own end', async () => {
    const application = open();
    const browser = await application.boundBrowser();
    const underWay = browser.thief();
    application.now += 500;
    await browser.refresh();
    expect((await underWay.visit('/')).body).toBe('"ann"');
    const guess = browser.thief();
    guess.jar.receive({ cookies: [`__Host-id-bound=${'A'.repeat(32)}; Path=/; Secure`] });
    expect((await guess.visit('/')).body).toBe('"nobody"');
    application.now += 100;
    expect((await underWay.visit('/')).body).toBe('"nobody"');
    expect((await browser.visit('/')).body).toBe('"ann"');
    const renewed = browser.thief();
    application.now += 499;
    expect((await renewed.visit('/')).body).toBe('"ann"');
    application.now += 1;
    expect((await renewed.visit('/')).body).toBe('"nobody"');
  });

  it('16. accepts the first bound cookie, not seen before, for a request that is under way while it is replaced', async () => {
    const application = open();
    application.now += 0.25; // the time of a login has a fraction
    const browser = application.browser();
    await browser.visit('/login');
    const underWay = browser.thief();
    application.now += 500;
    await browser.refresh();
    application.events.length = 0;
    expect((await underWay.visit('/bound')).body).toBe('true');
    expect(application.takeBindingEvents()).toEqual([]);
    application.now += 161; // the first cookie had a minute to arrive, and its lifetime
    expect((await underWay.visit('/')).body).toBe('"nobody"');
    expect((await browser.visit('/')).body).toBe('"ann"');
  });

  describe('as a request sees it that the browser has sent before it had the bound cookie', () => {
    /** Somebody has logged in; their browser has bound the session, and shown that it has, after so many seconds. */
    const opened = async (
      seconds: number,
      options: DeviceBindingOptions = {},
    ): Promise<{ application: Application; browser: DeviceBrowser; underWay: DeviceBrowser }> => {
      const application = open(options);
      const browser = application.browser({ binds: false });
      await browser.visit('/login');
      const underWay = browser.thief();
      application.now += seconds;
      await browser.register();
      await browser.visit('/');
      application.events.length = 0;
      return { application, browser, underWay };
    };
    const seen = async (request: DeviceBrowser): Promise<string> =>
      `${(await request.visit('/')).body}, ${(await request.visit('/bound')).body}`;

    it('16. is there, unbound, until ten seconds after the cookie was first seen (B1)', async () => {
      const { application, browser, underWay } = await opened(1);
      application.now += 9;
      expect(await seen(underWay)).toBe('"ann", false');
      expect(await seen(browser)).toBe('"ann", true');
      expect(application.takeBindingEvents()).toEqual([]);
      application.now += 1;
      expect((await underWay.visit('/')).body).toBe('"nobody"');
      expect(application.takeBindingEvents()).toEqual(['binding-refused no-cookie refused']);
    });

    it('16. is there no longer than an unbound session may be, one minute after the login (B1)', async () => {
      const { application, underWay } = await opened(55, { required: true });
      application.now += 4;
      expect(await seen(underWay)).toBe('"ann", false');
      application.now += 1;
      expect((await underWay.visit('/')).body).toBe('"nobody"');
    });

    it('16. is there no longer than the bound cookie is good (B1)', async () => {
      const { application, underWay } = await opened(1, { lifetime: 5 });
      application.now += 5;
      expect((await underWay.visit('/')).body).toBe('"nobody"');
    });

    it('16. is not there once the cookie was renewed, for the first one had long arrived (B1)', async () => {
      const { browser, underWay } = await opened(1);
      await browser.refresh();
      expect((await underWay.visit('/')).body).toBe('"nobody"');
    });

    it('is there with the bound cookie of the login before, too', async () => {
      const application = open();
      const browser = await application.boundBrowser();
      const again = Object.assign(application.browser({ binds: false }), { jar: browser.jar });
      await again.visit('/login');
      const underWay = again.thief();
      await again.register();
      await again.visit('/');
      application.events.length = 0;
      expect(await seen(underWay)).toBe('"ann", false');
      expect(application.takeBindingEvents()).toEqual([]);
    });

    it('cannot do what needs the device', async () => {
      const { application, underWay } = await opened(1);
      application.pages['/transfer'] = (session) => session.requireBound();
      await expect(underWay.visit('/transfer')).rejects.toBeInstanceOf(NotBoundError);
    });
  });

  it('16. ends for good with its logout: to the browser, and to whoever has its cookies and even its key (B5)', async () => {
    const application = open();
    const browser = await application.boundBrowser();
    const { bound, challenge } = browser;
    const copy = browser.thief();
    await browser.visit('/logout');
    Object.assign(copy, { bound, challenge });
    expect((await copy.prove()).status).toBe(401);
    expect((await browser.refresh()).status).toBe(401);
    expect(browser.bound).toBeUndefined();
    expect((await browser.visit('/')).body).toBe('"nobody"');
  });

  it('16. ends when it is revoked from another device: its browser is told to forget the key (B5)', async () => {
    const application = open();
    const browser = await application.boundBrowser();
    await application.instance.revoke(browser.bound!.id);
    application.now += 540;
    expect((await browser.visit('/')).body).toBe('"nobody"');
    expect(browser.bound).toBeUndefined();
  });

  it('16. ends with a logout everywhere (B5)', async () => {
    const application = open();
    const browser = await application.boundBrowser();
    await application.instance.logOutUser('ann');
    expect((await browser.refresh()).status).toBe(401);
  });

  it('16. is bound anew by a login: the key of before is worth nothing', async () => {
    const application = open();
    const browser = await application.boundBrowser();
    const before = { bound: browser.bound, challenge: browser.challenge };
    await browser.visit('/login');
    expect(browser.own.at(-1)).toBe('register 200');
    expect(browser.bound?.id).toBe(before.bound?.id);
    expect((await browser.visit('/bound')).body).toBe('true');
    Object.assign(browser, before);
    expect((await browser.prove()).status).toBe(403);
    expect(application.takeBindingEvents()).toContain('binding-refused bad-proof refused');
  });

  it('16. is unbound by a login until the browser binds it anew: neither key nor bound cookie of before count', async () => {
    const application = open();
    application.pages['/login again'] = async (session) => (await session.logIn('ann'), session.bound);
    const browser = await application.boundBrowser();
    expect((await browser.ask('GET', '/login again')).body).toBe('false'); // and it does not answer the invitation
    expect((await browser.visit('/bound')).body).toBe('false');
    expect((await browser.prove()).status).toBe(503);
    application.now += 60;
    expect((await browser.visit('/bound')).body).toBe('false');
    expect((await browser.prove()).status).toBe(401);
  });

  it('keeps its binding when the secret is replaced by regenerate', async () => {
    const application = open();
    application.pages['/regenerate'] = (session) => session.regenerate();
    const browser = await application.boundBrowser();
    await browser.visit('/regenerate');
    expect((await browser.visit('/bound')).body).toBe('true');
    application.now += 540;
    expect((await browser.visit('/bound')).body).toBe('true');
  });

  it('goes on unbound in a browser that knows nothing of it', async () => {
    const application = open();
    const browser = application.browser({ binds: false });
    await browser.visit('/login');
    application.now += 3_600;
    expect((await browser.visit('/')).body).toBe('"ann"');
    expect((await browser.visit('/bound')).body).toBe('false');
    expect(application.takeBindingEvents()).toEqual([]);
  });

  it('goes on unbound if the answer to its registration was lost, for no browser is logged out by that (B6)', async () => {
    const application = open();
    const browser = application.browser({ binds: false });
    await browser.visit('/login');
    const registering = browser.thief();
    registering.invitation = browser.invitation;
    expect((await registering.register()).status).toBe(200);
    application.now += 3_600;
    expect((await browser.visit('/')).body).toBe('"ann"');
    expect((await browser.visit('/bound')).body).toBe('false');
  });

  it('refuses requireBound to an unbound session, with an error of its own', async () => {
    const application = open();
    application.pages['/transfer'] = (session) => session.requireBound();
    const unbound = application.browser({ binds: false });
    await unbound.visit('/login');
    await expect(unbound.visit('/transfer')).rejects.toBeInstanceOf(NotBoundError);
    const bound = await application.boundBrowser();
    expect((await bound.visit('/transfer')).status).toBe(200);
  });

  it('is nobody, from a minute after the login on, if it must be bound and is not', async () => {
    const application = open({ required: true });
    const browser = application.browser({ binds: false });
    await browser.visit('/login');
    application.now += 59;
    expect((await browser.visit('/')).body).toBe('"ann"');
    application.now += 1;
    expect((await browser.visit('/')).body).toBe('"nobody"');
    expect(application.takeBindingEvents()).toEqual(['binding-refused not-bound refused']);
    const bound = await application.boundBrowser();
    application.now += 60;
    expect((await bound.visit('/')).body).toBe('"ann"');
  });

  it('goes on unbound where the option was taken away, and bound where it is given again', async () => {
    const application = open();
    const browser = await application.boundBrowser();
    application.now += 600;
    const without = browser.through(sendTo(application.sessions(), application.pages));
    const asked = async (path: string): Promise<string> => (await without.ask('GET', path)).body;
    expect(await asked('/')).toBe('"ann"');
    expect(await asked('/bound')).toBe('false');
    expect((await browser.visit('/bound')).body).toBe('true');
    expect(await asked('/bound')).toBe('false');
  });

  it('need not be bound while nobody is logged in', async () => {
    const application = open({ required: true });
    application.pages['/theme'] = (session) => session.get('theme') ?? 'light';
    const browser = application.browser({ binds: false });
    await browser.visit('/save');
    application.now += 60;
    expect((await browser.visit('/theme')).body).toBe('"dark"');
  });

  it('must be bound for the users of whom the application says so; they are loaded once, and nobody for a bound one', async () => {
    const users: Record<string, SessionUser> = { ann: { id: 'ann' }, root: { id: 'root', roles: ['admin'] } };
    const loaded: UserId[] = [];
    const loadUser = async (id: UserId): Promise<SessionUser | undefined> => (loaded.push(id), users[String(id)]);
    const required = (user: SessionUser): boolean => user.roles?.includes('admin') === true;
    const application = new Application(layerWith(store.persistence, { loadUser }), { required });
    application.pages['/login as root'] = (session) => session.logIn('root');
    application.pages['/user'] = async (session) => (await session.user())?.id ?? 'nobody';

    for (const [page, expected] of [
      ['/login', '"ann"'],
      ['/login as root', '"nobody"'],
    ] as const) {
      const browser = application.browser({ binds: false });
      await browser.visit(page);
      application.now += 60;
      loaded.length = 0;
      expect((await browser.visit('/user')).body).toBe(expected);
      expect(loaded).toHaveLength(1);
      expect((await browser.visit('/bound')).body).toBe('false');
    }
    const bound = application.browser();
    await bound.visit('/login as root');
    await bound.visit('/');
    application.now += 60;
    loaded.length = 0;
    expect((await bound.visit('/')).body).toBe('"root"');
    expect(loaded).toEqual([]);

    delete users['ann'];
    const gone = application.browser({ binds: false });
    await gone.visit('/login');
    application.now += 60;
    expect((await gone.visit('/')).body).toBe('"nobody"');
  });

  it('only tells, and lets pass, with the policy to report', async () => {
    const application = open({ otherwise: 'report', required: true });
    const browser = await application.boundBrowser();
    const thief = browser.thief();
    application.now += 600;
    expect((await thief.visit('/')).body).toBe('"ann"');
    expect((await thief.visit('/bound')).body).toBe('false');
    expect(application.takeBindingEvents()).toEqual(['reused reported', 'reused reported']);
  });

  it('16. is renewed behind a cache that does not know of its key yet', async () => {
    const here = open();
    const behindCache = new Application(cached(store.persistence, { maxAge: 60, maxSize: 10 }));
    const browser = here.browser({ binds: false });
    await browser.visit('/login');
    here.now += 59;
    behindCache.now = here.now;
    await browser.through(behindCache.send).visit('/');
    await browser.register();
    behindCache.now += 1;
    expect((await browser.through(behindCache.send).prove()).status).toBe(200);
  });

  it('16. is touched and rotated by the renewal of its bound cookie, in the same write', async () => {
    const application = open({}, { rotationInterval: 300 });
    const browser = await application.boundBrowser();
    const before = browser.jar.get('__Host-id');
    application.now += 540;
    const answered = await browser.refresh();
    expect(answered.setCookies.map((cookie) => cookie.split('=', 1)[0])).toEqual(['__Host-id', '__Host-id-bound']);
    expect(browser.jar.get('__Host-id')).not.toBe(before);
    const record = await store.persistence.loadSession(browser.bound!.id, { now: application.now });
    expect(record).toMatchObject({ lastSeenAt: application.now, rotatedAt: application.now });
    expect((await browser.visit('/bound')).body).toBe('true');
  });
});
