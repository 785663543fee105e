import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import type { Sessions, SessionsOptions } from '../../src/index.js';
import { capabilities, engines } from '../engines/index.js';
import { Meter } from '../world/meter.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { Application } from '../dbsc/application.js';
import { type App, Browser, World } from '../world/world.js';

// What each operation may cost, for a session of up to 1 KB. Calls are counted on every engine, units where the
// engine counts them as the service does.

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
    units ? { calls, reads, writes, indexWrites } : expect.objectContaining({ calls });

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
    'log out everywhere, %i sessions: the mark, two lists, and a bulk delete for each 25',
    async (count) => {
      for (let n = 0; n < count; n += 1) await new Browser(sessions).request((session) => session.logIn(user));
      const cost = await meter.of(() => sessions.logOutUser(user));
      const lists = count === 0 ? 1 : 2;
      expect(cost).toMatchObject({ calls: 1 + lists + Math.ceil(count / 25) });
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
});
