import type { ServerResponse } from 'node:http';
import { SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ConfigurationError,
  ExtendablePersistenceLayer,
  MemoryPersistenceLayer,
  type PersistenceLayer,
  Sessions,
} from '../../../src/index.js';
import { backChannelLogout, type BackChannelLogoutOptions, type ProviderEndpoint } from '../../../src/oidc/index.js';
import { albEvent, httpApiEvent, restApiEvent } from '../../../src/testing/index.js';
import { layerWith } from '../../world/layer-with.js';
import { type App, Browser, World } from '../../world/world.js';
import { newKey, TestIssuer } from './test-issuer.js';

let provider: TestIssuer;
let world: World;
let persistence: MemoryPersistenceLayer;
let sessions: Sessions<App>;
let logout: ProviderEndpoint;

beforeAll(async () => {
  provider = await TestIssuer.start();
});
afterAll(() => provider[Symbol.asyncDispose]());
beforeEach(() => {
  persistence = new MemoryPersistenceLayer();
  world = new World(persistence);
  sessions = world.sessions({ revocationCheck: 'always' });
  logout = endpoint();
  provider.requests.length = 0;
});
afterEach(() => {
  provider.faults.clear();
  vi.restoreAllMocks();
});

const endpoint = (options: Partial<BackChannelLogoutOptions> = {}, of: Sessions = sessions): ProviderEndpoint =>
  backChannelLogout(of, { issuer: provider.issuer, audience: 'shop', ...options });

const claims = (some: object = {}): object => provider.logoutClaims(world.now, { sub: 'ann', sid: 's1', ...some });

const requestOf = (token: string, init: RequestInit = {}): Request =>
  new Request('https://shop.example/logout', {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ logout_token: token }).toString(),
    ...init,
  });

const send = (token: string, to = logout): Promise<Response> => to.fetch(requestOf(token));

const logIn = async (idToken: object = {}): Promise<Browser> => {
  const browser = new Browser(sessions);
  const whole = { iss: provider.issuer, iat: world.now - 1, sid: 's1', ...idToken };
  await browser.request((session) => session.logIn('ann', { idToken: whole }));
  return browser;
};

const userOf = async (browser: Browser): Promise<unknown> => (await browser.start()).userId;

