import { Readable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ConfigurationError,
  type Session,
  SessionClosedError,
  StoreUnavailableError,
  UnsupportedEventError,
} from '../../../src/index.js';
import { type Respond, withSession, withStreamingSession } from '../../../src/lambda/index.js';
import type { App } from '../../world/world.js';
import { functionUrlEvent, httpApiEvent, restApiEvent, unsupportedEvents } from './events.js';
import { contextOf, LambdaWorld } from './lambda-world.js';
import { awslambda, ResponseStream, type StreamedResponse } from './runtime.js';

const SESSION_COOKIE = /^__Host-id=[\w-]{22}\.[\w-]{32}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=2592000$/;
const failing = (): Promise<never> => Promise.reject(new Error('connect ECONNREFUSED 10.0.3.17:8000'));

type Handler = (event: never, session: Session<App>, respond: Respond) => Promise<void>;

/** Runs a streaming handler once, and waits until its response has ended. */
async function stream(world: LambdaWorld, event: object, handler: Handler): Promise<StreamedResponse> {
  const responseStream = new ResponseStream();
  await withStreamingSession(world.sessions, handler)(event as never, responseStream, contextOf());
  await finished(responseStream);
  return responseStream.received;
}

/** The Set-Cookie headers in a prelude, wherever its event source has them. */
function setCookiesOf({ prelude }: StreamedResponse): readonly string[] {
  return [...(prelude?.cookies ?? []), ...(prelude?.multiValueHeaders?.['set-cookie'] ?? [])];
}

const sources = [
  { name: 'a Function URL', event: functionUrlEvent },
  { name: 'a REST API', event: restApiEvent },
];

beforeEach(() => vi.stubGlobal('awslambda', awslambda));
afterEach(() => {
  vi.unstubAllGlobals();
});

