import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { DynamoDBPersistenceLayer } from '../../../src/dynamodb/index.js';
import { BriefClient } from '../../../src/dynamodb/brief-client.js';
import { type Client, Sender } from '../../../src/dynamodb/sender.js';
import { wasRepeated } from '../../../src/table/port.js';
import { NotStorableError, SessionError, StoreUnavailableError } from '../../../src/index.js';
import { engines } from '../../engines/index.js';
import { type Answer, fault, ok, startFaultyEndpoint } from '../../world/endpoint.js';
import { changeOf, NOW, recordOf, stored, withData } from '../../world/records.js';
import { clientFor, createTestTable } from '../../world/tables.js';

const CREDENTIALS = { accessKeyId: 'a', secretAccessKey: 'b' };

const read = new GetItemCommand({ TableName: 'T', Key: { id: { S: 'ID' } } });

async function senderTo(timeoutMs: number, ...answers: [Answer, ...Answer[]]) {
  const server = await startFaultyEndpoint(...answers);
  const client = new DynamoDBClient({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: CREDENTIALS,
    maxAttempts: 1,
  });
  onTestFinished(() => client.destroy());
  return { sender: new Sender(client, timeoutMs), operations: server.operations };
}

/** How long it takes to fail, and with what. */
async function failure(act: () => Promise<unknown>): Promise<{ error: Error; ms: number }> {
  const start = performance.now();
  try {
    await act();
  } catch (error) {
    return { error: error as Error, ms: performance.now() - start };
  }
  throw new Error('It did not fail.');
}

describe('sending', () => {
  it('F10: sends nothing if the deadline is over before', async () => {
    const { sender, operations } = await senderTo(2_000, ok());
    for (const deadline of [Date.now(), Date.now() - 1, 0, Number.NEGATIVE_INFINITY]) {
      const { error } = await failure(() => sender.send({ deadline }, read));
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error).toMatchObject({ retryable: true, message: expect.stringContaining('nothing was sent') as string });
    }
    expect(operations).toEqual([]);
  });

  it.each<[string, { deadline?: number }, number, number]>([
    ['the budget for one call', {}, 300, 300],
    ['the deadline, if that is earlier', { deadline: 250 }, 60_000, 250],
    ['the budget, if the deadline is later', { deadline: 60_000 }, 200, 200],
  ])('F10: gives a hung server up at %s', async (_, { deadline }, timeoutMs, expectedMs) => {
    const { sender, operations } = await senderTo(timeoutMs, 'hang');
    const options = deadline === undefined ? {} : { deadline: Date.now() + deadline };
    const { error, ms } = await failure(() => sender.send(options, read));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error).toMatchObject({ retryable: true });
    expect(ms).toBeGreaterThan(expectedMs - 50);
    expect(ms).toBeLessThan(expectedMs + 500);
    expect(operations).toEqual(['GetItem']);
  });

  it('F10: gives up what does not listen to the abort, and leaves no rejection unhandled', async () => {
    const late = new Promise<never>((_resolve, reject) => setTimeout(() => reject(new Error('late')), 200));
    const { ms } = await failure(() => new Sender({ send: () => late }, 100).send({}, read));
    expect(ms).toBeLessThan(190);
    await expect(late).rejects.toThrow('late');
  });

  it('F10: tells a client of the caller’s to stop when it gives up', async () => {
    let signal: AbortSignal | undefined;
    const send = (_command: unknown, options: { abortSignal: AbortSignal }): Promise<never> => {
      signal = options.abortSignal;
      return new Promise(() => {});
    };
    await failure(() => new Sender({ send } as unknown as Client, 50).send({}, read));
    expect(signal?.aborted).toBe(true);
  });

  it.each<[string, Answer]>([
    ['hangs', 'hang'],
    ['fails', fault(500, 'InternalServerError')],
  ])('F10: lets no attempt of its own client follow after it has given up a server that %s', async (_, answer) => {
    const { endpoint, operations } = await startFaultyEndpoint(answer);
    const client = new BriefClient({ endpoint, region: 'us-east-1', credentials: CREDENTIALS });
    onTestFinished(() => client.destroy());
    const { error } = await failure(() => new Sender(client, 5).send({}, read));
    expect(error).toMatchObject({ retryable: true, message: expect.stringContaining('in time') as string });
    await sleep(1_100);
    expect(operations.length).toBeLessThanOrEqual(1);
  });

  it.each<[string, Answer, boolean]>([
    ['an internal error', fault(500, 'InternalServerError'), true],
    ['throttling', fault(400, 'ProvisionedThroughputExceededException'), true],
    ['a conflict of transactions', fault(400, 'TransactionConflictException'), true],
    ['a dropped connection', 'drop', true],
    ['half of an answer', 'truncate', true],
    ['a missing table', fault(400, 'ResourceNotFoundException'), false],
    ['a missing permission', fault(400, 'AccessDeniedException'), false],
    ['unknown credentials', fault(400, 'UnrecognizedClientException'), false],
    ['credentials that have expired', fault(400, 'ExpiredTokenException'), false],
    [
      'an invalid request',
      fault(400, 'ValidationException', 'The provided key element does not match the schema'),
      false,
    ],
  ])('makes of %s a StoreUnavailableError with the cause, to be tried again: %s', async (_, answer, retryable) => {
    const { sender } = await senderTo(2_000, answer);
    const { error } = await failure(() => sender.send({}, read));
    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error).toMatchObject({ retryable, cause: expect.any(Error) as Error });
  });

  it('lets a failed condition through as it is, for it is an answer', async () => {
    const { sender } = await senderTo(2_000, fault(400, 'ConditionalCheckFailedException'));
    const { error } = await failure(() => sender.send({}, read));
    expect(error).toBeInstanceOf(ConditionalCheckFailedException);
  });

  it.each([
    'Item size has exceeded the maximum allowed size',
    'Item size to update has exceeded the maximum allowed size',
  ])('D4: makes a NotStorableError of “%s”', async (message) => {
    const { sender } = await senderTo(2_000, fault(400, 'ValidationException', message));
    const { error } = await failure(() => sender.send({}, read));
    expect(error).toBeInstanceOf(NotStorableError);
  });

  it('shows no credentials, no ID and no data in its message', async () => {
    const { sender } = await senderTo(2_000, fault(400, 'ValidationException', 'ID-7 is bad'));
    const { error } = await failure(() => sender.send({}, read));
    expect(error.message).not.toContain('ID-7');
  });

  it('knows of an answer whether its request was sent more than once', () => {
    expect(wasRepeated({ $metadata: { attempts: 1 } })).toBe(false);
    expect(wasRepeated({ $metadata: { attempts: 2 } })).toBe(true);
    expect(wasRepeated({ $metadata: {} })).toBe(false);
  });
});

