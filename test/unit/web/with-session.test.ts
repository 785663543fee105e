import { describe, expect, it, vi } from 'vitest';
import { StoreUnavailableError } from '../../../src/index.js';
import { type CookieOptions, WebSessions, withSession } from '../../../src/web/index.js';
import { LambdaWorld } from '../lambda/lambda-world.js';

const CAUSE = 'connect ECONNREFUSED 10.0.3.17:8000, table prod-sessions, key hunter2';
const failing = (): Promise<never> => Promise.reject(new Error(CAUSE));
const never = (): never => {
  throw new Error('the handler was called');
};

const request = (token?: string): Request =>
  new Request('https://app.example.com/', token === undefined ? {} : { headers: { cookie: `__Host-id=${token}` } });

/** The cookies that a browser would send back. */
const cookieOf = (response: Response): string =>
  response.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ');

async function expectUnavailable(response: Response): Promise<void> {
  expect(response.status).toBe(503);
  expect([...response.headers]).toEqual([
    ['cache-control', 'no-store'],
    ['content-type', 'text/plain; charset=utf-8'],
    ['retry-after', '1'],
  ]);
  expect(await response.text()).toBe('Service Unavailable');
}

describe('withSession for requests and responses', () => {
  it('keeps a session from request to request', async () => {
    const handler = withSession(new LambdaWorld().sessions, (_request, session) => {
      session.set('visits', (session.get('visits') ?? 0) + 1);
      return new Response(String(session.get('visits')));
    });
    const first = await handler(request());
    const second = await handler(new Request('https://app.example.com/', { headers: { cookie: cookieOf(first) } }));
    expect([await first.text(), await second.text()]).toEqual(['1', '2']);
    expect(second.headers.getSetCookie()).toEqual([]);
  });

  it('hands on what its framework hands over, to the handler and to the options', async () => {
    const world = new LambdaWorld({}, {});
    const handler = withSession(
      world.sessions,
      (_request, _session, { ip }: { readonly ip: string }, more: number) => new Response(`${ip} ${more}`),
      { create: true, address: (_request, { ip }) => ip },
    );
    expect(await (await handler(request(), { ip: '203.0.113.7' }, 2)).text()).toBe('203.0.113.7 2');
    expect([...world.saved.values()]).toEqual([expect.objectContaining({ address: '203.0.113.7' })]);
  });

  it.each([
    ['GET', 1],
    ['HEAD', 0],
    ['OPTIONS', 0],
  ])('with create, stores a session only for a request that can begin a visit: %s', async (method, sessions) => {
    const world = new LambdaWorld();
    const handler = withSession(world.sessions, () => new Response(), { create: true });
    const response = await handler(new Request('https://app.example.com/', { method }));
    expect([response.headers.getSetCookie().length, world.saved.size]).toEqual([sessions, sessions]);
  });

  it('L12: answers 503 and leaves the cookie alone when the session cannot be loaded', async () => {
    const world = new LambdaWorld({ loadSession: failing });
    await expectUnavailable(await withSession(world.sessions, never)(request(await world.token())));
  });

  it('L12: answers 503 and sends no cookie when what was set cannot be stored', async () => {
    const world = new LambdaWorld({ saveSession: failing });
    const handler = withSession(world.sessions, (_request, session) => {
      session.set('theme', 'dark');
      return new Response('saved!');
    });
    await expectUnavailable(await handler(request()));
  });

  it('L12: answers 503 when a login cannot be stored', async () => {
    const world = new LambdaWorld({ saveSession: failing });
    const handler = withSession(world.sessions, async (_request, session) => {
      await session.logIn('alice');
      return new Response('welcome');
    });
    await expectUnavailable(await handler(request()));
  });

  it('L12: lets the application answer instead, with the error to look at', async () => {
    const world = new LambdaWorld({ saveSession: failing });
    const sorry = new Response('sorry', { status: 502 });
    const onStoreError = vi.fn<(error: StoreUnavailableError, failed: Request, more: number) => Response>(() => sorry);
    const handler = withSession(
      world.sessions,
      (_request, session, _more: number) => {
        session.set('theme', 'dark');
        return new Response();
      },
      { onStoreError },
    );
    const failed = request();
    expect(await handler(failed, 7)).toBe(sorry);
    expect(onStoreError.mock.calls).toEqual([[expect.any(StoreUnavailableError), failed, 7]]);
  });

  it('answers as usual when only the note that the session was seen cannot be stored', async () => {
    const memory = new LambdaWorld();
    const load = memory.persistence.loadSession.bind(memory.persistence);
    const world = new LambdaWorld({ loadSession: load, saveSession: failing }, { touchInterval: 0 });
    const response = new Response('ok');
    expect(await withSession(world.sessions, () => response)(request(await memory.token()))).toBe(response);
    expect(world.count('saveSession')).toBe(1);
  });

  it('D5: saves nothing and sends nothing when the handler throws, and lets the error pass', async () => {
    const world = new LambdaWorld();
    const token = await world.token();
    const fault = new TypeError('cannot read properties of undefined');
    const handler = withSession(world.sessions, (_request, session) => {
      session.set('theme', 'light');
      throw fault;
    });
    await expect(handler(request(token))).rejects.toBe(fault);
    expect(world.count('saveSession')).toBe(0);
  });

  it('closes the session before the body is sent', async () => {
    const world = new LambdaWorld();
    const handler = withSession(world.sessions, (_request, session) => {
      const body = new ReadableStream({
        pull(controller) {
          controller.enqueue(Buffer.from(session.get('theme') ?? ''));
          session.set('theme', 'light');
        },
      });
      return new Response(body);
    });
    const response = await handler(request(await world.token()));
    await expect(response.text()).rejects.toMatchObject({ code: 'ERR_SESSION_CLOSED' });
  });
});

