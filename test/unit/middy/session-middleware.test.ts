import { Readable } from 'node:stream';
import middy from '@middy/core';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StoreUnavailableError, UnsupportedEventError } from '../../../src/index.js';
import { withSession } from '../../../src/lambda/index.js';
import { sessionMiddleware, type SessionMiddlewareOptions } from '../../../src/middy/index.js';
import { tryArrivals } from '../cookies/visits.js';
import { httpApiEvent, unsupportedEvents } from '../lambda/events.js';
import { contextOf, LambdaWorld, tokenOf } from '../lambda/lambda-world.js';
import { awslambda, ResponseStream, type StreamedResponse } from '../lambda/runtime.js';
import { services } from '../lambda/services.js';

const failing = (): Promise<never> => Promise.reject(new Error('connect ECONNREFUSED 10.0.3.17:8000'));
const never = (): never => {
  throw new Error('the handler was called');
};
const context = (): never => contextOf() as never;

const withSessions = (world: LambdaWorld, options?: SessionMiddlewareOptions) =>
  middy().use(sessionMiddleware(world.sessions, options));

describe.each(services)('middy behind $name', (service) => {
  it('keeps a session from request to request', async () => {
    const world = new LambdaWorld();
    const handler = withSessions(world).handler(async (_event, { session }) => {
      session.set('visits', (session.get('visits') ?? 0) + 1);
      return { statusCode: 200, body: String(session.get('visits')) };
    });
    const first = service.receive(await handler(service.event(), context()));
    expect(first).toMatchObject({ statusCode: 200, body: '1', headers: { 'cache-control': ['no-store'] } });
    const cookies = ['theme=light', `__Host-id=${tokenOf(first)}`];
    const second = service.receive(await handler(service.event({ cookies }), context()));
    expect(second).toMatchObject({ statusCode: 200, body: '2', setCookies: [] });
  });

  it("C8: adds its cookie to the handler's own, and to what other middlewares add after it", async () => {
    const place = service.places.includes('multiValueHeaders')
      ? { multiValueHeaders: { 'set-cookie': ['own=1'] } }
      : { headers: { 'set-cookie': 'own=1' } };
    const handler = middy()
      .use({ after: ({ response }) => Object.assign(response, { statusCode: 201 }) && undefined })
      .use(sessionMiddleware(new LambdaWorld().sessions))
      .handler(async (_event, { session }) => {
        session.set('theme', 'dark');
        return { statusCode: 200, body: 'made', ...place };
      });
    const response = service.receive(await handler(service.event(), context()));
    expect(response).toMatchObject({ statusCode: 201, body: 'made' });
    expect(response.setCookies).toEqual(['own=1', expect.stringMatching(/^__Host-id=/)]);
  });

  const put = (headers: Readonly<Record<string, string>>): object =>
    service.places.includes('headers')
      ? { headers }
      : { multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])) };

  it.each([
    ['no-store', {}],
    ['private, max-age=60', { 'Cache-Control': 'private, max-age=60' }],
    ['private, no-store', { 'Cache-Control': 'public, max-age=300', 'CDN-Cache-Control': 'max-age=300' }],
  ])('C7: has %s for caches beside its cookie when the handler sets %j', async (expected, own) => {
    const handler = withSessions(new LambdaWorld()).handler(async (_event, { session }) => {
      session.set('theme', 'dark');
      return { statusCode: 200, body: '', ...put(own) };
    });
    const response = service.receive(await handler(service.event(), context()));
    expect(response).toMatchObject({ headers: { 'cache-control': [expected] }, setCookies: [expect.anything()] });
    expect(response.headers).not.toHaveProperty('cdn-cache-control');
  });

  it('C7: leaves a response to caches as the handler does if it has no cookie', async () => {
    const result = { statusCode: 200, body: '', ...put({ 'Cache-Control': 'public', 'CDN-Cache-Control': 'a' }) };
    const handler = withSessions(new LambdaWorld()).handler(async () => result);
    expect(await handler(service.event(), context())).toBe(result);
  });

  it('with create, begins a session only for a request that can begin a visit', async () => {
    const { begun, expected } = await tryArrivals(async ({ method, headers }, cookie) => {
      const world = new LambdaWorld();
      const handler = withSessions(world, { create: true, cookie }).handler(async () => ({
        statusCode: 200,
        body: '',
      }));
      const response = service.receive(await handler(service.event({ method, headers }), context()));
      expect(response.setCookies).toHaveLength(world.calls.length);
      return world.saved.size > 0;
    });
    expect(begun).toEqual(expected);
  });

  const unavailable = {
    statusCode: 503,
    headers: { 'cache-control': ['no-store'], 'content-type': ['text/plain; charset=utf-8'], 'retry-after': ['1'] },
    setCookies: [],
    body: 'Service Unavailable',
  };

  it('L12: answers 503 and leaves the cookie alone when the session cannot be loaded', async () => {
    const world = new LambdaWorld({ loadSession: failing });
    const cookies = [`__Host-id=${await world.token()}`];
    const handler = withSessions(world).handler(never);
    expect(service.receive(await handler(service.event({ cookies }), context()))).toEqual(unavailable);
  });

  it('L12: answers 503 and sends no cookie when what was set, or a login, cannot be stored', async () => {
    const world = new LambdaWorld({ saveSession: failing });
    const setting = withSessions(world).handler(async (_event, { session }) => {
      session.set('theme', 'dark');
      return { statusCode: 200, body: 'saved!' };
    });
    const login = withSessions(world).handler(async (_event, { session }) => {
      await session.logIn('alice');
      return { statusCode: 200, body: 'welcome' };
    });
    expect(service.receive(await setting(service.event(), context()))).toEqual(unavailable);
    expect(service.receive(await login(service.event(), context()))).toEqual(unavailable);
  });

  it("F10: answers before the Lambda's time is up, whatever the store does", async () => {
    const world = new LambdaWorld({ loadSession: () => new Promise(() => {}) });
    const cookies = [`__Host-id=${await world.token()}`];
    const handler = withSessions(world).handler(never);
    const result = await handler(service.event({ cookies }), contextOf(300) as never);
    expect(service.receive(result).statusCode).toBe(503);
  });
});

