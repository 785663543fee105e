import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ConfigurationError, MemoryPersistenceLayer, type Sessions } from '../../../src/index.js';
import {
  type EventTarget,
  type ProviderEndpoint,
  securityEvents,
  type SecurityEventsOptions,
} from '../../../src/oidc/index.js';
import { httpApiEvent } from '../../../src/testing/index.js';
import { layerWith } from '../../world/layer-with.js';
import { type App, Browser, World } from '../../world/world.js';
import { newKey, TestIssuer } from './test-issuer.js';

const CAEP = 'https://schemas.openid.net/secevent/caep/event-type/';
const RISC = 'https://schemas.openid.net/secevent/risc/event-type/';
const SESSION_REVOKED = `${CAEP}session-revoked`;
const TYPE = { 'content-type': 'application/secevent+jwt' };

let transmitter: TestIssuer;
let world: World;
let persistence: MemoryPersistenceLayer;
let sessions: Sessions<App>;
let events: ProviderEndpoint;

beforeAll(async () => {
  transmitter = await TestIssuer.start();
});
afterAll(() => transmitter[Symbol.asyncDispose]());
beforeEach(() => {
  persistence = new MemoryPersistenceLayer();
  world = new World(persistence);
  sessions = world.sessions({ revocationCheck: 'always' });
  events = endpoint();
  transmitter.requests.length = 0;
});
afterEach(() => transmitter.faults.clear());

const endpoint = (options: Partial<SecurityEventsOptions> = {}, of = sessions): ProviderEndpoint =>
  securityEvents(of, { issuer: transmitter.issuer, audience: 'https://shop.example/events', ...options });

/** The claims of an event as they must be. */
const claims = (event: string, subject: object | undefined, some: object = {}): object => ({
  iss: transmitter.issuer,
  aud: 'https://shop.example/events',
  iat: world.now,
  jti: Math.random().toString(36),
  sub_id: subject,
  events: { [event]: { event_timestamp: world.now - 5 } },
  ...some,
});

const sign = (set: object, header: object = {}): Promise<string> =>
  transmitter.sign(set, { typ: 'secevent+jwt', ...header });

const push = (token: string, to = events, headers: Record<string, string> = TYPE): Promise<Response> =>
  to.fetch(new Request('https://shop.example/events', { method: 'POST', headers, body: token }));

const ann = (): object => ({ format: 'iss_sub', iss: transmitter.issuer, sub: 'ann' });

const logIn = async (sid = 's1', iss = transmitter.issuer): Promise<Browser> => {
  const browser = new Browser(sessions);
  await browser.request((session) => session.logIn('ann', { idToken: { iss, iat: world.now - 1, sid } }));
  return browser;
};

const userOf = async (browser: Browser): Promise<unknown> => (await browser.start()).userId;

