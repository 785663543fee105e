import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { Sessions } from '../../src/index.js';
import { securityEvents } from '../../src/oidc/index.js';
import { engines } from '../engines/index.js';
import { stubEnvironment } from '../recipes/environment.js';
import { type Delivery, Gateway, partsOf } from '../recipes/gateway.js';
import { type Handler, Visitor } from '../recipes/visitor.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { Keycloak } from './keycloak.js';

const ORIGIN = 'https://shop.example.com';
const EVENTS = `${ORIGIN}/security-events`;
const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/';
const LOGOUT = '/back-channel-logout';
const PUSH = '/security-events';
const SHOP = 'shop';

// A provider in another language, of other people: what it sends ends the sessions that came of its logins.
describe('L13: Keycloak', () => {
  let table: TestTable;
  let gateway: Gateway;
  let keycloak: Keycloak;
  let handler: Handler;

  beforeAll(async () => {
    gateway = await Gateway.open();
    table = await createTestTable(engines()[0]!);
    keycloak = await Keycloak.start({
      realm: 'people',
      enabled: true,
      sslRequired: 'none',
      attributes: { 'ssf.transmitterEnabled': 'true' },
      clients: [
        {
          id: SHOP,
          clientId: 'shop',
          secret: 'what only the shop and Keycloak know',
          redirectUris: [`${ORIGIN}/callback`],
          attributes: {
            'post.logout.redirect.uris': `${ORIGIN}/`,
            'backchannel.logout.url': `${gateway.origin}${LOGOUT}`,
            'backchannel.logout.session.required': 'true',
          },
        },
        {
          clientId: 'events',
          serviceAccountsEnabled: true,
          attributes: {
            'ssf.enabled': 'true',
            'ssf.defaultSubjects': 'ALL',
            'ssf.streamAudience': EVENTS,
            'ssf.validPushUrls': `${gateway.origin}${PUSH}`,
          },
        },
      ],
      users: ['ann', 'bob', 'cas', 'dot'].map((name) => ({
        id: name,
        username: name,
        email: `${name}@example.com`,
        firstName: name,
        lastName: name,
        enabled: true,
        credentials: [{ type: 'password', value: 'any' }],
      })),
    } as { realm: string });
    stubEnvironment(engines()[0]!, table, {
      ISSUER: keycloak.issuer,
      CLIENT_ID: 'shop',
      CLIENT_SECRET: 'what only the shop and Keycloak know',
      ORIGIN,
    });
    ({ handler } = await import('../../examples/openid-connect/handler.js'));
    gateway.handlers.set(LOGOUT, handler);
    expectAuthorization('Bearer agreed');
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await keycloak?.[Symbol.asyncDispose]();
    await gateway?.[Symbol.asyncDispose]();
    await table?.drop();
  });
  beforeEach(() => {
    gateway.deliveries.length = 0;
  });

  /** Puts the endpoint of events in its place, which demands this of Keycloak. */
  const expectAuthorization = (authorization: string): void => {
    const { client, tableName } = table;
    const sessions = new Sessions({ persistence: new DynamoDBPersistenceLayer({ client, tableName }) });
    const events = securityEvents(sessions, { issuer: keycloak.issuer, audience: EVENTS, authorization });
    gateway.handlers.set(PUSH, events.lambda);
  };

  const signedIn = async (username: string): Promise<Visitor> => {
    const visitor = new Visitor(ORIGIN, handler);
    await visitor.go('/login', { username, password: 'any' });
    expect(await userOf(visitor)).toBe(username);
    return visitor;
  };

  /** Who the application takes somebody for. */
  const userOf = async (visitor: Visitor): Promise<string | undefined> =>
    /Hello (\w+)\./.exec((await visitor.send('/')).body)?.[1];

  const logOutAtKeycloak = async (visitor: Visitor): Promise<void> => {
    const query = new URLSearchParams({ client_id: 'shop', post_logout_redirect_uri: `${ORIGIN}/` });
    await visitor.go(`${keycloak.issuer}/protocol/openid-connect/logout?${query.toString()}`);
  };

  /** What has come, once so much has come. */
  const delivered = (count: number): Promise<Delivery[]> =>
    vi.waitFor(
      () => {
        expect(gateway.deliveries).toHaveLength(count);
        return gateway.deliveries;
      },
      { timeout: 60_000, interval: 100 },
    );

  describe('by back-channel logout', () => {
    it('ends the session of the login that is over, and no other of the user', async () => {
      const [there, elsewhere, other] = [await signedIn('ann'), await signedIn('ann'), await signedIn('bob')];
      await logOutAtKeycloak(there);
      expect(await delivered(1)).toEqual([expect.objectContaining({ path: LOGOUT, status: 200, body: '' })]);
      expect([await userOf(there), await userOf(elsewhere), await userOf(other)]).toEqual([undefined, 'ann', 'bob']);
    });

    it('ends each session of a user whom an administrator logs out, by a token for each login', async () => {
      const visitors = [await signedIn('bob'), await signedIn('bob')];
      const other = await signedIn('ann');
      await keycloak.administer('POST', '/users/bob/logout');
      const sids = gateway.deliveries.map(({ token }) => (partsOf(token)[1] as { sid: string }).sid);
      expect(new Set(sids).size).toBeGreaterThanOrEqual(visitors.length);
      expect(new Set(gateway.deliveries.map(({ status }) => status))).toEqual(new Set([200]));
      expect(await Promise.all(visitors.map(userOf))).toEqual([undefined, undefined]);
      expect(await userOf(other)).toBe('ann');
    });

    it('sends a token of the specified type with sub and sid, and its own typ beside', async () => {
      await logOutAtKeycloak(await signedIn('ann'));
      const [{ token }] = (await delivered(1)) as [Delivery];
      expect(partsOf(token)).toEqual([
        { alg: 'RS256', typ: 'logout+jwt', kid: expect.any(String) },
        {
          iss: keycloak.issuer,
          aud: 'shop',
          sub: 'ann',
          sid: expect.any(String),
          typ: 'Logout',
          iat: expect.any(Number),
          exp: expect.any(Number),
          jti: expect.any(String),
          events: { 'http://schemas.openid.net/event/backchannel-logout': {} },
        },
      ]);
    });

    it('says nothing when an administrator disables a user: their sessions go on', async () => {
      const visitor = await signedIn('ann');
      const user = (await keycloak.administer('GET', '/users/ann')) as object;
      await keycloak.administer('PUT', '/users/ann', { ...user, enabled: false });
      await keycloak.administer('PUT', '/users/ann', { ...user, enabled: true });
      expect(gateway.deliveries).toEqual([]);
      expect(await userOf(visitor)).toBe('ann');
    });
  });

  describe('as a transmitter of Shared Signals', () => {
    const emit = (eventType: string, sub: string): Promise<unknown> =>
      keycloak.administer('POST', '/ssf/clients/events/events/emit', {
        eventType,
        sub_id: { format: 'iss_sub', iss: keycloak.issuer, sub },
        event: {},
      });

    beforeAll(async () => {
      // Without back-channel logout: only the events say what has happened.
      const shop = (await keycloak.administer('GET', `/clients/${SHOP}`)) as { attributes: object };
      const attributes = { ...shop.attributes, 'backchannel.logout.url': '' };
      await keycloak.administer('PUT', `/clients/${SHOP}`, { ...shop, attributes });
      await keycloak.administer('POST', '/ssf/clients/events/stream', {
        description: 'the shop',
        delivery: {
          method: 'urn:ietf:rfc:8935',
          endpoint_url: `${gateway.origin}${PUSH}`,
          authorization_header: 'Bearer agreed',
        },
        events_requested: [`${CAEP}session-revoked`, `${CAEP}credential-change`],
      });
    });

    it('has its trial of the stream acknowledged, which ends nothing', async () => {
      const visitor = await signedIn('ann');
      await keycloak.administer('POST', '/ssf/clients/events/stream/verify');
      const [{ token, status }] = (await delivered(1)) as [Delivery];
      expect(status).toBe(202);
      expect(partsOf(token)[1]).toMatchObject({
        events: { 'https://schemas.openid.net/secevent/ssf/event-type/verification': {} },
      });
      expect(await userOf(visitor)).toBe('ann');
    });

    it('ends the session of a login by session-revoked, and no other of the user', async () => {
      const [there, elsewhere] = [await signedIn('ann'), await signedIn('ann')];
      await logOutAtKeycloak(there);
      const [{ token, status, body }] = (await delivered(1)) as [Delivery];
      expect([status, body]).toEqual([202, '']);
      expect(partsOf(token)).toMatchObject([
        { typ: 'secevent+jwt' },
        {
          aud: EVENTS,
          events: { [`${CAEP}session-revoked`]: { initiating_entity: 'user' } },
          sub_id: {
            format: 'complex',
            user: { format: 'iss_sub', iss: keycloak.issuer, sub: 'ann' },
            session: { format: 'opaque', id: expect.any(String) as string },
          },
        },
      ]);
      expect([await userOf(there), await userOf(elsewhere)]).toEqual([undefined, 'ann']);
    });

    // From here on, each user is logged out once: a login in the same second counts as one from before.
    it('ends all sessions of a user whom an administrator logs out: it calls their session ALL', async () => {
      const [one, two, other] = [await signedIn('bob'), await signedIn('bob'), await signedIn('ann')];
      await keycloak.administer('POST', '/users/bob/logout');
      const [{ token, status }] = (await delivered(1)) as [Delivery];
      expect(status).toBe(202);
      expect(partsOf(token)[1]).toMatchObject({ sub_id: { session: { format: 'opaque', id: 'ALL' } } });
      expect([await userOf(one), await userOf(two), await userOf(other)]).toEqual([undefined, undefined, 'ann']);
    });

    it('ends all sessions of a user by session-revoked about the user', async () => {
      const [one, two] = [await signedIn('cas'), await signedIn('cas')];
      await emit('CaepSessionRevoked', 'cas');
      expect(await delivered(1)).toEqual([expect.objectContaining({ status: 202 })]);
      expect([await userOf(one), await userOf(two)]).toEqual([undefined, undefined]);
    });

    it('ends nothing by an event of another type', async () => {
      const visitor = await signedIn('dot');
      await keycloak.administer('PUT', '/users/dot/reset-password', { type: 'password', value: 'any' });
      const [{ token, status }] = (await delivered(1)) as [Delivery];
      expect(status).toBe(202);
      expect(partsOf(token)[1]).toHaveProperty('events', { [`${CAEP}credential-change`]: expect.any(Object) });
      expect(await userOf(visitor)).toBe('dot');
    });

    // The last one: Keycloak sends again what was refused.
    it('is refused with another Authorization than was agreed upon', async () => {
      const visitor = await signedIn('ann');
      expectAuthorization('Bearer another');
      await emit('CaepSessionRevoked', 'ann');
      const [{ status, body }] = (await delivered(1)) as [Delivery];
      expect([status, JSON.parse(body)]).toEqual([
        400,
        { err: 'authentication_failed', description: 'The header Authorization is not as agreed.' },
      ]);
      expect(await userOf(visitor)).toBe('ann');
    });
  });
});
