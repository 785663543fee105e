import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { type Session, type Sessions, StoreUnavailableError } from '../../src/index.js';
import { ATTEMPT_TIMES } from '../../src/table/attempt-times.js';
import { type Engine, engines } from '../engines/index.js';
import { CLIENTS, type ClosableLayer, type OwnClient } from '../world/clients.js';
import { type Fault, Network } from '../world/faults.js';
import { layerWith } from '../world/layer-with.js';
import { clientFor, createTestTable, type TestTable } from '../world/tables.js';
import { type App, Browser, World } from '../world/world.js';

// A write that was sent more than once may leave a copy under way. It lands when others have been told of what came
// after it, and must change nothing of that.

/** Whose client it is: one of the package's own, or one of the user's. */
const ALL: readonly [name: string, layerAt: OwnClient['layerAt']][] = [
  ...CLIENTS.map(({ name, layerAt }): (typeof ALL)[number] => [`the package’s own client ${name}`, layerAt]),
  ['a client of the user’s', (endpoint, given) => layerOf(endpoint, given, (client) => client)],
  [
    'a document client of the user’s',
    (endpoint, given) => layerOf(endpoint, given, (client) => DynamoDBDocumentClient.from(client)),
  ],
];

function layerOf(
  endpoint: string,
  given: Parameters<OwnClient['layerAt']>[1],
  senderOf: (client: DynamoDBClient) => DynamoDBClient | DynamoDBDocumentClient,
): ClosableLayer {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials, maxAttempts: 3 });
  const layer = new DynamoDBPersistenceLayer({ client: senderOf(client), ...given });
  return { layer, close: () => client.destroy() };
}

