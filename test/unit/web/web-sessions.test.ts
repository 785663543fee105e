import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ConfigurationError, type ReadonlySession, SessionClosedError } from '../../../src/index.js';
import { WebSessions } from '../../../src/web/index.js';
import type { App } from '../../world/world.js';
import { tryArrivals } from '../cookies/visits.js';
import { FORGED, LambdaWorld } from '../lambda/lambda-world.js';

const URL_ = 'https://app.example.com/';
const SESSION_COOKIE = /^__Host-id=[\w-]{22}\.[\w-]{32}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=2592000$/;
const CLEARED = '__Host-id=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT';
const OWN = ['seen=1; Path=/; Max-Age=60', 'lang=de; Path=/; Expires=Wed, 21 Oct 2037 07:28:00 GMT'] as const;

/** What the client gets of a response when the session has a cookie to send. */
async function committed(response: Response): Promise<Response> {
  const requests = new WebSessions(new LambdaWorld().sessions);
  const session = await requests.start(new Request(URL_));
  session.set('theme', 'dark');
  return requests.commit(session, response);
}

const withToken = (token: string): Request => new Request(URL_, { headers: { cookie: `lang=de; __Host-id=${token}` } });

/** A server for responses that come from `fetch`, whose headers nobody can change. */
const origin = createServer((request, response) => {
  const status = Number(request.url?.slice(1));
  response.writeHead(status, { 'set-cookie': [...OWN], etag: '"1"' }).end(status === 200 ? 'fetched' : undefined);
});
beforeAll(() => new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve)));
afterAll(() => new Promise((resolve) => origin.close(resolve)));
const fetched = (status: number): Promise<Response> =>
  fetch(`http://127.0.0.1:${(origin.address() as AddressInfo).port}/${status}`);

describe('a response to which the session adds its cookie', () => {
  it('C8: keeps its status, its headers, its own cookies and its body', async () => {
    const headers = new Headers({ 'content-type': 'text/html', vary: 'accept', 'x-count': '3' });
    for (const cookie of OWN) headers.append('set-cookie', cookie);
    const response = await committed(new Response('made', { status: 201, statusText: 'Made', headers }));

    expect([response.status, response.statusText, await response.text()]).toEqual([201, 'Made', 'made']);
    expect(response.headers.getSetCookie()).toEqual([...OWN, expect.stringMatching(SESSION_COOKIE)]);
    expect([...response.headers].filter(([name]) => name !== 'set-cookie')).toEqual([
      ['cache-control', 'no-store'],
      ['content-type', 'text/html'],
      ['vary', 'accept'],
      ['x-count', '3'],
    ]);
  });

  it.each<[string, string, string[]]>([
    ['no-store', 'the handler says nothing', []],
    ['private, max-age=60', 'it says so', ['private, max-age=60']],
    ['private, max-age=60', 'it says so in two headers', ['private', 'max-age=60']],
    ['private, no-store', 'it says public', ['public, max-age=300']],
    ['private, no-store', 'it says max-age only', ['max-age=300']],
    ['private, no-store', 'it says two things', ['private', 'public']],
  ])('C7: has %s for caches when %s', async (expected, _name, own) => {
    const headers = new Headers();
    for (const value of own) headers.append('Cache-Control', value);
    expect((await committed(new Response(null, { headers }))).headers.get('cache-control')).toBe(expected);
  });

  it.each(['CDN-Cache-Control', 'Cloudflare-CDN-Cache-Control', 'Vercel-CDN-Cache-Control', 'Surrogate-Control'])(
    'C7: has no %s, which caches would obey instead',
    async (name) => {
      const response = await committed(new Response(null, { headers: { [name]: 'max-age=300', 'x-own': '1' } }));
      expect([...response.headers.keys()]).toEqual(['cache-control', 'set-cookie', 'x-own']);
    },
  );

  it('may be a redirect, whose headers cannot be changed', async () => {
    const redirect = Response.redirect('https://app.example.com/home', 303);
    expect(() => redirect.headers.append('a', 'b')).toThrow(TypeError);
    const response = await committed(redirect);
    expect([response.status, response.headers.get('location')]).toEqual([303, 'https://app.example.com/home']);
    expect(response.headers.getSetCookie()).toEqual([expect.stringMatching(SESSION_COOKIE)]);
  });

  it.each([200, 204, 304])('may be a fetched %s, whose headers cannot be changed', async (status) => {
    const upstream = await fetched(status);
    expect(() => upstream.headers.append('a', 'b')).toThrow(TypeError);
    const response = await committed(upstream);
    expect([response.status, response.headers.get('etag')]).toEqual([status, '"1"']);
    expect(await response.text()).toBe(status === 200 ? 'fetched' : '');
    expect(response.headers.getSetCookie()).toEqual([...OWN, expect.stringMatching(SESSION_COOKIE)]);
  });

  it.each([204, 205, 304])('may be a %s, which has no body', async (status) => {
    const response = await committed(new Response(null, { status }));
    expect([response.status, response.body]).toEqual([status, null]);
    expect(response.headers.getSetCookie()).toHaveLength(1);
  });

  it('may stream: each part passes when it is there, and who stops reading stops the source', async () => {
    let cancelled: unknown;
    let controller!: ReadableStreamDefaultController<Uint8Array>;
    const source = new ReadableStream<Uint8Array>({
      start: (given) => void (controller = given),
      cancel: (reason) => void (cancelled = reason),
    });
    const response = await committed(new Response(source));
    const reader = response.body!.getReader();
    controller.enqueue(Buffer.from('one'));
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('one');
    controller.enqueue(Buffer.from('two'));
    expect(Buffer.from((await reader.read()).value!).toString()).toBe('two');
    await reader.cancel('enough');
    expect(cancelled).toBe('enough');
  });

  it('D5: may be used again by its handler, and hands no cookie to the next visitor', async () => {
    const constant = new Response(null, { status: 204 });
    const [first, second] = [await committed(constant), await committed(constant)];
    expect(constant.headers.getSetCookie()).toEqual([]);
    expect(first.headers.getSetCookie()).not.toEqual(second.headers.getSetCookie());
    expect(second.headers.getSetCookie()).toHaveLength(1);
  });

  it.each<[string, () => Response | Promise<Response>]>([
    ['a 101', () => Object.defineProperty(new Response(), 'status', { value: 101 })],
    ['a fetched 999', () => fetched(999)],
    ['Response.error()', () => Response.error()],
  ])('is returned as it came if it is %s, which no program can make', async (_name, make) => {
    const response = await make();
    expect(await committed(response)).toBe(response);
  });

  it('C5: clears the cookie of a session that was destroyed', async () => {
    const world = new LambdaWorld();
    const requests = new WebSessions(world.sessions);
    const session = await requests.start(withToken(await world.token()));
    await session.destroy();
    const response = await requests.commit(session, new Response('bye'));
    expect(response.headers.getSetCookie()).toEqual([CLEARED]);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });
});