describe('a logout token', () => {
  it('with sub and sid ends that login, and no other of the user', async () => {
    const [ended, other] = [await logIn(), await logIn({ sid: 's2' })];
    const response = await send(await provider.sign(claims()));
    expect([response.status, await response.text(), response.headers.get('cache-control')]).toEqual([
      200,
      '',
      'no-store',
    ]);
    expect([await userOf(ended), await userOf(other)]).toEqual([undefined, 'ann']);
  });

  it('with a sid alone ends that login', async () => {
    const [ended, other] = [await logIn(), await logIn({ sid: 's2' })];
    expect((await send(await provider.sign(claims({ sub: undefined })))).status).toBe(200);
    expect([await userOf(ended), await userOf(other)]).toEqual([undefined, 'ann']);
  });

  it('with a sub alone ends all of the user’s', async () => {
    const all = [await logIn(), await logIn({ sid: 's2' })];
    expect((await send(await provider.sign(claims({ sid: undefined })))).status).toBe(200);
    for (const browser of all) expect(await userOf(browser)).toBeUndefined();
  });

  it('that comes again, or twice at once, is accepted and ends nothing that has begun since', async () => {
    const byUser = await provider.sign(claims({ sid: undefined }));
    const bySession = await provider.sign(claims());
    await logIn();
    await Promise.all([send(byUser), send(bySession), send(byUser)]);
    world.now += 1;
    const later = await logIn({ iat: world.now, sid: 's2' });
    for (const token of [byUser, bySession, byUser]) expect((await send(token)).status).toBe(200);
    expect(await userOf(later)).toBe('ann');
  });

  it('says what it did in an event: once, however often a logout of the user comes', async () => {
    await logIn();
    world.takeEvents();
    await send(await provider.sign(claims()));
    expect(world.events).toEqual([
      expect.objectContaining({ type: 'provider-logout', everywhere: false, userId: 'ann' }),
      expect.objectContaining({ type: 'revoked', reason: 'login-ended', userId: 'ann' }),
    ]);
    world.takeEvents();
    const token = await provider.sign(claims({ sid: undefined }));
    await send(token);
    expect(world.events).toEqual([
      expect.objectContaining({ type: 'provider-logout', everywhere: true, userId: 'ann' }),
    ]);
    world.takeEvents();
    await send(token);
    expect(world.events).toEqual([]);
  });

  it('does not say of a session that it was revoked if somebody else has just ended it', async () => {
    await logIn();
    world.takeEvents();
    const late = layerWith(persistence, {
      async deleteSession(...call) {
        await persistence.deleteSession(...call);
        return persistence.deleteSession(...call);
      },
    });
    await send(await provider.sign(claims()), endpoint({}, world.sessions({ persistence: late })));
    expect(world.takeEvents()).toEqual(['provider-logout']);
  });

  it('of a user that comes again looks for what is stored now, not for a stale copy', async () => {
    const token = await provider.sign(claims({ sid: undefined }));
    await send(token);
    const looks: unknown[] = [];
    const watched = layerWith(persistence, {
      loadMarks(user, options) {
        looks.push(options?.fresh);
        return persistence.loadMarks(user, options);
      },
    });
    await send(token, endpoint({}, world.sessions({ persistence: watched })));
    expect(looks.length).toBeGreaterThan(0);
    expect(new Set(looks)).toEqual(new Set([true]));
  });

  it('is about the user whose ID the option userId makes of it', async () => {
    const seen: unknown[] = [];
    const mapped = endpoint({
      userId: async ({ iss, sub, email }) => {
        seen.push([iss, sub, email]);
        return 'ann';
      },
    });
    const browser = await logIn();
    const token = await provider.sign(claims({ sub: '42', sid: undefined, email: 'ann@example.com' }));
    expect((await send(token, mapped)).status).toBe(200);
    expect(seen).toEqual([[provider.issuer, '42', 'ann@example.com']]);
    expect(await userOf(browser)).toBeUndefined();
  });

  it('about nobody whom the application knows is accepted, and ends nothing', async () => {
    const browser = await logIn();
    const token = await provider.sign(claims({ sid: undefined }));
    expect((await send(token, endpoint({ userId: () => undefined }))).status).toBe(200);
    expect(await userOf(browser)).toBe('ann');
  });

  it.each(['RS256', 'PS256', 'ES256', 'ES384', 'EdDSA'])('may be signed with %s', async (alg) => {
    const key = await newKey(`of ${alg}`, alg);
    provider.keys.push(key);
    expect((await send(await provider.sign(claims(), {}, key))).status).toBe(200);
    provider.keys.pop();
  });

  it.each([['logout+jwt'], ['application/logout+jwt'], ['LOGOUT+JWT']])('may name its type %s', async (typ) => {
    expect((await send(await provider.sign(claims(), { typ }))).status).toBe(200);
  });

  it.each([['JWT'], [undefined]])('of the type %s is refused, and accepted with acceptUntyped', async (typ) => {
    const header = typ === undefined ? { typ: undefined as never } : { typ };
    const token = await provider.sign(claims(), header);
    expect((await send(token)).status).toBe(400);
    expect((await send(token, endpoint({ acceptUntyped: true }))).status).toBe(200);
  });

  it('may be for several, as long as we are one of them', async () => {
    expect((await send(await provider.sign(claims({ aud: ['other', 'shop'] })))).status).toBe(200);
    const two = endpoint({ audience: ['shop-web', 'shop-app'] });
    expect((await send(await provider.sign(claims({ aud: 'shop-app' })), two)).status).toBe(200);
  });

  it('may come as much before or after its time as clocks differ', async () => {
    for (const some of [{ iat: world.now + 60 }, { exp: world.now - 59 }, { iat: world.now - 30 * 86_400 }])
      expect((await send(await provider.sign(claims(some)))).status).toBe(200);
  });
});