describe('an event that is pushed', () => {
  it.each([`${RISC}account-disabled`, `${RISC}account-purged`, SESSION_REVOKED])(
    '%s about a user ends all of the user’s sessions',
    async (event) => {
      const both = [await logIn(), await logIn('s2')];
      const response = await push(await sign(claims(event, ann())));
      expect([response.status, await response.text(), response.headers.get('cache-control')]).toEqual([
        202,
        '',
        'no-store',
      ]);
      for (const browser of both) expect(await userOf(browser)).toBeUndefined();
    },
  );

  it.each<[string, () => object]>([
    ['an opaque one', () => ({ format: 'opaque', id: 's1' })],
    ['a complex one', () => ({ format: 'complex', session: { format: 'opaque', id: 's1' }, user: ann() })],
    ['a complex one that names no user', () => ({ format: 'complex', session: { format: 'opaque', id: 's1' } })],
  ])('session-revoked about a session, %s, ends just that', async (_, subject) => {
    const [ended, other] = [await logIn(), await logIn('s2')];
    expect((await push(await sign(claims(SESSION_REVOKED, subject())))).status).toBe(202);
    expect([await userOf(ended), await userOf(other)]).toEqual([undefined, 'ann']);
  });

  it.each<[string, () => object]>([
    ['an opaque one', () => ({ format: 'opaque', id: 'ann' })],
    ['a complex one', () => ({ format: 'complex', user: ann(), tenant: { format: 'opaque', id: 't' } })],
    [
      'a complex one with a session',
      () => ({ format: 'complex', user: ann(), session: { format: 'opaque', id: 's9' } }),
    ],
  ])('account-disabled about a user, %s, ends all', async (_, subject) => {
    const browser = await logIn();
    expect((await push(await sign(claims(`${RISC}account-disabled`, subject())))).status).toBe(202);
    expect(await userOf(browser)).toBeUndefined();
  });

  it('session-revoked about the session ALL of a user, as Keycloak has it, ends all of the user’s', async () => {
    const both = [await logIn(), await logIn('s2')];
    const subject = { format: 'complex', user: ann(), session: { format: 'opaque', id: 'ALL' } };
    expect((await push(await sign(claims(SESSION_REVOKED, subject)))).status).toBe(202);
    expect(await Promise.all(both.map(userOf))).toEqual([undefined, undefined]);
  });

  it('may have its subject in the event, as transmitters of earlier drafts do', async () => {
    const browser = await logIn();
    const set = claims(SESSION_REVOKED, undefined, {
      events: { [SESSION_REVOKED]: { event_timestamp: 1, subject: { user: ann() } } },
    });
    expect((await push(await sign(set))).status).toBe(202);
    expect(await userOf(browser)).toBeUndefined();
  });

  it('that comes again is acknowledged, and ends nothing that has begun since', async () => {
    const token = await sign(claims(`${RISC}account-disabled`, ann()));
    await logIn();
    await Promise.all([push(token), push(token)]);
    world.now += 10;
    const browser = new Browser(sessions);
    const idToken = { iss: transmitter.issuer, iat: world.now };
    await browser.request((session) => session.logIn('ann', { idToken }));
    expect((await push(token)).status).toBe(202);
    expect(await userOf(browser)).toBe('ann');
  });

  it.each([`${CAEP}credential-change`, 'https://schemas.openid.net/secevent/ssf/event-type/verification'])(
    '%s is acknowledged, and nothing is done',
    async (event) => {
      const browser = await logIn();
      world.takeEvents();
      expect((await push(await sign(claims(event, ann())))).status).toBe(202);
      expect(world.takeEvents()).toEqual([]);
      expect(await userOf(browser)).toBe('ann');
    },
  );

  it('may have a line break behind it', async () => {
    const browser = await logIn();
    expect((await push(`${await sign(claims(SESSION_REVOKED, ann()))}\n`)).status).toBe(202);
    expect(await userOf(browser)).toBeUndefined();
  });

  it('session-revoked about a session in a format that tells nothing ends all of the user’s', async () => {
    const both = [await logIn(), await logIn('s2')];
    const session = { format: 'jwt_id', iss: transmitter.issuer, jti: 'j', id: 's1' };
    expect((await push(await sign(claims(SESSION_REVOKED, { format: 'complex', user: ann(), session })))).status).toBe(
      202,
    );
    expect(await Promise.all(both.map(userOf))).toEqual([undefined, undefined]);
  });

  it('with an event that is known beside others does what that says', async () => {
    const browser = await logIn();
    const set = claims(SESSION_REVOKED, ann(), { events: { 'https://example.com/x': {}, [SESSION_REVOKED]: {} } });
    expect((await push(await sign(set))).status).toBe(202);
    expect(await userOf(browser)).toBeUndefined();
  });

  it.each<[string, () => object]>([
    ['another issuer’s user', () => ({ format: 'iss_sub', iss: 'https://other.example', sub: 'ann' })],
    ['an e-mail address', () => ({ format: 'email', email: 'ann' })],
    ['a phone number', () => ({ format: 'phone_number', phone_number: '+1' })],
    ['a user without a name', () => ({ format: 'iss_sub', iss: transmitter.issuer })],
    ['a user whose name is a number', () => ({ format: 'iss_sub', iss: transmitter.issuer, sub: 7 })],
    ['a user in another format', () => ({ format: 'account', iss: transmitter.issuer, sub: 'ann' })],
    ['a tenant', () => ({ format: 'complex', tenant: { format: 'opaque', id: 'ann' } })],
    ['an empty session', () => ({ format: 'opaque', id: '' })],
    ['nothing at all', () => ({})],
  ])('about %s is acknowledged, ends nothing, and an event says so', async (_, subject) => {
    const browser = await logIn();
    world.takeEvents();
    expect((await push(await sign(claims(SESSION_REVOKED, subject())))).status).toBe(202);
    expect(world.takeEvents()).toEqual(['provider-logout-refused']);
    expect(await userOf(browser)).toBe('ann');
  });

  it.each<[string, EventTarget, boolean, boolean]>([
    ['a user', { userId: 'ann' }, true, true],
    ['a session', { sid: 's1' }, true, false],
    ['a session of a user', { sid: 's1', userId: 'ann' }, true, false],
  ])('is about whom the option subject makes of it: %s', async (_, target, first, second) => {
    const seen: unknown[] = [];
    const mapped = endpoint({
      subject: async (subject, event) => {
        seen.push([subject, event]);
        return target;
      },
    });
    const both = [await logIn(), await logIn('s2')];
    const email = { format: 'email', email: 'ann@example.com' };
    expect((await push(await sign(claims(SESSION_REVOKED, email)), mapped)).status).toBe(202);
    expect(seen).toEqual([[email, SESSION_REVOKED]]);
    expect(await Promise.all(both.map(userOf))).toEqual([first, second].map((ended) => (ended ? undefined : 'ann')));
  });

  it('means the logins of the issuer that idTokenIssuer names', async () => {
    const login = 'https://login.example.com';
    const browser = await logIn('s1', login);
    const token = await sign(claims(SESSION_REVOKED, { format: 'opaque', id: 's1' }));
    await push(token);
    expect(await userOf(browser)).toBe('ann');
    expect((await push(token, endpoint({ idTokenIssuer: login }))).status).toBe(202);
    expect(await userOf(browser)).toBeUndefined();
  });

  it('is answered in a Lambda as well', async () => {
    const browser = await logIn();
    const body = await sign(claims(SESSION_REVOKED, ann()));
    const event = httpApiEvent({ method: 'POST', path: '/events', headers: TYPE, body });
    expect(await events.lambda(event)).toMatchObject({ statusCode: 202 });
    expect(await userOf(browser)).toBeUndefined();
  });
});

