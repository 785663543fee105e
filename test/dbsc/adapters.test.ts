import { finished } from 'node:stream/promises';
import middy from '@middy/core';
import { Hono } from 'hono';
import { type LambdaEvent as HonoLambdaEvent, handle } from 'hono/aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { deviceBinding } from '../../src/dbsc/index.js';
import { honoSession, type SessionEnv } from '../../src/hono/index.js';
import {
  ConfigurationError,
  MemoryPersistenceLayer,
  type PersistenceLayer,
  type Session,
  type SessionUser,
} from '../../src/index.js';
import {
  type HttpApiEvent,
  LambdaSessions,
  sessionAuthorizer,
  withSession as withLambdaSession,
  withStreamingSession,
} from '../../src/lambda/index.js';
import { type SessionContext, sessionMiddleware } from '../../src/middy/index.js';
import { type CookieJar, JarSessions, WebSessions, withSession } from '../../src/web/index.js';
import { httpApiAuthorizerEvent } from '../unit/lambda/authorizer-events.js';
import { contextOf } from '../unit/lambda/lambda-world.js';
import { awslambda, ResponseStream } from '../unit/lambda/runtime.js';
import { type Response as Received, services } from '../unit/lambda/services.js';
import { type Answered, type Asked, DeviceBrowser, type Send } from '../world/device-browser.js';
import type { App } from '../world/world.js';
import { Application, ORIGIN } from './application.js';

/** What every handler here does, by the path that is asked for. */
async function page(path: string, session: Session<App>): Promise<string> {
  if (path === '/login') await session.logIn('ann');
  if (path === '/logout') await session.logOut();
  if (path.includes('dynamodb-sessions')) throw new Error('the handler was called');
  return `${session.userId ?? 'nobody'}, ${session.bound}`;
}

/** An adapter, behind something that asks it. */
interface Setup {
  readonly name: string;
  /** The path as the browser has it begins with this. */
  readonly path?: string;
  send(this: void, application: Application): Send;
}

const answered = ({ statusCode, headers, setCookies, body }: Received): Answered => ({
  status: statusCode,
  header: (name) => headers[name]?.join(', '),
  setCookies,
  body,
});

const responded = async (response: Response): Promise<Answered> => ({
  status: response.status,
  header: (name) => response.headers.get(name) ?? undefined,
  setCookies: response.headers.getSetCookie(),
  body: await response.text(),
});

const requestOf = ({ method, path, headers, cookies }: Asked): Request =>
  new Request(ORIGIN + path, {
    method,
    headers: { host: 'app.example.com', ...headers, ...(cookies.length > 0 && { cookie: cookies.join('; ') }) },
  });

type Handler = (event: never, context: never) => unknown;

const onLambda: Setup[] = services.flatMap((service) => {
  const asks =
    (handler: Handler): Send =>
    async ({ method, path, headers, cookies }) =>
      answered(
        service.receive(
          await handler(service.event({ method, path, headers, cookies }) as never, contextOf() as never),
        ),
      );
  const pathOf = (event: object): string => {
    const { rawPath, path = '' } = event as { readonly rawPath?: string; readonly path?: string };
    return rawPath ?? path;
  };
  return [
    {
      name: `withSession behind ${service.name}`,
      send: ({ instance }) =>
        asks(
          withLambdaSession(instance, async (event, session) => {
            return { statusCode: 200, body: await page(pathOf(event), session) } as never;
          }) as Handler,
        ),
    },
    {
      name: `the calls of LambdaSessions behind ${service.name}`,
      send: ({ instance }) => {
        const requests = new LambdaSessions(instance, { csrf: {} });
        return asks(async (event: never, context: never) => {
          const early = (await requests.answerDevice(event, { context })) ?? requests.refuse(event);
          if (early !== undefined) return early;
          const session = await requests.start(event, { context });
          const body = await page(pathOf(event), session);
          return requests.commit(session, event, { statusCode: 200, body });
        });
      },
    },
    {
      name: `middy behind ${service.name}`,
      send: ({ instance }) =>
        asks(
          middy()
            .use(sessionMiddleware(instance))
            .handler(async (event: unknown, { session }: SessionContext<App, SessionUser>) => ({
              statusCode: 200,
              body: await page(pathOf(event as object), session),
            })) as unknown as Handler,
        ),
    },
  ];
});