describe('what is no logout token of the provider for us is refused (L13)', () => {
  const SECRET = new TextEncoder().encode('a secret that both could know, of 32 bytes');
  const token =
    (some: object, header: object = {}) =>
    () =>
      provider.sign(claims(some), header);

  const HOSTILE: readonly (readonly [name: string, make: () => Promise<string> | string, why: RegExp])[] = [
    ['no token at all', () => 'hello', /no signed token/],
    ['nothing', () => '', /no signed token/],
    ['a token without a signature', () => new UnsecuredJWT(claims() as never).encode(), /no signed token|algorithm/],
    [
      'alg none with a signature',
      async () => {
        const [, ...rest] = (await provider.sign(claims())).split('.');
        const header = Buffer.from('{"alg":"none","typ":"logout+jwt"}').toString('base64url');
        return [header, ...rest].join('.');
      },
      /algorithm/,
    ],
    [
      'a token signed with a shared secret',
      () => new SignJWT(claims() as never).setProtectedHeader({ alg: 'HS256', typ: 'logout+jwt' }).sign(SECRET),
      /algorithm/,
    ],
    [
      'a token signed with the text of the public key as a secret',
      () =>
        new SignJWT(claims() as never)
          .setProtectedHeader({ alg: 'HS256', typ: 'logout+jwt', kid: 'first' })
          .sign(new TextEncoder().encode(JSON.stringify(provider.keys[0]?.publicKey))),
      /algorithm/,
    ],
    [
      'somebody else’s signature under the key’s name',
      async () => provider.sign(claims(), {}, await newKey('first')),
      /signature/,
    ],
    [
      'a key that it brings along',
      async () => {
        const own = await newKey('mine');
        return provider.sign(claims(), { jwk: own.publicKey, kid: 'first' } as never, own);
      },
      /signature/,
    ],
    [
      'claims that were changed after it was signed',
      async () => {
        const [header, , signature] = (await provider.sign(claims())).split('.');
        const changed = Buffer.from(JSON.stringify(claims({ sub: 'bob' }))).toString('base64url');
        return [header, changed, signature].join('.');
      },
      /signature/,
    ],
    [
      'an extension that must be understood',
      () =>
        new SignJWT(claims() as never)
          .setProtectedHeader({ alg: 'ES256', kid: 'first', typ: 'logout+jwt', crit: ['x'], x: 1 })
          .sign(provider.keys[0]?.privateKey as CryptoKey, { crit: { x: true } }),
      /no signed token/,
    ],
    ['another issuer', token({ iss: 'https://evil.example' }), /claim iss/],
    ['the issuer with a slash more', () => provider.sign(claims({ iss: `${provider.issuer}/` })), /claim iss/],
    ['no issuer', token({ iss: undefined }), /claim iss/],
    ['another audience', token({ aud: 'bank' }), /claim aud/],
    ['no audience', token({ aud: undefined }), /claim aud/],
    ['an audience that begins with ours', token({ aud: ['shopping'] }), /claim aud/],
    ['no time of its issue', token({ iat: undefined }), /issued at no time/],
    ['a time of its issue that is text', token({ iat: 'now' }), /claim iat|issued at no time/],
    ['a time of its issue that is to come', () => provider.sign(claims({ iat: world.now + 61 })), /in the future/],
    ['a time of its issue a month ago', () => provider.sign(claims({ iat: world.now - 31 * 86_400 })), /long ago/],
    ['no end', token({ exp: undefined }), /no exp/],
    ['an end that was', () => provider.sign(claims({ exp: world.now - 60 })), /expired/],
    ['an end that is text', token({ exp: 'never' }), /claim exp/],
    ['a beginning that is to come', () => provider.sign(claims({ nbf: world.now + 100 })), /claim nbf/],
    ['no jti', token({ jti: undefined }), /no jti/],
    ['an empty jti', token({ jti: '' }), /no jti/],
    ['a jti that is a number', token({ jti: 7 }), /no jti/],
    ['a nonce, as an ID token has', token({ nonce: 'n' }), /nonce/],
    ['a nonce that is null', token({ nonce: null }), /nonce/],
    ['no events, as an ID token has none', token({ events: undefined }), /events/],
    ['events that are a list', token({ events: ['http://schemas.openid.net/event/backchannel-logout'] }), /events/],
    ['events that are text', token({ events: 'http://schemas.openid.net/event/backchannel-logout' }), /events/],
    ['events of another kind', token({ events: { 'https://example.com/event': {} } }), /events/],
    [
      'an event that is null',
      token({ events: { 'http://schemas.openid.net/event/backchannel-logout': null } }),
      /events/,
    ],
    [
      'an event that is true',
      token({ events: { 'http://schemas.openid.net/event/backchannel-logout': true } }),
      /events/,
    ],
    [
      'an event that is a list',
      token({ events: { 'http://schemas.openid.net/event/backchannel-logout': [] } }),
      /events/,
    ],
    ['neither sub nor sid', token({ sub: undefined, sid: undefined }), /neither sub nor sid/],
    ['an empty sid', token({ sid: '' }), /neither sub nor sid/],
    ['a sid that is a number beside a sub', token({ sid: 7 }), /neither sub nor sid/],
    ['a sub that is an object', token({ sub: { ann: true } }), /neither sub nor sid/],
    ['the type of an access token', token({}, { typ: 'at+jwt' }), /another type/],
    ['the type of a security event', token({}, { typ: 'secevent+jwt' }), /another type/],
    ['a type that only looks like ours', token({}, { typ: 'logapplication/out+jwt' }), /another type/],
    ['a user ID that nobody can have', token({ sub: 'x'.repeat(300), sid: undefined }), /user ID/],
  ];

  it.each(HOSTILE)('%s', async (_, make, why) => {
    const browser = await logIn();
    world.takeEvents();
    for (const to of [logout, endpoint({ acceptUntyped: false })]) {
      const response = await send(await make(), to);
      expect([response.status, response.headers.get('cache-control')]).toEqual([400, 'no-store']);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(await response.json()).toEqual({
        error: 'invalid_request',
        error_description: expect.stringMatching(why) as string,
      });
    }
    expect(world.events).toEqual(Array(2).fill(expect.objectContaining({ type: 'provider-logout-refused' })));
    expect(JSON.stringify(world.events)).not.toContain('ann');
    expect(await userOf(browser)).toBe('ann');
  });

  it('says nothing of what a token holds', async () => {
    const token_ = await provider.sign(claims({ aud: 'a-private-audience', sub: 'a-private-user' }));
    expect(await (await send(token_)).text()).not.toContain('private');
    expect(String((world.events.at(-1) as { error?: unknown }).error)).not.toContain('private');
  });

  it.each(['none', 'HS256', 'RSA1_5'])('an option that allows the algorithm %s', (algorithm) => {
    expect(() => endpoint({ algorithms: [algorithm] })).toThrow(ConfigurationError);
  });

  it('a token by an algorithm that the option leaves out', async () => {
    expect((await send(await provider.sign(claims()), endpoint({ algorithms: ['RS256'] }))).status).toBe(400);
  });
});

