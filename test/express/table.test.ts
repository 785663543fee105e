import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BriefClient } from '../../src/dynamodb/brief-client.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { ExpressSessionStore, type ExpressSessionStoreOptions, storedIdOf } from '../../src/express/index.js';
import type { SessionEvent } from '../../src/index.js';
import { capabilities, engines } from '../engines/index.js';
import { fault, startFaultyEndpoint } from '../world/endpoint.js';
import { Meter } from '../world/meter.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { isSession, tombstoneAt } from '../world/tombstones.js';
import { type App, type AppOptions, frameworks, type StartApp } from './apps.js';
import { Browser } from './browser.js';

describe.each(engines())('on $name', (engine) => {
  describe.each(frameworks)('$framework', ({ framework, start }) => {
    let table: TestTable;
    let apps: App[];
    let events: SessionEvent[];

    beforeEach(async () => {
      table = await createTestTable(engine);
      apps = [];
      events = [];
    });
    afterEach(async () => {
      await Promise.all(apps.map((app) => app.close()));
      await table.drop();
    });

    async function begin(options?: AppOptions, storeOptions?: ExpressSessionStoreOptions): Promise<Browser> {
      const { client, tableName } = table;
      const persistence = new DynamoDBPersistenceLayer({ client, tableName });
      const onEvent = (event: SessionEvent): void => void events.push(event);
      const store = new ExpressSessionStore({ persistence, userId: ({ user }) => user, onEvent, ...storeOptions });
      return new Browser(await started(start, store, options));
    }

    async function started(by: StartApp, store: ExpressSessionStore, options?: AppOptions): Promise<string> {
      const app = await by(store, options);
      apps.push(app);
      return app.url;
    }

    it('keeps the session as readable text, and its ID nowhere', async () => {
      const browser = await begin({ maxAge: 60_000 });
      const sids: string[] = [];
      for (const [method, path] of [
        ['PUT', '/data/theme/dark'],
        ['POST', '/login/user-1'],
        ['PUT', '/data/theme/light'],
      ] as const) {
        await browser.send(method, path);
        sids.push(sessionIdOf(browser));
      }
      const sid = sids.at(-1) as string;
      const items = await table.items();
      const [item, ...others] = items.filter(isSession);
      expect(others).toEqual([]);
      expect(item).toMatchObject({
        id: { S: storedIdOf(sid) },
        user: { S: 's:user-1' },
        'data.user': { S: '"user-1"' },
        'data.theme': { S: '"light"' },
        'data.cookie': { S: expect.stringContaining('"originalMaxAge":60000') as string },
      });

      // The login has taken another ID: of the session before it nothing is left but that it was ended.
      expect(new Set(sids).size).toBe(2);
      const [ended, ...more] = items.filter((each) => !isSession(each));
      expect([ended, more]).toEqual([tombstoneAt(storedIdOf(sids[0] as string), Number(ended?.['endedAt']?.N)), []]);
      const kept = [items, events].map((each) => JSON.stringify(each, bytesAsText)).join();
      expect(kept).toContain(storedIdOf(sid));
      for (const secret of sids) {
        for (const text of [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64')]) {
          expect(kept).not.toContain(text);
        }
      }
    });

    const units = capabilities[engine.name].capacityUnits;
    const costs = (calls: number, reads = 0, writes = 0, indexWrites = 0): unknown =>
      expect.objectContaining(units ? { calls, reads, writes, indexWrites } : { calls });

    it.each([{ resave: false }, { resave: true, rolling: true }])(
      'costs what a session of the package itself costs, with %o',
      async (options) => {
        const meter = new Meter(table.client);
        const browser = await begin({ maxAge: 3_600_000, ...options });
        // The service counts a bulk read of what does not exist, the engine does not. So both marks exist.
        const { client, tableName } = table;
        const { sessions } = new ExpressSessionStore({
          persistence: new DynamoDBPersistenceLayer({ client, tableName }),
        });
        await sessions.logOutEveryone();
        await sessions.logOutUser('user-1');
        const costOf = (method: string, path: string): Promise<unknown> => meter.of(() => browser.send(method, path));

        expect(await costOf('GET', '/session')).toEqual(costs(0));
        expect(await costOf('PUT', '/data/theme/dark')).toEqual(costs(1, 0, 1)); // a new session
        expect(await costOf('GET', '/session')).toEqual(costs(1, 1)); // a page view
        expect(await costOf('PUT', '/data/theme/light')).toEqual(costs(2, 1, 1)); // one that changes data
        // @fastify/session stores the new session twice: empty at once, and with the user at the end.
        const login = framework === 'express-session' ? costs(4, 3, 2, 1) : costs(5, 3, 3, 1);
        expect(await costOf('POST', '/login/user-1')).toEqual(login);
        expect(await costOf('GET', '/session')).toEqual(costs(1, 1));
        expect(await costOf('POST', '/logout')).toEqual(costs(2, 1, 1, 1));
      },
    );

    it('answers with an error, and leaves cookie and session alone, while the table does not answer', async () => {
      const browser = await begin();
      await browser.send('PUT', '/data/theme/dark');
      const { endpoint } = await startFaultyEndpoint(fault(500, 'InternalServerError'));
      const client = new BriefClient({
        endpoint,
        region: 'us-east-1',
        credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      });
      const persistence = new DynamoDBPersistenceLayer({ client, tableName: table.tableName });
      const broken = browser.copy(await started(start, new ExpressSessionStore({ persistence })));
      expect(await broken.send('GET', '/session')).toEqual({ status: 500, body: 'StoreUnavailableError' });
      expect(broken.cookies).toEqual(browser.cookies);
      expect(await browser.session()).toEqual({ theme: 'dark' });
      client.destroy();
    });
  });
});

/** The session ID, without its signature. */
function sessionIdOf(browser: Browser): string {
  const [value] = browser.cookies.values();
  return decodeURIComponent(value as string)
    .replace(/^s:/, '')
    .replace(/\..*$/s, '');
}

/** Bytes in every form in which a search could find text in them. */
function bytesAsText(_key: string, value: unknown): unknown {
  if (!(value instanceof Uint8Array)) return value;
  const bytes = Buffer.from(value);
  return [bytes.toString('latin1'), bytes.toString('hex'), bytes.toString('base64'), bytes.toString('base64url')];
}
