import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { engines } from '../engines/index.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { stubEnvironment } from './environment.js';
import { type LocalProvider, startProvider } from './provider.js';
import { type Handler, Visitor } from './visitor.js';

const ORIGIN = 'https://shop.example.com';

describe.each(engines())('the recipe for OpenID Connect, on $name', (engine) => {
  let table: TestTable;
  let provider: LocalProvider;
  let handler: Handler;
  /** How often the provider was asked to take a code. */
  let exchanges = 0;
  const warnings: string[] = [];

  beforeAll(async () => {
    // What the provider says about its defaults would hide other output.
    vi.spyOn(console, 'info').mockImplementation(() => {});
    vi.spyOn(console, 'warn').mockImplementation((message) => void warnings.push(String(message)));
    table = await createTestTable(engine);
    provider = await startProvider(ORIGIN, {
      async middleware({ path }, next) {
        if (path === '/token') exchanges++;
        await next();
      },
    });
    stubEnvironment(engine, table, provider.environment);
    ({ handler } = await import('../../examples/openid-connect/handler.js'));
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    await provider?.[Symbol.asyncDispose]();
    await table?.drop();
  });

  const newVisitor = (): Visitor => new Visitor(ORIGIN, handler);
  const isCallback = (url: string): boolean => url.startsWith(`${ORIGIN}/callback?`);

  /** Signs in at the provider. Returns the URL by which it sends the browser back, before the browser goes there. */
  const callbackOf = async (visitor: Visitor, login: string, path = '/login'): Promise<string> =>
    (await visitor.go(path, { login, password: 'any' }, isCallback)).location as string;

  /** Begins a login. Returns where the provider is asked to sign the user in. */
  const beginLogin = async (visitor: Visitor, path = '/login'): Promise<URL> =>
    new URL((await visitor.send(path)).location as string);

  const signedIn = async (login: string): Promise<Visitor> => {
    const visitor = newVisitor();
    await visitor.go('/login', { login, password: 'any' });
    return visitor;
  };

  /** Who the application takes somebody for. */
  const userOf = async (visitor: Visitor): Promise<string | undefined> =>
    /Hello (\w+)\./.exec((await visitor.send('/')).body)?.[1];

  /** The keys of the logins that have begun in a session. */
  const begunLogins = async ({ token }: Visitor): Promise<string[]> => {
    const [id = ''] = (token as string).split('.');
    const item = (await table.items()).find((candidate) => JSON.stringify(candidate).includes(id));
    return Object.keys(item as object).filter((name) => name.startsWith('data.login:'));
  };

  it('signs in, and returns to the page that was asked for', async () => {
    const visitor = newVisitor();
    expect(await userOf(visitor)).toBeUndefined();
    const { url } = await visitor.go('/login?returnTo=/basket?item=3', { login: 'ann', password: 'any' });
    expect(url).toBe(`${ORIGIN}/basket?item=3`);
    expect(await userOf(visitor)).toBe('ann');
    expect(await begunLogins(visitor)).toEqual([]);
  });

  it('asks for a code by state, nonce and PKCE, anew each time', async () => {
    const visitor = newVisitor();
    const asked = [await beginLogin(visitor), await beginLogin(visitor)].map(({ searchParams }) => searchParams);
    expect(Object.fromEntries(asked[0] as URLSearchParams)).toEqual({
      client_id: 'shop',
      response_type: 'code',
      scope: 'openid',
      redirect_uri: `${ORIGIN}/callback`,
      code_challenge_method: 'S256',
      state: expect.stringMatching(RANDOM) as string,
      nonce: expect.stringMatching(RANDOM) as string,
      code_challenge: expect.stringMatching(RANDOM) as string,
    });
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(new Set(asked.map((parameters) => parameters.get(name))).size).toBe(2);
    }
  });

  it('replaces the secret, so that a cookie that was planted before the login is worthless', async () => {
    const visitor = newVisitor();
    const callback = await callbackOf(visitor, 'ann');
    const [thief, before] = [visitor.thief(), visitor.token];
    expect((await visitor.send(callback)).status).toBe(303);
    expect(visitor.token).not.toBe(before);
    expect(await userOf(thief)).toBeUndefined();
    expect(await userOf(visitor)).toBe('ann');
  });

  describe('a callback', () => {
    it('of somebody else’s login signs nobody in, and disturbs no login of one’s own', async () => {
      const [attacker, victim] = [newVisitor(), newVisitor()];
      const foreign = await callbackOf(attacker, 'mallory');
      const own = await callbackOf(victim, 'ann');
      expect((await victim.send(foreign)).status).toBe(400);
      expect((await newVisitor().send(foreign)).status).toBe(400);
      expect(await userOf(victim)).toBeUndefined();
      await victim.send(own);
      expect((await victim.send(foreign)).status).toBe(400);
      expect(await userOf(victim)).toBe('ann');
    });

    it('with somebody else’s code in one’s own login signs nobody in', async () => {
      const [attacker, victim] = [newVisitor(), newVisitor()];
      const code = new URL(await callbackOf(attacker, 'mallory')).searchParams.get('code') as string;
      const mixed = new URL(await callbackOf(victim, 'ann'));
      mixed.searchParams.set('code', code);
      expect((await victim.send(mixed.href)).status).toBe(400);
      expect(await userOf(victim)).toBeUndefined();
    });

    it('works once, and again neither with the cookie from before nor with the new one', async () => {
      const visitor = newVisitor();
      const callback = await callbackOf(visitor, 'ann');
      const [thief, before] = [visitor.thief(), exchanges];
      expect((await visitor.send(callback)).status).toBe(303);
      expect((await visitor.send(callback)).status).toBe(400);
      expect((await thief.send(callback)).status).toBe(400);
      expect(exchanges - before).toBe(1); // the provider, which would refuse a second time, was not even asked
      expect([await userOf(visitor), await userOf(thief)]).toEqual(['ann', undefined]);
    });

    it('that arrives several times at once works once', async () => {
      const visitor = newVisitor();
      const callback = await callbackOf(visitor, 'ann');
      const before = exchanges;
      const answers = await Promise.all(Array.from({ length: 5 }, () => visitor.send(callback)));
      expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 400)).toHaveLength(4);
      expect(exchanges - before).toBe(1);
      expect(await userOf(visitor)).toBe('ann');
    });

    it('by which the provider refuses signs nobody in, and ends that login', async () => {
      const visitor = newVisitor();
      const { searchParams } = await beginLogin(visitor);
      const query = new URLSearchParams({ error: 'access_denied', state: searchParams.get('state') as string });
      expect(await visitor.send(`/callback?${query.toString()}`)).toMatchObject({ status: 400 });
      expect(await begunLogins(visitor)).toEqual([]);
      expect(await userOf(visitor)).toBeUndefined();
    });

    it.each([
      ['no state', ''],
      ['an empty one', 'state=&code=x'],
      ['one that is a name of Object’s', 'state=__proto__&code=x'],
      ['a very long one', `state=${'x'.repeat(9_000)}&code=x`],
      ['one that is no text', 'state=%ff%00%ed%a0%80&code=x'],
    ])('is answered, and is no error, with %s', async (_name, query) => {
      const visitor = newVisitor();
      await beginLogin(visitor);
      expect((await visitor.send(`/callback?${query}`)).status).toBe(400);
      expect(await begunLogins(visitor)).toHaveLength(1);
    });
  });

  describe('two logins in one browser', () => {
    it('both finish, whichever began first', async () => {
      const visitor = newVisitor();
      const [first, second] = [await beginLogin(visitor, '/login?returnTo=/one'), await beginLogin(visitor)];
      const callbacks = [await callbackOf(visitor, 'ann', second.href), await callbackOf(visitor, 'ann', first.href)];
      const answers = [await visitor.send(callbacks[0] as string), await visitor.send(callbacks[1] as string)];
      expect(answers.map(({ location }) => location)).toEqual([`${ORIGIN}/`, `${ORIGIN}/one`]);
      expect(await userOf(visitor)).toBe('ann');
    });

    it('sign the user in when they come back in the same moment', async () => {
      const visitor = newVisitor();
      const callbacks = [await callbackOf(visitor, 'ann'), await callbackOf(visitor, 'ann')];
      await Promise.all(callbacks.map((callback) => visitor.send(callback)));
      expect(await userOf(visitor)).toBe('ann');
    });

    it('of two users: the one who finishes last is signed in, in a session of their own', async () => {
      const [visitor, other] = [newVisitor(), newVisitor()];
      const first = await beginLogin(visitor);
      await visitor.send(await callbackOf(visitor, 'ann', (await beginLogin(visitor)).href));
      const annsToken = visitor.token as string;
      // Bob signs in at the provider in another browser, in which the first login did not begin.
      const bobs = await callbackOf(other, 'bob', first.href);
      expect((await visitor.send(bobs)).status).toBe(303);
      expect(await userOf(visitor)).toBe('bob');
      expect(visitor.token?.split('.')[0]).not.toBe(annsToken.split('.')[0]);
    });

    it('that begin at once without a cookie: one finishes, for the browser keeps one of two sessions', async () => {
      const visitor = newVisitor();
      const [first, second] = await Promise.all([beginLogin(visitor), beginLogin(visitor)]);
      const callbacks = [await callbackOf(visitor, 'ann', first.href), await callbackOf(visitor, 'ann', second.href)];
      const statuses = [];
      for (const callback of callbacks) statuses.push((await visitor.send(callback)).status);
      expect(new Set(statuses)).toEqual(new Set([303, 400]));
      expect(await userOf(visitor)).toBe('ann');
    });
  });

  it('keeps the five newest of the logins that were begun and given up', async () => {
    const visitor = newVisitor();
    const begun: URL[] = [];
    for (let count = 0; count < 8; count++) begun.push(await beginLogin(visitor));
    expect(await begunLogins(visitor)).toHaveLength(5);
    const finish = async ({ href }: URL): Promise<number> =>
      (await visitor.send(await callbackOf(visitor, 'ann', href))).status;
    expect([await finish(begun[2] as URL), await finish(begun[3] as URL)]).toEqual([400, 303]);
  });

  it.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '/\t/evil.example/',
    '/.//evil.example/',
    'https:evil.example',
    'https://shop.example.com.evil.example/',
    'https://shop.example.com@evil.example/',
    'http://shop.example.com/',
    'javascript:alert(1)',
    'https://',
  ])('leads nobody to another site by returnTo=%j', async (returnTo) => {
    const visitor = newVisitor();
    const callback = await callbackOf(visitor, 'ann', `/login?${new URLSearchParams({ returnTo }).toString()}`);
    const { location } = await visitor.send(callback);
    expect(new URL(location as string).origin).toBe(ORIGIN);
  });

  describe('a page that wants a recent proof', () => {
    it('has the provider ask again, though it knows the browser', async () => {
      const visitor = await signedIn('ann');
      const { searchParams } = await beginLogin(visitor, '/login?step-up');
      expect([searchParams.get('prompt'), searchParams.get('max_age')]).toEqual(['login', '300']);
      const before = visitor.token;
      const answer = await visitor.go('/payout', { login: 'ann', password: 'any' });
      expect(answer).toMatchObject({ url: `${ORIGIN}/payout`, status: 200 });
      expect(visitor.token).not.toBe(before);
    });

    it('is closed again after its time', async () => {
      const visitor = await signedIn('ann');
      const before = Date.now();
      await visitor.go('/payout', { login: 'ann', password: 'any' });
      const after = Date.now();
      const time = vi.spyOn(Date, 'now');
      try {
        time.mockReturnValue(before + 299_000);
        expect((await visitor.send('/payout')).status).toBe(200);
        time.mockReturnValue(after + 301_000);
        expect((await visitor.send('/payout')).status).toBe(303);
      } finally {
        time.mockRestore();
      }
    });

    it('is not opened by a login for which the provider asked nothing', async () => {
      const visitor = await signedIn('ann');
      await visitor.go('/payout', { login: 'ann', password: 'any' });
      await visitor.go('/login');
      expect(await userOf(visitor)).toBe('ann');
      expect(await visitor.send('/payout')).toMatchObject({ status: 303, location: expect.stringContaining('/login') });
    });

    it('stays closed if somebody takes the request for a proof out of the URL', async () => {
      const visitor = await signedIn('ann');
      const weaker = await beginLogin(visitor, '/login?step-up&returnTo=/payout');
      for (const name of ['prompt', 'max_age']) weaker.searchParams.delete(name);
      expect((await visitor.send(await callbackOf(visitor, 'ann', weaker.href))).status).toBe(400);
      expect((await visitor.send('/payout')).status).toBe(303);
    });

    it('is opened by another user’s proof for that user, not for the one before', async () => {
      const visitor = await signedIn('ann');
      const answer = await visitor.go('/payout', { login: 'bob', password: 'any' });
      expect(answer.body).toContain('bob');
      expect(await userOf(visitor)).toBe('bob');
    });
  });

  it('signs out here and at the provider, which asks who it is next time', async () => {
    const visitor = await signedIn('ann');
    const thief = visitor.thief();
    const { location } = await visitor.send('/logout', {});
    expect(visitor.token).toBeUndefined();
    expect(await userOf(thief)).toBeUndefined();
    expect((await visitor.go(location as string)).url).toBe(`${ORIGIN}/`);
    await visitor.go('/login', { login: 'bob', password: 'any' });
    expect(await userOf(visitor)).toBe('bob');
  });

  it('logs failures without a code, a state or a token', async () => {
    const visitor = newVisitor();
    const callback = new URL(await callbackOf(visitor, 'ann'));
    callback.searchParams.set('code', 'wrong');
    warnings.length = 0;
    await visitor.send(callback.href);
    expect(warnings).toEqual([expect.stringMatching(/^A login failed: /)]);
    expect(warnings[0]).not.toContain(callback.searchParams.get('state'));
  });
});

const RANDOM = /^[\w-]{43}$/;
