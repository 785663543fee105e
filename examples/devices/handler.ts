/**
 * "Your devices": sign in, keep some data, see where else you are signed in, and end any of those sessions.
 *
 * A Lambda handler for a Function URL or an HTTP API (payload 2.0). It has a page, and the same in JSON. Everything about
 * sessions is in this file. `router.ts` has what any such handler needs, `page.ts` the page, `receipt.ts` what a request
 * costs, and `provider-client.ts` what an OpenID provider is asked, if there is one.
 */
import { inspect } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  LoginEndedError,
  NotStorableError,
  type Session,
  SessionGoneError,
  Sessions,
  type UserId,
} from 'dynamodb-sessions';
import { deviceBinding } from 'dynamodb-sessions/dbsc';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { encryptedData } from 'dynamodb-sessions/encryption';
import { type HttpApiEvent, withSession } from 'dynamodb-sessions/lambda';
import { backChannelLogout } from 'dynamodb-sessions/oidc';
import { keepForNextPage, page, refusal, withReceiptOf } from './page.js';
import { THEMES, type View } from './page-parts.js';
import { ProviderClient, type ProviderLogin } from './provider-client.js';
import { noteCalls, noteEvent, noteSession, withReceipt } from './receipt.js';
import { type Answer, answer, isForPeople, json, Problem, type Request, type Routes, seeOther } from './router.js';

// Made once per Lambda instance, outside the handler. The table's name and region come from the environment. The
// layer would make a client with brief timeouts. This one is our own, so that we can note its calls.
const { DYNAMODB_SESSIONS_REGION: region, PLAIN_HTTP } = process.env;
const client = new DynamoDBClient({
  ...(region !== undefined && { region }),
  maxAttempts: 3,
  requestHandler: { connectionTimeout: 500, requestTimeout: 800, throwOnRequestTimeout: true },
});
// Over plain http, as on your own machine, a cookie can have neither `Secure` nor the `__Host-` prefix.
const cookie = PLAIN_HTTP === '1' ? { name: 'id', secure: false } : { name: '__Host-id' };
const sessions = new Sessions({
  persistence: new DynamoDBPersistenceLayer({ client: noteCalls(client) }),
  deviceBinding: deviceBinding(),
  encryption: encryptedData(), // only the cookie opens what a session holds
  onEvent: (event) => {
    noteEvent(event);
    const { type, ...details } = event;
    console.log(type, inspect(details, { breakLength: Number.POSITIVE_INFINITY }));
  },
});

// A provider signs users in, and says by itself when one is logged out there: only if the environment tells of one.
const provider = ProviderClient.fromEnvironment(process.env);
const providerLogout =
  provider && backChannelLogout(sessions, { issuer: provider.issuer, audience: provider.clientId });
const PROVIDER_LOGOUT = '/back-channel-logout';

const revokeDevice = async (request: Request<Session>): Promise<Answer> => {
  const { session, parameter: id } = request;
  const ofUser = userOf(session);
  if (id === session.id) await session.logOut();
  else if (!(await sessions.revoke(id, { ofUser }))) throw new Problem(404, 'You have no such device.');
  return done(request, 'The device is logged out.', { revoked: id });
};

const logOutOthers = async (request: Request<Session>): Promise<Answer> => {
  const { session } = request;
  await sessions.logOutUser(userOf(session), { except: session });
  return done(request, 'You are logged out on all other devices.', { kept: session.id });
};

