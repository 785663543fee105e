import { inspect } from 'node:util';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import type { CookieAction } from '../../src/index.js';
import { engines } from '../engines/index.js';
import { countEvents, tellAll, traceEvents } from '../../src/opentelemetry/index.js';
import { Telemetry } from '../unit/opentelemetry/telemetry.js';
import { secretsIn } from '../world/secrets.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { openWitness } from '../world/witness.js';
import type { Browser } from '../world/world.js';

describe.each(engines())('5. the secret half of a token on $name', (engine) => {
  let table: TestTable;

  beforeAll(async () => {
    table = await createTestTable(engine);
    return () => table.drop();
  });

  it('T3 T6: is in no item, stream record, event, error, log line or inspected object, through a whole life', async () => {
    const { network, world, sessions, browser, sent, printed, close } = await openWitness(engine, table);

    const tokens = new Set<string>();
    const seen: unknown[] = [];
    const request = async (handler: Parameters<Browser['request']>[0]): Promise<void> => {
      const session = await browser.start({ address: '203.0.113.7', userAgent: 'Browser' });
      try {
        await handler?.(session);
        const action: CookieAction = await browser.finish(session);
        if (action.kind === 'set') tokens.add(action.token);
      } catch (error) {
        seen.push(error);
      }
      seen.push(session, session.toJSON(), inspect(session, { depth: 20, showHidden: true }));
      seen.push(...(await table.items()));
    };

    await request((session) => session.set('theme', 'dark'));
    await request((session) => session.logIn('user-1'));
    world.now += 3_600;
    await request((session) => session.set('cart', ['book']));
    await request((session) => session.regenerate());
    await request((session) => session.set('theme', (() => {}) as never));
    for (const operation of ['GetItem', 'UpdateItem', 'PutItem']) network.plan(operation, 'fail', 'fail', 'fail');
    await browser.start().catch((error: unknown) => seen.push(error));
    await request((session) => session.set('visits', 1));
    await request((session) => session.destroy());
    const late = await browser.start();
    await sessions.revoke(late.id as string);
    await late.regenerate().catch((error: unknown) => seen.push(error));
    await request((session) => session.logIn('user-1'));
    await sessions.logOutUser('user-1');
    vi.restoreAllMocks();
    await using telemetry = new Telemetry();
    await telemetry.spanOf(() => Promise.all(world.events.map(tellAll(traceEvents(), countEvents()))));
    await telemetry.counts();

    expect(tokens.size).toBeGreaterThanOrEqual(4);
    expect(seen.filter((one) => one instanceof Error).length).toBeGreaterThanOrEqual(5);
    expect(sent.length).toBeGreaterThan(20);
    const [ids, secrets] = [0, 1].map((half) => [...tokens].map((token) => token.split('.')[half] as string));
    expect(secretsIn([seen, sent, printed, world.events, telemetry.exported], secrets as string[])).toEqual([]);
    // An ID is no credential, and is in the table; what is logged shows a digest of it.
    const logged = [...world.events, ...printed, ...telemetry.exported]
      .map((one) => inspect(one, { depth: 20 }))
      .join('\n');
    for (const id of ids as string[]) expect(logged.includes(id)).toBe(false);
    await close();
  });
});
