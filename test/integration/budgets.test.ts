import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { encryptedData } from '../../src/encryption/index.js';
import { sizeOfItem } from '../../src/cli/item-size.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import type { Client } from '../../src/core/client.js';
import { GuardedLayer } from '../../src/core/guarded-layer.js';
import { loginOf } from '../../src/core/provider-login.js';
import type { IdTokenClaims, Sessions, SessionsOptions, SessionUser } from '../../src/index.js';
import { endLogin, endLoginsOf } from '../../src/oidc/end-logins.js';
import { capabilities, engines } from '../engines/index.js';
import { Meter } from '../world/meter.js';
import { clientFor, createTestTable, type TestTable } from '../world/tables.js';
import { Application } from '../dbsc/application.js';
import { Traffic } from '../world/traffic.js';
import { type App, Browser, World } from '../world/world.js';

// What each operation may cost, for a session of up to 1 KB. Calls are counted on every engine, units where the
// engine counts them as the service does.

const LAPTOP = {
  address: '203.0.113.7',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
};

describe.each(engines())('what an operation costs on $name', ({ name, endpoint }) => {
  let table: TestTable;
  let meter: Meter;
  let world: World;
  let sessions: Sessions<App>;
  let browser: Browser;
  let user: string;
  let users = 0;

  beforeAll(async () => {
    table = await createTestTable({ name, endpoint });
    meter = new Meter(table.client);
    return () => table.drop();
  });

  const begin = (options: SessionsOptions = {}, consistentRead = true): void => {
    const { client, tableName } = table;
    world = new World(new DynamoDBPersistenceLayer({ client, tableName, consistentRead }));
    sessions = world.sessions(options);
    browser = new Browser(sessions);
  };

  beforeEach(async () => {
    begin();
    users += 1;
    user = `user-${users}`;
    // The service counts a bulk read of what does not exist, the engine does not. So both marks exist.
    await sessions.logOutEveryone();
    await sessions.logOutUser(user);
  });

  const units = capabilities[name].capacityUnits;
  const costs = (calls: number, reads = 0, writes = 0, indexWrites = 0): unknown =>
    expect.objectContaining(units ? { calls, reads, writes, indexWrites } : { calls });

  const page =
    (handler?: Parameters<Browser['request']>[0]): (() => unknown) =>
    () =>
      browser.request(handler);
  const anonymous = (): Promise<unknown> => browser.request((session) => session.set('cart', ['x'.repeat(500)]));
  const loggedIn = (): Promise<unknown> =>
    browser.request(async (session) => {
      session.set('cart', ['x'.repeat(500)]);
      await session.logIn(user);
    });

  it('nothing, without a cookie, with a malformed one, and for a stranger of whom nothing is stored', async () => {
    expect(await meter.of(page())).toEqual(costs(0));
    for (const token of ['x', 'a.b', 'A'.repeat(55), `${'A'.repeat(22)}.${'A'.repeat(31)}!`]) {
      browser.token = token;
      expect(await meter.of(page())).toEqual(costs(0));
    }
  });

  it('an unknown cookie: one call, 1 R', async () => {
    browser.token = `${'A'.repeat(22)}.${'A'.repeat(32)}`;
    expect(await meter.of(page())).toEqual(costs(1, 1));
  });

  it('an unknown cookie with consistentRead: false: 0.5 R, and once more consistently', async () => {
    begin({}, false);
    browser.token = `${'A'.repeat(22)}.${'A'.repeat(32)}`;
    expect(await meter.of(page())).toEqual(costs(2, 1.5));
  });

  it('a page view on an unchanged session: one call, 1 R, and no write', async () => {
    await loggedIn();
    expect(await meter.of(page((session) => session.get('cart')))).toEqual(costs(1, 1));
    expect(await meter.of(page((session) => session.set('cart', ['x'.repeat(500)])))).toEqual(costs(1, 1));
  });

  it('a page view with consistentRead: false: 0.5 R', async () => {
    begin({}, false);
    await loggedIn();
    expect(await meter.of(page())).toEqual(costs(1, 0.5));
  });

  it('a page view that changes data: two calls, 1 R, 1 W, nothing on the index', async () => {
    await loggedIn();
    expect(await meter.of(page((session) => session.set('theme', 'dark')))).toEqual(costs(2, 1, 1));
  });

  it('a page view that changes data with consistentRead: false: 0.5 R, once more consistently, and 1 W', async () => {
    begin({}, false);
    await loggedIn();
    expect(await meter.of(page((session) => session.set('theme', 'dark')))).toEqual(costs(3, 1.5, 1));
  });

  it('a page view that touches, rotates and changes data at once: three calls with the marks, 1 W, nothing on the index', async () => {
    await loggedIn();
    world.now += 3_600;
    expect(await meter.of(page((session) => session.set('theme', 'dark')))).toEqual(costs(3, 3, 1));
    await anonymousAgain();
    world.now += 3_600;
    expect(await meter.of(page((session) => session.set('theme', 'dark')))).toEqual(costs(2, 1, 1));
  });

  const anonymousAgain = async (): Promise<void> => {
    browser = new Browser(sessions);
    await anonymous();
  };

  it("a check of the marks in every request: two calls, 2 R, and once in ten seconds 3 R for everyone's", async () => {
    await loggedIn();
    browser = Object.assign(new Browser(world.sessions({ revocationCheck: 'always' })), { token: browser.token });
    expect(await meter.of(page())).toEqual(costs(2, 2));
    world.now += 9;
    expect(await meter.of(page())).toEqual(costs(2, 2));
    world.now += 1;
    expect(await meter.of(page())).toEqual(costs(2, 3));
    expect(await meter.of(page())).toEqual(costs(2, 2));
  });

  it('a new session with data: one call, 1 W', async () => {
    expect(await meter.of(anonymous)).toEqual(costs(1, 0, 1));
  });

  it('a login on an anonymous session: three calls, 3 R, 1 W, 1 on the index', async () => {
    await anonymous();
    expect(await meter.of(page((session) => session.logIn(user)))).toEqual(costs(3, 3, 1, 1));
  });

  it('a login of a stranger: two calls, 2 R, 1 W, 1 on the index', async () => {
    expect(await meter.of(page((session) => session.logIn(user)))).toEqual(costs(2, 2, 1, 1));
  });

  describe('with logins at an OpenID Connect provider', () => {
    const idToken = (): IdTokenClaims => ({ iss: 'https://issuer.example', iat: world.now, sid: user });
    const login = (): string => loginOf('https://issuer.example', user);
    const layer = (): GuardedLayer<SessionUser> => new GuardedLayer(sessions.options as never);
    const logInThere = (): Promise<unknown> =>
      browser.request((session) => session.logIn(user, { idToken: idToken() }));
    /** The service counts a bulk read of what does not exist, the engine does not. So the mark of another login does. */
    const endAnother = (): Promise<void> => layer().endLogin(loginOf('https://issuer.example', 'another'));

    it('a page view: one call, 1 R, as ever', async () => {
      await logInThere();
      expect(await meter.of(page((session) => session.get('cart')))).toEqual(costs(1, 1));
    });

    it('a login: as many calls as ever, and 1 R more for the mark of a login that is there', async () => {
      await endAnother();
      const refused = async (): Promise<void> => {
        const session = await browser.start();
        const claims = { ...idToken(), sid: 'another' };
        await session.logIn(user, { idToken: claims }).catch(() => {});
        await session.commit();
      };
      expect(await meter.of(refused)).toEqual(costs(1, 3));
      expect(await meter.of(logInThere)).toMatchObject({ calls: 2 });
    });

    it('a touch: as many calls as ever', async () => {
      await logInThere();
      world.now += 300;
      expect(await meter.of(page())).toMatchObject({ calls: 3 });
      world.now += 300;
      await browser.request();
      world.now += 5;
      browser = Object.assign(new Browser(world.sessions({ revocationCheck: 'always' })), { token: browser.token });
      expect(await meter.of(page())).toMatchObject({ calls: 2 });
    });

    it('a list of the user’s devices: one call more', async () => {
      await logInThere();
      expect(await meter.of(() => sessions.ofUser(user))).toMatchObject({ calls: 3 });
    });

    it('a logout by sid alone: one call, 1 W', async () => {
      await logInThere();
      expect(await meter.of(() => endLogin(layer(), login(), undefined))).toEqual(costs(1, 0, 1));
    });

    it('a logout by sid and sub: five calls, and no write but the mark and the sessions’ ends', async () => {
      await logInThere();
      const cost = await meter.of(() => endLogin(layer(), login(), user));
      expect(cost).toMatchObject({ calls: 5 });
      if (units) expect(cost).toMatchObject({ writes: 2, indexWrites: 1 });
    });

    it('a logout by sub of one session: the mark, two lists and the end; once more, beside a raise that is refused: the marks and a list', async () => {
      await logInThere();
      const { now } = world;
      const cost = await meter.of(() => endLoginsOf(layer(), user, now));
      expect(cost).toMatchObject({ calls: 4 });
      if (units) expect(cost).toMatchObject({ writes: 2, indexWrites: 1 });
      expect(await meter.of(() => endLoginsOf(layer(), user, now))).toMatchObject({
        calls: capabilities[name].oldItemOnFailedCondition ? 2 : 3, // or else the mark is looked at, too
      });
    });
  });

  it('a logout that destroys: two calls, 1 R, 1 W, 1 on the index', async () => {
    await loggedIn();
    expect(await meter.of(page((session) => session.logOut()))).toEqual(costs(2, 1, 1, 1));
  });

  it('what an ended cookie costs: one call, 1 R', async () => {
    await loggedIn();
    const ended = browser.token as string;
    await browser.request((session) => session.logOut());
    browser.token = ended;
    expect(await meter.of(page((session) => session.set('theme', 'dark')))).toEqual(costs(1, 1));
  });

  it("a list of a user's 10 sessions: two calls", async () => {
    for (let n = 0; n < 10; n += 1) await new Browser(sessions).request((session) => session.logIn(user));
    const cost = await meter.of(async () => expect(await sessions.ofUser(user)).toHaveLength(10));
    // One unit for each session and mark, and half of one for the page of the index.
    expect(cost).toEqual(costs(2, 12.5));
  });

  it.each([0, 10, 60])(
    'log out everywhere, %i sessions: the mark beside a list, a bulk delete for each 25 at once, and a second list',
    async (count) => {
      for (let n = 0; n < count; n += 1) await new Browser(sessions).request((session) => session.logIn(user));
      const cost = await meter.of(() => sessions.logOutUser(user));
      const lists = count === 0 ? 1 : 2;
      expect(cost).toMatchObject({ calls: 1 + lists + Math.ceil(count / 25), rounds: count === 0 ? 1 : 3 });
      if (units) expect(cost).toMatchObject({ writes: count + 1, indexWrites: count });
    },
  );

  it('getAndDelete and update: one call each besides the read', async () => {
    await loggedIn();
    expect(await meter.of(page((session) => session.update('visits', (n = 0) => n + 1)))).toEqual(costs(2, 1, 1));
    expect(await meter.of(page((session) => session.getAndDelete('visits')))).toEqual(costs(2, 1, 1));
  });

  it('a session bound to its device: a registration and its first sight 1 W each, a renewal what a page view with a touch costs', async () => {
    const { client, tableName } = table;
    const application = new Application(new DynamoDBPersistenceLayer({ client, tableName }));
    const invited = application.browser({ binds: false });
    await invited.visit('/login');
    expect(await meter.of(() => invited.register())).toEqual(costs(2, 1, 1));
    expect(await meter.of(() => invited.visit('/'))).toEqual(costs(2, 1, 1));
    expect(await meter.of(() => invited.visit('/'))).toEqual(costs(1, 1));
    application.now += 200;
    expect(await meter.of(() => invited.prove())).toEqual(costs(2, 1, 1));
    application.now += 540;
    // With the marks of the user and of everyone, as every touch.
    expect(await meter.of(() => invited.prove())).toMatchObject({ calls: 3, ...(units && { writes: 1 }) });
    expect(await meter.of(() => invited.visit('/'))).toEqual(costs(1, 1));
  });

  it('nothing more for a browser that binds no session', async () => {
    const { client, tableName } = table;
    const application = new Application(new DynamoDBPersistenceLayer({ client, tableName }));
    const browserThatCannot = application.browser({ binds: false });
    expect(await meter.of(() => browserThatCannot.visit('/login'))).toMatchObject({ calls: 2 });
    application.now += 100;
    expect(await meter.of(() => browserThatCannot.visit('/'))).toEqual(costs(1, 1));
  });

  it('encrypted data: not a call and not a unit more, 70 bytes a session, 29 a value, 69 from a login to a rotation', async () => {
    const life = async (options: SessionsOptions): Promise<readonly { cost: unknown; bytes: number }[]> => {
      begin(options);
      const measured: { cost: unknown; bytes: number }[] = [];
      const measure = async (act: () => unknown): Promise<void> => {
        const cost = await meter.of(act);
        const own = browser.token?.split('.')[0];
        const item = (await table.items()).find(({ id }) => id?.S === own);
        const { lastWrite: _, authenticatedAt: __, ...rest } = item ?? {};
        measured.push({ cost, bytes: sizeOfItem(rest) });
      };
      await measure(page((session) => (session.set('cart', ['x'.repeat(300)]), session.set('theme', 'dark'))));
      await measure(page((session) => [session.get('cart'), session.get('theme')]));
      await measure(page((session) => session.set('theme', 'dark')));
      await measure(page((session) => session.logIn(user)));
      world.now += 3_600;
      await measure(page((session) => session.set('theme', 'light')));
      await measure(page((session) => session.update('visits', (n = 0) => n + 1)));
      await measure(page((session) => session.getAndDelete('visits')));
      await measure(page((session) => session.logOut({ keep: ['cart'] })));
      return measured;
    };
    const plain = await life({});
    const sealed = await life({ encryption: encryptedData() });
    expect(sealed.map(({ cost }) => cost)).toEqual(plain.map(({ cost }) => cost));
    const [session, value, login] = [70, 29, 69];
    const two = session + 2 * value;
    const more = sealed.map(({ bytes }, index) => bytes - (plain[index]?.bytes ?? 0));
    expect(more).toEqual([two, two, two, two + login, two, two + value, two, session + value]);
  });
});

