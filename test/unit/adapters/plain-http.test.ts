import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { albMultiEvent, httpApiEvent } from '../lambda/events.js';
import { LambdaWorld } from '../lambda/lambda-world.js';

const INSECURE = { cookie: { name: 'id', secure: false } };

type Answer = (url: string, headers?: Record<string, string>, options?: object) => Promise<unknown>;

/** Adapters that have not warned yet, each answering a request by setting the cookie of a session that it begins. */
async function adapters(): Promise<Record<string, Answer>> {
  vi.resetModules();
  const { withSession, JarSessions } = await import('../../../src/web/index.js');
  const { honoSession } = await import('../../../src/hono/index.js');
  const { sessions } = new LambdaWorld();
  return {
    'withSession of ./web': (url, headers = {}, options = {}) =>
      withSession(
        sessions,
        (_request, session) => {
          session.set('theme', 'dark');
          return new Response();
        },
        options,
      )(new Request(url, { headers })),
    JarSessions: (url, headers = {}, options = {}) =>
      new JarSessions(sessions, options).run(
        new Request(url, { headers }),
        { get: () => undefined, set: () => undefined },
        (session) => session.set('theme', 'dark'),
      ),
    Hono: async (url, headers = {}, options = {}) => {
      const app = new Hono();
      app.use(honoSession(sessions, options) as never);
      app.get('/', (c) => {
        (c.get('session' as never) as { set(key: 'theme', value: 'dark'): void }).set('theme', 'dark');
        return c.text('');
      });
      return app.request(url, { headers });
    },
  };
}

describe('a Secure cookie set over plain http', () => {
  const warn = vi.spyOn(console, 'warn');
  beforeEach(() => void warn.mockImplementation(() => {}));
  afterEach(() => void warn.mockReset());

  it.each(['withSession of ./web', 'JarSessions', 'Hono'])('is warned of, once: %s', async (name) => {
    const answer = (await adapters())[name]!;
    await answer('http://shop.example.com/');
    await answer('http://shop.example.com/');
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/^dynamodb-sessions: the cookie __Host-id is Secure.*plain http.*secure: false/)],
    ]);
  });

  it.each<[string, Parameters<Answer>]>([
    ['the request came by https', ['https://shop.example.com/']],
    ['the proxy in front speaks https', ['http://10.0.0.1/', { 'x-forwarded-proto': 'https' }]],
    ['the first of the proxies speaks https', ['http://10.0.0.1/', { 'x-forwarded-proto': 'https,http' }]],
    ['the cookie is not Secure', ['http://shop.example.com/', {}, INSECURE]],
  ])('is none, and nothing is said, if %s', async (_name, request) => {
    for (const answer of Object.values(await adapters())) await answer(...request);
    expect(warn).not.toHaveBeenCalled();
  });

  it('is not warned of where none is set', async () => {
    vi.resetModules();
    const { withSession } = await import('../../../src/web/index.js');
    await withSession(new LambdaWorld().sessions, () => new Response())(new Request('http://shop.example.com/'));
    expect(warn).not.toHaveBeenCalled();
  });

  it('is warned of if the proxy in front says http, whatever the URL', async () => {
    const answer = (await adapters())['withSession of ./web']!;
    await answer('https://shop.example.com/', { 'x-forwarded-proto': 'http' });
    expect(warn).toHaveBeenCalledOnce();
  });

  it.each([
    ['an HTTP API', httpApiEvent, 0],
    ['a load balancer that listens to http', () => albMultiEvent({ headers: { 'x-forwarded-proto': 'http' } }), 1],
  ])('in a Lambda behind %s', async (_name, event, warnings) => {
    vi.resetModules();
    const { withSession } = await import('../../../src/lambda/index.js');
    const handler = withSession(new LambdaWorld().sessions, (_event, session) => {
      session.set('theme', 'dark');
      return { statusCode: 200 };
    });
    await handler(event() as never, {});
    expect(warn).toHaveBeenCalledTimes(warnings);
  });
});
