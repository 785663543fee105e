import { getIronSession, sealData } from 'iron-session';
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { Sessions } from '../../src/index.js';
import { CookieJar, httpApiEvent } from '../../src/testing/index.js';
import { engines } from '../engines/index.js';
import { environmentOf, storeInOurTime } from '../runtime/surroundings.js';
import { contextOf } from '../unit/lambda/lambda-world.js';
import { createTestTable, type TestTable } from '../world/tables.js';

// What docs/guides/coming-from-iron-session.md and coming-from-jwt.md say of the examples in them: with the cookies
// and tokens that iron-session and jose really make.

const DAY = 86_400_000;
const now = Date.now;
const URL = 'https://shop.example/';
const SECRETS = {
  IRON_SESSION_PASSWORD: 'a password of at least thirty-two characters',
  JWT_SECRET: 'a secret of at least thirty-two characters',
};

describe.each(engines())('the examples for moving here, on $name', (engine) => {
  let table: TestTable;
  let store: Awaited<ReturnType<typeof storeInOurTime>>;
  let sessions: Sessions;
  let userId: string;
  let count = 0;

  beforeAll(async () => {
    table = await createTestTable(engine);
    store = await storeInOurTime(engine.endpoint);
    const until = new Date(now() + 30 * DAY).toISOString();
    const credentials = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    const cutOff = { OLD_COOKIES_UNTIL: until, OLD_TOKENS_UNTIL: until };
    const environment = { ...environmentOf(store, table), ...credentials, ...cutOff, ...SECRETS };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    vi.resetModules(); // the examples read the environment when they are loaded
    sessions = new Sessions({ persistence: new DynamoDBPersistenceLayer() });
  });
  beforeEach(() => {
    userId = `user-${(count += 1)}`;
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await store[Symbol.asyncDispose]();
    await table.drop();
  });

  /** The time, for both libraries. */
  const itIsIn = (days: number): void => void vi.spyOn(Date, 'now').mockImplementation(() => now() + days * DAY);

  /** Lets another request log the user out after the example has first looked whether anyone did. */
  async function logOutWhenMarksWereRead(): Promise<void> {
    const layer = (await import('../../src/dynamodb/index.js')).DynamoDBPersistenceLayer.prototype; // the example's
    const loadMarks = Reflect.get(layer, 'loadMarks');
    vi.spyOn(layer, 'loadMarks').mockImplementationOnce(async function (this: DynamoDBPersistenceLayer, ...args) {
      const marks = await loadMarks.apply(this, args);
      await sessions.logOutUser(userId);
      return marks;
    });
  }

  describe('iron-session', () => {
    const options = { cookieName: 'shop', password: SECRETS.IRON_SESSION_PASSWORD };

    /** A browser that the old application has signed in. */
    async function signedInBefore(more: { ttl?: number; password?: string } = {}): Promise<CookieJar> {
      const jar = new CookieJar();
      const answer = new Response();
      const old = await getIronSession<Record<string, unknown>>(jar.request(URL), answer, { ...options, ...more });
      Object.assign(old, { userId, theme: 'dark' });
      await old.save();
      jar.receive(answer);
      return jar;
    }

    /** One with this value in the old cookie. */
    function withCookie(value: string): CookieJar {
      const jar = new CookieJar();
      jar.receive(new Response(null, { headers: { 'set-cookie': `shop=${value}; Path=/` } }));
      return jar;
    }

    const copyOf = (jar: CookieJar): CookieJar => withCookie(jar.get('shop')!);

    async function ask(jar: CookieJar, method: 'GET' | 'POST' | 'DELETE' | 'PATCH' = 'GET'): Promise<Response> {
      const routes = await import('../../examples/migration/iron-session.js');
      const body = method === 'POST' ? { body: JSON.stringify({ name: userId }) } : {};
      return jar.receive(await routes[method](jar.request(URL, { method, ...body })));
    }
    const seenBy = async (jar: CookieJar): Promise<unknown> => (await ask(jar)).json();
    const nobody = { user: null, theme: null };

    it('begins a session for a user whom the old cookie names, once, and takes that cookie away', async () => {
      const jar = await signedInBefore();
      expect(await seenBy(jar)).toEqual({ user: userId, theme: 'dark' });
      expect(jar.get('shop')).toBeUndefined();
      const cookie = jar.get('__Host-id');
      expect(await seenBy(jar)).toEqual({ user: userId, theme: 'dark' });
      expect(jar.get('__Host-id')).toBe(cookie);
      expect(await sessions.ofUser(userId)).toHaveLength(1);
    });

    it('leaves a browser signed out that logs out, even in its first request', async () => {
      const [jar, other] = [await signedInBefore(), await signedInBefore()];
      await ask(jar);
      for (const each of [jar, other]) {
        expect((await ask(each, 'DELETE')).status).toBe(204);
        expect(await seenBy(each)).toEqual(nobody);
      }
    });

    it('keeps the session of whoever is signed in here, whatever the old cookie says', async () => {
      const seal = (await signedInBefore()).get('shop');
      userId = `${userId}-too`;
      const jar = new CookieJar();
      await ask(jar, 'POST');
      jar.receive(new Response(null, { headers: { 'set-cookie': `shop=${seal}` } }));
      expect(await seenBy(jar)).toMatchObject({ user: userId });
      expect(jar.get('shop')).toBeUndefined();
    });

    it('begins a session for each of several first requests at the same time, and the browser keeps one', async () => {
      const jar = await signedInBefore();
      const copies = [copyOf(jar), copyOf(jar), copyOf(jar)];
      await Promise.all(copies.map((copy) => ask(copy)));
      expect(new Set(copies.map((copy) => copy.get('__Host-id'))).size).toBe(3);
      expect(await sessions.ofUser(userId)).toHaveLength(3);
    });

    it('lets a copy of the old cookie in after a logout, but not from the cut-off date on', async () => {
      const jar = await signedInBefore({ ttl: 0 }); // which never expires by itself
      const [soon, late] = [copyOf(jar), copyOf(jar)];
      await ask(jar);
      await ask(jar, 'DELETE');
      itIsIn(29);
      expect(await seenBy(soon)).toMatchObject({ user: userId });
      itIsIn(30);
      expect(await seenBy(late)).toEqual(nobody);
      expect(late.get('shop')).toBeUndefined();
    });

    it.each([
      ['logOutUser', () => sessions.logOutUser(userId)],
      ['a change of the password', async (jar: CookieJar) => expect((await ask(jar, 'PATCH')).status).toBe(204)],
    ])('lets no copy of the old cookie in after %s', async (_, end) => {
      const jar = await signedInBefore();
      const copy = copyOf(jar);
      await ask(jar, 'POST');
      await end(jar);
      const answer = await ask(copy);
      expect(await answer.json()).toEqual(nobody);
      expect(answer.headers.getSetCookie()).toEqual([expect.stringMatching(/^shop=;/)]); // nothing was begun
    });

    it('begins no session beside a logOutUser at the same moment', async () => {
      const jar = await signedInBefore();
      await logOutWhenMarksWereRead();
      expect(await seenBy(jar)).toEqual(nobody);
      expect(await sessions.ofUser(userId)).toEqual([]);
    });

    it('does not take the move for a recent login', async () => {
      const jar = await signedInBefore();
      await ask(jar);
      expect((await ask(jar, 'PATCH')).status).toBe(401);
      await ask(jar, 'POST');
      expect((await ask(jar, 'PATCH')).status).toBe(204);
    });

    it('takes an expired cookie for none', async () => {
      itIsIn(-15); // the default of iron-session is 14 days
      const jar = await signedInBefore();
      const seal = jar.get('shop')!;
      vi.restoreAllMocks();
      expect(await seenBy(withCookie(seal))).toEqual(nobody);
    });

    it('takes a forged cookie for none', async () => {
      const seal = (await signedInBefore()).get('shop')!;
      const forgeries = [
        (await signedInBefore({ password: 'another password of thirty-two characters' })).get('shop')!,
        await sealData({ userId }, { password: { 2: SECRETS.IRON_SESSION_PASSWORD } }), // with a password ID unknown here
        seal.replace(/^Fe26\.2\*1\*(.)/, (_, character) => `Fe26.2*1*${character === 'a' ? 'b' : 'a'}`),
        seal.replace('Fe26.2', 'Fe26.9'),
        'a*b*c*d*e*f*g*h',
        '%',
        '~',
      ];
      for (const forgery of forgeries) expect(await seenBy(withCookie(forgery)), forgery).toEqual(nobody);
      expect(await sessions.ofUser(userId)).toEqual([]);
    });
  });

  describe('JSON Web Tokens', () => {
    const key = new TextEncoder().encode(SECRETS.JWT_SECRET);
    const claims = (more: object = {}, alg = 'HS256'): SignJWT =>
      new SignJWT({ sub: userId, iss: 'https://shop.example', aud: 'shop', ...more })
        .setProtectedHeader({ alg })
        .setIssuedAt(new Date(Date.now()))
        .setExpirationTime(new Date(Date.now() + 60 * DAY));

    /** What the old application has given to a client. */
    const token = (): Promise<string> => claims().sign(key);

    async function ask(jar: CookieJar, method: string, path: string, bearer?: string): Promise<{ statusCode: number }> {
      const { handler } = await import('../../examples/migration/json-web-token.js');
      const headers = { ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }) };
      const event = httpApiEvent({ method, path, jar, headers }) as unknown as APIGatewayProxyEventV2;
      const result = await handler(event, contextOf(60_000) as never);
      return jar.receive(result as APIGatewayProxyStructuredResultV2 & { statusCode: number });
    }
    const seenBy = async (jar: CookieJar): Promise<unknown> => {
      const { body } = (await ask(jar, 'GET', '/')) as { body?: string };
      return JSON.parse(body!);
    };
    const nobody = { user: null };

    it('gives a client a session for its token, which it needs no more', async () => {
      const jar = new CookieJar();
      expect(await ask(jar, 'POST', '/session', await token())).toEqual(expect.objectContaining({ statusCode: 204 }));
      expect(await seenBy(jar)).toEqual({ user: userId });
      expect(await ask(jar, 'DELETE', '/session')).toMatchObject({ statusCode: 204 });
      expect(await seenBy(jar)).toEqual(nobody);
    });

    it('takes no token anywhere else', async () => {
      const jar = new CookieJar();
      await ask(jar, 'GET', '/', await token());
      expect(await seenBy(jar)).toEqual(nobody);
    });

    it('keeps the session of a client that has one, whatever token it shows', async () => {
      const jar = new CookieJar();
      await ask(jar, 'POST', '/session', await token());
      const cookie = jar.get('__Host-id');
      for (const bearer of [await token(), await claims({ sub: 'somebody else' }).sign(key)])
        expect(await ask(jar, 'POST', '/session', bearer)).toMatchObject({ statusCode: 204 });
      expect(jar.get('__Host-id')).toBe(cookie);
      expect(await seenBy(jar)).toEqual({ user: userId });
    });

    it('lets a copied token in after a logout, but not from the cut-off date on', async () => {
      const [copied, jar, soon, late] = [await token(), new CookieJar(), new CookieJar(), new CookieJar()];
      await ask(jar, 'POST', '/session', copied);
      await ask(jar, 'DELETE', '/session');
      itIsIn(29);
      expect(await ask(soon, 'POST', '/session', copied)).toMatchObject({ statusCode: 204 });
      itIsIn(30);
      expect(await ask(late, 'POST', '/session', copied)).toMatchObject({ statusCode: 401 });
    });

    it('lets no copied token in after logOutUser', async () => {
      const [copied, jar] = [await token(), new CookieJar()];
      await ask(jar, 'POST', '/session', copied);
      await sessions.logOutUser(userId);
      const answer = await ask(new CookieJar(), 'POST', '/session', copied);
      expect(answer).toMatchObject({ statusCode: 401 });
      expect(answer).not.toHaveProperty('cookies'); // nothing was begun
    });

    it('begins no session beside a logOutUser at the same moment', async () => {
      await logOutWhenMarksWereRead();
      expect(await ask(new CookieJar(), 'POST', '/session', await token())).toMatchObject({ statusCode: 401 });
      expect(await sessions.ofUser(userId)).toEqual([]);
    });

    it('does not take the move for a recent login', async () => {
      const jar = new CookieJar();
      await ask(jar, 'POST', '/session', await token());
      expect(await ask(jar, 'POST', '/password')).toMatchObject({ statusCode: 401 });
    });

    it.each<[string, () => Promise<string>]>([
      [
        'an expired one',
        () =>
          claims()
            .setExpirationTime(new Date(now() - 1000))
            .sign(key),
      ],
      [
        'one that never expires',
        () =>
          new SignJWT({ sub: userId, iss: 'https://shop.example', aud: 'shop' })
            .setProtectedHeader({ alg: 'HS256' })
            .sign(key),
      ],
      [
        'one without a signature',
        async () =>
          new UnsecuredJWT({ sub: userId, iss: 'https://shop.example', aud: 'shop' }).setExpirationTime('1h').encode(),
      ],
      [
        'one with another key',
        () => claims().sign(new TextEncoder().encode('another secret of thirty-two characters')),
      ],
      ['one with another algorithm', () => claims({}, 'HS512').sign(key)],
      ['one with a key pair', async () => claims({}, 'RS256').sign((await generateKeyPair('RS256')).privateKey)],
      ['one for another audience', () => claims({ aud: 'blog' }).sign(key)],
      ['one of another issuer', () => claims({ iss: 'https://evil.example' }).sign(key)],
      [
        'one that was changed',
        async () => (await token()).replace(/\.(.)/, (_, character) => (character === 'a' ? '.b' : '.a')),
      ],
      ['text that is none', async () => 'no.token.'],
    ])('refuses %s', async (_, forge) => {
      const jar = new CookieJar();
      expect(await ask(jar, 'POST', '/session', await forge())).toMatchObject({ statusCode: 401 });
      expect(jar.get('__Host-id')).toBeUndefined();
    });
  });

  // The last one, for it is for all users.
  it('lets no old cookie and no token in after logOutEveryone', async () => {
    const seal = await sealData({ userId }, { password: SECRETS.IRON_SESSION_PASSWORD });
    const token = await new SignJWT({ sub: userId, iss: 'https://shop.example', aud: 'shop' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(SECRETS.JWT_SECRET));
    const { GET } = await import('../../examples/migration/iron-session.js');
    const { handler } = await import('../../examples/migration/json-web-token.js');
    const byCookie = async (): Promise<unknown> =>
      (await GET(new Request(URL, { headers: { cookie: `shop=${seal}` } }))).json();
    const byToken = async (): Promise<unknown> => {
      const headers = { authorization: `Bearer ${token}` };
      const event = httpApiEvent({ method: 'POST', path: '/session', headers }) as unknown as APIGatewayProxyEventV2;
      return handler(event, contextOf(60_000) as never);
    };
    expect(await byCookie()).toMatchObject({ user: userId });
    expect(await byToken()).toMatchObject({ statusCode: 204 });
    await sessions.logOutEveryone();
    expect(await byCookie()).toMatchObject({ user: null });
    expect(await byToken()).toMatchObject({ statusCode: 401 });
  });
});