const elsewhere: Setup[] = [
  {
    name: 'withSession of the web',
    send: ({ instance }) => {
      const handler = withSession(
        instance,
        async (request, session) => new Response(await page(new URL(request.url).pathname, session)),
        { csrf: {} },
      );
      return async (asked) => responded(await handler(requestOf(asked)));
    },
  },
  {
    name: 'the calls of WebSessions',
    send: ({ instance }) => {
      const requests = new WebSessions(instance);
      return async (asked) => {
        const request = requestOf(asked);
        const early = await requests.answerDevice(request);
        if (early !== undefined) return responded(early);
        const session = await requests.start(request);
        return responded(await requests.commit(session, new Response(await page(asked.path, session))));
      };
    },
  },
  {
    name: 'Hono',
    send: ({ instance }) => {
      const app = new Hono<SessionEnv<App>>();
      app.use(honoSession(instance));
      app.all('*', async (context) => context.text(await page(context.req.path, context.var.session)));
      return async (asked) => responded(await app.fetch(requestOf(asked)));
    },
  },
  {
    name: 'Hono on Lambda, behind a REST API',
    send: ({ instance }) => {
      const service = services.find(({ name }) => name === 'REST API')!;
      const app = new Hono<SessionEnv<App>>();
      app.use(honoSession(instance));
      app.all('*', async (context) => context.text(await page(context.req.path, context.var.session)));
      const handler = handle(app);
      return async ({ method, path, headers, cookies }) => {
        const event = service.event({ method, path, headers, cookies });
        return answered(service.receive(await handler(event as HonoLambdaEvent, contextOf() as never)));
      };
    },
  },
  {
    name: 'a jar that can set headers',
    send: ({ instance }) => {
      const requests = new JarSessions(instance);
      return async (asked) => {
        const request = requestOf(asked);
        const early = await requests.answerDevice(request);
        if (early !== undefined) return responded(early);
        const headers = new Headers();
        const jar: CookieJar = {
          get: (name) => asked.cookies.find((cookie) => cookie.startsWith(`${name}=`))?.slice(name.length + 1),
          set: (name, value, { expires }) =>
            headers.append('set-cookie', `${name}=${value}; Path=/; Secure; Expires=${expires.toUTCString()}`),
          setHeader: (name, value) => headers.set(name, value),
        };
        const body = await requests.run(request, jar, (session) => page(asked.path, session));
        return responded(new Response(body, { headers }));
      };
    },
  },
];

describe.each([...onLambda, ...elsewhere])('a bound session with $name', ({ send }) => {
  it('is bound, renewed and ended, and its handler never sees what the browser asks by itself', async () => {
    const application = new Application(new MemoryPersistenceLayer());
    // The jar of Lambda's fixtures counts by the machine's clock.
    application.now = Math.floor(Date.now() / 1000);
    const browser = new DeviceBrowser(send(application), { clock: application.clock });
    expect((await browser.visit('/login')).body).toBe('ann, false');
    expect((await browser.visit('/')).body).toBe('ann, true');
    application.now += 540;
    expect((await browser.visit('/')).body).toBe('ann, true');
    const thief = browser.thief();
    application.now += 600;
    expect((await thief.visit('/')).body).toBe('nobody, false');
    expect((await browser.visit('/')).body).toBe('ann, true');
    await browser.visit('/logout');
    expect((await browser.refresh()).status).toBe(401);
    expect(browser.own).toEqual(['register 200', 'refresh 200', 'refresh 200', 'refresh 401']);
  });

  it('keeps its binding when the store fails: the answer is a 503 (B6)', async () => {
    let fails = false;
    const memory = new MemoryPersistenceLayer();
    const persistence = new Proxy(memory, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== 'function') return member;
        return async (...parameters: unknown[]) => {
          if (fails) throw new Error('no store');
          return Reflect.apply(member, target, parameters) as unknown;
        };
      },
    }) as PersistenceLayer;
    const application = new Application(persistence);
    application.now = Math.floor(Date.now() / 1000);
    const browser = new DeviceBrowser(send(application), { clock: application.clock });
    await browser.visit('/login');
    await browser.visit('/');
    fails = true;
    const failed = await browser.prove();
    expect([failed.status, failed.header('retry-after'), failed.setCookies]).toEqual([503, '1', []]);
    fails = false;
    expect((await browser.prove()).status).toBe(200);
  });
});

