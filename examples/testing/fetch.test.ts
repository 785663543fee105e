/** A handler of `Request` and `Response`, as Next.js, SvelteKit and others have them. */
import { expect, it } from 'vitest';
import type { Sessions } from 'dynamodb-sessions';
import { withSession } from 'dynamodb-sessions/web';
import { testSessions } from 'dynamodb-sessions/testing';

const createHandler = (sessions: Sessions) =>
  withSession(sessions, async (request, session) => {
    if (request.method === 'DELETE') await session.logOut();
    return Response.json({ user: session.userId ?? null });
  });

it('logs out', async () => {
  const { sessions, signIn } = testSessions();
  const handler = createHandler(sessions);
  const jar = await signIn('user-1');
  const visit = async (init?: RequestInit): Promise<unknown> =>
    jar.receive(await handler(jar.request('https://shop.example/account', init))).json();

  expect(await visit()).toEqual({ user: 'user-1' });
  expect(await visit({ method: 'DELETE' })).toEqual({ user: null });
  expect(await visit()).toEqual({ user: null });
});
