import { beforeEach, describe, expect, it } from 'vitest';
import {
  ExtendablePersistenceLayer,
  MemoryPersistenceLayer,
  type Sessions,
  Sessions as AnySessions,
} from '../../src/index.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { EVERYONE_MARK, TTL_ATTRIBUTE } from '../../src/table-schema.js';
import { engines } from '../engines/index.js';
import { newId } from '../world/records.js';
import { stores, type TestStore } from '../world/stores.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { type App, Browser, World } from '../world/world.js';

// A table of its own for each test: it concerns everyone.

describe.each(stores())('9. log everyone out, on $name', (store) => {
  let open: TestStore;
  let world: World;
  let sessions: Sessions<App>;
  let browser: Browser;

  beforeEach(async () => {
    open = await store.open();
    world = new World(open.persistence);
    sessions = world.sessions({ revocationCheck: 'always' });
    browser = new Browser(sessions);
    return () => open.close();
  });

  const logIn = async (user = newId(), by = sessions): Promise<Browser> => {
    const theirs = new Browser(by);
    await theirs.request((session) => session.logIn(user));
    return theirs;
  };

  it('ends every session that was logged in, and no other', async () => {
    const before = [await logIn(), await logIn()];
    await browser.request((session) => session.set('cart', ['x']));
    await sessions.logOutEveryone();
    const after = await logIn();
    world.now += 10;
    for (const ended of before) expect((await ended.start()).userId).toBeUndefined();
    expect((await after.start()).userId).toBeDefined();
    expect((await browser.start()).get('cart')).toEqual(['x']);
  });

  it('shows none of them in a list at once, and says once of each that it has ended', async () => {
    const user = newId();
    const old = await logIn(user);
    await sessions.logOutEveryone();
    const present = await logIn(user);
    expect((await sessions.ofUser(user)).map(({ id }) => id)).toEqual([(await present.start()).id]);
    world.now += 10;
    world.takeEvents();
    await old.start();
    await old.start();
    expect(world.takeEvents()).toEqual(['revoked']);
  });

  it('lets a session live that is logged in again, and keeps its data', async () => {
    const user = newId();
    await browser.request(async (session) => {
      session.set('theme', 'dark');
      await session.logIn(user);
    });
    const request = await browser.start();
    await sessions.logOutEveryone();
    await request.logIn(user);
    browser.token = ((await request.commit()) as { token: string }).token;
    world.now += 10;
    const session = await browser.start();
    expect([session.userId, session.get('theme')]).toEqual([user, 'dark']);
  });

  it('ends with every call what was logged in since the last one', async () => {
    for (let time = 0; time < 3; time += 1) {
      const theirs = await logIn();
      world.now += 10;
      expect((await theirs.start()).userId).toBeDefined();
      await sessions.logOutEveryone();
      world.now += 10;
      expect((await theirs.start()).userId).toBeUndefined();
    }
  });

  it('keeps it apart from a logout everywhere: neither weakens the other', async () => {
    const user = newId();
    await sessions.logOutEveryone();
    const first = await logIn(user);
    await sessions.logOutUser(user);
    const second = await logIn(user);
    world.now += 10;
    expect((await first.start()).userId).toBeUndefined();
    expect((await second.start()).userId).toBe(user);
    await sessions.logOutEveryone();
    world.now += 10;
    expect((await second.start()).userId).toBeUndefined();
  });

  it('spares nobody for "log out all others"', async () => {
    const user = newId();
    const mine = await logIn(user);
    const session = await mine.start();
    await sessions.logOutEveryone();
    await sessions.logOutUser(user, { except: session });
    world.now += 10;
    expect((await mine.start()).userId).toBeUndefined();
  });

  it('is noticed by an application that looks when a touch is due', async () => {
    const quiet = world.sessions();
    const theirs = await logIn(newId(), quiet);
    await quiet.logOutEveryone();
    world.now += 300;
    expect((await theirs.start()).userId).toBeUndefined();
  });

  it('ends a login that is exclusive, and what reads only, too', async () => {
    const user = newId();
    await browser.request((session) => session.logIn(user, { exclusive: true }));
    await sessions.logOutEveryone();
    world.now += 10;
    expect((await sessions.read({ tokens: [browser.token as string] })).userId).toBeUndefined();
    await browser.request((session) => session.logIn(user, { exclusive: true }));
    world.now += 10;
    expect((await browser.start()).userId).toBe(user);
  });
});

describe.each(engines())('9. everyone’s mark on $name', (engine) => {
  let table: TestTable;
  let world: World;
  const instance = (): Sessions<App> => {
    const { client, tableName } = table;
    const persistence = new DynamoDBPersistenceLayer({ client, tableName });
    return new AnySessions<App>({ persistence, revocationCheck: 'always', clock: { now: () => world.now * 1_000 } });
  };

  beforeEach(async () => {
    table = await createTestTable(engine);
    world = new World(new MemoryPersistenceLayer());
    return () => table.drop();
  });

  it('is seen by another instance within ten seconds, and at once by a login there', async () => {
    const there = instance();
    const old = new Browser(there);
    await old.request((session) => session.logIn('u'));
    await instance().logOutEveryone();
    world.now += 9;
    expect((await old.start()).userId).toBe('u');
    const present = new Browser(there);
    await present.request((session) => session.logIn('u'));
    expect((await old.start()).userId).toBeUndefined();
    world.now += 10;
    expect((await present.start()).userId).toBe('u');
    await instance().logOutEveryone();
    world.now += 10;
    expect((await present.start()).userId).toBeUndefined();
  });

  it('is seen by another instance in the tenth second after it last looked', async () => {
    const there = new Browser(instance());
    await there.request((session) => session.logIn('u'));
    await instance().logOutEveryone();
    world.now += 9;
    expect((await there.start()).userId).toBe('u');
    world.now += 1;
    expect((await there.start()).userId).toBeUndefined();
  });

  it('is seen at once by the instance that has raised it', async () => {
    const here = instance();
    const browser = new Browser(here);
    await browser.request((session) => session.logIn('u'));
    await browser.start();
    await here.logOutEveryone();
    expect((await browser.start()).userId).toBeUndefined();
  });

  it('F7: is looked for anew by an instance whose clock has stepped back', async () => {
    const there = new Browser(instance());
    await there.request((session) => session.logIn('u'));
    await there.start();
    await instance().logOutEveryone();
    world.now -= 1;
    expect((await there.start()).userId).toBeUndefined();
  });

  it('is never cleared away by time', async () => {
    await instance().logOutEveryone();
    const mark = (await table.items()).find(({ id }) => id?.S === EVERYONE_MARK);
    expect(mark).toBeDefined();
    expect(mark).not.toHaveProperty(TTL_ATTRIBUTE);
  });
});

it('is an error with a layer that cannot do it, and never a silent nothing', async () => {
  const sessions = new AnySessions({ persistence: new ExtendablePersistenceLayer() });
  await expect(sessions.logOutEveryone()).rejects.toMatchObject({
    code: 'ERR_SESSION_CONFIGURATION',
    message: expect.stringContaining('raiseEpoch'),
  });
});
