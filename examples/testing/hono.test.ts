/** A Hono application, tested by its own `app.request`. */
import { Hono } from 'hono';
import { expect, it } from 'vitest';
import type { Sessions } from 'dynamodb-sessions';
import { honoSession, type SessionEnv } from 'dynamodb-sessions/hono';
import { testSessions } from 'dynamodb-sessions/testing';

interface App {
  visits: number;
}

function createApp(sessions: Sessions<App>): Hono<SessionEnv<App>> {
  const app = new Hono<SessionEnv<App>>();
  app.use(honoSession(sessions));
  app.get('/', async ({ var: { session }, json }) =>
    json({ user: session.userId ?? null, visits: await session.update('visits', (n = 0) => n + 1) }),
  );
  return app;
}

it('counts the visits of a user', async () => {
  const { sessions, signIn } = testSessions<App>();
  const app = createApp(sessions);
  const jar = await signIn('user-1', { data: { visits: 41 } });
  const response = jar.receive(await app.request(jar.request('https://shop.example/')));
  expect(await response.json()).toEqual({ user: 'user-1', visits: 42 });
});

it('counts the visits of a stranger, whose cookie the jar keeps', async () => {
  const { sessions, newJar } = testSessions<App>();
  const app = createApp(sessions);
  const jar = newJar();
  for (const visits of [1, 2]) {
    const response = jar.receive(await app.request(jar.request('https://shop.example/')));
    expect(await response.json()).toEqual({ user: null, visits });
  }
});
