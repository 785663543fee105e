import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PARTITION_KEY } from '../../src/table-schema.js';
import { storeThatHangs } from '../runtime/surroundings.js';
import type * as NextEntry from '../../src/next/index.js';
import type * as MainEntry from '../../src/index.js';
import { DeviceBrowser, type Send } from '../world/device-browser.js';
import { Browser } from './browser.js';
import { Project, type Server } from './project.js';

describe('the application of the page on Next.js', () => {
  let app: Project;
  let store: Server;
  let server: Server;

  beforeAll(async () => {
    app = await Project.copiedFrom('guides/next.md', { env: { NEXT_TELEMETRY_DISABLED: '1' } });
    await cp(fileURLToPath(new URL('next', import.meta.url)), app.folder, { recursive: true });
    await app.runAsShown('npm run build'); // without a store
    store = await app.serveStore();
    server = await app.serve({}, ...START);
  });
  afterAll(async () => {
    await server?.stop();
    await store?.stop();
    await app?.[Symbol.asyncDispose]();
  });

  const visit = (): Browser => new Browser(server.url!, { tls: true });

  /** A browser in which ann is logged in. */
  const annsBrowser = async (): Promise<Browser> => {
    const browser = visit();
    await browser.submit('/', 'Log in', { name: 'ann' });
    return browser;
  };

  /** Makes the secret of a session so old that it is replaced. */
  const age = async (token: string): Promise<void> => {
    const { AWS_ENDPOINT_URL_DYNAMODB: endpoint, DYNAMODB_SESSIONS_TABLE: TableName } = app.storeEnv;
    const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
    await new DynamoDBClient({ endpoint: endpoint!, region: 'us-east-1', credentials }).send(
      new UpdateItemCommand({
        TableName,
        Key: { [PARTITION_KEY]: { S: token.split('.')[0] as string } },
        UpdateExpression: 'SET rotatedAt = rotatedAt - :hours',
        ExpressionAttributeValues: { ':hours': { N: '7200' } },
      }),
    );
  };

  it('shows the page to a stranger, and sets no cookie', async () => {
    const browser = visit();
    expect(await browser.page('/')).toContain('Hello stranger');
    expect(browser.token).toBeUndefined();
  });

  it('logs in with a server action that redirects, and out with one that does not', async () => {
    const browser = visit();
    expect(await browser.submit('/', 'Log in', { name: 'ann' })).toContain('Hello ann');
    expect(browser.token).toMatch(TOKEN);
    expect(await browser.submit('/', 'Log out')).toContain('Hello stranger');
    expect(browser.token).toBeUndefined();
  });

  it('logs in with a server action that a script calls, and renders where it redirects to', async () => {
    const browser = visit();
    const [action] = [...(await browser.form('/', 'Log in')).body.keys()];
    const body = new FormData();
    body.set('_1_name', 'ann');
    body.set('0', '["$K1"]'); // the first argument is the form 1
    const headers = { 'next-action': action!.slice('$ACTION_ID_'.length), accept: 'text/x-component' };
    const response = await browser.fetch('/', { method: 'POST', body, headers });
    expect(response.headers.get('x-action-redirect')).toMatch(/^\/;/);
    expect(await response.text()).toContain('Hello ann');
    expect(await browser.page('/')).toContain('Hello ann');
  });

  it('sets a cookie that a browser keeps without TLS, in development', async () => {
    const developed = await app.serve({}, 'npm', 'run', 'dev', ...LOOPBACK);
    try {
      const browser = new Browser(developed.url!, { tls: false });
      expect(await browser.submit('/', 'Log in', { name: 'ann' })).toContain('Hello ann');
      expect(browser.lastSetCookie).toMatch(/^id=[^;]+; /);
      expect(browser.lastSetCookie).not.toMatch(/secure/i);
    } finally {
      await developed.stop();
    }
  });

  it('sets the cookie with its attributes, and clears it with the same', async () => {
    const browser = visit();
    await browser.submit('/', 'Log in', { name: 'ann' });
    const loggedIn = browser.lastSetCookie;
    await browser.submit('/', 'Log out');
    expect([loggedIn, browser.lastSetCookie].map(attributesOf)).toEqual([
      'Path=/; Secure; HttpOnly; SameSite=lax',
      'Path=/; Secure; HttpOnly; SameSite=lax',
    ]);
  });

  it('has one session where a call of run is inside of another', async () => {
    const browser = visit();
    const response = await browser.fetch('/failures/nested', { method: 'POST' });
    expect([await response.json(), response.headers.getSetCookie().length]).toEqual([{ user: 'ann' }, 1]);
    expect(await browser.page('/')).toContain('Hello ann');
  });

  it('keeps what a route handler counts, and keeps its cookie from shared caches', async () => {
    const browser = visit();
    const first = await browser.fetch('/visits', { method: 'POST' });
    expect(await first.json()).toEqual({ user: null, visits: 1 });
    expect(first.headers.get('cache-control')).toBe('no-store');
    const second = await browser.fetch('/visits', { method: 'POST' });
    expect(await second.json()).toEqual({ user: null, visits: 2 });
    expect(second.headers.getSetCookie()).toEqual([]);
  });

  describe('proxy.ts', () => {
    it('begins a session that the page of the same request sees', async () => {
      const browser = visit();
      const response = await browser.fetch('/?theme=dark');
      expect(await response.text()).toContain('class="dark"');
      expect(response.headers.getSetCookie()).toEqual([expect.stringContaining('__Host-id=')]);
      expect(response.headers.get('cache-control')).toMatch(/no-store/);
      expect([...response.headers.keys()].filter((name) => name.startsWith('x-middleware-'))).toEqual([]);
      expect(await browser.page('/')).toContain('class="dark"');
    });

    it('replaces an old secret, and the page of the same request sees the session', async () => {
      const browser = await annsBrowser();
      const before = browser.token!;
      await age(before);
      expect(await browser.page('/')).toContain('Hello ann');
      expect(browser.token).not.toBe(before);
      expect(await browser.page('/')).toContain('Hello ann');
    });

    it.each([
      ['an action', '/'],
      ['a route handler', '/failures/redirect'],
    ])('replaces an old secret before a login in %s, whose cookie has the last word', async (_name, path) => {
      const browser = await annsBrowser();
      const form = await visit().form('/', 'Log in', { name: 'ann' });
      await age(browser.token!);
      const response = path === '/' ? await browser.send(form) : await browser.fetch(path, POST);
      expect([response.status, response.headers.getSetCookie().length]).toEqual([path === '/' ? 303 : 307, 2]);
      expect(await browser.page('/')).toContain('Hello ann');
    });

    it('replaces an old secret before a logout, which clears the cookie', async () => {
      const browser = await annsBrowser();
      const form = await browser.form('/', 'Log out');
      await age(browser.token!);
      await browser.send(form);
      expect(browser.token).toBeUndefined();
    });

    it('answers in place of the page', async () => {
      const response = await visit().fetch('/account');
      expect([response.status, response.headers.get('location')]).toEqual([307, '/']);
      expect(await (await annsBrowser()).page('/account')).toContain('the account of ann');
    });

    it('answers 503 while the store does not answer, and leaves the cookie alone', async () => {
      const browser = await annsBrowser();
      await using store = await storeThatHangs();
      const cutOff = await app.serve({ AWS_ENDPOINT_URL_DYNAMODB: store.endpoint }, ...START);
      try {
        const response = await browser.fetch(`${cutOff.url}/`);
        expect([response.status, response.headers.getSetCookie()]).toEqual([503, []]);
      } finally {
        await cutOff.stop();
      }
    });
  });

  describe('a response of the proxy handler', () => {
    /** Real ones, called as Next.js calls them. */
    const proxied = async (answer: (next: NextServer) => Response) => {
      const modules = join(app.folder, 'node_modules');
      const { Sessions } = (await import(join(modules, 'dynamodb-sessions/dist/src/index.js'))) as typeof MainEntry;
      const { NextSessions } = (await import(
        join(modules, 'dynamodb-sessions/dist/src/next/index.js')
      )) as typeof NextEntry;
      const next = (await import(join(modules, 'next/server.js'))) as NextServer;
      const proxy = new NextSessions(new Sessions()).proxy((_request, session) => {
        session.set('theme', 'dark');
        return answer(next);
      });
      const headers = { cookie: 'lang=de; __Host-id=old; seen=1', 'x-own': '1' };
      const { headers: answered } = await proxy(new Request('https://app.example.com/', { headers }));
      const [cookie] = (answered.getSetCookie()[0] as string).split(';');
      return { answered, expected: `lang=de; seen=1; ${cookie}` };
    };

    it('hands on the new cookie in place of the old, and all other headers, with a rewrite', async () => {
      const { answered, expected } = await proxied(({ NextResponse }) =>
        NextResponse.rewrite('https://app.example.com/elsewhere'),
      );
      expect(Object.fromEntries(answered)).toMatchObject({
        'x-middleware-rewrite': 'https://app.example.com/elsewhere',
        'x-middleware-override-headers': 'cookie,x-own',
        'x-middleware-request-cookie': expected,
        'x-middleware-request-x-own': '1',
      });
    });

    it('keeps the headers that the handler gives to the request', async () => {
      const { answered, expected } = await proxied(({ NextResponse }) =>
        NextResponse.next({ request: { headers: new Headers({ cookie: 'lang=de; seen=1', 'x-own': '2' }) } }),
      );
      expect(answered.get('x-middleware-override-headers')?.split(/, ?/)).toEqual(['cookie', 'x-own', 'cookie']);
      expect(answered.get('x-middleware-request-cookie')).toBe(expected);
      expect(answered.get('x-middleware-request-x-own')).toBe('2');
    });

    it('tells a client nothing of the request, with a redirect', async () => {
      const { answered } = await proxied(({ NextResponse }) => NextResponse.redirect('https://app.example.com/login'));
      expect([...answered.keys()].toSorted()).toEqual(['cache-control', 'location', 'set-cookie']);
    });
  });

  describe('with sessions bound to devices', () => {
    /** Sends what the browser asks, with the form that logs ann in where it is sent. */
    const send: Send = async ({ method, path, headers, cookies }) => {
      const response = await fetch(new URL(path, server.url), {
        method,
        headers: { 'x-forwarded-proto': 'https', ...headers, cookie: cookies.join('; ') },
        redirect: 'manual',
        ...(path === '/log-in' && { body: new URLSearchParams({ name: 'ann' }) }),
      });
      return {
        status: response.status,
        header: (name) => response.headers.get(name) ?? undefined,
        setCookies: response.headers.getSetCookie(),
        body: await response.text(),
      };
    };

    it('invites the browser by a login in a route handler; it binds and renews the session at the proxy', async () => {
      const browser = new DeviceBrowser(send);
      const login = await browser.ask('POST', '/log-in');
      expect([login.status, login.header('location')]).toEqual([303, '/']);
      browser.invitation = login.header('secure-session-registration');
      expect((await browser.register()).status).toBe(200);
      expect((await browser.visit('/bound')).body).toContain('ann, bound');
      expect((await browser.refresh()).status).toBe(200);
      expect((await browser.visit('/bound')).body).toContain('ann, bound');

      const thief = browser.thief();
      thief.jar.receive({ cookies: ['__Host-id-bound=; Path=/; Max-Age=0'] });
      expect((await thief.visit('/bound')).body).toContain('undefined, unbound');
    });

    it.each([
      ['a server action', async () => visit().send(await visit().form('/', 'Log in', { name: 'ann' }))],
      ['redirect() in a route handler', async () => visit().fetch('/failures/redirect', POST)],
    ])('cannot invite it by %s, of which no header leaves: the session stays unbound', async (_name, logIn) => {
      const { headers } = await logIn();
      expect(headers.getSetCookie()).toEqual([expect.stringContaining('__Host-id=')]);
      expect(headers.get('secure-session-registration')).toBeNull();
    });
  });

  describe('what is thrown after a login', () => {
    it.each([
      ['notFound() in an action', 404, (browser: Browser) => sendForm(browser, 'Find nothing')],
      ['redirect() in a route handler', 307, (browser: Browser) => browser.fetch('/failures/redirect', POST)],
    ])('ends the session as a return does: %s', async (_name, status, send) => {
      const browser = visit();
      expect((await send(browser)).status).toBe(status);
      expect(await browser.page('/')).toContain('Hello ann');
      expect(await browser.page('/')).toContain('class="dark"');
    });

    it('saves nothing that was only set, and sends the cookie of the login: an error in an action', async () => {
      const browser = visit();
      expect((await sendForm(browser, '>Fail<')).status).toBe(500);
      expect(await browser.page('/')).toContain('Hello ann');
      expect(await browser.page('/')).toContain('class="light"');
    });
  });
});

interface NextServer {
  readonly NextResponse: {
    next(init: { readonly request: { readonly headers: Headers } }): Response;
    redirect(url: string): Response;
    rewrite(url: string): Response;
  };
}

const sendForm = async (browser: Browser, button: string): Promise<Response> =>
  browser.send(await browser.form('/failures', button, { name: 'ann' }));

const TOKEN = /^[\w-]{22}\.[\w-]{32}$/;
const POST = { method: 'POST' } as const;
const LOOPBACK = ['--', '-H', '127.0.0.1', '-p', '0'];
const START = ['npm', 'start', ...LOOPBACK] as const;

/** All attributes of a cookie but its lifetime. */
const attributesOf = (setCookie: string): string =>
  setCookie
    .split('; ')
    .slice(1)
    .filter((attribute) => !/^(?:Expires|Max-Age)=/.test(attribute))
    .join('; ');