describe('what is no event of the transmitter for us is refused by the codes of RFC 8935 (L13)', () => {
  const of =
    (some: object, header: object = {}) =>
    () =>
      sign(claims(SESSION_REVOKED, ann(), some), header);

  it.each<[string, () => Promise<string> | string, string]>([
    ['no token', () => 'hello', 'invalid_request'],
    ['another issuer', of({ iss: 'https://evil.example' }), 'invalid_issuer'],
    ['another audience', of({ aud: 'https://bank.example' }), 'invalid_audience'],
    [
      'somebody else’s signature',
      async () => transmitter.sign(claims(SESSION_REVOKED, ann()), { typ: 'secevent+jwt' }, await newKey('first')),
      'authentication_failed',
    ],
    ['another key', of({}, { kid: 'other' }), 'invalid_key'],
    ['the type of a logout token', of({}, { typ: 'logout+jwt' }), 'invalid_request'],
    ['the type JWT', of({}, { typ: 'JWT' }), 'invalid_request'],
    ['no jti', of({ jti: undefined }), 'invalid_request'],
    ['no iat', of({ iat: undefined }), 'invalid_request'],
    ['no events', of({ events: undefined }), 'invalid_request'],
    ['an empty set of events', of({ events: {} }), 'invalid_request'],
    ['a list of events', of({ events: [SESSION_REVOKED] }), 'invalid_request'],
    ['no subject', of({ sub_id: undefined }), 'invalid_request'],
    ['a subject that is text', of({ sub_id: 'ann' }), 'invalid_request'],
    [
      'an event of two months ago',
      () => sign(claims(SESSION_REVOKED, ann(), { iat: world.now - 60 * 86_400 })),
      'invalid_request',
    ],
  ])('%s', async (_, make, err) => {
    const browser = await logIn();
    const response = await push(await make());
    expect([response.status, response.headers.get('content-type'), response.headers.get('content-language')]).toEqual([
      400,
      'application/json',
      'en',
    ]);
    expect(await response.json()).toEqual({ err, description: expect.any(String) });
    expect(await userOf(browser)).toBe('ann');
  });

  it('a form', async () => {
    const token = await sign(claims(SESSION_REVOKED, ann()));
    expect((await push(token, events, { 'content-type': 'application/x-www-form-urlencoded' })).status).toBe(400);
  });
});

