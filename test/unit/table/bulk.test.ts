import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { BriefClient } from '../../../src/dynamodb/brief-client.js';
import { DynamoDBPersistenceLayer } from '../../../src/dynamodb/index.js';
import { StoreUnavailableError } from '../../../src/index.js';
import { type Answer, ok, startFaultyEndpoint } from '../../world/endpoint.js';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

describe('bulk work', () => {
  const unprocessed: Answer = ok({ UnprocessedItems: { T: [{ DeleteRequest: { Key: { id: { S: 'a' } } } }] } });
  const unread: Answer = ok({ Responses: { T: [] }, UnprocessedKeys: { T: { Keys: [{ id: { S: 'a' } }] } } });

  async function layerOn(...answers: [Answer, ...Answer[]]) {
    const server = await startFaultyEndpoint(...answers);
    const client = new BriefClient({ endpoint: server.endpoint, region: 'us-east-1', credentials });
    onTestFinished(() => client.destroy());
    return {
      layer: new DynamoDBPersistenceLayer({ client, tableName: 'T', timeoutMs: 500 }),
      operations: server.operations,
    };
  }

  it('F6: asks again for what was left unprocessed, until it is done', async () => {
    const { layer, operations } = await layerOn(unprocessed, unprocessed, ok());
    await layer.deleteSessions(['a', 'b']);
    expect(operations).toEqual(['BatchWriteItem', 'BatchWriteItem', 'BatchWriteItem']);
  });

  it('F6: asks again for what was left unread', async () => {
    const { layer, operations } = await layerOn(
      ok({ Items: [] }),
      unread,
      ok({ Responses: { T: [{ id: { S: 'user#s:u' }, generation: { N: '5' }, expiresAt: { N: '9' } }] } }),
    );
    expect(await layer.loadUserSessions('u')).toEqual({ sessions: new Map(), generation: 5, expiresAt: 9 });
    expect(operations).toEqual(['Query', 'BatchGetItem', 'BatchGetItem']);
  });

  it('F6: is never a false success: what is still unprocessed at the deadline is an error', async () => {
    const { layer } = await layerOn(unprocessed);
    await expect(layer.deleteSessions(['a'], { deadline: Date.now() + 400 })).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
  });

  it('F10: is given up at the deadline, not after the pause that it falls into', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999); // pauses of 50, 100, 200, 400 and 800 ms: the last begins at 750 ms
    onTestFinished(() => void vi.restoreAllMocks());
    const { layer } = await layerOn(unprocessed);
    const start = performance.now();
    await expect(layer.deleteSessions(['a'], { deadline: Date.now() + 1_150 })).rejects.toBeInstanceOf(
      StoreUnavailableError,
    );
    expect(performance.now() - start).toBeLessThan(1_450);
  });

  it('F10: is given up some time if nothing is ever processed', async () => {
    const { layer } = await layerOn(unprocessed);
    const outcome = layer.deleteSessions(['a']).then(
      () => 'done',
      (error: Error) => error.name,
    );
    expect(await Promise.race([outcome, new Promise((resolve) => setTimeout(resolve, 5_000, 'still trying'))])).toBe(
      'StoreUnavailableError',
    );
  });
});
