import { describe, expect, it } from 'vitest';
import {
  BareSessions,
  type BareSessionsOptions,
  ConfigurationError,
  jsonCodec,
  MemoryPersistenceLayer,
  Sessions,
} from '../../../src/index.js';
import { honoSession } from '../../../src/hono/index.js';
import { LambdaSessions, sessionAuthorizer, withSession } from '../../../src/lambda/index.js';
import { sessionMiddleware } from '../../../src/middy/index.js';
import { CookieJar, httpApiEvent } from '../../../src/testing/index.js';
import { JarSessions, WebSessions } from '../../../src/web/index.js';

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

  it('are taken by every adapter', async () => {
    const sessions = new BareSessions<{ visits: number }>({ persistence, codec: jsonCodec });
    const makers: readonly (() => unknown)[] = [
      () => new LambdaSessions(sessions),
      () => sessionAuthorizer(sessions),
      () => new WebSessions(sessions),
      () => new JarSessions(sessions),
      () => honoSession(sessions),
      () => sessionMiddleware(sessions),
    ];
    for (const make of makers) expect(make).not.toThrow();

    const handler = withSession(sessions, async (_event, session) => {
      const visits = await session.update('visits', (n = 0) => n + 1);
      return { statusCode: 200, body: String(visits) };
    });
    const jar = new CookieJar();
    for (const visit of ['1', '2']) {
      const result = await handler(httpApiEvent({ jar }), {});
      jar.receive(result);
      expect(result).toMatchObject({ body: visit });
    }
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
