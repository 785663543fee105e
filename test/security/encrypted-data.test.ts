import { inspect } from 'node:util';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { encryptedData } from '../../src/encryption/index.js';
import { exportUser } from '../../src/personal-data/index.js';
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
});
