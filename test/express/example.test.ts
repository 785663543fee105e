import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ExpressSessionStore } from 'dynamodb-sessions/express';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApp } from '../../examples/express/app.js';
import { stores, type TestStore } from '../world/stores.js';
import { Browser } from './browser.js';

describe.each(stores())('the example for Express on $name', (engine) => {
  let table: TestStore;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    table = await engine.open();
    const store = new ExpressSessionStore({ persistence: table.persistence, userId: ({ user }) => user });
    server = createApp(store, 'a secret').listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await table.close();
  });

  /** A browser behind a load balancer that ends TLS. */
  const device = (): Browser => new Browser(url, { 'x-forwarded-proto': 'https' });
  const devices = async (browser: Browser): Promise<{ id: string; current: boolean }[]> =>
    (await browser.send('GET', '/devices')).body as { id: string; current: boolean }[];

  it('lists the devices of a user, ends one, and then all', async () => {
    const [laptop, phone, other] = [device(), device(), device()];
    expect((await laptop.send('GET', '/devices')).status).toBe(401);
    for (const browser of [laptop, phone]) await browser.send('POST', '/login/user-1');
    await other.send('POST', '/login/user-2');
    const listed = await devices(laptop);
    expect(listed.filter(({ current }) => current)).toHaveLength(1);
    expect(listed).toHaveLength(2);

    const others = listed.find(({ current }) => !current)?.id;
    expect((await other.send('DELETE', `/devices/${others}`)).status).toBe(404);
    expect((await laptop.send('DELETE', `/devices/${others}`)).status).toBe(200);
    expect((await phone.send('GET', '/')).body).toEqual({ user: null });

    await phone.send('POST', '/login/user-1');
    expect((await phone.send('POST', '/logout-everywhere')).status).toBe(200);
    expect((await laptop.send('GET', '/')).body).toEqual({ user: null });
    expect((await other.send('GET', '/')).body).toEqual({ user: 'user-2' });

    await other.send('POST', '/logout');
    expect((await other.send('GET', '/')).body).toEqual({ user: null });
  });
});

describe('the samples of the guide', () => {
  beforeEach(() => void vi.resetModules());
  afterEach(() => void vi.unstubAllEnvs());

  it.each(['basket', 'fastify'])('do not start without a secret, or with a short one: %s', async (name) => {
    for (const secret of [undefined, '', 'secret']) {
      vi.stubEnv('SESSION_SECRET', secret);
      await expect(import(`../../examples/express/${name}.ts`)).rejects.toThrow('Set SESSION_SECRET');
    }
  });
});
