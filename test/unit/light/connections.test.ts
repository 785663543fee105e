import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { formatToken, hashSecret, mintToken, type SecretHash } from '../../../src/core/token.js';
import { type SessionEvent, Sessions } from '../../../src/index.js';
import { withSession } from '../../../src/lambda/index.js';
import { itemOf } from '../../../src/table/item.js';
import { CLIENTS, layerFor } from '../../world/clients.js';
import { NOW, recordOf } from '../../world/records.js';
import { httpApiEvent } from '../lambda/events.js';
import { contextOf } from '../lambda/lambda-world.js';
import { layerAt, onTheWire, TestServer } from './server.js';

const DEAD = 6;

describe.each(CLIENTS)('connections that died while their Lambda was frozen, $name', (client) => {
  /** A Lambda that keeps six connections, and what its page view says. */
  async function thawed(): Promise<{ server: TestServer; view: () => Promise<unknown>; events: SessionEvent[] }> {
    const token = mintToken();
    const secretHash = new Uint8Array(hashSecret(token.secret)) as SecretHash;
    const item = onTheWire(itemOf(token.id, recordOf({ secretHash })));
    const server = await TestServer.start(() => ({ body: `{"Item":${item}}` }));
    const layer = layerFor(client, server.endpoint, { tableName: 'T' });
    const events: SessionEvent[] = [];
    const sessions = new Sessions({
      persistence: layer,
      clock: { now: () => NOW * 1_000 },
      onEvent: (event) => events.push(event),
    });
    const handler = withSession(sessions, (_event, session) => ({ statusCode: 200, body: String(session.id) }));
    const cookies = [`__Host-id=${formatToken(token)}`];
    const view = async (): Promise<unknown> => handler(httpApiEvent({ cookies }), contextOf());

    const views = await Promise.all(Array.from({ length: DEAD }, view));
    expect(views).toEqual(views.map(() => expect.objectContaining({ statusCode: 200, body: token.id })));
    await vi.waitFor(() => expect(server.sockets.size).toBe(DEAD));
    await delay(20);
    server.requests.length = 0;
    return {
      server,
      view: async () => expect(await view()).toMatchObject({ statusCode: 200, body: token.id }),
      events,
    };
  }

  it('are no failure: with six that were reset, a page view is a 200 by its second attempt', async () => {
    const { server, view, events } = await thawed();
    server.reset();
    await view();
    expect(server.requests).toHaveLength(1); // on the dead ones, none arrives
    expect(events).toEqual([]);
  });

  it('are no failure: with six that are silent, a page view is a 200 by its second attempt', async () => {
    const { server, view, events } = await thawed();
    server.silence();
    await view();
    expect(server.unheard).toBe(1);
    expect(server.requests).toHaveLength(1);
    expect(events).toEqual([]);
  });
});

describe('the first connection', () => {
  it('is made in a Lambda while the module is loaded, and the first request finds it', async () => {
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'shop');
    onTestFinished(() => void vi.unstubAllEnvs());
    const server = await TestServer.start(() => ({}));
    const layer = layerAt(server.endpoint);
    await vi.waitFor(() => expect(server.sockets.size).toBe(1));
    await delay(20);
    await layer.loadSession('ID');
    expect(server.sockets.size).toBe(1);
  });

  it('is made elsewhere by the first request', async () => {
    const server = await TestServer.start(() => ({}));
    layerAt(server.endpoint);
    await delay(50);
    expect(server.sockets.size).toBe(0);
  });

  it('does no harm where it cannot be made', async () => {
    const layer = layerAt('http://127.0.0.1:1', { connectEarly: true });
    await delay(20);
    await expect(layer.loadSession('ID')).rejects.toThrow(/Nothing listens/);
  });
});
