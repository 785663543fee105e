import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { Sessions } from '../../src/index.js';
import { engines } from '../engines/index.js';
import { Browser } from '../express/browser.js';
import { environmentOf } from '../runtime/surroundings.js';
import { httpApiAuthorizerEvent, restApiAuthorizerEvent } from '../unit/lambda/authorizer-events.js';
import { contextOf } from '../unit/lambda/lambda-world.js';
import { serviceOf, services } from '../unit/lambda/services.js';
import { createTestTable, type TestTable } from '../world/tables.js';

/** A browser's cookies. */
class Cookies {
  #jar = new Map<string, string>();

  /** As `Cookie` headers have them. */
  get all(): string[] {
    return [...this.#jar].map(([name, value]) => `${name}=${value}`);
  }

  keep(setCookies: readonly string[]): void {
    for (const setCookie of setCookies) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(setCookie) as unknown as [string, string, string];
      if (setCookie.endsWith('; Max-Age=0')) this.#jar.delete(name);
      else this.#jar.set(name, value);
    }
  }
}

const context = (): never => contextOf(60_000) as never;

describe.each(engines())('the examples, on $name', (engine) => {
  let table: TestTable;

  beforeAll(async () => {
    table = await createTestTable(engine);
    const environment = { ...environmentOf(engine, table), AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    vi.stubEnv('SESSION_SECRET', 'a secret of at least thirty-two characters');
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    vi.resetModules(); // each example reads the environment when it is loaded
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await table.drop();
  });

  it.each(['HTTP API', 'Function URL', 'emulated HTTP API'])(
    'lambda: a basket behind %s is kept by a login, and forgotten by a logout',
    async (name) => {
      const { handler } = await import('../../examples/lambda/handler.js');
      const service = serviceOf(name);
      const cookies = new Cookies();
      const request = async (path: string, body?: string) => {
        const event = service.event({ path, cookies: cookies.all, ...(body !== undefined && { body }) });
        const response = service.receive(await handler(event as APIGatewayProxyEventV2, context()));
        cookies.keep(response.setCookies);
        return response;
      };
      expect((await request('/')).setCookies).toEqual([]);
      await request('/basket', '{"item":"book"}');
      expect((await request('/basket', '{"item":"pen"}')).body).toBe('{"basket":["book","pen"]}');
      const planted = cookies.all;
      expect(await request('/login', '{"name":"alice"}')).toMatchObject({ statusCode: 303 });
      expect(cookies.all).not.toEqual(planted);
      expect((await request('/')).body).toBe('{"user":"alice","basket":["book","pen"]}');
      await request('/logout', '{}');
      expect(cookies.all).toEqual([]);
      expect((await request('/')).body).toBe('{"user":null,"basket":[]}');
      expect(await request('/elsewhere')).toMatchObject({ statusCode: 404, setCookies: [] });
    },
  );

  it('express: a basket is kept by a login, and forgotten by a logout', async () => {
    const { app } = await import('../../examples/express/basket.js');
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const browser = new Browser(`http://127.0.0.1:${port}`, { 'x-forwarded-proto': 'https' });
    const answer = async (method: string, path: string) => (await browser.send(method, path)).body;

    expect(await answer('GET', '/')).toEqual({ user: null, basket: [] });
    expect(browser.cookies.size).toBe(0);
    await answer('POST', '/basket/book');
    expect(await answer('POST', '/basket/pen')).toEqual({ basket: ['book', 'pen'] });
    const planted = browser.copy();
    expect(await answer('POST', '/login/alice')).toEqual({ user: 'alice', basket: ['book', 'pen'] });
    expect((await planted.send('GET', '/')).body).toEqual({ user: null, basket: [] });
    expect(await answer('POST', '/logout')).toEqual({ user: null, basket: [] });
    server.close();
    server.closeAllConnections();
  });

  it('fastify: visits are counted', async () => {
    const { app } = await import('../../examples/express/fastify.js');
    const url = await app.listen({ host: '127.0.0.1', port: 0 });
    const browser = new Browser(url, { 'x-forwarded-proto': 'https' });
    expect((await browser.send('GET', '/')).body).toEqual({ visits: 1 });
    expect((await browser.send('GET', '/')).body).toEqual({ visits: 2 });
    expect((await new Browser(url, { 'x-forwarded-proto': 'https' }).send('GET', '/')).body).toEqual({ visits: 1 });
    await app.close();
  });

  it.each(services)('hono: a basket behind $name is kept by a login, and forgotten by a logout', async (service) => {
    const { handler } = await import('../../examples/hono/app.js');
    const cookies = new Cookies();
    const request = async (path: string, body?: string) => {
      const event = service.event({ path, cookies: cookies.all, ...(body !== undefined && { body }) });
      const response = service.receive(await handler(event as never, context()));
      cookies.keep(response.setCookies);
      return response;
    };
    expect((await request('/')).setCookies).toEqual([]);
    await request('/basket/book', '{}');
    expect((await request('/basket/pen', '{}')).body).toBe('{"basket":["book","pen"]}');
    const planted = cookies.all;
    expect(await request('/login', '{"name":"alice"}')).toMatchObject({
      statusCode: 303,
      headers: { location: ['/'] },
    });
    expect(cookies.all).not.toEqual(planted);
    expect((await request('/')).body).toBe('{"user":"alice","basket":["book","pen"]}');
    await request('/logout', '{}');
    expect(cookies.all).toEqual([]);
    expect((await request('/')).body).toBe('{"user":null,"basket":[]}');
  });

  it('fetch: visits are counted, and a page that cannot set a cookie knows who is there', async () => {
    const { DELETE, GET, greeting, POST } = await import('../../examples/fetch/routes.js');
    const cookies = new Cookies();
    const request = (init: RequestInit = {}): Request =>
      new Request('https://app.example.com/', { ...init, headers: { cookie: cookies.all.join('; ') } });
    const send = async (handler: typeof GET, init?: RequestInit): Promise<Response> => {
      const response = await handler(request(init));
      cookies.keep(response.headers.getSetCookie());
      return response;
    };
    expect(await (await send(GET)).json()).toEqual({ user: null, visits: 1 });
    const login = await send(POST, { method: 'POST', body: '{"name":"alice"}' });
    expect([login.status, login.headers.get('location')]).toEqual([303, '/']);
    expect(await (await send(GET)).json()).toEqual({ user: 'alice', visits: 2 });

    const before = await table.items();
    expect(await greeting(request())).toBe('hello alice');
    expect(await table.items()).toEqual(before);

    expect((await send(DELETE, { method: 'DELETE' })).status).toBe(204);
    expect(await greeting(request())).toBe('hello stranger');
  });

  it.each(['HTTP API', 'Function URL'])('middy: visits are counted behind %s', async (name) => {
    const { handler } = await import('../../examples/middy/handler.js');
    const service = serviceOf(name);
    const cookies = new Cookies();
    const visit = async (path: string): Promise<unknown> => {
      const event = service.event({ path, cookies: cookies.all }) as APIGatewayProxyEventV2;
      const response = service.receive(await handler(event, context()));
      cookies.keep(response.setCookies);
      return JSON.parse(response.body);
    };
    expect(await visit('/')).toEqual({ user: null, visits: 1 });
    expect(await visit('/login')).toEqual({ user: 'user-1', visits: 2 });
    expect(await visit('/')).toEqual({ user: 'user-1', visits: 3 });
    expect(await visit('/logout')).toEqual({ user: null, visits: 1 });
    expect(await visit('/')).toEqual({ user: null, visits: 2 });
  });

  it.each([
    ['ann', 'an administrator', true],
    ['bob', 'an editor', true],
    ['eve', 'neither', false],
    ['mallory', 'unknown', false],
  ])('authorizer: %s, who is %s, may pass: %s', async (name, _role, passes) => {
    const { handler } = await import('../../examples/authorizer/authorizer.js');
    const { client, tableName } = table;
    const session = await new Sessions({ persistence: new DynamoDBPersistenceLayer({ client, tableName }) }).start();
    await session.logIn(name);
    const action = await session.commit();
    const cookies = [`__Host-id=${action.kind === 'set' ? action.token : ''}`];

    expect(await handler(httpApiAuthorizerEvent({ cookies }), context())).toMatchObject({ isAuthorized: passes });
    const { policyDocument } = await handler(restApiAuthorizerEvent({ cookies }), context());
    expect(policyDocument.Statement[0].Effect).toBe(passes ? 'Allow' : 'Deny');
  });

  it('authorizer: nobody may pass without a cookie', async () => {
    const { handler } = await import('../../examples/authorizer/authorizer.js');
    expect(await handler(httpApiAuthorizerEvent(), context())).toEqual({ isAuthorized: false, context: {} });
  });
});
