import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import middy from '@middy/core';
import { Hono } from 'hono';
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { BriefClient } from '../../src/dynamodb/brief-client.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { ExpressSessionStore } from '../../src/express/index.js';
import { honoSession } from '../../src/hono/index.js';
import { ConfigurationError, Sessions, StoreUnavailableError } from '../../src/index.js';
import { sessionAuthorizer, withSession } from '../../src/lambda/index.js';
import { sessionMiddleware } from '../../src/middy/index.js';
import { withSession as withWebSession } from '../../src/web/index.js';
import { engines } from '../engines/index.js';
import { frameworks } from '../express/apps.js';
import { httpApiAuthorizerEvent } from '../unit/lambda/authorizer-events.js';
import { httpApiEvent } from '../unit/lambda/events.js';
import { contextOf } from '../unit/lambda/lambda-world.js';
import { newId } from '../world/records.js';
import { clientFor } from '../world/tables.js';

const tokens = [`${newId()}.${'S'.repeat(32)}`];
const cookie = `__Host-id=${tokens[0]}`;
const never = (): never => {
  throw new Error('the handler was called');
};

let written: MockInstance<typeof console.error>;

beforeEach(() => {
  written = vi.spyOn(console, 'error').mockImplementation(() => {});
  for (const name of Object.keys(process.env)) {
    if (/^(AWS_(?!SDK_JS_)|DYNAMODB_SESSIONS_)/.test(name)) vi.stubEnv(name, undefined);
  }
  for (const name of ['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE']) vi.stubEnv(name, '/dev/null');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const lines = (): unknown[] => written.mock.calls.flat();

/** An environment in which nothing is missing. */
function complete(environment: Readonly<Record<string, string | undefined>> = {}): void {
  const rest = { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
  for (const [name, value] of Object.entries({ ...rest, ...environment })) vi.stubEnv(name, value);
}

/** A port at which nothing listens. */
async function deadEndpoint(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

/** What is not set up, the environment that makes it so, and what the message says to set. */
const faults: [
  string,
  () => Promise<Record<string, string | undefined>> | Record<string, string | undefined>,
  RegExp,
][] = [
  ['no region', () => ({ AWS_REGION: undefined }), /no region.*set AWS_REGION/i],
  ['no credentials', () => ({ AWS_ACCESS_KEY_ID: undefined }), /No credentials.*a role.*AWS_PROFILE.*AWS_SECRET/],
  [
    'nothing that listens at its endpoint',
    async () => ({ AWS_ENDPOINT_URL_DYNAMODB: await deadEndpoint() }),
    /Nothing listens.*AWS_ENDPOINT_URL_DYNAMODB/,
  ],
  [
    'a host that does not exist',
    () => ({ AWS_ENDPOINT_URL_DYNAMODB: 'http://dynamodb.invalid' }),
    /does not exist.*region.*AWS_ENDPOINT_URL_DYNAMODB/,
  ],
];

describe.each(faults)('a store with %s', (_, environment, advice) => {
  it('says what to set, and that asking again would not help', async () => {
    complete(await environment());
    const sessions = new Sessions({ persistence: new DynamoDBPersistenceLayer({ tableName: 'T' }) });
    const error: unknown = await sessions.start({ tokens }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error).toMatchObject({ retryable: false, message: expect.stringMatching(advice), cause: expect.any(Error) });
  });

  it('says so through a client of the application’s own', async () => {
    complete(await environment());
    const layer = new DynamoDBPersistenceLayer({ tableName: 'T', client: new DynamoDBClient({ maxAttempts: 1 }) });
    await expect(layer.loadSession('ID')).rejects.toMatchObject({
      retryable: false,
      message: expect.stringMatching(advice),
    });
  });

  it('is a 503, and one line on the console', async () => {
    complete(await environment());
    const sessions = new Sessions({ persistence: new DynamoDBPersistenceLayer({ tableName: 'T' }) });
    const handler = withSession(sessions, never);
    for (const _request of [1, 2]) {
      expect(await handler(httpApiEvent({ cookies: [cookie] }), contextOf())).toMatchObject({ statusCode: 503 });
    }
    expect(lines()).toEqual([expect.stringMatching(advice)]);
  });
});

describe('a search for credentials that takes longer than a call may', () => {
  it('is told from a DynamoDB that does not answer: nothing was sent', async () => {
    const client = new BriefClient({ region: 'eu-west-1', credentials: () => new Promise(() => {}) });
    const layer = new DynamoDBPersistenceLayer({ tableName: 'T', client, timeoutMs: 100 });
    await expect(layer.loadSession('ID')).rejects.toMatchObject({
      message: expect.stringMatching(/before anything was sent.*credentials: give the function a role/),
    });
  });
});

describe.each(engines())('a table that is missing on $name', (engine) => {
  it('is a 503, and one line on the console that says what to check', async () => {
    const persistence = new DynamoDBPersistenceLayer({ client: clientFor(engine), tableName: 'no-such-table' });
    const handler = withSession(new Sessions({ persistence }), never);
    for (const _request of [1, 2]) {
      expect(await handler(httpApiEvent({ cookies: [cookie] }), contextOf())).toMatchObject({ statusCode: 503 });
    }
    expect(lines()).toEqual([
      expect.stringMatching(/^dynamodb-sessions: loadSession failed: The table .* not found: check tableName/),
    ]);
  });
});

describe('a table that nothing names', () => {
  const nameless = (): Sessions => new Sessions({ persistence: new DynamoDBPersistenceLayer() });
  const request = (): Request => new Request('https://app.example.com/', { headers: { cookie } });
  const advice = /tableName is missing.*DYNAMODB_SESSIONS_TABLE/;

  const adapters: [string, (sessions: Sessions) => Promise<unknown>][] = [
    [
      'withSession',
      async (sessions) =>
        (
          (await withSession(sessions, never)(httpApiEvent({ cookies: [cookie] }), contextOf())) as {
            statusCode: number;
          }
        ).statusCode,
    ],
    [
      'the middleware of middy',
      async (sessions) =>
        (
          (await middy().use(sessionMiddleware(sessions)).handler(never)(
            httpApiEvent({ cookies: [cookie] }) as never,
            contextOf() as never,
          )) as { statusCode: number }
        ).statusCode,
    ],
    [
      'the middleware of Hono',
      async (sessions) => {
        const app = new Hono().use(honoSession(sessions)).get('/', never);
        return (await app.request('/', { headers: { cookie } })).status;
      },
    ],
    [
      'withSession for requests and responses',
      async (sessions) => (await withWebSession(sessions, never)(request())).status,
    ],
  ];

  it.each(adapters)('stops no module from being loaded, and is a 503 of %s', async (_, answer) => {
    complete();
    expect(await answer(nameless())).toBe(503);
    expect(lines()).toEqual([expect.stringMatching(advice)]);
  });

  it('is an error of the authorizer, for API Gateway to answer with a 500', async () => {
    complete();
    const authorize = sessionAuthorizer(nameless());
    await expect(authorize(httpApiAuthorizerEvent({ cookies: [cookie] }), contextOf() as never)).rejects.toThrow(
      StoreUnavailableError,
    );
    expect(lines()).toEqual([expect.stringMatching(advice)]);
  });

  it('is a StoreUnavailableError that has the ConfigurationError for its cause, and may not be asked again', async () => {
    complete();
    const error: unknown = await nameless()
      .ofUser('user-1')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error).toMatchObject({ retryable: false, cause: expect.any(ConfigurationError) });
  });

  it.each(frameworks)('is a line on the console of an application with $framework', async ({ start }) => {
    complete();
    const app = await start(new ExpressSessionStore({ persistence: new DynamoDBPersistenceLayer() }));
    try {
      await (await fetch(`${app.url}/data/theme/dark`, { method: 'PUT' })).text();
    } finally {
      await app.close();
    }
    expect(lines()).toEqual([expect.stringMatching(/saveSession failed.*DYNAMODB_SESSIONS_TABLE/)]);
  });
});