describe('a response to which the session has nothing to add', () => {
  it('is the very same', async () => {
    const world = new LambdaWorld();
    const requests = new WebSessions(world.sessions);
    const session = await requests.start(withToken(await world.token()));
    expect(session.get('theme')).toBe('dark');
    const headers = { 'cache-control': 'public, max-age=300', 'cdn-cache-control': 'max-age=300' };
    const response = new Response('hello', { headers });
    expect(await requests.commit(session, response)).toBe(response);
    expect(Object.fromEntries(response.headers)).toMatchObject(headers);
    expect(world.calls).toEqual(['loadSession']);
  });

  it('C8: answers a visitor of whom nothing is known without a cookie and without a call', async () => {
    const world = new LambdaWorld();
    const requests = new WebSessions(world.sessions);
    const response = new Response('hello');
    expect(await requests.commit(await requests.start(new Request(URL_)), response)).toBe(response);
    expect(world.calls).toEqual([]);
  });
});

describe('create: true', () => {
  it('stores a session only for a request that can begin a visit', async () => {
    const { begun, expected } = await tryArrivals(async ({ method, headers }, cookie) => {
      const world = new LambdaWorld();
      const requests = new WebSessions(world.sessions, { cookie });
      const session = await requests.start({ method, headers: new Headers(headers) }, { create: true });
      const response = await requests.commit(session, new Response());
      expect(response.headers.getSetCookie()).toHaveLength(world.calls.length);
      return world.saved.size > 0;
    });
    expect(begun).toEqual(expected);
  });

  it('takes a request without a method for a GET', async () => {
    const requests = new WebSessions(new LambdaWorld().sessions);
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const session = await requests.start({ headers: new Headers(headers) }, { create: true });
    expect((await requests.commit(session, new Response())).headers.getSetCookie()).toHaveLength(1);
  });

  it('does not keep what is set from beginning a session', async () => {
    const requests = new WebSessions(new LambdaWorld().sessions);
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    const session = await requests.start(new Request(URL_, { method: 'POST', headers }));
    session.set('theme', 'dark');
    expect((await requests.commit(session, new Response())).headers.getSetCookie()).toHaveLength(1);
  });
});

