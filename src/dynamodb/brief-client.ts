import { DynamoDBClient, type DynamoDBClientConfig, DynamoDBServiceException } from '@aws-sdk/client-dynamodb';
import { Agent as HttpsAgent } from 'node:https';
import { ATTEMPT_TIMES, type AttemptTimes } from '../table/attempt-times.js';
import { closeIdle } from '../table/idle-connections.js';
import { plainHttp } from '../table/plain-http.js';

/** What a command is to a client. */
interface Command {
  readonly input: object;
}

/**
 * A client whose defaults suit a request that somebody waits for. The SDK's own wait 1 s before they repeat what was
 * throttled, 300 s for a silent socket, for ever for a connection, and only warn when a request takes too long.
 *
 * It does not put its middleware together anew for each call, which takes a tenth of the call's time. The SDK allows
 * that only for calls without options, an abort signal included: instead, a call is given up by {@link stop}.
 */
export class BriefClient extends DynamoDBClient {
  readonly #stopped = new WeakSet<object>();
  readonly #sent = new WeakSet<object>();

  constructor(
    config: Pick<DynamoDBClientConfig, 'region' | 'endpoint' | 'credentials'> = {},
    { connectMs, attemptMs, backoffMs }: AttemptTimes = ATTEMPT_TIMES,
  ) {
    const agents = { httpAgent: new (plainHttp().Agent)(KEPT), httpsAgent: new HttpsAgent(KEPT) };
    super({
      ...config,
      requestHandler: {
        connectionTimeout: connectMs,
        requestTimeout: attemptMs,
        throwOnRequestTimeout: true,
        socketTimeout: attemptMs, // of a body that stalls
        ...agents,
      },
      retryStrategy: briefRetries(backoffMs),
      cacheMiddleware: true,
    });
    // Renders what is sent and what is answered, each time, for a logger that there is not.
    this.middlewareStack.remove('loggerMiddleware');
    this.middlewareStack.add(
      (next) => (attempt) => {
        if (this.#stopped.has(attempt.input)) return Promise.reject(new Error('Nobody waits for it.'));
        this.#sent.add(attempt.input);
        return next(attempt).catch((error: unknown) => {
          // Of connections that were kept while a Lambda was frozen, none may be good: the next attempt has a new one.
          if (!(error instanceof DynamoDBServiceException)) Object.values(agents).forEach(closeIdle);
          throw error;
        });
      },
      { name: 'stopMiddleware', step: 'finalizeRequest', priority: 'low' },
    );
  }

  /**
   * Nobody waits for this command any more: the attempt that is under way is the last.
   *
   * @returns whether there was one yet. What comes before it is the search for credentials
   */
  stop({ input }: Command): boolean {
    this.#stopped.add(input);
    return this.#sent.has(input);
  }
}

/** As the SDK keeps connections. */
const KEPT = { keepAlive: true, maxSockets: 50 } as const;

const ATTEMPTS = 3;

type RetryStrategy = Extract<
  NonNullable<DynamoDBClientConfig['retryStrategy']>,
  { refreshRetryTokenForRetry: unknown }
>;
type RetryToken = Awaited<ReturnType<RetryStrategy['acquireInitialRetryToken']>>;

/** Three attempts, with full jitter between them, whatever the kind of the fault. */
function briefRetries(backoffMs: number): RetryStrategy {
  const retryToken = (retries: number): RetryToken => {
    const delay = retries === 0 ? 0 : Math.random() * backoffMs * 2 ** retries;
    return { getRetryCount: () => retries, getRetryDelay: () => delay };
  };
  return {
    acquireInitialRetryToken: () => Promise.resolve(retryToken(0)),
    refreshRetryTokenForRetry: (token, { errorType, error }) => {
      const retries = token.getRetryCount() + 1;
      // To the SDK, an answer that is no JSON is the client's fault.
      const isRetryable = errorType !== 'CLIENT_ERROR' || error instanceof SyntaxError;
      return retries < ATTEMPTS && isRetryable
        ? Promise.resolve(retryToken(retries))
        : Promise.reject(new Error('No more attempts.'));
    },
    recordSuccess: () => {},
  };
}
