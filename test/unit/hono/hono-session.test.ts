import { type Context, Hono } from 'hono';
import { handle, streamHandle } from 'hono/aws-lambda';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import { stream } from 'hono/streaming';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StoreUnavailableError } from '../../../src/index.js';
import { honoSession, type HonoSessionOptions, type SessionEnv } from '../../../src/hono/index.js';
import type { App } from '../../world/world.js';
import { tryArrivals } from '../cookies/visits.js';
import { ADDRESS, httpApiEvent } from '../lambda/events.js';
import { contextOf, FORGED, LambdaWorld, tokenOf } from '../lambda/lambda-world.js';
import { awslambda, ResponseStream } from '../lambda/runtime.js';
import { serviceOf, services } from '../lambda/services.js';

const CAUSE = 'connect ECONNREFUSED 10.0.3.17:8000, table prod-sessions';
const failing = (): Promise<never> => Promise.reject(new Error(CAUSE));
const OWN = 'lang=de; Path=/; Expires=Wed, 21 Oct 2037 07:28:00 GMT';

function appOf(world: LambdaWorld, options: HonoSessionOptions = {}): Hono<SessionEnv<App>> {
  const app = new Hono<SessionEnv<App>>();
  app.use(honoSession(world.sessions, options));
  return app;
}

const lambdaContext = contextOf() as never;

/** The cookie that a browser would send back. */
const cookieOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');

describe.each(services)('Hono on Lambda, behind $name', (service) => {
  it('keeps a session from request to request, beside the headers and cookies of the handler', async () => {
    const world = new LambdaWorld();
    const app = appOf(world);
    app.get('/devices', (c) => {
      const visits = (c.var.session.get('visits') ?? 0) + 1;
      c.var.session.set('visits', visits);
      c.header('x-visits', String(visits));
      return c.text(String(visits));
    });
    const handler = handle(app);
    const first = service.receive(await handler(service.event() as never, lambdaContext));
    expect(first).toMatchObject({
      statusCode: 200,
      body: '1',
      headers: { 'x-visits': ['1'], 'cache-control': ['no-store'] },
    });
    const cookies = ['theme=light', `__Host-id=${tokenOf(first)}`, 'lang=de'];
    const second = service.receive(await handler(service.event({ cookies }) as never, lambdaContext));
    expect(second).toMatchObject({ statusCode: 200, body: '2', setCookies: [] });
  });

  it('F11: knows the client by what the event says', async () => {
    const world = new LambdaWorld();
    const app = appOf(world, { create: true });
    app.get('/devices', (c) => c.text('hello'));
    const headers = { 'cf-connecting-ip': '198.51.100.66', 'x-real-ip': '198.51.100.66' };
    await handle(app)(service.event({ headers }) as never, lambdaContext);
    expect([...world.saved.values()]).toEqual([
      expect.objectContaining({ address: ADDRESS, userAgent: expect.stringContaining('Firefox/140.0') }),
    ]);
  });

  it.each([
    ['no-store', {}],
    ['private, max-age=60', { 'cache-control': 'private, max-age=60' }],
    ['private, no-store', { 'cache-control': 'public, max-age=300', 'cdn-cache-control': 'max-age=300' }],
  ])('C7: has %s for caches beside its cookie when the handler sets %j', async (expected, own) => {
    const app = appOf(new LambdaWorld());
    app.get('/devices', (c) => {
      c.var.session.set('theme', 'dark');
      return c.body(null, 200, own);
    });
    const response = service.receive(await handle(app)(service.event() as never, lambdaContext));
    expect(response.setCookies).toHaveLength(1);
    expect(response.headers['cache-control']).toEqual([expected]);
    expect(response.headers).not.toHaveProperty('cdn-cache-control');
  });

  it('with create, begins a session only for a request that can begin a visit', async () => {
    const { begun, expected } = await tryArrivals(async ({ method, headers }, cookie) => {
      const world = new LambdaWorld();
      const app = appOf(world, { create: true, cookie });
      app.all('/devices', (c) => c.body(null));
      const response = service.receive(await handle(app)(service.event({ method, headers }) as never, lambdaContext));
      expect(response.setCookies).toHaveLength(world.calls.length);
      return world.saved.size > 0;
    });
    expect(begun).toEqual(expected);
  });

  it('L12: answers 503 when the session cannot be loaded, and leaves the cookie alone', async () => {
    const world = new LambdaWorld({ loadSession: failing });
    const event = service.event({ cookies: [`__Host-id=${FORGED}`] });
    expect(service.receive(await handle(appOf(world))(event as never, lambdaContext))).toMatchObject({
      statusCode: 503,
      headers: { 'cache-control': ['no-store'], 'retry-after': ['1'] },
      setCookies: [],
      body: 'Service Unavailable',
    });
  });

  it("F10: answers before the Lambda's time is up, whatever the store does", async () => {
    const world = new LambdaWorld({ loadSession: () => new Promise(() => {}) });
    const event = service.event({ cookies: [`__Host-id=${FORGED}`] });
    const result = await handle(appOf(world))(event as never, contextOf(300) as never);
    expect(service.receive(result).statusCode).toBe(503);
  });
});