describe.each(engines())('a late copy, on $name', (engine: Engine) => {
  let table: TestTable;
  let carrier: DynamoDBClient;

  beforeAll(async () => {
    table = await createTestTable(engine);
    carrier = clientFor(engine, { requestHandler: { httpAgent: { keepAlive: false, maxSockets: 1_000 } } });
    return async () => {
      carrier.destroy();
      await table.drop();
    };
  });

  describe.each(ALL)('with %s,', (_client, layerAt) => {
    let network: Network;
    let layer: DynamoDBPersistenceLayer;
    let world: World;
    /** On which faults befall what is sent, and on which none do. */
    let sessions: Sessions<App>;
    let browser: Browser;
    let elsewhere: Browser;

    beforeEach(async () => {
      network = await Network.before(engine);
      const options = { tableName: table.tableName, timeoutMs: 15_000 };
      const own = layerAt(network.endpoint, options, { ...ATTEMPT_TIMES, connectMs: 15_000, attemptMs: 15_000 });
      ({ layer } = own);
      world = new World(layer);
      sessions = world.sessions();
      browser = new Browser(sessions);
      elsewhere = new Browser(new World(new DynamoDBPersistenceLayer({ client: carrier, ...options })).sessions());
      await browser.request((session) => session.set('theme', 'light'));
      elsewhere.token = browser.token;
      network.forget();
      return async () => {
        own.close();
        await network.close();
      };
    });

    afterEach(() => network.releaseZombies());

    const entries = async (): Promise<unknown> => Object.fromEntries((await elsewhere.start()).entries());

    const take = async (): Promise<string | undefined> => {
      const session = await elsewhere.start();
      return session.getAndDelete('challenge');
    };

    const repeated: [string, Fault[]][] = [
      ['given up once', ['zombie']],
      ['given up twice', ['zombie', 'zombie']],
      ['answered with an error although it was done', ['zombie', 'fail-after']],
    ];

    describe.each(repeated)('of a set whose first attempt was %s,', (_how, faults) => {
      const copies = faults.filter((fault) => fault === 'zombie').length;

      it('14. does not bring back what a getAndDelete has taken', async () => {
        network.plan('UpdateItem', ...faults);
        await browser.request((session) => session.set('challenge', 'once'));
        expect(await take()).toBe('once');
        expect(await network.releaseZombies()).toBe(copies);
        expect(await take()).toBeUndefined();
        expect(await entries()).toEqual({ theme: 'light' });
      });

      it('8. does not undo a later set, delete or update of the same key', async () => {
        for (const [change, theme] of [
          [(session: Session<App>) => session.set('theme', 'light'), 'light'],
          [(session: Session<App>) => session.delete('theme'), undefined],
          [(session: Session<App>) => session.update('theme', () => 'light'), 'light'],
        ] as const) {
          network.plan('UpdateItem', ...faults);
          await browser.request((session) => session.set('theme', 'dark'));
          await elsewhere.request(change);
          expect(await network.releaseZombies()).toBe(copies);
          expect(await entries()).toEqual(theme === undefined ? {} : { theme });
        }
      });

      it('8. does not undo what the same request, and one that had begun before, set later', async () => {
        const before = await elsewhere.start();
        network.plan('UpdateItem', ...faults);
        const session = await browser.start();
        session.set('theme', 'dark');
        await session.save();
        session.set('theme', 'light');
        session.set('visits', 1);
        await session.commit();
        before.set('cart', ['book']);
        await before.commit();
        expect(await network.releaseZombies()).toBe(copies);
        expect(await entries()).toEqual({ theme: 'light', visits: 1, cart: ['book'] });
      });
    });

    it('14. of a delete does not take away what was set after it', async () => {
      await browser.request((session) => session.set('challenge', 'first'));
      network.plan('UpdateItem', 'zombie');
      await browser.request((session) => session.delete('challenge'));
      await elsewhere.request((session) => session.set('challenge', 'second'));
      expect(await network.releaseZombies()).toBe(1);
      expect(await take()).toBe('second');
    });

    it('14. of a getAndDelete takes nothing another time', async () => {
      await browser.request((session) => session.set('challenge', 'first'));
      network.plan('UpdateItem', 'zombie');
      await browser.request(async (session) => expect(await session.getAndDelete('challenge')).toBe('first'));
      await elsewhere.request((session) => session.set('challenge', 'second'));
      expect(await network.releaseZombies()).toBe(1);
      expect(await take()).toBe('second');
    });

    it('8. of an update does not undo the next', async () => {
      await browser.request((session) => session.set('visits', 0));
      network.plan('UpdateItem', 'zombie');
      await browser.request((session) => session.update('visits', (n = 0) => n + 1));
      await elsewhere.request((session) => session.update('visits', (n = 0) => n + 1));
      expect(await network.releaseZombies()).toBe(1);
      expect(await entries()).toEqual({ theme: 'light', visits: 2 });
    });

    it.each<[string, (session: Session<App>) => Promise<void>]>([
      ['a login', (session) => session.logIn('user-1')],
      ['a regenerate', (session) => session.regenerate()],
    ])('8. of %s with what was set before it does not undo what was set after it', async (_, reissue) => {
      network.plan('UpdateItem', 'zombie');
      await browser.request(async (session) => {
        session.set('theme', 'dark');
        await reissue(session);
      });
      elsewhere.token = browser.token;
      await elsewhere.request((session) => session.set('theme', 'light'));
      expect(await network.releaseZombies()).toBe(1);
      expect(await entries()).toEqual({ theme: 'light' });
    });

    it('8. of a set that came with a touch and a rotation does not undo what was set after it', async () => {
      world.now += 3_600;
      network.plan('UpdateItem', 'zombie');
      await browser.request((session) => session.set('theme', 'dark'));
      elsewhere.token = browser.token;
      const other = new Browser(world.sessions());
      other.token = browser.token;
      await other.request((session) => session.set('theme', 'light'));
      expect(await network.releaseZombies()).toBe(1);
      expect((await other.start()).get('theme')).toBe('light');
    });

    describe('of a set that failed,', () => {
      const failing = async (): Promise<Session<App>> => {
        network.plan('UpdateItem', 'zombie', 'zombie', 'zombie');
        const session = await browser.start();
        session.set('challenge', 'once');
        await expect(session.save()).rejects.toThrow(StoreUnavailableError);
        return session;
      };

      it('8. changes nothing, if the handler has set again and committed', async () => {
        const session = await failing();
        session.set('challenge', 'again');
        await session.commit();
        await elsewhere.request((other) => other.set('visits', 1));
        expect(await network.releaseZombies()).toBe(3);
        expect(await entries()).toEqual({ theme: 'light', challenge: 'again', visits: 1 });
      });

      it('14. gives its value to nobody, if what was set again was taken', async () => {
        const session = await failing();
        session.set('challenge', 'again');
        await session.commit();
        expect(await take()).toBe('again');
        expect(await network.releaseZombies()).toBe(3);
        expect(await take()).toBeUndefined();
      });

      it('8. changes nothing, if the handler has set another key and committed', async () => {
        const session = await failing();
        session.set('visits', 1);
        await session.commit();
        expect(await take()).toBe('once');
        expect(await network.releaseZombies()).toBe(3);
        expect(await take()).toBeUndefined();
      });

      it('8. changes nothing, if the handler has logged in, or replaced the secret', async () => {
        for (const reissue of [
          (session: Session<App>) => session.logIn('user-1'),
          (session: Session<App>) => session.regenerate(),
        ]) {
          const session = await failing();
          session.set('challenge', 'again');
          await reissue(session);
          browser.receive(await session.commit());
          elsewhere.token = browser.token;
          expect(await network.releaseZombies()).toBe(3);
          expect(await take()).toBe('again');
          expect(await take()).toBeUndefined();
        }
      });
    });

    describe('of which one lands at a time,', () => {
      it('14. of a set that failed: of the takes in between, exactly one gets the value', async () => {
        const copies = await copiesOf((session) => (session.set('challenge', 'once'), session.save()));
        const taken = [await take()];
        for (const land of copies) {
          await land();
          taken.push(...(await Promise.all([take(), take()])));
        }
        expect(taken.filter((value) => value === 'once')).toHaveLength(1);
        expect(await entries()).toEqual({ theme: 'light' });
      });

      it('14. of a set that failed: of those who have read the value before, too, exactly one gets it', async () => {
        const copies = await copiesOf((session) => (session.set('challenge', 'once'), session.save()));
        const taken: unknown[] = [];
        await copies[0]?.();
        const early = await Promise.all([elsewhere.start(), elsewhere.start(), elsewhere.start()]);
        for (const [index, session] of early.entries()) {
          taken.push(await session.getAndDelete('challenge'));
          await copies[index + 1]?.();
        }
        expect(taken).toEqual(['once', undefined, undefined]);
      });

      it('3. of a set of another key that failed: no update is lost between two that land', async () => {
        await browser.request((session) => session.set('visits', 0));
        const copies = await copiesOf((session) => (session.set('theme', 'dark'), session.save()));
        await copies[0]?.();
        const [one, two] = await Promise.all([elsewhere.start(), elsewhere.start()]);
        expect(await one.update('visits', (n = 0) => n + 1)).toBe(1);
        await copies[1]?.();
        expect(await two.update('visits', (n = 0) => n + 1)).toBe(2);
        expect((await elsewhere.start()).get('visits')).toBe(2);
      });

      it('3. of a touch that failed: no update is lost between two that land', async () => {
        await browser.request((session) => session.set('visits', 0));
        world.now += 400;
        const copies = await copiesOf((session) => session.touch());
        await copies[0]?.();
        const [one, two] = await Promise.all([elsewhere.start(), elsewhere.start()]);
        expect(await one.update('visits', (n = 0) => n + 1)).toBe(1);
        await copies[1]?.();
        expect(await two.update('visits', (n = 0) => n + 1)).toBe(2);
        expect((await elsewhere.start()).get('visits')).toBe(2);
      });
    });

    describe('of a touch,', () => {
      const touchTwice = async (): Promise<void> => {
        world.now += 400;
        network.plan('UpdateItem', 'zombie');
        await browser.request();
      };

      it('3. lets no update be lost that another has read before', async () => {
        await browser.request((session) => session.set('visits', 0));
        await touchTwice();
        const [one, two] = await Promise.all([elsewhere.start(), elsewhere.start()]);
        expect(await one.update('visits', (n = 0) => n + 1)).toBe(1);
        expect(await network.releaseZombies()).toBe(1);
        expect(await two.update('visits', (n = 0) => n + 1)).toBe(2);
        expect((await elsewhere.start()).get('visits')).toBe(2);
      });

      it('14. lets no value be taken twice by those who have read it before', async () => {
        await browser.request((session) => session.set('challenge', 'once'));
        await touchTwice();
        const [one, two] = await Promise.all([elsewhere.start(), elsewhere.start()]);
        const first = await one.getAndDelete('challenge');
        expect(await network.releaseZombies()).toBe(1);
        expect([first, await two.getAndDelete('challenge')]).toEqual(['once', undefined]);
      });

      it('8. lets no late copy of an update undo the next', async () => {
        await browser.request((session) => session.set('visits', 0));
        await touchTwice();
        const updates = new Browser(sessions);
        updates.token = browser.token;
        network.plan('UpdateItem', 'zombie');
        await updates.request((session) => session.update('visits', (n = 0) => n + 1));
        await elsewhere.request((session) => session.update('visits', (n = 0) => n + 1));
        expect(await network.releaseZombies()).toBe(2);
        expect((await elsewhere.start()).get('visits')).toBe(2);
      });

      it('does not bring the end of a session forward that others have used since', async () => {
        await touchTwice();
        world.now += 1_000;
        await browser.request();
        const { expiresAt } = await browser.start();
        expect(await network.releaseZombies()).toBe(1);
        expect((await browser.start()).expiresAt).toEqual(expiresAt);
      });
    });

    describe('of a rotation,', () => {
      it('4. changes nothing of what came since: neither the secret nor the end of the old one', async () => {
        await browser.request((session) => session.set('visits', 0));
        world.now += 3_600;
        network.plan('UpdateItem', 'zombie');
        await browser.request();
        network.plan('UpdateItem', 'zombie');
        await browser.request();
        world.now += 3_600;
        await browser.request();
        await browser.request();
        const token = browser.token;
        expect(await network.releaseZombies()).toBe(2);
        const [one, two] = await Promise.all([browser.start(), browser.start()]);
        expect(await one.update('visits', (n = 0) => n + 1)).toBe(1);
        expect(await two.update('visits', (n = 0) => n + 1)).toBe(2);
        expect(await browser.request()).toEqual({ kind: 'keep' });
        expect(browser.token).toBe(token);
      });
    });

    describe('costs', () => {
      const callsOf = async (handler: (session: Session<App>) => unknown): Promise<string[]> => {
        network.forget();
        await browser.request(handler);
        return [...network.sent];
      };

      it('an ordinary set nothing, and one that was repeated one call more', async () => {
        expect(await callsOf((session) => session.set('visits', 1))).toEqual(['GetItem', 'UpdateItem']);
        network.plan('UpdateItem', 'zombie');
        expect(await callsOf((session) => session.set('visits', 2))).toEqual([
          'GetItem',
          ...Array(3).fill('UpdateItem'),
        ]);
        network.plan('UpdateItem', 'throttle');
        expect(await callsOf((session) => session.set('visits', 3))).toEqual([
          'GetItem',
          ...Array(3).fill('UpdateItem'),
        ]);
        expect(await callsOf((session) => session.set('visits', 4))).toEqual(['GetItem', 'UpdateItem']);
      });

      it('an update, a getAndDelete, a regenerate, a touch nothing, repeated or not', async () => {
        await browser.request((session) => session.set('challenge', 'x'));
        for (const act of [
          (session: Session<App>) => session.update('visits', (n = 0) => n + 1),
          (session: Session<App>) => session.getAndDelete('challenge'),
          (session: Session<App>) => session.regenerate(),
        ]) {
          network.plan('UpdateItem', 'zombie');
          expect(await callsOf(act)).toEqual(['GetItem', 'UpdateItem', 'UpdateItem']);
          await network.releaseZombies();
        }
        world.now += 400;
        network.plan('UpdateItem', 'zombie');
        expect(await callsOf(() => {})).toEqual(['GetItem', 'UpdateItem', 'UpdateItem']);
      });
    });

    it('8. of an update counts once, though another brings the value back before the first is acknowledged', async () => {
      await browser.request((session) => session.set('visits', 1));
      let saves = 0;
      const persistence = layerWith(layer, {
        async saveSession(...call) {
          const outcome = await layer.saveSession(...call);
          saves += 1;
          if (saves === 1) {
            expect(await (await elsewhere.start()).update('visits', (n = 0) => n + 1)).toBe(1);
            expect(await network.releaseZombies()).toBe(1);
          }
          return outcome;
        },
      });
      const session = await world.sessions({ persistence }).start({ tokens: [browser.token as string] });
      network.plan('UpdateItem', 'zombie');
      expect(await session.update('visits', (n = 0) => n - 1)).toBe(0);
      expect(await entries()).toMatchObject({ visits: 1 });
    });

    /** What a request sends, each attempt of which its client gives up: the copies land when the test says so. */
    async function copiesOf(write: (session: Session<App>) => Promise<unknown>): Promise<(() => Promise<unknown>)[]> {
      const copies: (() => Promise<unknown>)[] = [];
      const client = clientFor(engine, { retryMode: 'standard', maxAttempts: 3 });
      client.middlewareStack.add(
        (next, { commandName }) =>
          (call) => {
            if (commandName !== 'UpdateItemCommand') return next(call);
            copies.push(() => next(call).catch((error: unknown) => error));
            return Promise.reject(Object.assign(new Error('the request took too long'), { name: 'TimeoutError' }));
          },
        { step: 'finalizeRequest', priority: 'low' },
      );
      const layer = new DynamoDBPersistenceLayer({ client, tableName: table.tableName, timeoutMs: 15_000 });
      const faulty = new World(layer);
      faulty.now = world.now;
      const session = await faulty.sessions().start({ tokens: [browser.token as string] });
      await expect(write(session)).rejects.toThrow(StoreUnavailableError);
      expect(copies).toHaveLength(3);
      return copies;
    }
  });
});