/** An error as Next.js's `redirect()` and its like throw them. */
const nextError = (digest: string): Error => Object.assign(new Error(digest.split(';')[0]), { digest });

const catching = (result: Promise<Response>): Promise<unknown> => result.catch((thrown: unknown) => thrown);

describe('what a handler throws', () => {
  class Redirect extends Response {}

  it.each([
    ['a Response', new Response(null, { status: 303, headers: { location: '/', 'cache-control': 'public' } })],
    ['one of a subclass', new Redirect(null, { status: 303, headers: { location: '/', 'cache-control': 'public' } })],
  ])('if it is %s, is committed like a returned one and thrown on', async (_name, thrown) => {
    const { sessions } = new LambdaWorld();
    const handler = withSession(sessions, async (_request, session) => {
      await session.logIn('alice');
      session.set('theme', 'dark');
      throw thrown;
    });
    const response = (await catching(handler(request()).then(never))) as Response;
    expect([response.status, response.headers.get('location')]).toEqual([303, '/']);
    expect(response.headers.get('cache-control')).toBe('private, no-store');
    const seen = await new WebSessions(sessions).read({ headers: new Headers({ cookie: cookieOf(response) }) });
    expect([seen.userId, seen.get('theme')]).toEqual(['alice', 'dark']);
  });

  it('is thrown on as it is, if it is a Response and the session has nothing to say', async () => {
    const thrown = new Response(null, { status: 404 });
    const handler = withSession(new LambdaWorld().sessions, () => {
      throw thrown;
    });
    await expect(handler(request())).rejects.toBe(thrown);
  });

  it('is a 503 if what was set before a thrown Response cannot be stored', async () => {
    const handler = withSession(new LambdaWorld({ saveSession: failing }).sessions, (_request, session) => {
      session.set('theme', 'dark');
      throw new Response();
    });
    await expectUnavailable(await handler(request()));
  });

  it.each([
    ['NEXT_REDIRECT;replace;/a;b?c=1;307;', 307, '/a;b?c=1'],
    ['NEXT_REDIRECT;push;https://example.com/;303;', 303, 'https://example.com/'],
    ['NEXT_REDIRECT;replace;/;308;', 308, '/'],
    ['NEXT_HTTP_ERROR_FALLBACK;404', 404, null],
    ['NEXT_HTTP_ERROR_FALLBACK;401', 401, null],
    ['NEXT_NOT_FOUND', 404, null],
  ])("is the response of Next.js's %s, saved and with its cookie", async (digest, status, location) => {
    const { sessions } = new LambdaWorld();
    const handler = withSession(sessions, async (_request, session) => {
      await session.logIn('alice');
      session.set('theme', 'dark');
      throw nextError(digest);
    });
    const response = await handler(request());
    expect([response.status, response.headers.get('location')]).toEqual([status, location]);
    const seen = await new WebSessions(sessions).read({ headers: new Headers({ cookie: cookieOf(response) }) });
    expect([seen.userId, seen.get('theme')]).toEqual(['alice', 'dark']);
  });

  it.each([
    nextError('DYNAMIC_SERVER_USAGE'),
    nextError('2466301394'),
    nextError('NEXT_REDIRECT;replace;/'),
    Object.assign(new Error('no'), { digest: 404 }),
    null,
    undefined,
  ])('is no response if it is %o: it passes, and nothing is saved', async (thrown) => {
    const world = new LambdaWorld();
    const handler = withSession(world.sessions, (_request, session) => {
      session.set('theme', 'dark');
      throw thrown;
    });
    await expect(handler(request())).rejects.toBe(thrown);
    expect(world.calls).toEqual([]);
  });

  it('sends the cookie of a login with the 503 that follows', async () => {
    const world = new LambdaWorld();
    const handler = withSession(world.sessions, async (_request, session) => {
      await session.logIn('alice');
      session.set('theme', 'dark');
      throw new StoreUnavailableError('down', { retryable: true });
    });
    const response = await handler(request());
    expect(response.status).toBe(503);
    const seen = await new WebSessions(world.sessions).read({ headers: new Headers({ cookie: cookieOf(response) }) });
    expect([seen.userId, seen.get('theme')]).toEqual(['alice', undefined]);
  });
});