describe('a bound session where no cookie can be set', () => {
  let application: Application;
  let browser: DeviceBrowser;
  beforeEach(async () => {
    application = new Application(new MemoryPersistenceLayer());
    browser = await application.boundBrowser();
    application.now += 10; // requests that were under way when it was bound are over
  });

  it('passes an authorizer with the bound cookie only', async () => {
    const authorize = sessionAuthorizer(application.instance);
    const allowed = async (cookies: readonly string[]): Promise<boolean> =>
      (await authorize(httpApiAuthorizerEvent({ cookies }))).isAuthorized;
    expect(await allowed(browser.jar.cookies())).toBe(true);
    expect(await allowed([`__Host-id=${browser.jar.get('__Host-id')}`])).toBe(false);
    const cookies = browser.jar.cookies();
    application.now += 600;
    expect(await allowed(cookies)).toBe(false);
  });

  it('is read with the bound cookie only', async () => {
    const read = async (cookies: readonly string[]): Promise<unknown> => {
      const request = requestOf({ method: 'GET', path: '/', headers: {}, cookies });
      const jar = { get: (): string | undefined => browser.jar.get('__Host-id') };
      const sessions = [
        await new WebSessions(application.instance).read(request),
        await new JarSessions(application.instance).read(request, jar),
      ];
      return sessions.map(({ userId, bound }) => [userId, bound]);
    };
    expect(await read(browser.jar.cookies())).toEqual([
      ['ann', true],
      ['ann', true],
    ]);
    expect(await read([`__Host-id=${browser.jar.get('__Host-id')}`])).toEqual([
      [undefined, false],
      [undefined, false],
    ]);
  });

  it('is nobody to an adapter that does not hand on the bound cookie', async () => {
    const tokens = [browser.jar.get('__Host-id')!];
    expect((await application.instance.start({ tokens })).userId).toBeUndefined();
  });
});

describe('a streamed response', () => {
  beforeEach(() => vi.stubGlobal('awslambda', awslambda));
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('invites the browser, and what it asks by itself is answered whole', async () => {
    const application = new Application(new MemoryPersistenceLayer());
    const service = services.find(({ name }) => name === 'Function URL')!;
    const handler = withStreamingSession(application.instance, async (event, session, respond) => {
      const body = await page(event.rawPath, session);
      (await respond()).end(body);
    });
    const send: Send = async ({ method, path, headers, cookies }) => {
      const stream = new ResponseStream();
      await handler(service.event({ method, path, headers, cookies }) as HttpApiEvent, stream, contextOf());
      await finished(stream);
      const { prelude, body } = stream.received;
      return answered(service.receive({ ...prelude, body }));
    };
    const browser = new DeviceBrowser(send, { clock: application.clock });
    await browser.visit('/login');
    expect((await browser.visit('/')).body).toBe('ann, true');
    await browser.refresh();
    expect(browser.own).toEqual(['register 200', 'refresh 200']);
  });
});

describe('a cookie that no browser binds', () => {
  it.each([
    { domain: 'example.com', name: '__Secure-id' },
    { path: '/app', name: '__Secure-id' },
    { partitioned: true },
  ])('is refused when the application starts: %o', (cookie) => {
    const { instance } = new Application(new MemoryPersistenceLayer());
    expect(() => new WebSessions(instance, { cookie })).toThrow(ConfigurationError);
  });
});

describe('the options of deviceBinding', () => {
  it.each([
    { lifetime: 4 },
    { lifetime: 3_601 },
    { lifetime: 10.5 },
    { path: '/' },
    { path: '/dbsc/' },
    { path: 'dbsc' },
    { path: '/a"b' },
    { path: '/a;b' },
    { otherwise: 'destroy' },
    { origin: 'https://app.example.com/' },
    { origin: 'app.example.com' },
    { required: 'admin' },
    { unknown: true },
  ])('refuse what cannot work: %o', (options) => {
    expect(() => deviceBinding(options as never)).toThrow(ConfigurationError);
  });
});
