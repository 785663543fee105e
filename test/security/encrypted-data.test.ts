import { inspect } from 'node:util';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { encryptedData } from '../../src/encryption/index.js';
import { ExpressSessionStore } from '../../src/express/index.js';
import { exportUser } from '../../src/personal-data/index.js';
import { callsOf, sessionOf } from '../express/calls.js';
import { engines } from '../engines/index.js';
import { secretsIn } from '../world/secrets.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { openWitness } from '../world/witness.js';
import type { App, Browser } from '../world/world.js';

describe.each(engines())('the data of sessions with encryption, on $name', (engine) => {
  let table: TestTable;

  beforeAll(async () => {
    table = await createTestTable(engine);
    return () => table.drop();
  });

  it('18. no value and no key is in an item, stream record, event, error, log line or inspected object, through a whole life (E4)', async () => {
    const { network, world, sessions, browser, sent, printed, close } = await openWitness(engine, table, {
      encryption: encryptedData(),
    });

    const values = Array.from({ length: 12 }, () =>
      Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString('base64url'),
    );
    const left = [...values];
    const next = (): string => left.pop() as string;
    const seen: unknown[] = [];
    const request = async (handler: Parameters<Browser['request']>[0]): Promise<void> => {
      const session = await browser.start({ address: '203.0.113.7', userAgent: 'Browser' });
      try {
        await handler?.(session);
        await browser.finish(session);
      } catch (error) {
        seen.push(error, inspect(error, { depth: 20, showHidden: true }));
      }
      seen.push(session.toJSON(), inspect(session, { depth: 20, showHidden: true }), await table.items());
    };
    const set = (key: keyof App) => request((session) => session.set(key, next() as never));

    await set('theme');
    await set('challenge');
    await request((session) => session.update('cart', () => [next()]));
    await request((session) => session.logIn('user-1'));
    world.now += 3_600;
    await set('cart');
    await request((session) => session.regenerate());
    await request((session) => session.getAndDelete('challenge'));
    await request((session) => session.set('theme', [next(), () => {}] as never));
    for (const operation of ['UpdateItem', 'PutItem']) network.plan(operation, 'fail', 'fail', 'fail');
    await set('visits');
    await request((session) => session.set('theme', `${next()}${'x'.repeat(410_000)}` as never));
    await request((session) => session.logOut({ keep: ['cart', 'theme'] }));
    await request((session) => session.logIn('user-2'));
    await set('visits');
    await request((session) => (session.set('challenge', next()), session.save()));
    seen.push(await exportUser(sessions, 'user-2'), await sessions.ofUser('user-2'));
    await request((session) => session.destroy());
    vi.restoreAllMocks();

    expect(left).toHaveLength(3);
    expect(seen.filter((one) => one instanceof Error).length).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(sent)).toContain('wrappedKey');
    expect(secretsIn([seen, sent, printed, world.events], values)).toEqual([]);
    await close();
  });

  it('E4: neither is one of express-session, nor the session ID that opens them', async () => {
    const { network, persistence, world, sent, printed, close } = await openWitness(engine, table);
    const store = new ExpressSessionStore({
      persistence,
      encryption: encryptedData(),
      userId: (session) => (session as { user?: string }).user,
      onEvent: (event) => world.events.push(event),
    });
    const { get, set, destroy } = callsOf(store);
    const random = (): string => Buffer.from(crypto.getRandomValues(new Uint8Array(24))).toString('base64url');
    const secrets: string[] = [];
    const next = (): string => secrets[secrets.push(random()) - 1] as string;
    const seen: unknown[] = [];
    const request = async (sid: string, change: object): Promise<void> => {
      await set(sid, Object.assign((await get(sid)) ?? sessionOf(), change) as never).catch((error: unknown) =>
        seen.push(error, inspect(error, { depth: 20, showHidden: true })),
      );
      seen.push(await table.items(), inspect(store, { depth: 20, showHidden: true }));
    };

    const [first, second] = [next(), next()];
    await request(first, { theme: next(), cart: [next()] });
    await request(first, { theme: next(), user: 'user-3' });
    for (const operation of ['UpdateItem', 'PutItem']) network.plan(operation, 'fail', 'fail', 'fail');
    await request(first, { theme: next() });
    await request(first, { theme: `${next()}${'x'.repeat(410_000)}` });
    await request(first, { theme: { toJSON: () => ({ [next()]: 1n }) } });
    await request(second, { user: 'user-3', cart: [next()] });
    seen.push(await exportUser(store.sessions, 'user-3'), await store.sessions.ofUser('user-3'));
    await destroy(first);
    vi.restoreAllMocks();

    expect(seen.filter((one) => one instanceof Error).length).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(sent)).toContain('wrappedKey');
    expect(secretsIn([seen, sent, printed, world.events], secrets)).toEqual([]);
    await close();
  });
});
