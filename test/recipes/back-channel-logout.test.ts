import { exportJWK, generateKeyPair, type JWK } from 'jose';
import type { ClientMetadata } from 'oidc-provider';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { httpApiEvent } from '../../src/testing/index.js';
import { engines } from '../engines/index.js';
import { Gate } from '../world/gate.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { stubEnvironment } from './environment.js';
import { type Delivery, Gateway, partsOf } from './gateway.js';
import { type LocalProvider, startProvider } from './provider.js';
import { type Handler, Visitor } from './visitor.js';

const ORIGIN = 'https://shop.example.com';

// The handler of the recipe for OpenID Connect, called by a real provider when somebody logs out there.
describe.each(engines())('17. back-channel logout by a real provider, on $name (L13)', (engine) => {
  let table: TestTable;
  let provider: LocalProvider;
  let handler: Handler;
  let gateway: Gateway;
  /** Holds up the ID token that the provider has issued. */
  let beforeTokens: Gate | undefined;

  const start = async (keys: readonly JWK[], client: Partial<ClientMetadata> = {}, port = 0): Promise<LocalProvider> =>
    startProvider(ORIGIN, {
      port,
      client: {
        backchannel_logout_uri: `${gateway.origin}/back-channel-logout`,
        backchannel_logout_session_required: true,
        ...client,
      },
      async middleware({ path }, next) {
        await next();
        if (path === '/token') await beforeTokens?.pass();
      },
      configuration: {
        jwks: { keys: [...keys] } as never,
        features: { backchannelLogout: { enabled: true } },
        // Otherwise it sends nothing to an address of this machine.
        fetch: (url, init) => fetch(url, { ...init, dispatcher: undefined } as RequestInit),
      },
    });

  /** The same provider, with other keys or with another registration of the application. It knows its sessions. */
  const restart = async (keys: readonly JWK[], client: Partial<ClientMetadata> = {}): Promise<void> => {
    const port = Number(new URL(provider.environment.ISSUER).port);
    await provider[Symbol.asyncDispose]();
    provider = await start(keys, client, port);
  };

  let first: JWK;

  beforeAll(async () => {
    // What the provider says about its defaults would hide other output.
    vi.spyOn(console, 'info').mockImplementation(() => {});
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    gateway = await Gateway.open();
    table = await createTestTable(engine);
    first = await newSigningKey('first');
    provider = await start([first]);
    stubEnvironment(engine, table, provider.environment);
    ({ handler } = await import('../../examples/openid-connect/handler.js'));
    gateway.handlers.set('/back-channel-logout', handler);
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    await provider?.[Symbol.asyncDispose]();
    await gateway?.[Symbol.asyncDispose]();
    await table?.drop();
  });
  beforeEach(() => {
    gateway.deliveries.length = 0;
  });

  const signedIn = async (login: string): Promise<Visitor> => {
    const visitor = new Visitor(ORIGIN, handler);
    await visitor.go('/login', { login, password: 'any' });
    return visitor;
  };

  /** Who the application takes somebody for. */
  const userOf = async (visitor: Visitor): Promise<string | undefined> =>
    /Hello (\w+)\./.exec((await visitor.send('/')).body)?.[1];

  /** Logs out at the provider; the application's own pages take no part. The provider waits for those it tells. */
  const logOutAtProvider = async (visitor: Visitor): Promise<void> => {
    await visitor.go(`${provider.environment.ISSUER}/session/end`, { logout: 'yes' });
    await vi.waitFor(() => expect(gateway.deliveries).toHaveLength(1));
  };

  it('ends the session of that login at once, and no other of the user', async () => {
    const [there, elsewhere] = [await signedIn('ann'), await signedIn('ann')];
    expect([await userOf(there), await userOf(elsewhere)]).toEqual(['ann', 'ann']);
    await logOutAtProvider(there);
    expect(gateway.deliveries).toEqual([expect.objectContaining({ status: 200, body: '' })]);
    expect([await userOf(there), await userOf(elsewhere)]).toEqual([undefined, 'ann']);
  });

  it('sends a token that says what the endpoint expects, and that is accepted again with no effect', async () => {
    const visitor = await signedIn('bob');
    await logOutAtProvider(visitor);
    const [{ token }] = gateway.deliveries as [Delivery];
    const [header, claims] = partsOf(token);
    expect(header).toEqual({ alg: 'RS256', typ: 'logout+jwt', kid: 'first' });
    expect(claims).toEqual({
      iss: provider.environment.ISSUER,
      aud: 'shop',
      sub: 'bob',
      sid: expect.any(String),
      iat: expect.any(Number),
      exp: expect.any(Number),
      jti: expect.any(String),
      events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
    });
    const again = await signedIn('bob');
    const event = httpApiEvent({
      method: 'POST',
      path: '/back-channel-logout',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ logout_token: token }).toString(),
    });
    expect(await handler(event, {})).toMatchObject({ statusCode: 200 });
    expect(await userOf(again)).toBe('bob');
  });

  it('lets nobody in whose login ends while its ID token is on the way to the application', async () => {
    const visitor = new Visitor(ORIGIN, handler);
    const isCallback = (url: string): boolean => url.startsWith(`${ORIGIN}/callback?`);
    const { location = '' } = await visitor.go('/login', { login: 'cas', password: 'any' }, isCallback);
    beforeTokens = new Gate();
    const callback = visitor.send(location);
    await beforeTokens.reached;
    await logOutAtProvider(visitor);
    beforeTokens.open();
    expect(gateway.deliveries).toEqual([expect.objectContaining({ status: 200 })]);
    expect((await callback).status).toBe(400);
    expect(await userOf(visitor)).toBeUndefined();
    expect(await userOf(await signedIn('cas'))).toBe('cas');
  });

  it('goes on after the provider has changed its keys', async () => {
    await restart([await newSigningKey('second'), first]);
    const visitor = await signedIn('dan');
    const now = Date.now();
    const time = vi.spyOn(Date, 'now').mockImplementation(() => now + 10_001); // past the time in which no key is looked for
    try {
      await logOutAtProvider(visitor);
    } finally {
      time.mockRestore();
    }
    expect(gateway.deliveries).toEqual([expect.objectContaining({ status: 200 })]);
    expect(partsOf(gateway.deliveries[0]?.token ?? '')[0]).toMatchObject({ kid: 'second' });
    expect(await userOf(visitor)).toBeUndefined();
  });

  it('ends all sessions of the user if the provider names no login', async () => {
    await restart([first], { backchannel_logout_session_required: false });
    const [there, elsewhere, other] = [await signedIn('eve'), await signedIn('eve'), await signedIn('fay')];
    await logOutAtProvider(there);
    expect(gateway.deliveries).toEqual([expect.objectContaining({ status: 200 })]);
    expect([await userOf(there), await userOf(elsewhere), await userOf(other)]).toEqual([undefined, undefined, 'fay']);
  });

  it('is nothing that anybody else can do', async () => {
    const visitor = await signedIn('gus');
    for (const body of ['logout_token=x', '']) {
      const event = httpApiEvent({
        method: 'POST',
        path: '/back-channel-logout',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body,
      });
      expect(await handler(event, {})).toMatchObject({ statusCode: 400 });
    }
    expect(await userOf(visitor)).toBe('gus');
  });
});

async function newSigningKey(kid: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return { ...(await exportJWK(privateKey)), kid, alg: 'RS256', use: 'sig' };
}
