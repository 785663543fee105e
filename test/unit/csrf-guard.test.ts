import middy from '@middy/core';
import { Hono } from 'hono';
import { handle } from 'hono/aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { honoSession, type SessionEnv } from '../../src/hono/index.js';
import { LambdaSessions, withSession, withStreamingSession } from '../../src/lambda/index.js';
import { sessionMiddleware } from '../../src/middy/index.js';
import { JarSessions, withSession as withWebSession } from '../../src/web/index.js';
import type { App } from '../world/world.js';
import { httpApiEvent } from './lambda/events.js';
import { contextOf, LambdaWorld } from './lambda/lambda-world.js';
import { awslambda, ResponseStream } from './lambda/runtime.js';
import { type Response as Received, services } from './lambda/services.js';

const cross = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
const own = { 'sec-fetch-site': 'same-origin' };
const lambdaContext = contextOf() as never;

type Answer = Pick<Received, 'statusCode' | 'setCookies'>;

/** What an adapter answers to a POST with these headers and the cookie of a session, and `called` when the handler is. */
interface Guarded {
  readonly name: string;
  readonly answer: (world: LambdaWorld, headers: Record<string, string>, called: () => void) => Promise<Answer>;
}

/** A session that is asked for, so that the store is called. */
const use = (session: { set(key: 'theme', value: 'dark'): void }, called: () => void): void => {
  called();
  session.set('theme', 'dark');
};

const cookieOf = async (world: LambdaWorld): Promise<string> => `__Host-id=${await world.token()}`;

const guarded: readonly Guarded[] = [
  ...services.flatMap((service) => [
    {
      name: `withSession behind ${service.name}`,
      async answer(world: LambdaWorld, headers: Record<string, string>, called: () => void) {
        const handler = withSession<App, never, never>(
          world.sessions as never,
          ((_event: unknown, session: never) => {
            use(session, called);
            return { statusCode: 200, body: '' };
          }) as never,
          { csrf: {} },
        );
        const event = service.event({ cookies: [await cookieOf(world)], headers, method: 'POST' });
        const response = service.receive(await handler(event as never, contextOf()));
        return response;
      },
    },
    {
      name: `middy behind ${service.name}`,
      async answer(world: LambdaWorld, headers: Record<string, string>, called: () => void) {
        const handler = middy()
          .use(sessionMiddleware(world.sessions, { csrf: {} }))
          .handler((async (_event: unknown, { session }: { session: never }) => {
            use(session, called);
            return { statusCode: 200, body: '' };
          }) as never);
        const event = service.event({ cookies: [await cookieOf(world)], headers, method: 'POST' });
        const response = service.receive(await handler(event as never, lambdaContext));
        return response;
      },
    },
    {
      name: `Hono behind ${service.name}`,
      async answer(world: LambdaWorld, headers: Record<string, string>, called: () => void) {
        const app = honoApp(world, called);
        const event = service.event({ cookies: [await cookieOf(world)], headers, method: 'POST' });
        const response = service.receive(await handle(app)(event as never, lambdaContext));
        return response;
      },
    },
  ]),
  {
    name: 'Hono elsewhere',
    async answer(world, headers, called) {
      const cookie = await cookieOf(world);
      const response = await honoApp(world, called).request('https://shop.example.com/devices', {
        method: 'POST',
        headers: { ...headers, cookie },
      });
      return { statusCode: response.status, setCookies: response.headers.getSetCookie() };
    },
  },
  {
    name: 'withSession of ./web',
    async answer(world, headers, called) {
      const handler = withWebSession(
        world.sessions,
        (_request, session) => {
          use(session, called);
          return new Response();
        },
        { csrf: {} },
      );
      const cookie = await cookieOf(world);
      const request = new Request('https://shop.example.com/', { method: 'POST', headers: { ...headers, cookie } });
      const response = await handler(request);
      return { statusCode: response.status, setCookies: response.headers.getSetCookie() };
    },
  },
  {
    name: 'JarSessions',
    async answer(world, headers, called) {
      const requests = new JarSessions(world.sessions, { csrf: {} });
      const cookie = await cookieOf(world);
      const request = new Request('https://shop.example.com/', { method: 'POST', headers: { ...headers, cookie } });
      const refusal = requests.refuse(request);
      const setCookies = refusal?.headers.getSetCookie() ?? [];
      if (refusal === undefined) {
        const jar = { get: () => cookie.split('=')[1], set: (name: string) => setCookies.push(name) };
        await requests.run(request, jar, (session) => use(session, called));
      }
      return { statusCode: refusal?.status ?? 200, setCookies };
    },
  },
];

