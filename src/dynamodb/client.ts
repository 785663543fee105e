import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

/**
 * A client whose defaults suit a request that somebody waits for. The SDK's own wait 1 s before they repeat what was
 * throttled, 300 s for a silent socket, for ever for a connection, and only warn when a request takes too long.
 */
export function createClient(
  config: Pick<DynamoDBClientConfig, 'region' | 'endpoint' | 'credentials'> = {},
): DynamoDBClient {
  return new DynamoDBClient({
    ...config,
    requestHandler: { connectionTimeout: 500, requestTimeout: 800, throwOnRequestTimeout: true },
    retryStrategy: briefRetries,
  });
}

const ATTEMPTS = 3;
const BACKOFF_BASE_MS = 50;

type RetryStrategy = Extract<
  NonNullable<DynamoDBClientConfig['retryStrategy']>,
  { refreshRetryTokenForRetry: unknown }
>;
type RetryToken = Awaited<ReturnType<RetryStrategy['acquireInitialRetryToken']>>;

/** Three attempts, with full jitter between them, whatever the kind of the fault. */
const briefRetries: RetryStrategy = {
  acquireInitialRetryToken: () => Promise.resolve(retryToken(0)),
  refreshRetryTokenForRetry: (token, { errorType }) => {
    const retries = token.getRetryCount() + 1;
    const isRetryable = errorType === 'TRANSIENT' || errorType === 'THROTTLING' || errorType === 'SERVER_ERROR';
    return retries < ATTEMPTS && isRetryable
      ? Promise.resolve(retryToken(retries))
      : Promise.reject(new Error('No more attempts.'));
  },
  recordSuccess: () => {},
};

function retryToken(retries: number): RetryToken {
  const delay = retries === 0 ? 0 : Math.random() * BACKOFF_BASE_MS * 2 ** retries;
  return { getRetryCount: () => retries, getRetryDelay: () => delay };
}
