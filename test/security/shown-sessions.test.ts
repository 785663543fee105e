import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { MemoryPersistenceLayer } from '../../src/index.js';
import { digestOf } from '../../src/core/token.js';
import { Browser, World } from '../world/world.js';

describe('a session that is shown', () => {
  const world = new World(new MemoryPersistenceLayer());
  const browser = new Browser(world.sessions());

  it('shows a digest of its ID, its user and its keys, and no value (T6)', async () => {
    await browser.request(async (session) => {
      session.set('challenge', 'hunter2');
      await session.logIn('user-1');
    });
    const session = await browser.start();
    const id = session.id as string;

    expect(session.toJSON()).toEqual({ session: digestOf(id), user: 's:user-1', keys: ['challenge'] });
    expect(inspect(session)).toBe('Session {}');
    const shown = [
      JSON.stringify({ session }),
      inspect({ session }, { depth: 20, showHidden: true, getters: false }),
      inspect(world.sessions(), { depth: 20 }),
      JSON.stringify(world.events),
      inspect(world.events, { depth: 20 }),
    ].join('\n');
    for (const secret of [id, browser.token?.split('.')[1] as string, 'hunter2']) expect(shown).not.toContain(secret);
    expect(shown).toContain(digestOf(id));
  });

  it('shows nothing while nothing is stored (T6)', async () => {
    const session = await world.sessions().start();
    expect(JSON.stringify(session)).toBe('{"keys":[]}');
    expect(inspect(session)).toBe('Session {}');
  });

  it('is not shown by the errors that it throws (T6)', async () => {
    await browser.request((session) => session.set('theme', 'dark'));
    const session = await browser.start();
    const id = session.id as string;
    const late = await browser.start();
    await session.destroy();
    await session.commit();
    const calls: (() => unknown)[] = [
      () => late.update('visits', () => 1),
      () => late.regenerate(),
      () => late.save(),
      () => session.save(),
      () => late.requireRecentLogin(1),
      () => late.set('challenge', (() => 'hunter2') as never),
    ];
    late.set('theme', 'light');
    world.now += 10;
    const errors: unknown[] = [];
    for (const call of calls) {
      await Promise.resolve()
        .then(call)
        .catch((error: unknown) => errors.push(error));
    }
    expect(errors).toHaveLength(calls.length);
    const shown = errors.map((error) => inspect(error, { depth: 20, showHidden: true })).join('\n');
    for (const secret of [id, digestOf(id), browser.token?.split('.')[1] as string, 'hunter2']) {
      expect(shown).not.toContain(secret);
    }
  });
});
