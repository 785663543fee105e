import { describe, expect, it } from 'vitest';
import {
  BareSessions,
  type BareSessionsOptions,
  ConfigurationError,
  jsonCodec,
  MemoryPersistenceLayer,
  Sessions,
} from '../../../src/index.js';

const persistence = new MemoryPersistenceLayer();

describe('BareSessions', () => {
  it('begin sessions and find them again', async () => {
    const sessions = new BareSessions<{ theme: string }>({ persistence, codec: jsonCodec });
    const session = await sessions.start();
    session.set('theme', 'dark');
    await session.logIn('user-1');
    const cookie = await session.commit();
    const tokens = cookie.kind === 'set' ? [cookie.token] : [];

    const found = await sessions.read({ tokens });
    expect([found.userId, found.get('theme')]).toEqual(['user-1', 'dark']);
  });

  it('work on the same sessions as Sessions', async () => {
    const session = await new BareSessions({ persistence, codec: jsonCodec }).start();
    await session.logIn('user-2');
    const sessions = new Sessions({ persistence });
    expect(await sessions.ofUser('user-2')).toMatchObject([{ id: session.id }]);
  });

  it.each([
    ['persistence', { codec: jsonCodec }],
    ['codec', { persistence }],
  ])('refuse to be made without %s, which has no default', (option, options) => {
    const make = (): unknown => new BareSessions(options as BareSessionsOptions);
    expect(make).toThrow(ConfigurationError);
    expect(make).toThrow(new RegExp(`Option ${option}\\.\\w+ is undefined; expected a function`));
  });

  it('refuse options that Sessions refuse', () => {
    expect(() => new BareSessions({ persistence, codec: jsonCodec, idleTimeout: 0 })).toThrow(ConfigurationError);
  });
});
