import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { Store } from 'express-session';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import {
  ExpressSessionStore,
  type ExpressSessionStoreOptions,
  type FormerSessions,
  storedIdOf,
} from '../../src/express/index.js';
import { engines } from '../engines/index.js';
import { Meter } from '../world/meter.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { isSession, tombstoneAt } from '../world/tombstones.js';
import { type App, type AppOptions, frameworks, type StartApp, startExpress } from './apps.js';
import { Browser } from './browser.js';
import { callsOf, sessionOf } from './calls.js';
import { type FormerStore, formerStores } from './former-stores.js';

describe.each(engines())('on $name', (engine) => {
  describe.each(formerStores)('sessions of $former', ({ table: formerTable, open }) => {
    let former: FormerStore;
    let table: TestTable;
    let apps: App[];

    beforeEach(async () => {
      [former, table] = await Promise.all([open(engine), createTestTable(engine)]);
      apps = [];
    });
    afterEach(async () => {
      vi.useRealTimers();
      await Promise.all(apps.map((app) => app.close()));
      await Promise.all([former.drop(), table.drop()]);
    });

    const formerSessions = (options: { readonly readOnly?: boolean } = {}): FormerSessions =>
      formerTable({ client: table.client, tableName: former.tableName, ...options });

    function newStore(options: ExpressSessionStoreOptions = {}): ExpressSessionStore {
      const { client, tableName } = table;
      return new ExpressSessionStore({
        persistence: new DynamoDBPersistenceLayer({ client, tableName }),
        migrateFrom: formerSessions(),
        userId: (session) => session.user,
        ...options,
      });
    }

    async function app(start: StartApp, store: Store, options?: AppOptions): Promise<App> {
      const started = await start(store, options);
      apps.push(started);
      return started;
    }

    const pass = (milliseconds: number): void => {
      vi.useFakeTimers({ toFake: ['Date'] });
      vi.setSystemTime(Date.now() + milliseconds);
    };

    it.each(frameworks)('go on with the same cookie in $framework, and leave the other table', async ({ start }) => {
      const before = new Browser((await app(start, former.store, { maxAge: 3_600_000 })).url);
      await before.send('POST', '/login/user-1');
      await before.send('PUT', '/data/theme/dark');

      const store = newStore();
      const after = before.copy((await app(start, store, { maxAge: 3_600_000 })).url);
      expect(await after.session()).toEqual({ user: 'user-1', theme: 'dark' });
      expect(await former.items()).toEqual([]);
      expect(await store.sessions.ofUser('user-1')).toHaveLength(1);

      await after.send('PUT', '/data/theme/light');
      expect(await after.session()).toEqual({ user: 'user-1', theme: 'light' });
    });

    it('are seen by every one of many requests that come at once', async () => {
      const before = new Browser((await app(startExpress, former.store)).url);
      await before.send('PUT', '/data/theme/dark');
      const [here, there] = [await app(startExpress, newStore()), await app(startExpress, newStore())];
      const seen = await Promise.all(
        Array.from({ length: 20 }, (_, index) => before.copy((index % 2 === 0 ? here : there).url).session()),
      );
      expect(seen).toEqual(Array.from({ length: 20 }, () => ({ theme: 'dark' })));
      expect(await table.items()).toHaveLength(1);
    });

    it('do not come back after a logout, whether they had been moved or not', async () => {
      const before = new Browser((await app(startExpress, former.store)).url);
      const after = await app(startExpress, newStore());
      for (const isMoved of [true, false]) {
        await before.send('PUT', '/data/theme/dark');
        const browser = before.copy(after.url);
        if (isMoved) await browser.session();
        await browser.copy().send('POST', '/logout');
        expect(await browser.session()).toEqual({});
        expect(await former.items()).toEqual([]);
        expect((await table.items()).filter(isSession)).toEqual([]);
        before.cookies.clear();
      }
    });

    it('do not come back when a logout overtakes their move', async () => {
      const calls = callsOf(former.store);
      await calls.set('sid', sessionOf({ theme: 'dark' }, 3_600_000));
      const { load, delete: remove } = formerSessions() as Required<FormerSessions>;
      let read = (): void => {};
      let goOn = (): void => {};
      const hasRead = new Promise<void>((resolve) => (read = resolve));
      const mayGoOn = new Promise<void>((resolve) => (goOn = resolve));
      const slow = callsOf(
        newStore({
          migrateFrom: {
            async load(sid) {
              const found = await load(sid);
              read();
              await mayGoOn;
              return found;
            },
            delete: remove,
          },
        }),
      );
      const late = slow.get('sid');
      await hasRead;
      await callsOf(newStore()).destroy('sid');
      goOn();
      expect(await late).toBeNull();
      expect(await callsOf(newStore()).get('sid')).toBeNull();
      const [tombstone] = await table.items();
      expect(tombstone).toEqual(tombstoneAt(storedIdOf('sid'), Number(tombstone?.['endedAt']?.N)));
    });

    it('are ended at a logout for a last time, and said to be: as often as there was one', async () => {
      const events: string[] = [];
      await callsOf(former.store).set('sid', sessionOf({ theme: 'dark' }, 3_600_000));
      const store = callsOf(newStore({ onEvent: ({ type }) => events.push(type) }));
      await store.get('sid');
      await store.destroy('sid');
      await store.destroy('sid');
      await store.destroy('unknown');
      expect(events).toEqual(['created', 'destroyed']);
    });

    it('do not come back after a logout either where the other table is only read', async () => {
      const calls = callsOf(former.store);
      await calls.set('sid', sessionOf({ theme: 'dark' }, 86_400_000));
      const store = callsOf(newStore({ migrateFrom: formerSessions({ readOnly: true }) }));
      expect(await store.get('sid')).toMatchObject({ theme: 'dark' });
      expect(await former.items()).toHaveLength(1);
      await store.destroy('sid');
      expect(await store.get('sid')).toBeNull();
      const [left] = await former.items();
      const [tombstone, ...others] = await table.items();
      const [endedAt, expiresAt] = [tombstone?.['endedAt'], tombstone?.['expiresAt']].map((each) => Number(each?.N));
      expect([tombstone, others]).toEqual([tombstoneAt(storedIdOf('sid'), endedAt as number, expiresAt), []]);
      expect(expiresAt).toBeGreaterThanOrEqual(Math.floor(Number(left?.['expires']?.N)));
      pass(7_200_000);
      expect(await store.get('sid')).toBeNull();
      expect(await calls.get('sid')).toMatchObject({ theme: 'dark' });
    });

    it('are dead if their user was logged out everywhere before they came', async () => {
      await callsOf(former.store).set('sid', sessionOf({ user: 'user-1' }));
      await callsOf(former.store).set('other', sessionOf({ user: 'user-2' }));
      const store = newStore();
      await store.sessions.logOutUser('user-1');
      expect(await callsOf(store).get('sid')).toBeNull();
      expect(await callsOf(store).get('sid')).toBeNull();
      expect(await callsOf(store).get('other')).toMatchObject({ user: 'user-2' });
    });

    it('end when they would have ended there, with what prolonged them', async () => {
      const calls = callsOf(former.store);
      await calls.set('short', sessionOf({}, 600_000));
      await calls.set('prolonged', sessionOf({ name: 'Ann' }, 600_000));
      pass(500_000);
      await calls.touch('prolonged', sessionOf({ name: 'Ann' }, 600_000));
      pass(200_000);
      const store = callsOf(newStore());
      expect(await store.get('short')).toBeNull();
      const prolonged = await store.get('prolonged');
      expect(prolonged).toMatchObject({ name: 'Ann', cookie: { originalMaxAge: 600_000 } });
      expect(new Date(prolonged?.cookie.expires as Date).getTime() - Date.now()).toBeGreaterThan(390_000);
      pass(410_000);
      expect(await store.get('prolonged')).toBeNull();
    });

    it('cost four calls when they come, of a user five, and none any more afterwards', async () => {
      const calls = callsOf(former.store);
      await calls.set('sid', sessionOf());
      await calls.set('user', sessionOf({ user: 'user-1' }));
      const meter = new Meter(table.client);
      const store = callsOf(newStore());
      const costOf = async (sid: string): Promise<number> => (await meter.of(() => store.get(sid))).calls;
      expect([await costOf('sid'), await costOf('user'), await costOf('unknown')]).toEqual([4, 5, 3]);
      expect([await costOf('sid'), await costOf('user'), await costOf('unknown')]).toEqual([1, 1, 3]);
    });

    it('keep what JSON can hold', async () => {
      const data = { number: -1.5e-7, nested: { list: [null, true, '', 'ä😀', [{}]] }, zero: 0, empty: {} };
      await callsOf(former.store).set('sid', sessionOf(data));
      const { cookie, ...moved } = (await callsOf(newStore()).get('sid')) as object as Record<string, unknown>;
      expect(moved).toEqual(data);
      expect(cookie).toMatchObject({ httpOnly: true, path: '/', originalMaxAge: null });
    });

    it('are found under another key and prefix', async () => {
      const options = { hashKey: 'key', prefix: 'app/' };
      const other = await open(engine, options);
      await callsOf(other.store).set('sid', sessionOf({ theme: 'dark' }));
      const migrateFrom = formerTable({ client: table.client, tableName: other.tableName, ...options });
      expect(await callsOf(newStore({ migrateFrom })).get('sid')).toMatchObject({ theme: 'dark' });
      expect(await other.items()).toEqual([]);
      await other.drop();
    });

    it.each<[string, object]>([
      ['without a session', {}],
      ['whose session is text of another kind', { sess: { S: 'no JSON' } }],
      ['whose session is JSON of another kind', { sess: { S: '[1]' } }],
      ['whose session is null', { sess: { S: 'null' } }],
      ['whose session has no cookie', { sess: { M: { name: { S: 'Ann' } } } }],
      ['whose session is a number', { sess: { N: '1' } }],
      ['whose end no Date can hold', { sess: { S: '{"cookie":{"originalMaxAge":1}}' }, expires: { N: '1E+125' } }],
      [
        'with a map and an end that no Date can hold',
        { sess: { M: { cookie: { M: { originalMaxAge: { N: '1' } } } } }, expires: { N: '8640000000001' } },
      ],
    ])('are none where there is an item %s', async (_, attributes) => {
      const key = formerTable === formerStores[0]?.table ? 'id' : 'sessionId';
      const Item = { [key]: { S: 'sess:sid' }, ...attributes };
      await table.client.send(new PutItemCommand({ TableName: former.tableName, Item }));
      expect(await callsOf(newStore()).get('sid')).toBeNull();
      expect(await table.items()).toEqual([]);
    });

    it('are not taken for none when their table does not answer', async () => {
      const migrateFrom = formerTable({ client: table.client, tableName: 'no-such-table' });
      await expect(callsOf(newStore({ migrateFrom })).get('sid')).rejects.toMatchObject({
        code: 'ERR_SESSION_STORE_UNAVAILABLE',
      });
    });
  });
});
