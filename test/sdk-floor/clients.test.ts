import { createRequire } from 'node:module';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { ConfigurationError, Sessions, StoreUnavailableError } from '../../src/index.js';
import { withSession } from '../../src/lambda/index.js';
import { engines } from '../engines/index.js';
import { httpApiEvent } from '../unit/lambda/events.js';
import { contextOf } from '../unit/lambda/lambda-world.js';
import { newId } from '../world/records.js';
import { FLOOR, FOLDER } from './floor.js';

const require = createRequire(FOLDER);
const lowest = require('@aws-sdk/client-dynamodb') as { DynamoDBClient: typeof DynamoDBClient };
const lowestLib = require('@aws-sdk/lib-dynamodb') as { DynamoDBDocumentClient: typeof DynamoDBDocumentClient };

const client = (): DynamoDBClient => {
  const [engine] = engines();
  return new lowest.DynamoDBClient({
    endpoint: engine!.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
};
const tokens = [`${newId()}.${'S'.repeat(32)}`];

describe.each<[string, () => DynamoDBClient | DynamoDBDocumentClient]>([
  ['a client', client],
  ['a document client', () => lowestLib.DynamoDBDocumentClient.from(client())],
])(`%s of SDK ${FLOOR}, where the package uses another`, (_, create) => {
  const written = vi.fn<typeof console.error>();
  beforeEach(() => {
    vi.spyOn(console, 'error').mockImplementation(written);
  });
  afterEach(() => {
    written.mockClear();
    vi.restoreAllMocks();
  });

  const layer = (): DynamoDBPersistenceLayer => new DynamoDBPersistenceLayer({ client: create(), tableName: 'T' });

  it('is another one’s indeed', () => {
    expect(create()).not.toBeInstanceOf(DynamoDBClient);
    expect(create()).not.toBeInstanceOf(DynamoDBDocumentClient);
  });

  it('is a ConfigurationError that says so, and what to install', async () => {
    for (const act of [
      () => layer().loadSession('ID'),
      () => layer().deleteSession('ID'),
      () => layer().userSessions('user-1'),
      () => layer().raiseUserMark('user-1', 1),
      () => layer().deleteSessions(['ID']),
    ]) {
      const error: unknown = await act().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error).toMatchObject({
        message: expect.stringMatching(/another copy of @aws-sdk\/client-dynamodb.*single copy/),
        cause: { message: expect.stringContaining('iddleware') },
      });
      expect((error as Error).message).toContain(`${FLOOR} or newer`);
    }
  });

  it('is a 503, and one line on the console', async () => {
    const sessions = new Sessions({ persistence: layer() });
    await expect(sessions.start({ tokens })).rejects.toMatchObject({
      constructor: StoreUnavailableError,
      retryable: false,
      cause: expect.any(ConfigurationError),
    });
    const handler = withSession(sessions, () => ({ statusCode: 200, body: '' }));
    expect(await handler(httpApiEvent({ cookies: [`__Host-id=${tokens[0]}`] }), contextOf())).toMatchObject({
      statusCode: 503,
    });
    expect(written.mock.calls).toEqual([[expect.stringContaining('another copy of @aws-sdk/client-dynamodb')]]);
  });
});
