import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { ExtendablePersistenceLayer, type PersistenceLayer, Sessions } from '../../src/index.js';
import { type LambdaContext, LambdaSessions, withSession } from '../../src/lambda/index.js';
import { contextOf, FORGED } from '../unit/lambda/lambda-world.js';
import { httpApiEvent } from '../unit/lambda/events.js';
import type { App } from '../world/world.js';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A DynamoDB that treats every request like this. */
async function storeThat(listener: RequestListener, config: DynamoDBClientConfig = {}): Promise<PersistenceLayer> {
  const server: Server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    ...config,
  });
  closers.push(() => {
    client.destroy();
    server.close();
    server.closeAllConnections();
  });
  return new DynamoDBPersistenceLayer({ client, tableName: 'sessions' });
}

const hangs: RequestListener = () => {};
const breaksOff: RequestListener = (request) => request.socket.destroy();
const trickles: RequestListener = (_request, response) => {
  response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0', 'content-length': '1000' }).write('{"Item":');
};
const isThrottled: RequestListener = (_request, response) => {
  const error = {
    __type: 'com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException',
    message: 'slow down',
  };
  response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(error));
};
const isDown: RequestListener = (_request, response) => {
  response.writeHead(500, { 'content-type': 'application/x-amz-json-1.0' }).end('{"__type":"InternalServerError"}');
};

/** Runs a handler that reads and writes; says what it answered, and when. */
async function run(
  persistence: PersistenceLayer,
  context: LambdaContext,
  cookies: string[],
  work = 0,
): Promise<{ result: unknown; tookMs: number }> {
  const handler = withSession(new Sessions<App>({ persistence }), async (_event, session) => {
    session.set('theme', 'dark');
    await delay(work);
    return { statusCode: 200, body: 'ok' };
  });
  const begun = performance.now();
  const result = await handler(httpApiEvent({ cookies }), context);
  return { result, tookMs: performance.now() - begun };
}

const unavailable = { statusCode: 503, body: 'Service Unavailable' };
const token = [`__Host-id=${FORGED}`];

describe.each([
  ['hangs', hangs],
  ['breaks every connection off', breaksOff],
  ['stops in the middle of its answers', trickles],
  ['throttles', isThrottled],
  ['is down', isDown],
])('a Lambda with 600 ms left, when DynamoDB %s', (_name, listener) => {
  it('F10: answers 503 before it is stopped: at the start', async () => {
    // The SDK's own defaults, with which it would go on for minutes.
    const { result, tookMs } = await run(await storeThat(listener), contextOf(600), token);
    expect(result).toMatchObject(unavailable);
    expect(tookMs).toBeLessThan(600);
  });

  it('F10: answers 503 before it is stopped: at the end', async () => {
    const { result, tookMs } = await run(await storeThat(listener), contextOf(600), []);
    expect(result).toMatchObject(unavailable);
    expect(result).not.toHaveProperty('cookies');
    expect(tookMs).toBeLessThan(600);
  });

  it('F10: answers 503 before it is stopped: after a handler that took most of the time', async () => {
    const { result, tookMs } = await run(await storeThat(listener), contextOf(600), [], 300);
    expect(result).toMatchObject(unavailable);
    expect(tookMs).toBeLessThan(600);
  });
});

describe('a Lambda with time to spare, when DynamoDB hangs', () => {
  it('F10: answers 503 within the budget of 2 seconds for a call', async () => {
    const { result, tookMs } = await run(await storeThat(hangs), contextOf(60_000), token);
    expect(result).toMatchObject(unavailable);
    expect(tookMs).toBeLessThan(2_500);
  });

  it('F10: does so without a context, too', async () => {
    const persistence = await storeThat(hangs);
    const begun = performance.now();
    const requests = new LambdaSessions(new Sessions<App>({ persistence }));
    await expect(requests.start(httpApiEvent({ cookies: token }))).rejects.toMatchObject({
      code: 'ERR_SESSION_STORE_UNAVAILABLE',
    });
    expect(performance.now() - begun).toBeLessThan(2_500);
  });
});

describe('a Lambda with hardly any time left', () => {
  it('F10: does not ask the store at all', async () => {
    let requests = 0;
    const persistence = await storeThat(() => {
      requests += 1;
    });
    const { result } = await run(persistence, contextOf(100), token);
    expect(result).toMatchObject(unavailable);
    expect(requests).toBe(0);
  });
});

describe("a Lambda with 600 ms left, with a layer of the application's own that never answers", () => {
  const hanging = (): Promise<never> => new Promise(() => {});

  /** What comes of it, or that Lambda has stopped it. */
  const outcome = (running: Promise<{ result: unknown }>): Promise<unknown> =>
    Promise.race([running.then(({ result }) => result), delay(600, 'stopped by Lambda')]);

  it('F10: answers 503 before it is stopped: at the start', async () => {
    const persistence = new ExtendablePersistenceLayer({ loadSession: hanging });
    expect(await outcome(run(persistence, contextOf(600), token))).toMatchObject(unavailable);
  });

  it('F10: answers 503 before it is stopped: at the end', async () => {
    const persistence = new ExtendablePersistenceLayer({ saveSession: hanging });
    expect(await outcome(run(persistence, contextOf(600), []))).toMatchObject(unavailable);
  });
});