describe('a request', () => {
  const status = async (init: RequestInit): Promise<number> =>
    (await logout.fetch(requestOf(await provider.sign(claims()), init))).status;

  it('of another method is a 405 that says which one there is', async () => {
    const response = await logout.fetch(new Request('https://shop.example/logout'));
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });

  it.each(['application/json', 'text/plain', 'multipart/form-data; boundary=x', ''])(
    'of the type %j is refused',
    async (type) => {
      expect(await status({ headers: { 'content-type': type } })).toBe(400);
    },
  );

  it.each(['; charset=UTF-8', ' ; charset=UTF-8'])('of a form with %j is accepted', async (rest) => {
    const type = `Application/X-WWW-Form-urlencoded${rest}`;
    expect(await status({ headers: { 'content-type': type } })).toBe(200);
  });

  const answerTo = (body: string | Uint8Array | undefined): ReturnType<ProviderEndpoint['answer']> =>
    logout.answer({ method: 'POST', contentType: FORM['content-type'], body });
  const refusal = (description: string): object => ({
    statusCode: 400,
    body: JSON.stringify({ error: 'invalid_request', error_description: description }),
  });

  it('with no token, or with two, is refused', async () => {
    const one = await provider.sign(claims());
    for (const body of ['', 'other=1', `logout_token=${one}&logout_token=${one}`])
      expect(await answerTo(body)).toMatchObject(refusal('There is not just one logout_token.'));
  });

  /** A good one, with so much else that it has this length. */
  const formOf = async (length: number): Promise<string> =>
    `logout_token=${await provider.sign(claims())}&more=`.padEnd(length, 'a');

  it('may have 65,536 bytes, and not one more; and some it must have', async () => {
    expect(await answerTo(await formOf(65_536))).toMatchObject({ statusCode: 200 });
    const [long, wide] = [await formOf(65_537), `${await formOf(65_535)}é`];
    for (const body of [long, wide, Buffer.from(long), undefined])
      expect(await answerTo(body)).toMatchObject(refusal('The body is missing, or too long.'));
  });

  it('may come in pieces, none of which is left out', async () => {
    const piecesOf = (...pieces: readonly string[]): RequestInit => {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          for (const piece of pieces) controller.enqueue(new TextEncoder().encode(piece));
          controller.close();
        },
      });
      return { body, duplex: 'half' } as RequestInit;
    };
    const form = await formOf(1_000);
    expect(await status(piecesOf(form.slice(0, 50), form.slice(50, 90), form.slice(90)))).toBe(200);
    expect(await status(piecesOf(await formOf(65_536)))).toBe(200);
    expect(await status(piecesOf(await formOf(65_536), 'a'))).toBe(400);
  });

  it('without a body that is said to be in base64 is refused', async () => {
    const { body: _, ...event } = httpApiEvent({ method: 'POST', path: '/logout', headers: FORM, body: 'x' });
    expect(await logout.lambda({ ...event, isBase64Encoded: true })).toMatchObject({ statusCode: 400 });
  });

  it('that is too long is refused, and not read to its end', async () => {
    let read = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        read += 1;
        controller.enqueue(new Uint8Array(16_384).fill(97));
        if (read === 100) controller.close();
      },
    });
    expect(await status({ body, duplex: 'half' } as RequestInit)).toBe(400);
    expect(read).toBeLessThan(20);
  });

  it.each([
    ['an HTTP API', (body: string) => httpApiEvent({ method: 'POST', path: '/logout', headers: FORM, body })],
    ['a REST API', (body: string) => restApiEvent({ method: 'POST', path: '/logout', headers: FORM, body })],
    ['a load balancer', (body: string) => albEvent({ method: 'POST', path: '/logout', headers: FORM, body })],
  ])('is answered in a Lambda behind %s, whether or not its body is base64', async (_, eventOf) => {
    for (const encoding of [false, true]) {
      const browser = await logIn({ sid: `of ${encoding}` });
      const form = new URLSearchParams({
        logout_token: await provider.sign(claims({ sid: `of ${encoding}` })),
      }).toString();
      const event = eventOf(form);
      const encoded = encoding
        ? { ...event, body: Buffer.from(form).toString('base64'), isBase64Encoded: true }
        : event;
      expect(await logout.lambda(encoded as never, {})).toMatchObject({ statusCode: 200 });
      expect(await userOf(browser)).toBeUndefined();
    }
    expect(await logout.lambda(eventOf('logout_token=x') as never)).toMatchObject({
      statusCode: 400,
      headers: { 'cache-control': 'no-store' },
      body: expect.stringContaining('"error":"invalid_request"') as string,
    });
  });

  it('of any other server is answered by its parts', async () => {
    const form = new URLSearchParams({ logout_token: await provider.sign(claims()) }).toString();
    const type = 'application/x-www-form-urlencoded';
    for (const body of [form, Buffer.from(form)])
      expect((await logout.answer({ method: 'POST', contentType: type, body })).statusCode).toBe(200);
    expect((await logout.answer({ method: 'POST', contentType: type, body: undefined })).statusCode).toBe(400);
  });
});

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