const routes: Routes<Session> = {
  'GET /': ({ session }) => page(viewOf(session)),

  // A separate page, because the list takes two more calls.
  'GET /your-devices': async ({ session }) => {
    const devices = session.userId === undefined ? [] : await devicesOf(session);
    return page({ ...viewOf(session), devices });
  },

  // Reading is free, and stores nothing.
  'GET /session': ({ session }) => json(200, overview(session)),

  // A name is enough to sign in here. Your application finds out who somebody is before it calls `logIn`.
  'POST /login': async (request) => {
    const { name, exclusive } = signIn(request);
    await request.session.logIn(name, { exclusive });
    request.session.delete('via');
    return done(request, `You are signed in as ${name}.`);
  },

  'POST /logout': async (request) => {
    await request.session.logOut();
    return done(request, 'You are logged out on this device.');
  },

  'POST /logout-everywhere': async (request) => {
    const { session } = request;
    await sessions.logOutUser(userOf(session), { except: session });
    await session.logOut(); // last, because it takes the cookie away
    return done(request, 'You are logged out everywhere.');
  },

  // The data. `set` is buffered: one write at the end of the request, and only if something has changed.
  'PUT /data/{key}': ({ session, parameter: key, body }) => {
    session.set(key, body());
    return json(200, { data: dataOf(session) });
  },

  'DELETE /data/{key}': ({ session, parameter: key }) => {
    session.delete(key);
    return json(200, { data: dataOf(session) });
  },

  'POST /theme': (request) => {
    const { theme } = fieldsOf(request);
    if (theme === 'system') request.session.delete('theme');
    else if (theme === 'light' || theme === 'dark') request.session.set('theme', theme);
    else throw new Problem(400, 'The "theme" must be system, light or dark.');
    return shown(request, `The theme is ${theme}.`);
  },

  // `update` is atomic: if two tabs add something at the same time, both articles are kept.
  'POST /cart': async (request) => {
    const article = textOf(fieldsOf(request)['article'], 'article', 60);
    await request.session.update('cart', (cart) => {
      if (listOf(cart).length >= 12) throw new Problem(400, 'The cart is full.');
      return [...listOf(cart), article];
    });
    return shown(request, `Added ${article}.`);
  },

  'POST /cart/{index}/remove': async (request) => {
    const index = Number(request.parameter);
    await request.session.update('cart', (cart) => listOf(cart).filter((_, at) => at !== index));
    return shown(request, 'Removed.');
  },

  // If several requests take a value at the same time, exactly one gets it.
  'POST /take/{key}': async ({ session, parameter: key }) => {
    const value = await session.getAndDelete(key);
    if (value === undefined) throw new Problem(404, 'There is nothing to take under this key.');
    return json(200, { value });
  },

  // An application does this whenever a user gets other rights, except at a login, which does it by itself.
  'POST /regenerate': async (request) => {
    await request.session.regenerate();
    return shown(request, 'The cookie has a new secret; the old one is good for nothing.');
  },

  // A thief who has copied this session's cookie, elsewhere: without the cookie that proves the device.
  'POST /thief': async (request) => {
    const prefix = `${cookie.name}=`;
    const own = request.cookies.filter((pair) => pair.startsWith(prefix));
    const thief = await sessions.read({ tokens: own.map((pair) => pair.slice(prefix.length)) });
    const user = thief.userId === undefined ? 'nobody' : String(thief.userId);
    // The browser may have sent requests before it could prove the device, so those are let in for ten seconds.
    const isEarly = request.session.bound && thief.userId !== undefined;
    const more = isEarly ? ' For the first ten seconds, the session takes requests without the other cookie.' : '';
    return shown(request, `With a copy of the cookie, the thief is ${user}.${more}`);
  },

  // A session's ID is no credential. You may show it, and send it back to say which device to end.
  'GET /devices': async ({ session }) => {
    const devices = await devicesOf(session);
    return json(
      200,
      devices.map(({ id, current, createdAt, lastSeenAt, userAgent = null, address = null }) => {
        return { id, current, createdAt, lastSeenAt, userAgent, address };
      }),
    );
  },

  'DELETE /devices/{id}': revokeDevice,
  'POST /devices/{id}/revoke': revokeDevice,

  'DELETE /devices': logOutOthers,
  'POST /logout-others': logOutOthers,
};

const providerRoutes = (provider: ProviderClient): Routes<Session> => ({
  // The session remembers the login while the browser is at the provider.
  'GET /provider/login': async ({ session }) => {
    const { state, login, url } = await provider.beginLogin();
    session.set(`login:${state}`, login);
    return seeOther(url);
  },

  // `getAndDelete` gives the login to one request, and only in the session in which it has begun.
  'GET /callback': async ({ session, query }) => {
    const state = query.get('state') ?? '';
    const login = await session.getAndDelete(`login:${state}`);
    if (login === undefined) throw new Problem(400, 'No such login has begun in this browser.');
    const claims = await provider.finishLogin(query, state, login as ProviderLogin);
    await session.logIn(claims.sub, { idToken: claims }); // with the ID token, the provider can end it
    session.set('via', 'provider');
    return seeOther('/');
  },

  // This ends nothing here: the provider does.
  'GET /provider/logout': async () => seeOther(await provider.logoutUrl()),
});

const allRoutes = provider === undefined ? routes : { ...routes, ...providerRoutes(provider) };

const answerWithSession = withSession(sessions, (event, session) => answer(allRoutes, event, noteSession(session)), {
  cookie,
  onStoreError: (_, event) =>
    refused(event, new Problem(503, 'The sessions are unavailable. Try again.', { 'retry-after': '1' })),
});