describe.each(sources)('withStreamingSession behind $name', ({ event: eventOf }) => {
  it('C8: puts the cookie into the prelude, and the body after it', async () => {
    const response = await stream(new LambdaWorld(), eventOf(), async (_event, session, respond) => {
      session.set('theme', 'dark');
      const body = await respond({ statusCode: 201, headers: { 'content-type': 'text/plain' } });
      body.write('one, ');
      body.end('two');
    });
    expect(response.body).toBe('one, two');
    expect(response.prelude).toMatchObject({
      statusCode: 201,
      headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' },
    });
    expect(setCookiesOf(response)).toEqual([expect.stringMatching(SESSION_COOKIE)]);
  });

  it('C8: puts it there for a body that is ended without a write', async () => {
    const response = await stream(new LambdaWorld(), eventOf(), async (_event, session, respond) => {
      session.set('theme', 'dark');
      (await respond({ statusCode: 302, headers: { location: '/' } })).end();
    });
    expect(response.prelude).toMatchObject({ statusCode: 302, headers: { location: '/' } });
    expect(setCookiesOf(response)).toHaveLength(1);
  });

  it('C8: puts it there for a body that is ended with its only chunk', async () => {
    const response = await stream(new LambdaWorld(), eventOf(), async (_event, session, respond) => {
      session.set('theme', 'dark');
      (await respond()).end('all of it');
    });
    expect(response).toMatchObject({ prelude: { statusCode: 200 }, body: 'all of it' });
    expect(setCookiesOf(response)).toHaveLength(1);
  });

  it('C8: puts it there when the status code is undefined, which means 200', async () => {
    const response = await stream(new LambdaWorld(), eventOf(), async (_event, session, respond) => {
      session.set('theme', 'dark');
      const prelude = { statusCode: undefined, headers: { 'content-type': 'text/html' } } as object;
      (await respond(prelude)).end('<p>');
    });
    expect(response).toMatchObject({
      prelude: { statusCode: 200, headers: { 'content-type': 'text/html' } },
      body: '<p>',
    });
    expect(setCookiesOf(response)).toHaveLength(1);
  });

  it('C8: puts it there for a body that is piped', async () => {
    const response = await stream(new LambdaWorld(), eventOf(), async (_event, session, respond) => {
      session.set('theme', 'dark');
      await pipeline(Readable.from(['a', 'b', 'c']), await respond());
    });
    expect(response).toMatchObject({ prelude: { statusCode: 200 }, body: 'abc' });
    expect(setCookiesOf(response)).toHaveLength(1);
  });

  it.each([
    ['private', 'private'],
    ['public, max-age=300', 'private, no-store'],
  ])('C7: goes by the handler’s Cache-Control only if that keeps shared caches off: %s', async (own, expected) => {
    const response = await stream(new LambdaWorld(), eventOf(), async (_event, session, respond) => {
      session.set('theme', 'dark');
      const body = await respond({ headers: { 'Cache-Control': own, 'CDN-Cache-Control': 'max-age=300' } });
      body.write('x');
      body.end();
    });
    expect(response.prelude?.headers).toEqual({ 'cache-control': expected });
  });

  it('sends the prelude as it is when the session has nothing to say', async () => {
    const world = new LambdaWorld();
    const cookies = [`__Host-id=${await world.token()}`];
    const response = await stream(world, eventOf({ cookies }), async (_event, session, respond) => {
      const body = await respond({ statusCode: 200, headers: { 'Cache-Control': 'public', 'CDN-Cache-Control': 'a' } });
      body.write(session.get('theme'));
      body.end();
    });
    expect(response).toEqual({
      prelude: { statusCode: 200, headers: { 'Cache-Control': 'public', 'CDN-Cache-Control': 'a' } },
      body: 'dark',
    });
    expect(world.calls).toEqual(['loadSession']);
  });

  it('lets the session be read after respond(), and not written', async () => {
    const world = new LambdaWorld();
    const response = await stream(world, eventOf(), async (_event, session, respond) => {
      session.set('theme', 'dark');
      const body = await respond();
      expect(session.get('theme')).toBe('dark');
      expect(() => session.set('theme', 'light')).toThrow(SessionClosedError);
      await expect(session.logIn('alice')).rejects.toBeInstanceOf(SessionClosedError);
      await expect(session.destroy()).rejects.toBeInstanceOf(SessionClosedError);
      body.write('x');
      body.end();
    });
    expect(response.body).toBe('x');
    expect(world.calls).toEqual(['saveSession']);
  });

  it('refuses a second respond()', async () => {
    const response = await stream(new LambdaWorld(), eventOf(), async (_event, _session, respond) => {
      const body = await respond();
      await expect(respond()).rejects.toBeInstanceOf(SessionClosedError);
      body.write('once');
      body.end();
    });
    expect(response.body).toBe('once');
  });

  it('saves before it responds, so that the next request sees it', async () => {
    const world = new LambdaWorld();
    await stream(world, eventOf(), async (_event, session, respond) => {
      session.set('visits', 1);
      expect(world.calls).toEqual([]);
      const body = await respond();
      expect(world.calls).toEqual(['saveSession']);
      body.write('x');
      body.end();
    });
  });

  it('ends a response that the handler never began with a 204, and saves', async () => {
    const world = new LambdaWorld();
    const response = await stream(world, eventOf(), (_event, session) => {
      session.set('theme', 'dark');
      return Promise.resolve();
    });
    expect(response).toMatchObject({ prelude: { statusCode: 204 }, body: '' });
    expect(setCookiesOf(response)).toEqual([expect.stringMatching(SESSION_COOKIE)]);
    expect(world.calls).toEqual(['saveSession']);
  });

  const unavailable = {
    prelude: {
      statusCode: 503,
      headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', 'retry-after': '1' },
    },
    body: 'Service Unavailable',
  };

  it('L12: answers 503 when the session cannot be loaded', async () => {
    const world = new LambdaWorld({ loadSession: failing });
    const cookies = [`__Host-id=${await world.token()}`];
    const response = await stream(world, eventOf({ cookies }), () =>
      Promise.reject(new Error('the handler was called')),
    );
    expect(response).toEqual(unavailable);
  });

  it('L12: answers 503 when what was set cannot be stored', async () => {
    const response = await stream(
      new LambdaWorld({ saveSession: failing }),
      eventOf(),
      async (_event, session, respond) => {
        session.set('theme', 'dark');
        (await respond()).end('saved!');
      },
    );
    expect(response).toEqual(unavailable);
  });

  it('L12: answers 503 when a handler that never responds has set what cannot be stored', async () => {
    const response = await stream(new LambdaWorld({ saveSession: failing }), eventOf(), (_event, session) => {
      session.set('theme', 'dark');
      return Promise.resolve();
    });
    expect(response).toEqual(unavailable);
  });

  it.each<[string, (respond: Respond) => Promise<void>]>([
    ['responds again', async (respond) => void (await respond({ statusCode: 500 })).end('sorry')],
    ['does not respond', () => Promise.resolve()],
  ])('L12: answers 503 when a handler that could not save %s', async (_name, goOn) => {
    const world = new LambdaWorld({ saveSession: failing });
    const response = await stream(world, eventOf(), async (_event, session, respond) => {
      session.set('theme', 'dark');
      await expect(respond()).rejects.toBeInstanceOf(StoreUnavailableError);
      await goOn(respond);
    });
    expect(response).toEqual(unavailable);
    expect(world.calls).toEqual(['saveSession']);
  });

  it('D5: saves and sends nothing when the handler throws before it responds, and lets the error pass', async () => {
    const world = new LambdaWorld();
    const fault = new TypeError('cannot read properties of undefined');
    const responseStream = new ResponseStream();
    const streaming = withStreamingSession(world.sessions, (_event: never, session) => {
      session.set('theme', 'dark');
      throw fault;
    });
    await expect(streaming(eventOf() as never, responseStream, contextOf())).rejects.toBe(fault);
    expect(world.calls).toEqual([]);
    expect(responseStream.received).toEqual({ prelude: undefined, body: '' });
    expect(responseStream.writableEnded).toBe(false);
  });

  it('lets an error pass that comes after the response has begun, the store’s too', async () => {
    const fault = new StoreUnavailableError('another store', { retryable: true });
    const responseStream = new ResponseStream();
    const streaming = withStreamingSession(new LambdaWorld().sessions, async (_event: never, _session, respond) => {
      (await respond()).write('half');
      throw fault;
    });
    await expect(streaming(eventOf() as never, responseStream, contextOf())).rejects.toBe(fault);
    expect(responseStream.received).toEqual({ prelude: { statusCode: 200 }, body: 'half' });
  });
});

