import { type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { BriefClient } from '../../src/dynamodb/brief-client.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { type Attempt, Connection } from '../../src/light/connection.js';
import { LightPort } from '../../src/light/light-port.js';
import { readItem } from '../../src/table/item.js';
import { TablePersistenceLayer } from '../../src/table/table-persistence-layer.js';
import type { PersistenceLayer } from '../../src/index.js';
import type { Engine } from '../engines/index.js';
import type { TestTable } from '../world/tables.js';
import type { Line } from './line.js';
import type { Store } from './store.js';

type RequestHandler = DynamoDBClient['config']['requestHandler'];

/** Time passes when the plan says so. */
const TIMES = { connectMs: 60_000, attemptMs: 60_000, backoffMs: 0 };
const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
const region = 'us-east-1';

/**
 * A table on an engine, behind a network that loses requests and answers, or carries requests out late: every attempt
 * of a client has a turn and a fate of its own, and what is done about lost ones is up to the layer. Every other Lambda
 * has the SDK, and the others do without.
 *
 * The turns are taken in this process, not on the wire: otherwise two requests that a Lambda sends at once could arrive
 * in another order the next time, and a history would not be as its plan says.
 */
export class EngineStore implements Store {
  readonly #table: TestTable;
  readonly #endpoint: string;
  readonly #connection: Connection;
  #hasSdk = false;

  constructor(table: TestTable, { endpoint }: Engine) {
    this.#table = table;
    this.#endpoint = endpoint;
    this.#connection = new Connection(new URL(endpoint), TIMES);
  }

  layerFor(line: Line): PersistenceLayer {
    this.#hasSdk = !this.#hasSdk;
    const options = { tableName: this.#table.tableName, timeoutMs: 60_000 };
    if (this.#hasSdk) {
      const client = new BriefClient({ endpoint: this.#endpoint, region, credentials }, TIMES);
      client.config.requestHandler = { ...this.#table.client.config.requestHandler, handle: this.#gated(line) };
      return new DynamoDBPersistenceLayer({ ...options, client });
    }
    const where = { region: () => region, endpoint: () => new URL(this.#endpoint), credentials, times: TIMES };
    const connection = new GatedConnection(this.#connection, line);
    return new TablePersistenceLayer(options, (timeoutMs) => new GatedPort({ ...where, timeoutMs }, connection));
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

  close(): void {
    this.#connection.close();
  }

  #gated(line: Line): RequestHandler['handle'] {
    const network = this.#table.client.config.requestHandler;
    return (request) =>
      take(line, request.headers, async (isAwaited) => {
        const answer = await network.handle(request, {});
        if (!isAwaited) (answer.response.body as { destroy(): void }).destroy();
        return answer;
      });
  }
}

class GatedPort extends LightPort {
  readonly #connection: Connection;

  constructor(options: ConstructorParameters<typeof LightPort>[0], connection: Connection) {
    super(options);
    this.#connection = connection;
  }

  protected override connectTo(): Connection {
    return this.#connection;
  }
}

class GatedConnection extends Connection {
  readonly #inner: Connection;
  readonly #line: Line;

  constructor(inner: Connection, line: Line) {
    super(new URL('http://127.0.0.1'), TIMES);
    this.#inner = inner;
    this.#line = line;
  }

  override post(...[headers, body]: Parameters<Connection['post']>): Attempt {
    let attempt: Attempt | undefined;
    const answer = take(this.#line, headers, () => (attempt = this.#inner.post(headers, body)).answer);
    return { answer, stop: () => attempt?.stop() };
  }
}

/** Waits for an attempt's turn, and lets it meet its fate. */
function take<Answer>(
  line: Line,
  headers: Readonly<Record<string, string>>,
  act: (isAwaited: boolean) => Promise<Answer>,
): Promise<Answer> {
  const operation = headers['x-amz-target']?.split('.')[1] ?? 'unknown';
  const manner = { noAnswer, isRead: /Get|Query/.test(operation), again: 'late' } as const;
  return line.call(operation, (fate) => act(fate === 'well' || fate === 'stale'), manner);
}

const noAnswer = (): Error => Object.assign(new Error('socket hang up'), { name: 'ECONNRESET', code: 'ECONNRESET' });
