import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { BriefClient } from '../../../src/dynamodb/brief-client.js';
import { DynamoDBPersistenceLayer } from '../../../src/dynamodb/index.js';
import type { PersistenceLayer } from '../../../src/index.js';
import { CREDENTIALS as credentials, layerAt, TestServer } from './server.js';

/** Both ways to ask DynamoDB. */
const clients: [string, (endpoint: string) => PersistenceLayer][] = [
  ['without the SDK', (endpoint) => layerAt(endpoint)],
  [
    'with the SDK',
    (endpoint) => {
      const client = new BriefClient({ endpoint, region: 'eu-central-1', credentials });
      onTestFinished(() => client.destroy());
      return new DynamoDBPersistenceLayer({ client, tableName: 'T' });
    },
  ],
];

describe.each(clients)('connections that died while their Lambda was frozen, %s', (_name, layerFor) => {
  /** Six connections that are kept. */
  async function thawed(): Promise<{ server: TestServer; layer: PersistenceLayer }> {
    const server = await TestServer.start(() => ({}));
    const layer = layerFor(server.endpoint);
    await Promise.all(Array.from({ length: 6 }, () => layer.loadSession('ID')));
    await delay(20);
    expect(server.sockets.size).toBe(6);
    return { server, layer };
  }

  it('are no failure: six that were reset', async () => {
    const { server, layer } = await thawed();
    server.reset();
    expect(await layer.loadSession('ID')).toBeUndefined();
  });

  it('are no failure: six that are silent, and it takes one attempt to find out', async () => {
    const { server, layer } = await thawed();
    server.silence();
    const start = performance.now();
    expect(await layer.loadSession('ID')).toBeUndefined();
    expect(performance.now() - start).toBeLessThan(1_600);
    expect(server.sockets.size).toBeLessThan(6);
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