function honoApp(world: LambdaWorld, called: () => void): Hono<SessionEnv<App>> {
  const app = new Hono<SessionEnv<App>>();
  app.use(honoSession(world.sessions, { csrf: {} }));
  app.post('/devices', (c) => {
    use(c.var.session, called);
    return c.text('');
  });
  return app;
}

describe.each(guarded)('the option csrf of $name', ({ answer }) => {
  it('answers 403 to what another origin has caused, and asks neither the handler nor the store', async () => {
    const world = new LambdaWorld();
    const called = vi.fn<() => void>();
    expect(await answer(world, cross, called)).toMatchObject({ statusCode: 403, setCookies: [] });
    expect(called).not.toHaveBeenCalled();
    expect(world.calls).toEqual([]);
    expect(world.events.at(-1)).toEqual({ at: expect.any(Date), type: 'csrf-refused', reason: 'sec-fetch-site' });
  });

  it('tells by Origin what does not say Sec-Fetch-Site', async () => {
    const world = new LambdaWorld();
    expect(await answer(world, { origin: 'https://evil.example' }, vi.fn<() => void>())).toMatchObject({
      statusCode: 403,
    });
    expect(world.events.at(-1)).toMatchObject({ type: 'csrf-refused', reason: 'origin' });
  });

  it.each([
    ['of its own origin', own],
    ['that says nothing', {}],
  ])('lets a request pass %s', async (_name, headers) => {
    const world = new LambdaWorld();
    const called = vi.fn<() => void>();
    expect(await answer(world, headers, called)).toMatchObject({ statusCode: 200 });
    expect(called).toHaveBeenCalledOnce();
    expect(world.calls).toContain('loadSession');
    expect(world.events.map(({ type }) => type)).not.toContain('csrf-refused');
  });
});

describe.each(services)('the own host of a request behind $name', (service) => {
  it('is that of its Host header', () => {
    const requests = new LambdaSessions(new LambdaWorld().sessions, { csrf: {} });
    const { headers, multiValueHeaders } = service.event() as {
      headers?: Record<string, string | string[]>;
      multiValueHeaders?: Record<string, string[]>;
    };
    const [, host] = Object.entries(headers ?? multiValueHeaders ?? {}).find(([name]) => /^host$/i.test(name)) ?? [];
    expect(host).toBeDefined();
    expect(requests.refuse(service.event({ method: 'POST', headers: { origin: `https://${String(host)}` } }))).toBe(
      undefined,
    );
  });
});

describe('the option csrf of withStreamingSession', () => {
  beforeAll(() => void vi.stubGlobal('awslambda', awslambda));
  afterAll(() => void vi.unstubAllGlobals());

  it('answers 403 to what another origin has caused, and asks neither the handler nor the store', async () => {
    const world = new LambdaWorld();
    const called = vi.fn<() => Promise<void>>();
    const stream = new ResponseStream();
    const handler = withStreamingSession(world.sessions, called, { csrf: {} });
    await handler(httpApiEvent({ method: 'POST', headers: cross }), stream, contextOf());
    expect(stream.received).toMatchObject({ prelude: { statusCode: 403 }, body: 'Forbidden' });
    expect(called).not.toHaveBeenCalled();
    expect(world.calls).toEqual([]);
  });
});

describe('without the option csrf', () => {
  it('nothing is refused', async () => {
    const world = new LambdaWorld();
    const handler = withSession(world.sessions, () => ({ statusCode: 204 }));
    expect(await handler(httpApiEvent({ method: 'POST', headers: cross }), {})).toEqual({ statusCode: 204 });
    expect(world.events).toEqual([]);
  });
});