describe('a handler inside of another', () => {
  it('has the session of the outer one, which ends it: one cookie, and the login stands', async () => {
    const world = new LambdaWorld();
    const token = await world.token();
    const inner = withSession(world.sessions, async (_request, session) => {
      await session.logIn('alice');
      return new Response();
    });
    const outer = withSession(world.sessions, async (incoming, session) => {
      const response = await inner(incoming);
      session.set('visits', 1);
      return response;
    });
    const response = await outer(request(token));
    expect(response.headers.getSetCookie()).toHaveLength(1);
    const seen = await new WebSessions(world.sessions).read({ headers: new Headers({ cookie: cookieOf(response) }) });
    expect([seen.userId, seen.get('theme'), seen.get('visits')]).toEqual(['alice', 'dark', 1]);
    expect(world.count('loadSession')).toBe(2);
  });

  it('has it in two steps, too', async () => {
    const { sessions } = new LambdaWorld();
    const requests = new WebSessions(sessions);
    const outer = withSession(sessions, async (incoming, session) => {
      const same = await requests.start(incoming);
      expect(same).toBe(session);
      await same.logIn('alice');
      const response = await requests.commit(same, new Response());
      expect(response.headers.getSetCookie()).toEqual([]);
      session.set('theme', 'dark');
      return response;
    });
    expect((await outer(request())).headers.getSetCookie()).toHaveLength(1);
  });

  it.each<[string, (world: LambdaWorld) => LambdaWorld['sessions'], CookieOptions]>([
    ['of other sessions', () => new LambdaWorld().sessions, { name: '__Host-admin' }],
    ['of another cookie', (world: LambdaWorld) => world.sessions, { name: '__Host-admin' }],
    ['of other sessions with a cookie of the same name', () => new LambdaWorld().sessions, {}],
  ])('has a session of its own if it is %s', async (_name, sessionsOf, cookie) => {
    const world = new LambdaWorld();
    const inner = withSession(
      sessionsOf(world),
      async (_request, session) => {
        await session.logIn('root');
        return new Response();
      },
      { cookie },
    );
    const outer = withSession(world.sessions, async (incoming, session) => {
      const response = await inner(incoming);
      expect(session.userId).toBeUndefined();
      session.set('theme', 'dark');
      return response;
    });
    expect((await outer(request())).headers.getSetCookie()).toHaveLength(2);
  });

  it('begins anew for a request that was handled before, whatever became of it', async () => {
    const world = new LambdaWorld();
    const handler = withSession(world.sessions, (_request, session) => {
      session.set('visits', (session.get('visits') ?? 0) + 1);
      if (world.saved.size === 0) throw new Error('no');
      return new Response(String(session.get('visits')));
    });
    const incoming = request();
    await expect(handler(incoming)).rejects.toThrow('no');
    await world.token();
    expect(await (await handler(incoming)).text()).toBe('1');
    expect(await (await handler(incoming)).text()).toBe('1');
  });
});
