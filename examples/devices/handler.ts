/**
 * "Your devices": sign in, keep some data, see where else you are signed in, and end any of those sessions.
 *
 * A Lambda handler for a Function URL or an HTTP API (payload 2.0). All that it knows of sessions is in this file;
 * `router.ts` has what any JSON handler needs, `page.ts` the page.
 */
import { inspect } from 'node:util';
import { NotStorableError, type Session, SessionGoneError, Sessions, type UserId } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { withSession } from 'dynamodb-sessions/lambda';
import { page } from './page.js';
import { answer, json, Problem, type Routes } from './router.js';

// Made once per Lambda instance, outside the handler. The table's name comes from the environment.
const sessions = new Sessions({
  persistence: new DynamoDBPersistenceLayer(),
  onEvent: (event) => console.log(inspect(event, { breakLength: Number.POSITIVE_INFINITY })),
});

const routes: Routes<Session> = {
  'GET /': () => page,

  // Reading is free, and stores nothing.
  'GET /session': ({ session }) => json(200, overview(session)),

  // A sign-in is by name only: who somebody is, your application finds out before it calls `logIn`.
  'POST /login': async ({ session, body }) => {
    const { name, exclusive } = signIn(body());
    await session.logIn(name, { exclusive });
    return json(200, overview(session));
  },

  'POST /logout': async ({ session }) => {
    await session.logOut();
    return json(200, overview(session));
  },

  'POST /logout-everywhere': async ({ session }) => {
    await sessions.logOutUser(userOf(session), { except: session });
    await session.logOut(); // last, for it takes the cookie away
    return json(200, overview(session));
  },

  // The data. What is `set` is written once, at the end of the request, and only if it is a change.
  'PUT /data/{key}': ({ session, parameter: key, body }) => {
    session.set(key, body());
    return json(200, { data: dataOf(session) });
  },

  'DELETE /data/{key}': ({ session, parameter: key }) => {
    session.delete(key);
    return json(200, { data: dataOf(session) });
  },

  // Of all who take a value at the same time, one gets it.
  'POST /take/{key}': async ({ session, parameter: key }) => {
    const value = await session.getAndDelete(key);
    if (value === undefined) throw new Problem(404, 'There is nothing to take under this key.');
    return json(200, { value });
  },

  // A session's ID is no credential: it may be shown, and sent back to say which device is meant.
  'GET /devices': async ({ session }) => {
    const devices = await sessions.ofUser(userOf(session), { current: session });
    return json(
      200,
      devices.map(({ id, current, createdAt, lastSeenAt, userAgent = null, address = null }) => {
        return { id, current, createdAt, lastSeenAt, userAgent, address };
      }),
    );
  },

  'DELETE /devices/{id}': async ({ session, parameter: id }) => {
    const ofUser = userOf(session);
    if (id === session.id) await session.logOut();
    else if (!(await sessions.revoke(id, { ofUser }))) throw new Problem(404, 'You have no such device.');
    return json(200, { revoked: id });
  },

  'DELETE /devices': async ({ session }) => {
    await sessions.logOutUser(userOf(session), { except: session });
    return json(200, { kept: session.id });
  },
};

const answerWithSession = withSession(sessions, (event, session) => answer(routes, event, session), {
  // Over plain http, as on your own machine, a cookie can have neither `Secure` nor the `__Host-` prefix.
  cookie: process.env.PLAIN_HTTP === '1' ? { name: 'id', secure: false } : { name: '__Host-id' },
  onStoreError: () => new Problem(503, 'The sessions are unavailable. Try again.', { 'retry-after': '1' }).result,
});

// A request that throws saves nothing of what it has `set`: what is refused here has changed nothing.
export const handler: typeof answerWithSession = async (event, context) => {
  try {
    return await answerWithSession(event, context);
  } catch (error) {
    if (error instanceof Problem) return error.result;
    if (error instanceof NotStorableError) return new Problem(413, error.message).result;
    if (error instanceof SessionGoneError) return new Problem(401, 'The session ended during this request.').result;
    throw error;
  }
};

function overview(session: Session): object {
  const { userId = null, createdAt, lastSeenAt, expiresAt } = session;
  return createdAt === undefined && session.keys().length === 0
    ? { userId }
    : { userId, data: dataOf(session), createdAt, lastSeenAt, expiresAt };
}

function dataOf(session: Session): object {
  return Object.fromEntries(session.entries());
}

function userOf(session: Session): UserId {
  if (session.userId === undefined) throw new Problem(401, 'Sign in first.');
  return session.userId;
}

function signIn(body: unknown): { readonly name: string; readonly exclusive: boolean } {
  if (typeof body !== 'object' || body === null) throw new Problem(400, 'Send an object: { "name": "user-1" }');
  const { name, exclusive = false, ...others } = body as Record<string, unknown>;
  const isName = typeof name === 'string' && name.trim() !== '' && name.length <= 64 && name.isWellFormed();
  if (!isName) throw new Problem(400, 'The "name" must be text of 1 to 64 characters.');
  if (typeof exclusive !== 'boolean') throw new Problem(400, '"exclusive" must be true or false.');
  if (Object.keys(others).length > 0) throw new Problem(400, 'Send "name" and "exclusive", and nothing else.');
  return { name, exclusive };
}