describe('the provider’s keys', () => {
  it('are looked for once, and used for all tokens', async () => {
    for (let time = 0; time < 3; time += 1) expect((await send(await provider.sign(claims()))).status).toBe(200);
    expect(provider.requests).toEqual(['/.well-known/openid-configuration', '/keys']);
  });

  it.each([
    ['/', '/.well-known/openid-configuration'],
    ['/tenant', '/tenant/.well-known/openid-configuration'],
    ['/tenant/', '/tenant/.well-known/openid-configuration'],
  ])('of an issuer that ends with %s are looked for by %s', async (path, document) => {
    await send(await provider.sign(claims()), endpoint({ issuer: `${provider.issuer}${path}` }));
    expect(provider.requests).toEqual([document]);
  });

  it('of which two fit a token that names none make it a 400, which no other look for keys would change', async () => {
    provider.keys.push(await newKey('second'));
    const token = await provider.sign(claims(), { kid: undefined as never });
    expect((await send(token)).status).toBe(400);
    provider.keys.pop();
  });

  it('are fetched from where the option jwksUri says, without discovery', async () => {
    const direct = endpoint({ jwksUri: `${provider.issuer}/keys` });
    expect((await send(await provider.sign(claims()), direct)).status).toBe(200);
    expect(provider.requests).toEqual(['/keys']);
  });

  it('are fetched anew for a token by a new key, once the last look is 10 seconds ago; until then it is a 503', async () => {
    await send(await provider.sign(claims()));
    await provider.rotate('second');
    const token = await provider.sign(claims());
    expect((await send(token)).status).toBe(503);
    const now = Date.now();
    vi.spyOn(Date, 'now').mockReturnValue(now + 10_001);
    expect((await send(token)).status).toBe(200);
    expect(provider.requests.filter((path) => path === '/keys')).toHaveLength(2);
  });

  it('do not have a token that names another: after a look that is a 400, and no look at every request', async () => {
    const other = await provider.sign(claims(), { kid: 'another' });
    expect((await send(other)).status).toBe(400);
    for (let time = 0; time < 5; time += 1) expect((await send(other)).status).toBe(503);
    expect(provider.requests.filter((path) => path === '/keys')).toHaveLength(1);
  });

  it.each<[string, string, (response: ServerResponse) => void]>([
    [
      'the discovery document is a 500',
      '/.well-known/openid-configuration',
      (response) => response.writeHead(500).end(),
    ],
    ['the discovery document is a page', '/.well-known/openid-configuration', (response) => response.end('<html>')],
    [
      'the discovery document is another issuer’s',
      '/.well-known/openid-configuration',
      (response) =>
        response.end(JSON.stringify({ issuer: 'https://evil.example', jwks_uri: 'https://evil.example/keys' })),
    ],
    [
      'the discovery document names an unsafe place',
      '/.well-known/openid-configuration',
      (response) => response.end(JSON.stringify({ issuer: provider.issuer, jwks_uri: 'http://evil.example/keys' })),
    ],
    [
      'the discovery document names no place',
      '/.well-known/openid-configuration',
      (response) => response.end(JSON.stringify({ issuer: provider.issuer })),
    ],
    [
      'the discovery document leads elsewhere',
      '/.well-known/openid-configuration',
      (response) => response.writeHead(302, { location: '/elsewhere/.well-known/openid-configuration' }).end(),
    ],
    ['the keys are a 500', '/keys', (response) => response.writeHead(500).end()],
    ['the keys are no keys', '/keys', (response) => response.end('[]')],
    ['the connection breaks', '/keys', (response) => response.destroy()],
  ])(
    'cannot be had if %s: a 503 that says so in an event, and the next token is as good as ever',
    async (_, path, fault) => {
      const browser = await logIn();
      world.takeEvents();
      provider.faults.set(path, fault);
      const token = await provider.sign(claims());
      const response = await send(token);
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1']);
      expect(world.takeEvents()).toEqual(['provider-logout-refused']);
      expect(await userOf(browser)).toBe('ann');
      provider.faults.clear();
      expect((await send(token)).status).toBe(200);
      expect(await userOf(browser)).toBeUndefined();
    },
  );
});

