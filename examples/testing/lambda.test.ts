/** A Lambda handler, tested without AWS: sessions in RAM, events as the services send them. */
import { expect, it } from 'vitest';
import type { Sessions } from 'dynamodb-sessions';
import { withSession } from 'dynamodb-sessions/lambda';
import { httpApiEvent, testSessions } from 'dynamodb-sessions/testing';

interface App {
  basket: readonly string[];
}

// In your application this stands in a file of its own, and another one calls it with the sessions in DynamoDB.
const createHandler = (sessions: Sessions<App>) =>
  withSession(sessions, async (event, session) => {
    if (event.rawPath === '/login') await session.logIn(event.body ?? '');
    if (event.rawPath === '/logout') await session.logOut();
    return { statusCode: 200, body: JSON.stringify([session.userId ?? null, session.get('basket') ?? []]) };
  });

it('knows a user who is signed in, for an hour', async () => {
  const { sessions, clock, signIn } = testSessions<App>({ idleTimeout: 3_600 });
  const handler = createHandler(sessions);
  const jar = await signIn('user-1', { data: { basket: ['book'] } });
  expect(await handler(httpApiEvent({ jar }), {})).toMatchObject({ body: '["user-1",["book"]]' });
  clock.advance(3_601);
  expect(await handler(httpApiEvent({ jar }), {})).toMatchObject({ body: '[null,[]]' });
});

it('signs a browser in and out', async () => {
  const { sessions, newJar } = testSessions<App>();
  const handler = createHandler(sessions);
  const jar = newJar();
  jar.receive(await handler(httpApiEvent({ path: '/login', body: 'user-1', jar }), {}));
  expect(jar.get('__Host-id')).toBeDefined();
  expect(await handler(httpApiEvent({ jar }), {})).toMatchObject({ body: '["user-1",[]]' });
  jar.receive(await handler(httpApiEvent({ path: '/logout', jar }), {}));
  expect(await handler(httpApiEvent({ jar }), {})).toMatchObject({ body: '[null,[]]' });
});
