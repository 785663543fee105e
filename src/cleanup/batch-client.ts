import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

/**
 * A client for a job that nobody waits for: slow answers are waited for. It asks once; the cleanup itself asks again,
 * for it must notice each throttling to slow down.
 */
export function createBatchClient(
  config: Pick<DynamoDBClientConfig, 'region' | 'endpoint' | 'credentials'> = {},
): DynamoDBClient {
  return new DynamoDBClient({
    ...config,
    maxAttempts: 1,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 10_000, throwOnRequestTimeout: true },
  });
}