describe('a store that cannot be reached', () => {
  it.each(['endLogin', 'loadUserSessions', 'deleteSession'] as const)(
    'in %s makes it a 503, and the same token again finishes what is left',
    async (operation) => {
      const browser = await logIn();
      const { id = '' } = await browser.start();
      let isDown = true;
      const flaky = layerWith(persistence, {
        [operation]: (...call: never[]) => {
          if (isDown) return Promise.reject(new Error('down'));
          return (persistence[operation] as (...args: never[]) => unknown)(...call);
        },
      } as Partial<PersistenceLayer>);
      const token = await provider.sign(claims());
      const to = endpoint({}, world.sessions({ persistence: flaky }));
      expect((await send(token, to)).status).toBe(503);
      expect(world.takeEvents()).toContain('store-failure');
      isDown = false;
      expect((await send(token, to)).status).toBe(200);
      expect(await persistence.loadSession(id, { now: world.now })).toBeUndefined();
    },
  );

  it('does not have a Lambda wait beyond its time', async () => {
    const hanging = layerWith(persistence, { endLogin: () => new Promise<never>(() => {}) });
    const to = endpoint({}, world.sessions({ persistence: hanging }));
    const body = new URLSearchParams({ logout_token: await provider.sign(claims()) }).toString();
    const event = httpApiEvent({ method: 'POST', path: '/logout', headers: FORM, body });
    expect(await to.lambda(event, { getRemainingTimeInMillis: () => 500 })).toMatchObject({ statusCode: 503 });
  });
});

