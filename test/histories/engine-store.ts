import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { readItem } from '../../src/table/item.js';
import type { PersistenceLayer } from '../../src/index.js';
import type { TestTable } from '../world/tables.js';
import type { Line } from './line.js';
import type { Store } from './store.js';

type Config = DynamoDBClient['config'];
type RequestHandler = Config['requestHandler'];
type RetryStrategy = Extract<Awaited<ReturnType<Config['retryStrategy']>>, { refreshRetryTokenForRetry: unknown }>;
type RetryToken = Awaited<ReturnType<RetryStrategy['acquireInitialRetryToken']>>;

/**
 * A table on an engine, behind a network that loses requests and answers, or carries requests out late: every attempt
 * of the SDK has a turn and a fate of its own, and what is done about lost ones is up to the layer.
 */
export class EngineStore implements Store {
  readonly #table: TestTable;

  constructor(table: TestTable) {
    this.#table = table;
  }

  layerFor(line: Line): PersistenceLayer {
    const { endpoint, requestHandler } = this.#table.client.config;
    const client = new DynamoDBClient({
      endpoint: endpoint as NonNullable<typeof endpoint>,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      requestHandler: { handle: gated(requestHandler, line) },
      retryStrategy: threeAttempts,
    });
    return new DynamoDBPersistenceLayer({ client, tableName: this.#table.tableName, timeoutMs: 60_000 });
  }

  async remaining(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const items = await Promise.all(
      ids.map((id) =>
        this.#table.client.send(
          new GetItemCommand({ TableName: this.#table.tableName, Key: { id: { S: id } }, ConsistentRead: true }),
        ),
      ),
    );
    return new Set(
      ids.filter((_, index) => {
        const item = items[index]?.Item;
        return item !== undefined && readItem(item).kind !== 'tombstone';
      }),
    );
  }
}

function gated(network: RequestHandler, line: Line): RequestHandler['handle'] {
  return (request) => {
    const operation = request.headers['x-amz-target']?.split('.')[1] ?? 'unknown';
    return line.call(
      operation,
      async (fate) => {
        const answer = await network.handle(request, {});
        if (fate !== 'well' && fate !== 'stale') (answer.response.body as { destroy(): void }).destroy();
        return answer;
      },
      { noAnswer, isRead: /Get|Query/.test(operation), again: 'late' },
    );
  };
}

const noAnswer = (): Error => Object.assign(new Error('socket hang up'), { name: 'ECONNRESET', code: 'ECONNRESET' });

/** As many as the layer's own client makes, without its pauses: time passes when the plan says so. */
const threeAttempts: RetryStrategy = {
  acquireInitialRetryToken: () => Promise.resolve(retryToken(0)),
  refreshRetryTokenForRetry: (token, { errorType }) =>
    token.getRetryCount() < 2 && errorType !== 'CLIENT_ERROR'
      ? Promise.resolve(retryToken(token.getRetryCount() + 1))
      : Promise.reject(new Error('No more attempts.')),
  recordSuccess: () => {},
};

const retryToken = (retries: number): RetryToken => ({ getRetryCount: () => retries, getRetryDelay: () => 0 });