describe.each(engines())('sending to $name', (engine) => {
  it('says of a missing table that it is missing, and that asking again would not help', async () => {
    const layer = new DynamoDBPersistenceLayer({ client: clientFor(engine), tableName: 'no-such-table' });
    for (const act of [
      () => layer.loadSession('ID'),
      () => layer.userSessions('u'),
      () => layer.raiseUserMark('u', NOW),
      () => layer.deleteSessions(['ID']),
      () => layer.deleteSession('ID'),
    ]) {
      const { error } = await failure(act);
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error).toMatchObject({ retryable: false, message: expect.stringContaining('not found') as string });
    }
  });

  it('D4: says of changes that are too large together that they cannot be stored', async () => {
    const table = await createTestTable(engine);
    onTestFinished(() => table.drop());
    const layer = new DynamoDBPersistenceLayer({ client: table.client, tableName: table.tableName });
    const before = recordOf();
    const id = await stored(layer, before);
    const half = 'x'.repeat(250_000);
    await layer.saveSession(id, withData(before, { a: half }), changeOf(before, { set: ['a'] }), { now: NOW });
    const { error } = await failure(() =>
      layer.saveSession(id, withData(before, { b: half }), changeOf(before, { set: ['b'] }), { now: NOW }),
    );
    expect(error).toBeInstanceOf(SessionError);
    expect(error).toBeInstanceOf(NotStorableError);
    expect([...((await layer.loadSession(id, { now: NOW }))?.data.keys() ?? [])]).toEqual(['a']);
  });

  it('passes what is no fault', async () => {
    const table = await createTestTable(engine);
    onTestFinished(() => table.drop());
    const answer = await new Sender(table.client, 2_000).send(
      { deadline: Date.now() + 5_000 },
      new PutItemCommand({ TableName: table.tableName, Item: { id: { S: 'ID' } } }),
    );
    expect(answer.$metadata.httpStatusCode).toBe(200);
  });
});