describe('backChannelLogout', () => {
  const KEYS = 'https://login.example.com/keys';

  it.each<[string, object, string]>([
    ['no issuer', { issuer: undefined }, 'issuer'],
    ['an issuer that is no URL', { issuer: 'example' }, 'issuer'],
    ['an issuer that is no URL beside keys', { issuer: 'example', jwksUri: KEYS }, 'issuer'],
    ['an issuer that is no text', { issuer: new URL('https://login.example.com'), jwksUri: KEYS }, 'issuer'],
    ['an issuer without TLS', { issuer: 'http://login.example.com' }, 'issuer'],
    ['keys without TLS', { jwksUri: 'http://login.example.com/keys' }, 'jwksUri'],
    ['keys at no URL', { jwksUri: 'keys' }, 'jwksUri'],
    ['keys by another protocol', { jwksUri: 'ftp://127.0.0.1/keys' }, 'jwksUri'],
    ['no audience', { audience: undefined }, 'audience'],
    ['an empty audience', { audience: '' }, 'audience'],
    ['an empty audience beside another', { audience: ['shop', ''] }, 'audience'],
    ['an empty list of audiences', { audience: [] }, 'audience'],
    ['no algorithm', { algorithms: [] }, 'algorithms'],
    ['an unknown option', { audiences: 'shop' }, '"?audiences'],
    ['a userId that is no function', { userId: 'sub' }, 'userId'],
  ])('is a ConfigurationError with %s, which it names', (_, options, name) => {
    expect(() => endpoint(options)).toThrow(ConfigurationError);
    expect(() => endpoint(options)).toThrow(new RegExp(`option ${name}`, 'i'));
  });

  it.each(['https://login.example.com', 'http://127.0.0.1:1', 'http://localhost:1', 'http://[::1]:1'])(
    'takes the issuer %s',
    (issuer) => {
      expect(() => endpoint({ issuer })).not.toThrow();
    },
  );

  it('is a ConfigurationError with a persistence layer that cannot end logins', () => {
    const blind = new Sessions({ persistence: new ExtendablePersistenceLayer() });
    expect(() => endpoint({}, blind)).toThrow('Option persistence.loadMarks');
  });

  it('throws what the application’s own userId throws', async () => {
    const broken = endpoint({
      userId: () => {
        throw new Error('of the application');
      },
    });
    await expect(send(await provider.sign(claims()), broken)).rejects.toThrow('of the application');
  });
});