describe('what a request says', () => {
  it('T5: is read from the cookie, never from the URL or the body', async () => {
    const world = new LambdaWorld();
    const token = await world.token();
    const requests = new WebSessions(world.sessions);
    const elsewhere = new Request(`${URL_}?__Host-id=${token}`, { method: 'POST', body: `__Host-id=${token}` });
    expect((await requests.start(elsewhere)).id).toBeUndefined();
    expect(world.calls).toEqual([]);
    expect((await requests.start(withToken(token))).id).toBeDefined();
  });

  it('C2: may be two cookie headers', async () => {
    const world = new LambdaWorld();
    const requests = new WebSessions(world.sessions);
    const headers = new Headers({ cookie: `__Host-id=${FORGED}` });
    headers.append('cookie', `__Host-id=${await world.token()}`);
    expect((await requests.start(new Request(URL_, { headers }))).get('theme')).toBe('dark');
  });

  it.each(['x-forwarded-for', 'forwarded', 'x-real-ip', 'cf-connecting-ip', 'true-client-ip'])(
    'F11: is not believed about the address: %s',
    async (name) => {
      const world = new LambdaWorld();
      const requests = new WebSessions(world.sessions);
      const headers = { [name]: '198.51.100.66', 'user-agent': 'Firefox' };
      const session = await requests.start(new Request(URL_, { headers }), { create: true });
      await session.commit();
      expect([...world.saved.values()]).toEqual([
        expect.objectContaining({ address: undefined, userAgent: 'Firefox' }),
      ]);
    },
  );

  it('F11: leaves the address to the server', async () => {
    const world = new LambdaWorld();
    const requests = new WebSessions(world.sessions);
    const session = await requests.start(new Request(URL_), { create: true, address: '203.0.113.7' });
    await session.commit();
    expect([...world.saved.values()]).toEqual([expect.objectContaining({ address: '203.0.113.7' })]);
  });

  it('F10: is answered before the deadline, whatever the store does', async () => {
    const world = new LambdaWorld({ loadSession: () => new Promise(() => {}) });
    const requests = new WebSessions(world.sessions);
    const started = requests.start(withToken(FORGED), { deadline: Date.now() + 20 });
    await expect(started).rejects.toMatchObject({ code: 'ERR_SESSION_STORE_UNAVAILABLE' });
  });
});

describe('a session that is only read', () => {
  it('writes nothing, not even what is due, and leaves the secret alone', async () => {
    const world = new LambdaWorld({}, { touchInterval: 0, rotationInterval: 0 });
    const token = await world.token();
    const requests = new WebSessions(world.sessions);
    const session = await requests.read({ headers: new Headers({ cookie: `__Host-id=${token}` }) });
    expect([session.get('theme'), session.keys(), session.userId]).toEqual(['dark', ['theme'], undefined]);
    expect(world.calls).toEqual(['loadSession']);
  });

  it.each<[string, (session: never) => unknown]>([
    [
      'set',
      (session: ReadonlySession<App> & { set: (key: string, value: string) => void }) => session.set('theme', 'light'),
    ],
    ['delete', (session: ReadonlySession<App> & { delete: (key: string) => void }) => session.delete('theme')],
    ['logIn', (session: ReadonlySession<App> & { logIn: (id: string) => Promise<void> }) => session.logIn('alice')],
    ['destroy', (session: ReadonlySession<App> & { destroy: () => Promise<void> }) => session.destroy()],
    ['commit', (session: ReadonlySession<App> & { commit: () => Promise<unknown> }) => session.commit()],
  ])('refuses %s, which does not compile either, when it is run', async (_name, change) => {
    const world = new LambdaWorld();
    const requests = new WebSessions(world.sessions);
    const session = await requests.read(withToken(await world.token()));
    await expect((async () => change(session as never))()).rejects.toBeInstanceOf(SessionClosedError);
    expect(session.get('theme')).toBe('dark');
    expect(world.calls).toEqual(['loadSession']);
  });
});

describe('WebSessions', () => {
  it('refuses cookie options that cannot work', () => {
    const { sessions } = new LambdaWorld();
    expect(() => new WebSessions(sessions, { cookie: { domain: 'example.com' } as never })).toThrow(ConfigurationError);
  });
});