// Hono's adapter encodes all of a header if a character is beyond ASCII: https://github.com/honojs/hono/pull/4437
describe.each(services)("a header that Hono's adapter encodes, behind $name", (service) => {
  it('does not hide the session', async () => {
    const world = new LambdaWorld();
    const app = appOf(world);
    app.get('/devices', (c) => c.text(c.var.session.get('theme') ?? 'no session'));
    const event = service.event({ cookies: ['name=é', `__Host-id=${await world.token({ theme: 'dark' })}`] });
    expect(service.receive(await handle(app)(event as never, lambdaContext)).body).toBe('dark');
  });

  it('does not disguise the client', async () => {
    const world = new LambdaWorld();
    const app = appOf(world, { create: true });
    const event = service.event({ headers: { 'user-agent': 'Zoé/1.0' } });
    await handle(app)(event as never, lambdaContext);
    expect([...world.saved.values()]).toEqual([
      expect.objectContaining({ userAgent: expect.not.stringContaining('%') }),
    ]);
  });
});

describe.each(['HTTP API', 'Function URL'])('a cookie with a character above U+00FF, behind a %s', (name) => {
  it('gets a 400 of Hono, before the middleware is asked', async () => {
    const world = new LambdaWorld();
    const service = serviceOf(name);
    const event = service.event({ cookies: ['name=中', `__Host-id=${await world.token()}`] });
    vi.spyOn(console, 'error').mockReturnValue();
    expect(service.receive(await handle(appOf(world))(event as never, lambdaContext)).statusCode).toBe(400);
    vi.restoreAllMocks();
    expect(world.calls).toEqual([]);
  });
});

describe.each(services.filter(({ name }) => name !== 'ALB with single headers'))(
  'the cookies of a Hono response for $name',
  (service) => {
    it("C8: are the handler's own and the session's", async () => {
      const app = appOf(new LambdaWorld());
      app.get('/devices', (c) => {
        c.var.session.set('theme', 'dark');
        c.header('set-cookie', 'seen=1', { append: true });
        c.header('set-cookie', OWN, { append: true });
        return c.redirect('/home');
      });
      const response = service.receive(await handle(app)(service.event() as never, lambdaContext));
      expect(response).toMatchObject({ statusCode: 302, headers: { location: ['/home'] } });
      expect(response.setCookies).toEqual(['seen=1', OWN, expect.stringMatching(/^__Host-id=/)]);
    });
  },
);

describe('the cookies of a Hono response for ALB with single headers', () => {
  it("are one, by Hono's adapter: turn on multi-value headers where a handler sets its own", async () => {
    const service = serviceOf('ALB with single headers');
    const app = appOf(new LambdaWorld());
    app.get('/devices', (c) => {
      c.var.session.set('theme', 'dark');
      c.header('set-cookie', OWN, { append: true });
      return c.text('hello');
    });
    const response = service.receive(await handle(app)(service.event() as never, lambdaContext));
    expect(response.setCookies).toEqual([OWN]);
  });
});

describe('Hono on Lambda, streaming', () => {
  afterEach(() => vi.unstubAllGlobals());

  async function streamed(app: Hono<SessionEnv<App>>, event: object, context = contextOf()) {
    vi.stubGlobal('awslambda', awslambda);
    const body = new ResponseStream();
    await (streamHandle(app) as unknown as (...parameters: unknown[]) => Promise<void>)(event, body, context);
    return body.received;
  }

  it('sends the cookie before the body, and the session can be read while it streams', async () => {
    const app = appOf(new LambdaWorld());
    app.get('/devices', (c) => {
      const { session } = c.var;
      session.set('theme', 'dark');
      return stream(c, async (out) => {
        await out.write('it is ');
        await out.write(session.get('theme') ?? '');
      });
    });
    expect(await streamed(app, httpApiEvent())).toMatchObject({
      prelude: {
        statusCode: 200,
        headers: { 'cache-control': 'no-store' },
        cookies: [expect.stringMatching(/^__Host-id=/)],
      },
      body: 'it is dark',
    });
  });

  it("F10: answers before the Lambda's time is up, whatever the store does", async () => {
    const world = new LambdaWorld({ loadSession: () => new Promise(() => {}) });
    const event = httpApiEvent({ cookies: [`__Host-id=${FORGED}`] });
    expect((await streamed(appOf(world), event, contextOf(300))).prelude?.statusCode).toBe(503);
  });
});

