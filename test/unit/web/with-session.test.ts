import { describe, expect, it, vi } from 'vitest';
import { StoreUnavailableError } from '../../../src/index.js';
import { withSession } from '../../../src/web/index.js';
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
