import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { StoreUnavailableError } from '../../../src/index.js';
import { recordOf } from '../../world/records.js';
import { CREDENTIALS, layerAt, type Reply, TestServer } from './server.js';

const fault = (status: number, name: string): Reply => ({
  status,
  body: JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'No.' }),
});

/** Asks once: what came of it, of how many attempts, and after how long. */
async function ask(reply: (count: number) => Reply): Promise<{ error: unknown; attempts: number; ms: number }> {
  const server = await TestServer.start((_request, count) => reply(count));
  const start = performance.now();
  const error = await layerAt(server.endpoint)
    .loadSession('ID')
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  return { error, attempts: server.requests.length, ms: performance.now() - start };
}

describe('a call without the SDK', () => {
  it.each([
    ['an internal error', fault(500, 'InternalServerError')],
    ['an overload', fault(503, 'ServiceUnavailable')],
    ['throttling of the table', fault(400, 'ProvisionedThroughputExceededException')],
    ['throttling of requests', fault(400, 'ThrottlingException')],
    ['the account’s limit', fault(400, 'RequestLimitExceeded')],
  ])('F10: asks three times on %s, and then says so', async (_name, answer) => {
    const { error, attempts } = await ask(() => answer);
    expect(error).toMatchObject({ name: 'StoreUnavailableError', retryable: true });
    expect(attempts).toBe(3);
  });

  it.each([
    ['the table', fault(400, 'ResourceNotFoundException'), /^The table or its index was not found/],
    ['the request', fault(400, 'ValidationException'), /^DynamoDB found the request invalid/],
    ['the permission', fault(400, 'AccessDeniedException'), /^Access was denied/],
  ])('asks once if the fault is in %s, and says what to do', async (_name, answer, message) => {
    const { error, attempts } = await ask(() => answer);
    expect(error).toMatchObject({ message: expect.stringMatching(message), retryable: false });
    expect(attempts).toBe(1);
  });

  it('F10: succeeds if the third attempt does', async () => {
    expect(await ask((count) => (count < 3 ? fault(500, 'InternalServerError') : {}))).toMatchObject({
      error: undefined,
      attempts: 3,
    });
  });

  it('F10: asks anew after 0.8 s of silence, and is given up at its budget, whatever comes', async () => {
    expect(await ask((count) => (count === 1 ? 'hang' : {}))).toMatchObject({ error: undefined, attempts: 2 });
    const { error, ms } = await ask(() => 'hang');
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(ms).toBeGreaterThan(1_900);
    expect(ms).toBeLessThan(3_000);
  });

  it('F10: gives a body up that stalls', async () => {
    const server = await TestServer.start(() => ({ headers: { 'content-length': 1_000 }, body: '{' }));
    const error = layerAt(server.endpoint).loadSession('ID');
    await expect(error).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(server.requests.length).toBeGreaterThan(1);
  });

  it('is not sent after the deadline', async () => {
    const server = await TestServer.start(() => ({}));
    const late = layerAt(server.endpoint).loadSession('ID', { deadline: Date.now() - 1 });
    await expect(late).rejects.toThrow(/nothing was sent/);
    expect(server.requests).toEqual([]);
  });

  it('is signed by the clock of DynamoDB after that has refused the signature', async () => {
    const theirs = new Date(Date.now() + 3_600_000);
    const server = await TestServer.start((_request, count) => ({
      ...(count === 1 ? (fault(400, 'InvalidSignatureException') as object) : {}),
      headers: { date: theirs.toUTCString() },
    }));
    const layer = layerAt(server.endpoint);
    await layer.loadSession('ID');
    await layer.loadSession('ID');
    const hours = server.requests.map(({ headers }) => {
      const [, year, month, day, hour, minute] = /^(....)(..)(..)T(..)(..)/.exec(String(headers['x-amz-date'])) ?? [];
      return Math.abs(
        Math.round((Date.parse(`${year}-${month}-${day}T${hour}:${minute}:00Z`) - Date.now()) / 3_600_000),
      );
    });
    expect(hours).toEqual([0, 1, 1]);
  });

  it('is not signed by a date that is none', async () => {
    const server = await TestServer.start(() => ({ headers: { date: 'Sat, 13 Sep 275760 00:00:00 GMT' } }));
    const layer = layerAt(server.endpoint);
    await layer.loadSession('ID');
    expect(await layer.loadSession('ID')).toBeUndefined();
  });

  it('leaves no listener behind: after a thousand there is no warning, and one connection', async () => {
    const warnings: string[] = [];
    const onWarning = ({ message }: Error): unknown => warnings.push(message);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const server = await TestServer.start(() => ({}));
    const layer = layerAt(server.endpoint, { timeoutMs: 15_000 });
    for (let calls = 0; calls < 1_000; calls += 1) await layer.loadSession('ID');
    expect(warnings).toEqual([]);
    expect(server.sockets.size).toBe(1);
  });

  it('is not the reason for a process to go on', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'process-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const server = await TestServer.start(() => ({}));
    await build({
      stdin: {
        contents: `import { DynamoDBPersistenceLayer } from './src/light/index.ts';
          const options = JSON.parse(process.argv[2]);
          console.log(await new DynamoDBPersistenceLayer(options).loadSession('ID'));`,
        resolveDir: fileURLToPath(new URL('../../../', import.meta.url)),
        loader: 'ts',
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: join(folder, 'script.mjs'),
    });
    const options = { endpoint: server.endpoint, region: 'us-east-1', credentials: CREDENTIALS, tableName: 'T' };
    const script = promisify(execFile)(process.execPath, [join(folder, 'script.mjs'), JSON.stringify(options)]);
    expect((await script).stdout).toBe('undefined\n');
  });

  it('says who asks, and for which invocation', async () => {
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'shop');
    vi.stubEnv('_X_AMZN_TRACE_ID', 'Root=1-2-3');
    onTestFinished(() => void vi.unstubAllEnvs());
    const server = await TestServer.start(() => ({}));
    await layerAt(server.endpoint, { connectEarly: false }).loadSession('ID');
    expect(server.requests[0]?.headers).toMatchObject({
      'user-agent': 'dynamodb-sessions',
      'x-amzn-trace-id': 'Root=1-2-3',
      'x-amz-target': 'DynamoDB_20120810.GetItem',
      'x-amz-security-token': 'a-token',
    });
    expect(server.requests[0]?.headers.authorization).not.toContain('trace');
  });

  it('finds region and endpoint in the environment, at the first call', async () => {
    const server = await TestServer.start(() => ({}));
    const layer = layerAt(server.endpoint, { endpoint: undefined, region: undefined } as never);
    for (const name of ['DYNAMODB_SESSIONS_REGION', 'AWS_REGION', 'AWS_DEFAULT_REGION']) vi.stubEnv(name, undefined);
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(layer.loadSession('ID')).rejects.toThrow(/^There is no region: set AWS_REGION/);
    vi.stubEnv('AWS_REGION', 'eu-central-1');
    vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', server.endpoint);
    await layer.loadSession('ID');
    expect(server.requests).toHaveLength(1);
  });

  it('tells that a write was sent more than once', async () => {
    const server = await TestServer.start((_request, count) => (count === 1 ? fault(500, 'InternalServerError') : {}));
    const change = { kind: 'update', set: [], removed: [], expected: { now: 1, auth: 0 } };
    const saved = await layerAt(server.endpoint).saveSession('ID', recordOf({}), change as never);
    expect(saved).toEqual({ kind: 'saved', repeated: true });
  });
});
