import { generateKeyPairSync, KeyObject, randomBytes, sign as signBytes } from 'node:crypto';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkProof } from '../../src/dbsc/proof.js';
import { MemoryPersistenceLayer } from '../../src/index.js';
import { type Algorithm, type DeviceBrowser, type ProofParts, sign } from '../world/device-browser.js';
import { layerWith } from '../world/layer-with.js';
import { Application, ORIGIN } from './application.js';

const AUDIENCE = `${ORIGIN}/dbsc/refresh`;

const der = async (key: CryptoKey): Promise<Uint8Array> =>
  Buffer.from((await exportSPKI(key)).replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');

describe.each(['ES256', 'RS256'] as const)('the proof of a device with %s', (alg) => {
  let key: Awaited<ReturnType<typeof generateKeyPair>>;
  let known: Uint8Array;
  let jwk: object;
  beforeEach(async () => {
    key = await generateKeyPair(alg, { extractable: true });
    known = await der(key.publicKey);
    jwk = await exportJWK(key.publicKey);
  });
  const registering = (parts: ProofParts = {}): Promise<string> =>
    sign(alg, key, 'challenge', { ...parts, header: { jwk, ...parts.header } });
  const refreshing = (parts: ProofParts = {}): Promise<string> => sign(alg, key, 'challenge', parts);

  it('registers the key that it brings, bare and as a quoted string', async () => {
    const text = await registering();
    for (const spelled of [text, `"${text}"`]) {
      expect(checkProof(spelled, undefined, AUDIENCE)).toEqual({
        key: Buffer.from(known),
        challenge: 'challenge',
        authorization: '',
      });
    }
  });

  it('is good for the key that the session has', async () => {
    const text = await refreshing();
    for (const spelled of [text, `"${text}"`]) expect(checkProof(spelled, known, AUDIENCE)).toBeDefined();
  });

  it('is good for no key, if what is stored is none', async () => {
    const text = await refreshing();
    for (const damaged of [known.subarray(1), known.subarray(0, -1), randomBytes(91), new Uint8Array()]) {
      expect(checkProof(text, damaged, AUDIENCE)).toBeUndefined();
    }
  });

  it('brings a key to register, and none afterwards (B4)', async () => {
    expect(checkProof(await refreshing(), undefined, AUDIENCE)).toBeUndefined();
    expect(checkProof(await registering(), known, AUDIENCE)).toBeUndefined();
    for (const strange of [null, 'key', 7, [], {}, { kty: 'oct', k: 'AAAA' }, { ...jwk, kty: 'OKP' }]) {
      expect(checkProof(await registering({ header: { jwk: strange } }), undefined, AUDIENCE)).toBeUndefined();
    }
  });

  it('has its type, and nothing critical that is not known (B4)', async () => {
    for (const typ of ['jwt', 'JWT', 'dbsc', 'at+jwt', undefined]) {
      expect(checkProof(await refreshing({ header: { typ } }), known, AUDIENCE)).toBeUndefined();
    }
    const critical = new SignJWT({ jti: 'challenge' }).setProtectedHeader({
      alg,
      typ: 'dbsc+jwt',
      b64: true,
      crit: ['b64'],
    });
    expect(checkProof(await critical.sign(key.privateKey), known, AUDIENCE)).toBeUndefined();
  });

  it('is for this URL if it says for which', async () => {
    expect(checkProof(await refreshing({ claims: { aud: AUDIENCE } }), known, AUDIENCE)).toBeDefined();
    for (const aud of ['https://evil.example/dbsc/refresh', `${ORIGIN}/dbsc/register`, [AUDIENCE], null, '']) {
      expect(checkProof(await refreshing({ claims: { aud } }), known, AUDIENCE)).toBeUndefined();
    }
  });

  it('answers a challenge, as text', async () => {
    for (const jti of [undefined, null, 7, ['challenge']]) {
      expect(checkProof(await refreshing({ claims: { jti } }), known, AUDIENCE)).toBeUndefined();
    }
  });

  it('is signed by that key, and whole (B3)', async () => {
    const other = await generateKeyPair(alg);
    expect(checkProof(await sign(alg, other, 'challenge'), known, AUDIENCE)).toBeUndefined();
    const whole = await refreshing();
    const [head, body, signature = ''] = whole.split('.');
    const [, otherBody] = (await sign(alg, key, 'another')).split('.');
    const short = Buffer.from(signature, 'base64url').subarray(1).toString('base64url');
    for (const forged of [
      `${head}.${otherBody}.${signature}`,
      `${head}.${body}.${short}`,
      `${head}.${body}.`,
      `${head}.${body}`,
      `${head}.${body}.${signature}.`,
      `${head}.${body}.${signature} `.replace(' ', '='),
      `${body}.${head}.${signature}`,
      `!${whole}`,
      `"${whole}`,
      `${whole}"`,
      `x"${whole}"`,
      `"${whole}"x`,
      '',
      '"',
    ]) {
      expect(checkProof(forged, known, AUDIENCE)).toBeUndefined();
    }
  });

  it('has no other algorithm than that of its key (B4)', async () => {
    for (const claimed of [
      'none',
      'HS256',
      'ES384',
      'PS256',
      'RS512',
      alg === 'ES256' ? 'RS256' : 'ES256',
      undefined,
    ]) {
      const [, body, signature] = (await refreshing()).split('.');
      const head = Buffer.from(JSON.stringify({ alg: claimed, typ: 'dbsc+jwt' })).toString('base64url');
      // By the key itself, over a header that lies.
      const lying = { key: KeyObject.from(key.privateKey), dsaEncoding: 'ieee-p1363' } as const;
      const signed = signBytes('sha256', Buffer.from(`${head}.${body}`), lying).toString('base64url');
      for (const forged of [`${head}.${body}.${signature}`, `${head}.${body}.AA`, `${head}.${body}.${signed}`]) {
        expect(checkProof(forged, known, AUDIENCE)).toBeUndefined();
      }
    }
    // The public key as the secret of an HMAC.
    const hmac = new SignJWT({ jti: 'challenge' }).setProtectedHeader({ alg: 'HS256', typ: 'dbsc+jwt' });
    expect(checkProof(await hmac.sign(known), known, AUDIENCE)).toBeUndefined();
  });

  it('has claims that are an object', async () => {
    const [head, , signature] = (await refreshing()).split('.');
    for (const claims of ['null', '1', '"text"', 'true']) {
      const body = Buffer.from(claims).toString('base64url');
      expect(checkProof(`${head}.${body}.${signature}`, known, AUDIENCE)).toBeUndefined();
    }
  });

  it('is short, and nothing that JSON does not read', async () => {
    const long = await refreshing({ claims: { padding: 'x'.repeat(4_096) } });
    expect(checkProof(long, known, AUDIENCE)).toBeUndefined();
    const { length } = await refreshing({ claims: { padding: '' } });
    expect(
      checkProof(await refreshing({ claims: { padding: 'x'.repeat(2_000 - length) } }), known, AUDIENCE),
    ).toBeDefined();
    const [, body, signature] = (await refreshing()).split('.');
    for (const text of ['', 'null', '7', '"text"', '[]', '{', '{"typ":"dbsc+jwt"']) {
      const head = Buffer.from(text).toString('base64url') || 'A';
      expect(checkProof(`${head}.${body}.${signature}`, known, AUDIENCE)).toBeUndefined();
      expect(checkProof(`${body}.${head}.${signature}`, known, AUDIENCE)).toBeUndefined();
    }
  });

  it('does not throw, whatever it is', () => {
    for (let seed = 0; seed < 200; seed += 1) {
      const text = [1, 2, 3].map(() => randomBytes(seed % 40).toString('base64url')).join('.');
      expect(checkProof(text, known, AUDIENCE)).toBeUndefined();
      expect(checkProof(text, undefined, AUDIENCE)).toBeUndefined();
    }
  });
});

describe('the key of a device', () => {
  const withKey = async (type: 'rsa' | 'ec', options: object, alg: string): Promise<string> => {
    const { publicKey, privateKey } = generateKeyPairSync(type as 'rsa', options as { modulusLength: number });
    const header = { alg, typ: 'dbsc+jwt', jwk: publicKey.export({ format: 'jwk' }) as object };
    // Another implementation would not sign with a key that is too short.
    const { sign: signRaw } = await import('node:crypto');
    const text = [header, { jti: 'challenge' }]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.');
    const signature = signRaw('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${text}.${signature.toString('base64url')}`;
  };

  it('is on the curve P-256, and on no other (B4)', async () => {
    expect(checkProof(await withKey('ec', { namedCurve: 'P-256' }, 'ES256'), undefined, AUDIENCE)).toBeDefined();
    for (const namedCurve of ['P-384', 'secp256k1']) {
      expect(checkProof(await withKey('ec', { namedCurve }, 'ES256'), undefined, AUDIENCE)).toBeUndefined();
    }
  });

  it('is an RSA key of 2,048 to 3,072 bits, with the usual exponent (B4)', { timeout: 60_000 }, async () => {
    for (const modulusLength of [2_048, 3_072]) {
      expect(checkProof(await withKey('rsa', { modulusLength }, 'RS256'), undefined, AUDIENCE)).toBeDefined();
    }
    for (const options of [
      { modulusLength: 1_024 },
      { modulusLength: 3_080 },
      { modulusLength: 2_048, publicExponent: 3 },
    ]) {
      expect(checkProof(await withKey('rsa', options, 'RS256'), undefined, AUDIENCE)).toBeUndefined();
    }
  });

  it('is a point of its curve', async () => {
    const { publicKey } = await generateKeyPair('ES256');
    const jwk = { ...(await exportJWK(publicKey)), y: randomBytes(32).toString('base64url') };
    const text = await sign('ES256', await generateKeyPair('ES256'), 'challenge', { header: { jwk } });
    expect(checkProof(text, undefined, AUDIENCE)).toBeUndefined();
  });
});

/** An application on the store, in which each session ends just before something is written to it. */
const endingWith = (store: MemoryPersistenceLayer): Application =>
  new Application(
    layerWith(store, {
      saveSession: async (id, ...save) => {
        await store.deleteSession(id);
        return store.saveSession(id, ...save);
      },
    }),
  );

describe('16. the registration of a device', () => {
  let store: MemoryPersistenceLayer;
  let application: Application;
  beforeEach(() => {
    store = new MemoryPersistenceLayer();
    application = new Application(store);
  });
  const invited = async (): Promise<DeviceBrowser> => {
    const browser = application.browser({ binds: false });
    await browser.visit('/login');
    application.events.length = 0;
    return browser;
  };

  it('is for the minute after a login (B2)', async () => {
    const browser = await invited();
    application.now += 60;
    expect((await browser.register()).status).toBe(403);
    expect(application.takeBindingEvents()).toEqual(['binding-refused too-late refused']);
    application.now -= 1;
    expect((await browser.register()).status).toBe(200);
  });

  it('answers the challenge of this login, and no other (B2)', async () => {
    const earlier = await invited();
    const later = earlier.thief();
    await later.visit('/login');
    const stranger = await invited();
    later.invitation = stranger.invitation;
    expect((await later.register()).status).toBe(403);
    expect(application.takeBindingEvents()).toEqual(['binding-refused other-challenge refused']);
  });

  it('happens once: neither a second device nor the same challenge again gets a session that has a key (B2)', async () => {
    const browser = await invited();
    const second = browser.thief();
    second.invitation = browser.invitation;
    expect((await browser.register()).status).toBe(200);
    application.takeBindingEvents();
    expect((await second.register()).status).toBe(403);
    expect(application.takeBindingEvents()).toEqual(['binding-refused other-challenge refused']);
    expect((await browser.prove()).status).toBe(200);
  });

  it('is of no use to a thief who has the cookie, but not what the response to the login said (B2)', async () => {
    const browser = await invited();
    const thief = browser.thief();
    for (const challenge of ['', browser.jar.get('__Host-id'), randomBytes(24).toString('base64url')]) {
      thief.invitation = `;path="/.well-known/dynamodb-sessions/register";challenge="${challenge || 'x'}"`;
      expect((await thief.register()).status).toBe(403);
    }
    expect((await browser.register()).status).toBe(200);
  });

  it('is for a session in which somebody is logged in', async () => {
    const browser = await invited();
    const stranger = application.browser({ binds: false });
    stranger.invitation = browser.invitation;
    await stranger.visit('/save');
    expect((await stranger.register()).status).toBe(403);
  });

  it('is told to wait, and not that the session has ended, if another login has just taken it over', async () => {
    const browser = await invited();
    const before = browser.thief();
    before.invitation = browser.invitation;
    await browser.visit('/login');
    expect((await before.register()).status).toBe(503);
    expect((await browser.register()).status).toBe(200);
  });

  it('is told to wait, and gets nothing, if the session ends while it is answered', async () => {
    const browser = await invited();
    const answered = await browser.through(endingWith(store).send).register();
    expect([answered.status, answered.setCookies]).toEqual([503, []]);
  });

  it('is refused with a proof that is none', async () => {
    const browser = await invited();
    const answered = await browser.ask('POST', browser.invited.path);
    expect(answered.status).toBe(403);
    expect(application.takeBindingEvents()).toEqual(['binding-refused bad-proof refused']);
  });
});

// The browser sends no SameSite cookie with what it asks by itself if another site has brought the user here.
describe('a browser whose user comes from another site', () => {
  let application: Application;
  beforeEach(() => {
    application = new Application(new MemoryPersistenceLayer());
  });
  const withoutCookies = (browser: DeviceBrowser): DeviceBrowser => {
    const { bound, challenge, invitation } = browser;
    return Object.assign(application.browser({ binds: false }), { bound, challenge, invitation });
  };

  it('registers by the challenge of the login and its session’s ID', async () => {
    const browser = application.browser({ binds: false });
    await browser.visit('/login');
    const crossing = withoutCookies(browser);
    expect((await crossing.register({ claims: { authorization: undefined } })).status).toBe(401);
    expect((await crossing.register({ claims: { authorization: 'x' } })).status).toBe(401);
    expect((await crossing.register({ claims: { jti: 'x' } })).status).toBe(403);
    const answered = await crossing.register();
    expect([answered.status, answered.setCookies.map((cookie) => cookie.split('=', 1)[0])]).toEqual([
      200,
      ['__Host-id-bound'],
    ]);
    browser.jar.receive({ cookies: answered.setCookies });
    expect((await browser.visit('/bound')).body).toBe('true');
  });

  it('renews the bound cookie by its proof, and gets no other cookie for it', async () => {
    application = new Application(new MemoryPersistenceLayer(), {}, { rotationInterval: 60 });
    const browser = await application.boundBrowser();
    const crossing = withoutCookies(browser);
    application.now += 540;
    crossing.restart();
    expect((await crossing.prove()).status).toBe(403);
    const answered = await crossing.prove();
    expect(answered.status).toBe(200);
    expect(answered.setCookies.map((cookie) => cookie.split('=', 1)[0])).toEqual(['__Host-id-bound']);
    browser.jar.receive({ cookies: answered.setCookies });
    Object.assign(browser, { challenge: crossing.challenge });
    expect((await browser.visit('/bound')).body).toBe('true');
  });

  it('gets nothing without the key, for all IDs that it may know', async () => {
    const browser = await application.boundBrowser();
    const stranger = Object.assign(withoutCookies(browser), { bound: undefined });
    const own = await application.boundBrowser();
    const { id } = browser.bound!;
    Object.assign(stranger, { bound: { ...own.bound!, id } });
    expect((await stranger.prove()).status).toBe(403);
    expect((await stranger.prove()).status).toBe(403);
    for (const unknown of ['', 'x', `${'A'.repeat(21)}A`]) {
      Object.assign(stranger, { bound: { ...own.bound!, id: unknown } });
      expect((await stranger.prove()).status).toBe(401);
    }
  });

  it('is told that a session has ended, by whatever has ended it', async () => {
    const browser = await application.boundBrowser();
    const crossing = withoutCookies(browser);
    application.now += 301; // the mark of the user is looked at when a touch is due
    await application.instance.options.persistence.raiseUserMark?.('ann', application.now + 3_600, {
      now: application.now,
    });
    expect((await crossing.prove()).status).toBe(401);
    expect(application.takeEvents()).toEqual(['revoked']);
    const other = await application.boundBrowser();
    const late = withoutCookies(other);
    await other.visit('/logout');
    expect((await late.prove()).status).toBe(401);
  });
});

describe('16. the renewal of a bound cookie', () => {
  let store: MemoryPersistenceLayer;
  let application: Application;
  let browser: DeviceBrowser;
  beforeEach(async () => {
    store = new MemoryPersistenceLayer();
    application = new Application(store);
    browser = await application.boundBrowser();
    browser.own.length = 0;
  });

  it('is told to wait, and gets nothing, if the session ends while it is answered', async () => {
    const answered = await browser.through(endingWith(store).send).prove();
    expect([answered.status, answered.setCookies]).toEqual([503, []]);
  });

  it('takes a proof for the origin that the Host names, or the option, if it says for which it is', async () => {
    const meant = { claims: { aud: ORIGIN + browser.bound!.refreshUrl } };
    const behind = { host: 'behind.internal' };
    expect((await browser.prove(meant, behind)).status).toBe(403);
    const told = new Application(store, { origin: ORIGIN });
    expect((await browser.through(told.send).prove(meant, behind)).status).toBe(200);
  });

  it('is told to wait with the cookies of two sessions that are both good', async () => {
    const other = await application.boundBrowser();
    const path = browser.bound!.refreshUrl;
    const cookies = [...browser.jar.cookies(), ...other.jar.cookies()];
    expect((await application.send({ method: 'POST', path, headers: {}, cookies })).status).toBe(503);
  });

  it('takes one request, for each answer has the challenge of the next', async () => {
    await browser.refresh();
    await browser.refresh();
    expect(browser.own).toEqual(['refresh 200', 'refresh 200']);
  });

  it('starts with a challenge where the browser has none, as after a restart: always the same until it is answered', async () => {
    browser.restart();
    const first = await browser.prove();
    const second = await browser.ask('POST', browser.bound!.refreshUrl, { 'sec-secure-session-id': browser.bound!.id });
    expect([first.status, second.status]).toEqual([403, 403]);
    expect(second.header('secure-session-challenge')).toBe(first.header('secure-session-challenge'));
    expect(first.header('secure-session-challenge')).toMatch(/^"[A-Za-z0-9_-]{32}";id="[A-Za-z0-9_-]{22}"$/);
    expect((await browser.prove()).status).toBe(200);
    expect(application.takeBindingEvents()).toEqual(['bound-again']);
  });

  it('takes a proof once (B3)', async () => {
    const { challenge } = browser;
    expect((await browser.prove()).status).toBe(200);
    Object.assign(browser, { challenge });
    const again = await browser.prove();
    expect(again.status).toBe(403);
    expect(again.header('secure-session-challenge')).not.toContain(challenge);
    expect(again.setCookies).toEqual([]);
    expect(application.takeBindingEvents()).toEqual(['bound-again', 'binding-refused other-challenge refused']);
    expect((await browser.prove()).status).toBe(200);
  });

  it('takes no proof that answers the challenge of another session (B3)', async () => {
    const other = await application.boundBrowser();
    const { challenge } = other;
    Object.assign(browser, { challenge });
    expect((await browser.prove()).status).toBe(403);
  });

  it('goes on after an answer that was lost', async () => {
    const { challenge } = browser;
    const lost = Object.assign(browser.thief(), { bound: browser.bound, challenge });
    expect((await lost.prove()).status).toBe(200);
    application.now += 540;
    expect((await browser.visit('/bound')).body).toBe('true');
    expect(browser.own).toEqual(['refresh 403', 'refresh 200']);
  });

  it('gives each of two at once its own answer: one new cookie, and one challenge', async () => {
    const answers = await Promise.all([browser.prove(), browser.prove()]);
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 403]);
    expect((await browser.refresh()).status).toBe(200);
    expect((await browser.visit('/bound')).body).toBe('true');
  });

  it('asks for the session by its ID, bare or quoted', async () => {
    const { id } = browser.bound!;
    expect((await browser.prove({}, { 'sec-secure-session-id': `"${id}"` })).status).toBe(200);
    const { refreshUrl } = browser.bound!;
    const without = await browser.ask('POST', refreshUrl, {});
    expect(without.status).toBe(403);
    expect(application.takeBindingEvents()).toEqual(['bound-again', 'binding-refused bad-proof refused']);
  });

  it('tells the browser to forget another session than that of the cookie', async () => {
    const other = await application.boundBrowser();
    const answered = await browser.prove({}, { 'sec-secure-session-id': other.bound!.id });
    expect(answered.status).toBe(401);
    expect((await other.prove()).status).toBe(200);
    expect((await browser.prove()).status).toBe(200);
  });

  it('keeps the challenge open whatever a thief with the cookie sends', async () => {
    const thief = Object.assign(browser.thief(), { bound: browser.bound });
    for (const more of [
      {},
      { 'secure-session-response': 'x' },
      { 'secure-session-response': `${'x'.repeat(9_000)}` },
    ]) {
      expect((await thief.prove({}, more)).status).toBe(403);
    }
    expect((await browser.prove()).status).toBe(200);
    expect(browser.own).toEqual(['refresh 200']);
  });

  it('is told to wait, and not that it has ended, right after a login whose key is not there yet', async () => {
    const { bound, challenge } = browser;
    const slow = Object.assign(browser.thief(), { bound, challenge });
    await browser.visit('/login');
    expect((await slow.prove()).status).toBe(503); // with the cookie from before
    const unbound = application.browser({ binds: false });
    await unbound.visit('/login');
    Object.assign(unbound, { bound: { ...bound!, id: unbound.jar.get('__Host-id')!.split('.', 1)[0] } });
    expect((await unbound.prove()).status).toBe(503);
    application.now += 60;
    expect((await unbound.prove()).status).toBe(401);
  });

  it('is found behind what is put before the path on its way, such as a stage', async () => {
    const { refreshUrl } = browser.bound!;
    const { path } = browser.invited;
    const statuses = await Promise.all(
      [refreshUrl, path].map(async (own) => (await browser.ask('POST', `/stage${own}`)).status),
    );
    expect(statuses).toEqual([403, 403]);
  });

  it('never reaches the handler, and is a POST', async () => {
    const reached: string[] = [];
    application.pages[browser.bound!.refreshUrl] = () => reached.push('handler');
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const answered = await browser.ask(method, browser.bound!.refreshUrl);
      expect([answered.status, answered.header('allow')]).toEqual([405, 'POST']);
    }
    await browser.prove();
    expect(reached).toEqual([]);
  });

  it.each<Algorithm>(['ES256', 'RS256'])('says all that the browser must know, with %s', async (alg) => {
    browser = application.browser({ alg });
    await browser.visit('/login');
    expect(browser.invitation).toMatch(
      /^\(ES256 RS256\);path="\/\.well-known\/dynamodb-sessions\/register";challenge="[A-Za-z0-9_-]{32}";authorization="[A-Za-z0-9_-]{22}"$/,
    );
    const answered = await browser.prove();
    expect(answered.header('content-type')).toBe('application/json');
    expect(answered.header('cache-control')).toBe('no-store');
    expect(JSON.parse(answered.body)).toEqual({
      session_identifier: browser.jar.get('__Host-id')?.split('.', 1)[0],
      refresh_url: '/.well-known/dynamodb-sessions/refresh',
      scope: { include_site: false, scope_specification: [] },
      allowed_refresh_initiators: ['*'],
      credentials: [{ type: 'cookie', name: '__Host-id-bound', attributes: 'Path=/; Secure; HttpOnly; SameSite=Lax' }],
    });
    expect(answered.setCookies).toEqual([
      expect.stringMatching(
        /^__Host-id-bound=[A-Za-z0-9_-]{32}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=540$/,
      ),
    ]);
  });
});
