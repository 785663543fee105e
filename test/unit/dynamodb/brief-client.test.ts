import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it, onTestFinished } from 'vitest';
import { BriefClient } from '../../../src/dynamodb/brief-client.js';
import { type Answer, fault, ok, startFaultyEndpoint } from '../../world/endpoint.js';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Asks once through the default client: what came of it, of how many attempts, and after how long. */
async function ask(
  ...answers: [Answer, ...Answer[]]
): Promise<{ error: Error | undefined; attempts: number; ms: number }> {
  const { endpoint, operations } = await startFaultyEndpoint(...answers);
  const client = new BriefClient({ endpoint, region: 'us-east-1', credentials });
  onTestFinished(() => client.destroy());
  const start = performance.now();
  const error = await client.send(new GetItemCommand({ TableName: 'T', Key: { id: { S: 'ID' } } })).then(
    () => undefined,
    (reason: Error) => reason,
  );
  return { error, attempts: operations.length, ms: performance.now() - start };
}

describe('the default client', () => {
  const throttled = fault(400, 'ProvisionedThroughputExceededException');

  it.each<[string, Answer, string]>([
    ['an internal error', fault(500, 'InternalServerError'), 'InternalServerError'],
    ['an overload', fault(503, 'ServiceUnavailable'), 'ServiceUnavailable'],
    ['throttling of the table', throttled, 'ProvisionedThroughputExceededException'],
    ['throttling of requests', fault(400, 'ThrottlingException'), 'ThrottlingException'],
    ['the account’s limit', fault(400, 'RequestLimitExceeded'), 'RequestLimitExceeded'],
    ['a dropped connection', 'drop', 'TimeoutError'],
  ])('F10: asks three times on %s, and then says so, within a second', async (_, answer, name) => {
    const { error, attempts, ms } = await ask(answer);
    expect({ name: error?.name, attempts }).toEqual({ name, attempts: 3 });
    expect(ms).toBeLessThan(1_000);
  });

  it.each([
    ['the table', fault(400, 'ResourceNotFoundException')],
    ['the request', fault(400, 'ValidationException')],
    ['the permission', fault(400, 'AccessDeniedException')],
    ['the condition', fault(400, 'ConditionalCheckFailedException')],
  ])('asks once if the fault is in %s', async (_, answer) => {
    const { error, attempts } = await ask(answer);
    expect(error).toBeDefined();
    expect(attempts).toBe(1);
  });

  it('F10: succeeds if the third attempt does', async () => {
    const { error, attempts, ms } = await ask(fault(500, 'InternalServerError'), throttled, ok());
    expect({ error, attempts }).toEqual({ error: undefined, attempts: 3 });
    expect(ms).toBeLessThan(1_000);
  });

  it('F10: asks anew after 0.8 s of silence, and gives up after three times', async () => {
    expect(await ask('hang', ok())).toMatchObject({ error: undefined, attempts: 2 });
    const { error, attempts, ms } = await ask('hang');
    expect({ name: error?.name, attempts }).toEqual({ name: 'TimeoutError', attempts: 3 });
    expect(ms).toBeGreaterThan(2_300);
    expect(ms).toBeLessThan(4_500);
  });

  it('F10: asks anew after an answer that is cut off, or stalls', async () => {
    expect(await ask('truncate', ok())).toMatchObject({ error: undefined, attempts: 2 });
    expect(await ask('stall', ok())).toMatchObject({ error: undefined, attempts: 2 });
  });

  it('F10: gives up soon where nobody listens', async () => {
    const client = new BriefClient({ endpoint: 'http://127.0.0.1:1', region: 'us-east-1', credentials });
    const start = performance.now();
    await expect(client.send(new GetItemCommand({ TableName: 'T', Key: { id: { S: 'ID' } } }))).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });
    expect(performance.now() - start).toBeLessThan(1_500);
    client.destroy();
  });
});