describe('sessionMiddleware', () => {
  afterEach(() => vi.unstubAllGlobals());

  it.each(unsupportedEvents.filter(([, event]) => event !== undefined))(
    'refuses %s before the store is asked',
    async (_name, event) => {
      const world = new LambdaWorld();
      const handler = withSessions(world, { create: true, onStoreError: never }).handler(never);
      await expect(handler(event, context())).rejects.toBeInstanceOf(UnsupportedEventError);
      expect(world.calls).toEqual([]);
    },
  );

  it('L12: lets the application answer instead, with the error and the event to look at', async () => {
    const result = { statusCode: 302, headers: { location: '/sorry' }, body: '' };
    const onStoreError = vi.fn<NonNullable<SessionMiddlewareOptions['onStoreError']>>(async () => result);
    const world = new LambdaWorld({ saveSession: failing });
    const event = httpApiEvent();
    const handler = withSessions(world, { create: true, onStoreError }).handler(async () => 'hello');
    expect(await handler(event, context())).toBe(result);
    expect(onStoreError.mock.calls).toEqual([[expect.any(StoreUnavailableError), event]]);
  });

  it('L12: lets other middlewares see the 503, and leaves theirs alone', async () => {
    const world = new LambdaWorld({ saveSession: failing });
    const cors = { onError: (request: middy.Request) => void (request.response.headers['x-cors'] = '1') };
    const outside = middy()
      .use(cors)
      .use(sessionMiddleware(world.sessions, { create: true }))
      .handler(async () => 'hello');
    expect(await outside(httpApiEvent(), context())).toMatchObject({ statusCode: 503, headers: { 'x-cors': '1' } });

    const own = { onError: (request: middy.Request) => void (request.response = 'mine') };
    const inside = middy()
      .use(sessionMiddleware(world.sessions, { create: true }))
      .use(own)
      .handler(async () => 'hello');
    expect(await inside(httpApiEvent(), context())).toBe('mine');
  });

  it('D5: saves nothing and sends nothing when the handler or a middleware throws, and lets the error pass', async () => {
    const world = new LambdaWorld();
    const event = httpApiEvent({ cookies: [`__Host-id=${await world.token()}`] });
    const fault = new TypeError('no');
    const throwing = withSessions(world).handler(async (_event, { session }) => {
      session.set('theme', 'light');
      throw fault;
    });
    await expect(throwing(event, context())).rejects.toBe(fault);
    const after = withSessions(world)
      .use({ after: () => Promise.reject(fault) })
      .handler(async (_event, { session }) => session.set('theme', 'light'));
    await expect(after(event, context())).rejects.toBe(fault);
    const handled = withSessions(world)
      .use({ onError: (request) => void (request.response = { statusCode: 500, body: 'oops' }) })
      .handler(async (_event, { session }) => {
        session.set('theme', 'light');
        throw fault;
      });
    expect(await handled(event, context())).toEqual({ statusCode: 500, body: 'oops' });
    expect(world.count('saveSession')).toBe(0);
  });

  it('saves nothing when another middleware answers early', async () => {
    const world = new LambdaWorld();
    const handler = withSessions(world)
      .before(({ context: { session } }) => {
        session.set('theme', 'light');
        return { statusCode: 304, body: '' };
      })
      .handler(never);
    expect(await handler(httpApiEvent(), context())).toEqual({ statusCode: 304, body: '' });
    expect(world.calls).toEqual([]);
  });

  it('must be used after a middleware whose `after` returns a value, which ends the stack', async () => {
    const world = new LambdaWorld();
    const returning = { after: ({ response }: middy.Request) => ({ ...response, statusCode: 201 }) };
    const stacks = [
      middy().use(returning).use(sessionMiddleware(world.sessions)),
      middy().use(sessionMiddleware(world.sessions)).use(returning),
    ].map((stack) =>
      stack.handler(async (_event, { session }) => {
        session.set('theme', 'dark');
        return { statusCode: 200 };
      }),
    );
    expect(await Promise.all(stacks.map((handler) => handler(httpApiEvent(), context())))).toEqual([
      expect.objectContaining({ statusCode: 201, cookies: [expect.stringMatching(/^__Host-id=/)] }),
      { statusCode: 201 },
    ]);
    expect(world.calls).toEqual(['saveSession']);
  });

  it('D5: keeps the sessions of two invocations apart that run at once in one instance', async () => {
    const world = new LambdaWorld();
    const tokens = [await world.token({ visits: 1 }), await world.token({ visits: 2 })];
    const handler = middy({ internal: {} })
      .use(sessionMiddleware(world.sessions))
      .handler(async (_event, { session }) => {
        await new Promise(setImmediate);
        return String(session.get('visits'));
      });
    const answers = tokens.map((token) => handler(httpApiEvent({ cookies: [`__Host-id=${token}`] }), context()));
    expect(await Promise.all(answers)).toEqual(['1', '2']);
  });

  it('closes the session with the response', async () => {
    let late: (() => void) | undefined;
    const handler = withSessions(new LambdaWorld()).handler(async (_event, { session }) => {
      late = () => session.set('theme', 'dark');
      return 'hello';
    });
    await handler(httpApiEvent(), context());
    expect(late).toThrow(expect.objectContaining({ code: 'ERR_SESSION_CLOSED' }));
  });

  async function streamed(answer: () => unknown): Promise<StreamedResponse> {
    vi.stubGlobal('awslambda', awslambda);
    const handler = middy({ streamifyResponse: true })
      .use(sessionMiddleware(new LambdaWorld().sessions))
      .handler(async (_event, { session }) => {
        session.set('theme', 'dark');
        return answer();
      });
    const body = new ResponseStream();
    await (handler as unknown as (...parameters: unknown[]) => Promise<void>)(httpApiEvent(), body, context());
    return body.received;
  }

  it('sends the cookie before the body of a handler that streams', async () => {
    const headers = { 'content-type': 'text/plain' };
    expect(await streamed(() => ({ statusCode: 200, headers, body: 'streamed' }))).toEqual({
      prelude: {
        statusCode: 200,
        headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' },
        cookies: [expect.stringMatching(/^__Host-id=/)],
      },
      body: 'streamed',
    });
  });

  it.each([
    ['of Node.js', () => Readable.from(['one, ', 'two'])],
    ['of the web', () => new Response('one, two').body],
  ])('C8: sends the cookie before a stream %s that is all a handler returns', async (_name, answer) => {
    expect(await streamed(answer)).toEqual({
      prelude: {
        statusCode: 200,
        headers: { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' },
        cookies: [expect.stringMatching(/^__Host-id=/)],
      },
      body: 'one, two',
    });
  });
});

describe.each(services)('middy behind $name, after a login', (service) => {
  const seenBy = async (world: LambdaWorld, result: unknown): Promise<unknown[]> => {
    const session = await world.sessions.read({ tokens: [tokenOf(service.receive(result))] });
    return [session.userId, session.get('theme')];
  };

  it('sends its cookie with the response that another middleware makes of an error', async () => {
    const world = new LambdaWorld();
    const handler = withSessions(world)
      .use({ onError: (request) => void (request.response = { statusCode: 500, body: 'oops' }) })
      .handler(async (_event, { session }) => {
        await session.logIn('alice');
        session.set('theme', 'dark');
        throw new TypeError('no');
      });
    const result = await handler(service.event(), context());
    expect(service.receive(result)).toMatchObject({ statusCode: 500, headers: { 'cache-control': ['no-store'] } });
    expect(await seenBy(world, result)).toEqual(['alice', undefined]);
  });

  it('sends its cookie with a 503, and if a middleware fails after the session was saved', async () => {
    const world = new LambdaWorld();
    const unavailable = withSessions(world).handler(async (_event, { session }) => {
      await session.logIn('alice');
      throw new StoreUnavailableError('down', { retryable: true });
    });
    expect(await seenBy(world, await unavailable(service.event(), context()))).toEqual(['alice', undefined]);
    const late = middy()
      .use({ after: () => Promise.reject(new Error('no')) })
      .use(sessionMiddleware(world.sessions))
      .use({ onError: (request) => void (request.response = { statusCode: 500, body: 'oops' }) })
      .handler(async (_event, { session }) => {
        session.set('theme', 'dark');
        return { statusCode: 200, body: '' };
      });
    expect(await seenBy(world, await late(service.event(), context()))).toEqual([undefined, 'dark']);
  });

  it('has one session and one cookie if it is used twice, and in a handler of withSession inside', async () => {
    const world = new LambdaWorld();
    const token = await world.token();
    const inner = withSession(world.sessions, async (_event, session) => {
      await session.logIn('alice');
      return { statusCode: 200, body: '' } as never;
    });
    const handler = withSessions(world)
      .use(sessionMiddleware(world.sessions))
      .handler(async (event, lambda) => {
        const result = await inner(event as never, lambda);
        lambda.session.set('visits', 1);
        return result;
      });
    const result = await handler(service.event({ cookies: [`__Host-id=${token}`] }), context());
    expect(await seenBy(world, result)).toEqual(['alice', 'dark']);
    expect(world.events.filter(({ type }) => type === 'lost-write')).toEqual([]);
  });

  it('begins anew for an event whose invocation before was answered early', async () => {
    const world = new LambdaWorld();
    let isEarly = true;
    const handler = withSessions(world)
      .use({ before: () => (isEarly ? { statusCode: 401, body: '' } : undefined) })
      .handler(async (_event, { session }) => {
        session.set('theme', 'dark');
        return { statusCode: 200, body: '' };
      });
    const event = service.event();
    await handler(event, context());
    isEarly = false;
    expect(await seenBy(world, await handler(event, context()))).toEqual([undefined, 'dark']);
  });
});
