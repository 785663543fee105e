import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { CredentialsCache } from '../../../src/light/credentials.js';
import type { Credentials } from '../../../src/light/signature.js';
import { layerAt, type Reply, TestServer } from './server.js';

const VARIABLES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
];

beforeEach(() => {
  for (const name of VARIABLES) vi.stubEnv(name, undefined);
  onTestFinished(() => void vi.unstubAllEnvs());
});

const handedOut = (id: string, seconds: number): Reply => ({
  body: JSON.stringify({
    AccessKeyId: id,
    SecretAccessKey: 'secret',
    Token: 'token',
    Expiration: new Date(Date.now() + seconds * 1_000).toISOString(),
  }),
});

describe('credentials of the environment', () => {
  it('are read at each call, as they are then', async () => {
    const cache = new CredentialsCache();
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'A');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'S');
    expect(await cache.get()).toEqual({ accessKeyId: 'A', secretAccessKey: 'S' });
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'B');
    vi.stubEnv('AWS_SESSION_TOKEN', 'T');
    expect(await cache.get()).toEqual({ accessKeyId: 'B', secretAccessKey: 'S', sessionToken: 'T' });
  });

  it('are missed with advice, and asking again does not help', async () => {
    const server = await TestServer.start(() => ({}));
    const layer = layerAt(server.endpoint, { credentials: (await emptyEnvironment()) as never });
    await expect(layer.loadSession('ID')).rejects.toMatchObject({
      message: expect.stringMatching(/^No credentials were found: give the function a role/),
      retryable: false,
    });
  });
});

/** What finds credentials where there are none. */
const emptyEnvironment = async () => {
  const cache = new CredentialsCache();
  return () => cache.get();
};

describe('credentials of a container', () => {
  it('come from its endpoint, with its token, and are kept until five minutes before their end', async () => {
    const server = await TestServer.start((_request) => handedOut('A', 3_600));
    let authorization: string | undefined;
    const watched = await TestServer.start((request) => {
      authorization = request.headers.authorization;
      return handedOut('A', 3_600);
    });
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${watched.endpoint}/credentials`);
    vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN', 'the token');
    const cache = new CredentialsCache();
    const found = await cache.get();
    expect(found).toMatchObject({ accessKeyId: 'A', secretAccessKey: 'secret', sessionToken: 'token' });
    expect(authorization).toBe('the token');
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${server.endpoint}/other`);
    expect(await cache.get()).toBe(found);
  });

  it('are asked for anew when they end soon, and the old ones do until then', async () => {
    let answer: Reply = handedOut('A', 200);
    const server = await TestServer.start(() => answer);
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', server.endpoint);
    const cache = new CredentialsCache();
    expect((await cache.get()).accessKeyId).toBe('A');
    answer = { status: 500 };
    expect((await cache.get()).accessKeyId).toBe('A');
    answer = handedOut('B', 3_600);
    expect((await cache.get()).accessKeyId).toBe('B');
  });

  it('are asked for with the token of a file, as it is then', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'token-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const tokens: unknown[] = [];
    const server = await TestServer.start((request) => {
      tokens.push(request.headers.authorization);
      return handedOut('A', 60);
    });
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', server.endpoint);
    vi.stubEnv('AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE', join(folder, 'token'));
    const cache = new CredentialsCache();
    writeFileSync(join(folder, 'token'), 'first\n');
    await cache.get();
    writeFileSync(join(folder, 'token'), 'second\n');
    await cache.get();
    expect(tokens).toEqual(['first', 'second']);
  });

  it.each([
    'http://evil.example/',
    'http://169.254.169.254/',
    'http://127.0.0.1.evil.example/',
    'http://localhost.evil.example/',
    'ftp://127.0.0.1/',
    'no URL',
  ])('are not asked for at %s', async (url) => {
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', url);
    await expect(new CredentialsCache().get()).rejects.toMatchObject({
      name: 'CredentialsProviderError',
      message: expect.stringContaining('neither https nor a host that is trusted'),
    });
  });

  it.each(['//evil.example/', 'https://evil.example/', '@evil.example/', '.evil.example/'])(
    'are asked for at the address of ECS alone, if the URI is relative: %s',
    async (uri) => {
      vi.stubEnv('AWS_CONTAINER_CREDENTIALS_RELATIVE_URI', uri);
      const asked: string[] = [];
      const onRequest = (message: unknown): unknown =>
        asked.push((message as { request: { host: string } }).request.host);
      subscribe('http.client.request.start', onRequest);
      onTestFinished(() => void unsubscribe('http.client.request.start', onRequest));
      await expect(new CredentialsCache().get()).rejects.toMatchObject({ name: 'CredentialsProviderError' });
      expect(asked.filter((host) => host !== '169.254.170.2')).toEqual([]);
    },
  );

  it.each<[string, Reply]>([
    ['more than any', { body: JSON.stringify({ AccessKeyId: 'A', SecretAccessKey: 'S', Token: 'T'.repeat(100_000) }) }],
    ['a failure', { status: 500, body: '{"AccessKeyId":"LEAK"}' }],
    ['no JSON', { body: 'LEAK' }],
    ['no keys', { body: '{"Message":"LEAK"}' }],
  ])('are missed where the endpoint answers with %s, and nothing of the answer is told', async (_name, reply) => {
    const server = await TestServer.start(() => reply);
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', server.endpoint);
    const error = await new CredentialsCache().get().catch((reason: Error) => reason);
    expect(error).toMatchObject({ name: 'CredentialsProviderError' });
    expect(String((error as Error).stack)).not.toContain('LEAK');
  });
});

describe('a function that finds credentials', () => {
  it('is called once for many calls at once', async () => {
    const find = vi.fn<() => Promise<Credentials>>(async () => ({
      accessKeyId: 'A',
      secretAccessKey: 'S',
      expiration: new Date(Date.now() + 3_600_000),
    }));
    const cache = new CredentialsCache(find);
    await Promise.all([cache.get(), cache.get(), cache.get()]);
    await cache.get();
    expect(find).toHaveBeenCalledOnce();
  });

  it('is called again after DynamoDB has refused what it found', async () => {
    let count = 0;
    const server = await TestServer.start((_request, requests) =>
      requests === 1 ? { status: 400, body: '{"__type":"x#ExpiredTokenException"}' } : {},
    );
    const credentials = async (): Promise<Credentials> => ({
      accessKeyId: `KEY${(count += 1)}`,
      secretAccessKey: 'S',
      expiration: new Date(Date.now() + 3_600_000),
    });
    await layerAt(server.endpoint, { credentials }).loadSession('ID');
    expect(server.requests.map(({ headers }) => /Credential=(\w+)/.exec(headers.authorization ?? '')?.[1])).toEqual([
      'KEY1',
      'KEY2',
    ]);
  });
});