describe('withStreamingSession', () => {
  it('C8: keeps the own cookies of a handler behind a Function URL', async () => {
    const response = await stream(new LambdaWorld(), functionUrlEvent(), async (_event, session, respond) => {
      session.set('theme', 'dark');
      const body = await respond({ cookies: ['a=1', 'b=2'] });
      body.write('x');
      body.end();
    });
    expect(response.prelude?.cookies).toEqual(['a=1', 'b=2', expect.stringMatching(SESSION_COOKIE)]);
    expect(response.prelude).not.toHaveProperty('multiValueHeaders');
  });

  it('C8: keeps the own cookies of a handler behind a REST API, and gives them multiValueHeaders', async () => {
    const response = await stream(new LambdaWorld(), restApiEvent(), async (_event, session, respond) => {
      session.set('theme', 'dark');
      const body = await respond({ multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'], Vary: ['Accept', 'Origin'] } });
      body.write('x');
      body.end();
    });
    expect(response.prelude?.multiValueHeaders).toEqual({
      Vary: ['Accept', 'Origin'],
      'set-cookie': ['a=1', 'b=2', expect.stringMatching(SESSION_COOKIE)],
    });
    expect(response.prelude).not.toHaveProperty('cookies');
  });

  it('T5: keeps the token out of the body', async () => {
    const response = await stream(new LambdaWorld(), httpApiEvent(), async (_event, session, respond) => {
      await session.logIn('alice');
      const body = await respond({ headers: { 'content-type': 'text/plain' } });
      body.write('hello alice');
      body.end();
    });
    expect(response.body).toBe('hello alice');
  });

  it.each(unsupportedEvents)('refuses %s before the store is asked', async (_name, event) => {
    const world = new LambdaWorld();
    const responseStream = new ResponseStream();
    const streaming = withStreamingSession(world.sessions, () => Promise.reject(new Error('the handler was called')));
    await expect(streaming(event as never, responseStream, contextOf())).rejects.toBeInstanceOf(UnsupportedEventError);
    expect(world.calls).toEqual([]);
  });

  it('hands the handler the event and the context as they came', async () => {
    const [event, context] = [functionUrlEvent(), contextOf()];
    const seen: unknown[] = [];
    const streaming = withStreamingSession(new LambdaWorld().sessions, (...parameters) => {
      seen.push(parameters[0], parameters[3]);
      return Promise.resolve();
    });
    await streaming(event, new ResponseStream(), context);
    expect(seen[0]).toBe(event);
    expect(seen[1]).toBe(context);
  });

  it.each([
    ['there is no awslambda', undefined],
    ['the awslambda is one that a library has made', { InvokeStore: {} }],
  ])('says at once that it cannot work outside a runtime that streams: %s', (_, found) => {
    vi.stubGlobal('awslambda', found);
    expect(() => withStreamingSession(new LambdaWorld().sessions, () => Promise.resolve())).toThrow(ConfigurationError);
  });

  it('refuses cookie options that cannot work when it is called', () => {
    const options = { cookie: { domain: 'example.com' } } as never;
    expect(() => withStreamingSession(new LambdaWorld().sessions, () => Promise.resolve(), options)).toThrow(
      ConfigurationError,
    );
  });
});

describe.each(sources)('withStreamingSession behind $name, around other code', ({ event: eventOf }) => {
  it('shares its session with a handler of withSession inside', async () => {
    const world = new LambdaWorld();
    const inner = withSession(world.sessions, async (_event, session) => {
      await session.logIn('alice');
      return { statusCode: 200, body: 'welcome' } as never;
    });
    const response = await stream(world, eventOf(), async (event, session, respond) => {
      const { body, ...prelude } = (await inner(event, contextOf())) as unknown as { body: string; statusCode: number };
      session.set('theme', 'dark');
      (await respond(prelude)).end(body);
    });
    expect(response.body).toBe('welcome');
    const token = /^__Host-id=([^;]*)/.exec(setCookiesOf(response).join())?.[1] ?? '';
    const seen = await world.sessions.read({ tokens: [token] });
    expect([seen.userId, seen.get('theme')]).toEqual(['alice', 'dark']);
  });

  it('sends the cookie of a login with the 503 that follows', async () => {
    const world = new LambdaWorld();
    const response = await stream(world, eventOf(), async (_event, session) => {
      await session.logIn('alice');
      throw new StoreUnavailableError('down', { retryable: true });
    });
    expect(response.prelude?.statusCode).toBe(503);
    expect(setCookiesOf(response)).toEqual([expect.stringMatching(SESSION_COOKIE)]);
  });
});
