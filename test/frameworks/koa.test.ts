import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../engines/index.js';
import { environmentOf, storeThatHangs } from '../runtime/surroundings.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { App, type Server } from './app.js';
import { Browser } from './browser.js';

describe.each(engines())('Koa, on $name', (engine) => {
  let table: TestTable;
  let app: App;
  let server: Server;

  beforeAll(async () => {
    table = await createTestTable(engine);
    app = await App.install('koa', {
      ...environmentOf(engine, table),
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    await app.run('npx', 'tsc');
    server = await app.serve({}, 'serve.js');
  });
  afterAll(async () => {
    await server?.stop();
    await table.drop();
  });

  const post = async (browser: Browser, path: string): Promise<unknown> =>
    (await browser.fetch(path, { method: 'POST' })).json();

  it('answers a stranger without a cookie', async () => {
    const browser = new Browser(server.url!);
    expect(await (await browser.fetch('/')).json()).toEqual({ user: null, visits: 0 });
    expect(browser.token).toBeUndefined();
  });

  it('keeps what is counted, through a login, until the logout', async () => {
    const browser = new Browser(server.url!);
    expect(await post(browser, '/visits')).toEqual({ user: null, visits: 1 });
    expect(await post(browser, '/login?name=ann')).toEqual({ user: 'ann', visits: 1 });
    expect(await post(browser, '/visits')).toEqual({ user: 'ann', visits: 2 });
    expect(await post(browser, '/logout')).toEqual({ user: null, visits: 0 });
    expect(browser.token).toBeUndefined();
  });

  it('sets one cookie, for as long as the session may live, which no shared cache keeps', async () => {
    const { headers } = await new Browser(server.url!).fetch('/visits', { method: 'POST' });
    const [setCookie = '', ...others] = headers.getSetCookie();
    expect(others).toEqual([]);
    expect(setCookie).toMatch(/^__Host-id=[^;]+; path=\/; expires=[^;]+; samesite=lax; secure; httponly$/);
    const lifetime = Date.parse(/expires=([^;]+)/.exec(setCookie)![1]!) - Date.now();
    expect(lifetime / 86_400_000).toBeCloseTo(30, 1);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('answers 503 while the store does not answer, and leaves the cookie alone', async () => {
    const browser = new Browser(server.url!);
    await post(browser, '/login?name=ann');
    await using store = await storeThatHangs();
    const cutOff = await app.serve({ AWS_ENDPOINT_URL_DYNAMODB: store.endpoint }, 'serve.js');
    try {
      const response = await browser.fetch(`${cutOff.url}/`);
      expect([response.status, response.headers.getSetCookie()]).toEqual([503, []]);
    } finally {
      await cutOff.stop();
    }
  });
});