describe('Hono elsewhere', () => {
  it('C8: keeps what other middlewares add to the response, before and after', async () => {
    const world = new LambdaWorld();
    const app = new Hono<SessionEnv<App>>();
    app.use(async (c, next) => {
      await next();
      c.header('set-cookie', 'outer=1', { append: true });
      c.header('x-outer', '1');
    });
    app.use(honoSession(world.sessions));
    app.use(async (c, next) => {
      await next();
      c.header('set-cookie', 'inner=1', { append: true });
      c.header('x-inner', '1');
    });
    app.get('/', (c) => {
      c.var.session.set('theme', 'dark');
      return c.text('hello', 200, { 'set-cookie': 'own=1', 'cache-control': 'private' });
    });
    const response = await app.request('/');
    expect(response.headers.getSetCookie()).toEqual([
      'own=1',
      'inner=1',
      expect.stringMatching(/^__Host-id=/),
      'outer=1',
    ]);
    expect(['x-inner', 'x-outer', 'cache-control'].map((name) => response.headers.get(name))).toEqual([
      '1',
      '1',
      'private',
    ]);
  });

  it('C7: leaves a response to caches as the handler does if it has no cookie', async () => {
    const headers = { 'cache-control': 'public, max-age=300', 'cdn-cache-control': 'max-age=300' };
    const app = appOf(new LambdaWorld());
    app.get('/', (c) => c.body(null, 200, headers));
    expect(Object.fromEntries((await app.request('/')).headers)).toEqual(headers);
  });

  it('with create, begins a session only for a request that can begin a visit', async () => {
    const { begun, expected } = await tryArrivals(async ({ method, headers }, cookie) => {
      const world = new LambdaWorld();
      const app = appOf(world, { create: true, cookie });
      app.all('/', (c) => c.body(null));
      const response = await app.request('/', { method, headers });
      expect(response.headers.getSetCookie()).toHaveLength(world.calls.length);
      return world.saved.size > 0;
    });
    expect(begun).toEqual(expected);
  });

  it('may answer with a fetched response, a redirect, nothing, and a stream', async () => {
    const app = appOf(new LambdaWorld(), { create: true });
    app.get('/redirect', () => Response.redirect('https://app.example.com/home', 302));
    app.get('/data', () => fetch('data:text/plain,fetched'));
    app.get('/nothing', (c) => c.body(null, 204));
    app.get('/stream', (c) => stream(c, async (out) => void (await out.write('streamed'))));
    const answers = await Promise.all(
      ['/redirect', '/data', '/nothing', '/stream', '/missing'].map(async (path) => {
        const response = await app.request(path);
        return [response.status, await response.text(), response.headers.getSetCookie().length];
      }),
    );
    expect(answers).toEqual([
      [302, '', 1],
      [200, 'fetched', 1],
      [204, '', 1],
      [200, 'streamed', 1],
      [404, '404 Not Found', 1],
    ]);
  });

  it('takes the address from where the application says', async () => {
    const world = new LambdaWorld();
    const app = appOf(world, { create: true, address: ({ env }) => env.remote });
    app.get('/', (c) => c.text('hello'));
    await app.request('/', {}, { remote: '203.0.113.7' });
    expect([...world.saved.values()]).toEqual([expect.objectContaining({ address: '203.0.113.7' })]);
  });

  it('F11: knows of no address by itself, whatever the headers say', async () => {
    const world = new LambdaWorld();
    const app = appOf(world, { create: true });
    app.get('/', (c) => c.text('hello'));
    await app.request('/', { headers: { 'x-forwarded-for': '198.51.100.66' } });
    expect([...world.saved.values()]).toEqual([expect.objectContaining({ address: undefined })]);
  });

  it('L12: answers 503 when a login cannot be stored, although Hono has made a 500 of it', async () => {
    const app = appOf(new LambdaWorld({ saveSession: failing }));
    app.post('/login', async (c) => {
      await c.var.session.logIn('alice');
      return c.text('welcome');
    });
    const response = await app.request('/login', { method: 'POST' });
    expect([response.status, await response.text()]).toEqual([503, 'Service Unavailable']);
    expect(response.headers.getSetCookie()).toEqual([]);
  });

  it("L12: answers 503 without the handler's headers when what was set cannot be stored", async () => {
    const app = appOf(new LambdaWorld({ saveSession: failing }));
    app.get('/', (c) => {
      c.var.session.set('theme', 'dark');
      return c.text('saved!', 200, { 'set-cookie': 'own=1', 'x-secret': '1' });
    });
    const response = await app.request('/');
    expect([response.status, await response.text()]).toEqual([503, 'Service Unavailable']);
    expect([...response.headers.keys()]).toEqual(['cache-control', 'content-type', 'retry-after']);
  });

  it.each([
    ['the session cannot be loaded', { loadSession: failing }, {}],
    ['what was set cannot be stored', { saveSession: failing }, {}],
    ['the application answers instead', { saveSession: failing }, { onStoreError: () => new Response('sorry') }],
    [
      'it answers by way of Hono',
      { saveSession: failing },
      { onStoreError: (_: unknown, c: Context) => c.body('sorry') },
    ],
  ])('L12: keeps the headers of the middlewares around it, and only those, when %s', async (_name, broken, options) => {
    const world = new LambdaWorld(broken);
    const app = new Hono<SessionEnv<App>>();
    app.use(cors({ origin: 'https://shop.example.com', credentials: true }));
    app.use((c, next) => {
      c.header('x-request-id', '1');
      c.header('set-cookie', 'outer=1', { append: true });
      return next();
    });
    app.use(honoSession(world.sessions, options));
    app.get('/', (c) => {
      c.var.session.set('theme', 'dark');
      c.header('x-secret', '1');
      return c.text('saved!', 200, { 'set-cookie': 'own=1', etag: '1' });
    });
    const headers = { origin: 'https://shop.example.com', cookie: `__Host-id=${FORGED}` };
    const response = await app.request('/', { headers });
    expect(response.headers.get('access-control-allow-origin')).toBe('https://shop.example.com');
    expect(response.headers.get('x-request-id')).toBe('1');
    expect(response.headers.getSetCookie()).toEqual(['outer=1']);
    for (const own of ['x-secret', 'etag']) expect(response.headers.get(own)).toBeNull();
  });

  it('L12: lets the application answer instead, with the error to look at', async () => {
    const onStoreError = vi.fn<NonNullable<HonoSessionOptions['onStoreError']>>((_error, c) => c.redirect('/sorry'));
    const app = appOf(new LambdaWorld({ saveSession: failing }), { create: true, onStoreError });
    app.get('/', (c) => c.text('hello'));
    const response = await app.request('/');
    expect([response.status, response.headers.get('location')]).toEqual([302, '/sorry']);
    expect(onStoreError.mock.calls[0]?.[0]).toBeInstanceOf(StoreUnavailableError);
    expect(onStoreError.mock.calls[0]?.[0].cause).toMatchObject({ message: CAUSE });
  });

  it.each([
    ['an error', new TypeError('no'), 500],
    ['an HTTPException', new HTTPException(401, { message: 'who are you?' }), 401],
  ])('D5: saves nothing and sends nothing when a handler throws %s', async (_name, fault, status) => {
    const world = new LambdaWorld();
    const token = await world.token();
    const app = appOf(world);
    app.onError((error, c) => (error instanceof HTTPException ? error.getResponse() : c.text('oops', 500)));
    app.get('/', (c) => {
      c.var.session.set('theme', 'light');
      throw fault;
    });
    for (const headers of [{ cookie: `__Host-id=${token}` }, {}]) {
      const response = await app.request('/', { headers });
      expect([response.status, response.headers.getSetCookie()]).toEqual([status, []]);
    }
    expect(world.count('saveSession')).toBe(0);
  });

  it('D5: saves nothing when what a handler throws is no Error, and lets it pass', async () => {
    const world = new LambdaWorld();
    const app = appOf(world);
    app.get('/', (c) => {
      c.var.session.set('theme', 'light');
      throw 'a string';
    });
    await expect(Promise.resolve(app.request('/'))).rejects.toBe('a string');
    expect(world.calls).toEqual([]);
  });

  it('works in an application that is mounted in another', async () => {
    const world = new LambdaWorld();
    const inner = appOf(world);
    inner.get('/visit', (c) => {
      c.var.session.set('theme', 'dark');
      return c.text('hello');
    });
    const outer = new Hono().route('/inner', inner);
    outer.get('/plain', (c) => c.text('hello'));
    expect(cookieOf(await outer.request('/inner/visit'))).toMatch(/^__Host-id=/);
    expect((await outer.request('/plain')).headers.getSetCookie()).toEqual([]);
  });
});