describe.each(engines())('the bytes of what an operation asks, and of the answers, on $name', (engine) => {
  const LARGE = 'x'.repeat(8_000);
  let traffic: Traffic;
  let world: World;
  let sessions: Sessions<App>;
  let browser: Browser;

  beforeAll(async () => {
    const table = await createTestTable(engine);
    const client = clientFor(engine);
    traffic = new Traffic(client);
    world = new World(new DynamoDBPersistenceLayer({ client, tableName: table.tableName }));
    return async () => {
      client.destroy();
      await table.drop();
    };
  });

  const logIn = async (): Promise<void> => {
    browser = new Browser(sessions);
    const session = await browser.start(LAPTOP);
    session.set('cart', [LARGE]);
    await session.logIn('user-1');
    await browser.finish(session);
  };

  beforeEach(async () => {
    sessions = world.sessions();
    await sessions.logOutUser('user-1');
    await logIn();
  });

  it('a touch: the times, and of the client what has changed', async () => {
    const touch = async (client: Client): Promise<number> => {
      world.now += 300;
      const session = await browser.start(client);
      return (await traffic.of(() => browser.finish(session))).sent;
    };
    const usual = await touch(LAPTOP);
    expect(usual).toBeLessThan(700);
    expect(await touch({ ...LAPTOP, address: '198.51.100.20' })).toBeGreaterThan(usual);
    expect(await touch({ userAgent: LAPTOP.userAgent })).toBe(usual);
  });

  it('a logout: no data of the session', async () => {
    const session = await browser.start(LAPTOP);
    const { sent, received } = await traffic.of(async () => {
      await session.logOut();
      await browser.finish(session);
    });
    expect(sent).toBeLessThan(650);
    expect(received).toBeLessThan(10);
  });

  it('a list of 10 sessions: no data of the sessions', async () => {
    for (let n = 1; n < 10; n += 1) await logIn();
    const { sent, received } = await traffic.of(async () => expect(await sessions.ofUser('user-1')).toHaveLength(10));
    expect(sent).toBeLessThan(2_000);
    expect(received).toBeLessThan(6_500);
  });
});