describe('the header Authorization that was agreed upon', () => {
  const AGREED = { ...TYPE, authorization: 'Bearer agreed' };
  const revoked = (): Promise<string> => sign(claims(SESSION_REVOKED, ann()));

  it('lets an event in, and any other, or none, is refused before anything else is looked at', async () => {
    const browser = await logIn();
    const closed = endpoint({ authorization: 'Bearer agreed' });
    world.takeEvents();
    for (const headers of [
      TYPE,
      { ...TYPE, authorization: 'Bearer other' },
      { ...TYPE, authorization: 'Bearer agreed and more' },
      { ...TYPE, authorization: 'bearer agreed' },
      { ...TYPE, authorization: 'Bearer' },
    ]) {
      const response = await push(await revoked(), closed, headers);
      expect(response.status).toBe(400);
      expect(response.headers.get('content-language')).toBe('en');
      expect(await response.json()).toEqual({ err: 'authentication_failed', description: expect.any(String) });
    }
    expect(await (await push('hello', closed, { 'content-type': 'text/html' })).json()).toMatchObject({
      err: 'authentication_failed',
    });
    expect(transmitter.requests).toEqual([]);
    expect(world.takeEvents()).toEqual(Array(6).fill('provider-logout-refused'));
    expect(await userOf(browser)).toBe('ann');
    expect((await push(await revoked(), closed, AGREED)).status).toBe(202);
    expect(await userOf(browser)).toBeUndefined();
  });

  it('does not stand for a signature', async () => {
    const forged = await transmitter.sign(
      claims(SESSION_REVOKED, ann()),
      { typ: 'secevent+jwt' },
      await newKey('first'),
    );
    const response = await push(forged, endpoint({ authorization: 'Bearer agreed' }), AGREED);
    expect([response.status, await response.json()]).toEqual([
      400,
      { err: 'authentication_failed', description: 'The token’s signature is wrong.' },
    ]);
  });

  it('may be one of several, while it changes', async () => {
    const open = endpoint({ authorization: ['Bearer new', 'Bearer agreed'] });
    expect((await push(await revoked(), open, AGREED)).status).toBe(202);
    expect((await push(await revoked(), open, { ...TYPE, authorization: 'Bearer new' })).status).toBe(202);
    expect((await push(await revoked(), open, { ...TYPE, authorization: 'Bearer old' })).status).toBe(400);
  });

  it('is read in a Lambda, and by any other server', async () => {
    const closed = endpoint({ authorization: 'Bearer agreed' });
    for (const [headers, statusCode] of [[TYPE, 400] as const, [AGREED, 202] as const]) {
      const body = await revoked();
      const event = httpApiEvent({ method: 'POST', path: '/events', headers, body });
      expect(await closed.lambda(event)).toMatchObject({ statusCode });
      const { 'content-type': contentType, authorization } = { authorization: undefined, ...headers };
      expect(await closed.answer({ method: 'POST', contentType, authorization, body })).toMatchObject({ statusCode });
    }
  });

  it('is demanded of nobody by default', async () => {
    expect((await push(await revoked(), events, AGREED)).status).toBe(202);
  });

  it.each([[''], [' Bearer x'], ['Bearer x\n'], [[]], [['Bearer x', '']], [7], [{}]])(
    'is a ConfigurationError as %j',
    (authorization) => {
      expect(() => endpoint({ authorization } as never)).toThrow(ConfigurationError);
    },
  );
});

describe('securityEvents', () => {
  it('asks for the keys where the transmitter’s configuration says', async () => {
    await push(await sign(claims(SESSION_REVOKED, ann())));
    expect(transmitter.requests).toEqual(['/.well-known/ssf-configuration', '/keys']);
    const below = endpoint({ issuer: `${transmitter.issuer}/tenant` });
    expect((await push(await sign(claims(SESSION_REVOKED, ann())), below)).status).toBe(503);
    expect(transmitter.requests.at(-1)).toBe('/.well-known/ssf-configuration/tenant');
  });

  it('answers with a 503 while the store cannot be reached, and the same event again is done', async () => {
    const browser = await logIn();
    let isDown = true;
    const flaky = layerWith(persistence, {
      raiseUserMark: (...call) => (isDown ? Promise.reject(new Error('down')) : persistence.raiseUserMark(...call)),
    });
    const to = endpoint({}, world.sessions({ persistence: flaky }));
    const token = await sign(claims(`${RISC}account-disabled`, ann()));
    expect((await push(token, to)).status).toBe(503);
    expect(await userOf(browser)).toBe('ann');
    isDown = false;
    expect((await push(token, to)).status).toBe(202);
    expect(await userOf(browser)).toBeUndefined();
  });

  it.each([{ subject: 'sub' }, { subjects: () => undefined }, { issuer: 'http://example.com' }])(
    'is a ConfigurationError with %j',
    (options) => {
      expect(() => endpoint(options as never)).toThrow(ConfigurationError);
    },
  );
});