export const handler: typeof answerWithSession = async (event, context) => {
  const { method, path } = event.requestContext.http;
  const [result, receipt] = await withReceipt({ method, path }, () => answerOrRefuse(event, context));
  if (path === PROVIDER_LOGOUT) keepForNextPage(receipt);
  return withReceiptOf(receipt, result as Answer);
};

// If a request throws, what it has `set` is not saved. So a refusal here has changed nothing.
const answerOrRefuse: typeof answerWithSession = async (event, context) => {
  try {
    // No browser asks this, so there is no session.
    if (providerLogout && event.rawPath === PROVIDER_LOGOUT) return await providerLogout.lambda(event, context);
    return await answerWithSession(event, context);
  } catch (error) {
    if (error instanceof Problem) return refused(event, error);
    if (error instanceof NotStorableError) return refused(event, new Problem(413, error.message));
    if (error instanceof SessionGoneError)
      return refused(event, new Problem(401, 'The session ended during this request.'));
    if (error instanceof LoginEndedError)
      return refused(event, new Problem(401, 'The provider has logged you out meanwhile.'));
    throw error;
  }
};

function refused(event: HttpApiEvent, { statusCode, message, headers }: Problem): Answer {
  return isForPeople(event) ? refusal(statusCode, message, headers) : json(statusCode, { error: message }, headers);
}

/** Says what was done: in JSON for a program, with the page for people. */
function done(request: Request<Session>, said: string, body: object = overview(request.session)): Answer {
  const { audience, session } = request;
  if (audience === 'program') return json(200, body);
  return audience === 'browser' ? seeOther('/') : page(viewOf(session), said);
}

/** The same, if the list of devices has not changed. */
function shown(request: Request<Session>, said: string): Answer {
  const { audience, session } = request;
  return audience === 'script' ? page({ ...viewOf(session), devices: 'as they are' }, said) : done(request, said);
}

function viewOf(session: Session): View {
  const { userId, createdAt, expiresAt, bound } = session;
  const theme = THEMES.find((name) => name === session.get('theme')) ?? 'system';
  return {
    userId: userId === undefined ? undefined : String(userId),
    createdAt,
    expiresAt,
    bound,
    provider: provider && (session.get('via') === 'provider' ? 'used' : 'offered'),
    theme,
    cart: listOf(session.get('cart')).map((article) =>
      typeof article === 'string' ? article : JSON.stringify(article),
    ),
    data: entriesOf(session),
    devices: 'later',
  };
}

function overview(session: Session): object {
  const { userId = null, createdAt, lastSeenAt, expiresAt } = session;
  return createdAt === undefined && session.keys().length === 0
    ? { userId }
    : { userId, data: dataOf(session), createdAt, lastSeenAt, expiresAt };
}

function dataOf(session: Session): object {
  return Object.fromEntries(entriesOf(session));
}

/** All that the session holds, apart from logins that have begun: what is in them is no browser's business. */
function entriesOf(session: Session): ReturnType<Session['entries']> {
  return session.entries().filter(([key]) => !key.startsWith('login:'));
}

async function devicesOf(session: Session): ReturnType<typeof sessions.ofUser> {
  return sessions.ofUser(userOf(session), { current: session });
}

function userOf(session: Session): UserId {
  if (session.userId === undefined) throw new Problem(401, 'Sign in first.');
  return session.userId;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

function fieldsOf({ body }: Request<Session>): Record<string, unknown> {
  const fields = body();
  if (typeof fields !== 'object' || fields === null) throw new Problem(400, 'Send an object, or a form.');
  return fields as Record<string, unknown>;
}

function textOf(value: unknown, name: string, longest: number): string {
  const isGood = typeof value === 'string' && value.trim() !== '' && value.length <= longest && value.isWellFormed();
  if (!isGood) throw new Problem(400, `The "${name}" must be text of 1 to ${longest} characters.`);
  return value;
}

function signIn(request: Request<Session>): { readonly name: string; readonly exclusive: boolean } {
  const { name, exclusive = false, ...others } = fieldsOf(request);
  const isTicked = request.audience !== 'program' && exclusive === 'on';
  if (!isTicked && typeof exclusive !== 'boolean') throw new Problem(400, '"exclusive" must be true or false.');
  if (Object.keys(others).length > 0) throw new Problem(400, 'Send "name" and "exclusive", and nothing else.');
  return { name: textOf(name, 'name', 64), exclusive: isTicked || exclusive === true };
}
