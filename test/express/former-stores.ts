import { randomUUID } from 'node:crypto';
import { DeleteTableCommand, ScanCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import connectDynamoDB from 'connect-dynamodb';
import session, { type Store } from 'express-session';
import type { Item } from '../../src/table/port.js';
import { connectDynamoDBTable, dynamodbStoreTable } from '../../src/migration/index.js';
import type { Engine } from '../engines/index.js';
import { clientFor } from '../world/tables.js';

/** Another store as its package has it, on a table of its own that it has made itself. */
export interface FormerStore {
  readonly store: Store;
  readonly tableName: string;
  readonly items: () => Promise<Item[]>;
  readonly drop: () => Promise<void>;
}

interface FormerStoreKind {
  readonly former: string;
  /** What reads the store's table. */
  readonly table: typeof connectDynamoDBTable;
  readonly open: (
    engine: Engine,
    options?: { readonly hashKey: string; readonly prefix: string },
  ) => Promise<FormerStore>;
}

/** The packages whose tables sessions are moved from. */
export const formerStores: readonly FormerStoreKind[] = [
  {
    former: 'connect-dynamodb 3',
    table: connectDynamoDBTable,
    async open(engine, options) {
      const table = formerTable(engine);
      const ConnectStore = connectDynamoDB(session);
      const store = new ConnectStore({ client: table.client, table: table.tableName, ...options });
      await store.initialize();
      await waitUntilTableExists(
        { client: table.client, maxWaitTime: 30, minDelay: 1 },
        { TableName: table.tableName },
      );
      return { ...table, store };
    },
  },
  {
    former: 'dynamodb-store 1',
    table: dynamodbStoreTable,
    async open(engine, options) {
      // The package's SDK would say at length that it is no longer kept up.
      process.env['AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE'] = '1';
      const { default: DynamoDBStore } = await import('dynamodb-store');
      const table = formerTable(engine);
      const store = await new Promise<Store>((resolve, reject) => {
        const made: Store = new DynamoDBStore(
          {
            table: { name: table.tableName, ...(options && { hashKey: options.hashKey, hashPrefix: options.prefix }) },
            dynamoConfig: {
              endpoint: engine.endpoint,
              region: 'us-east-1',
              credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
            },
          },
          (error) => (error ? reject(error) : setImmediate(() => resolve(made))),
        );
      });
      await waitUntilTableExists(
        { client: table.client, maxWaitTime: 30, minDelay: 1 },
        { TableName: table.tableName },
      );
      return { ...table, store };
    },
  },
];

function formerTable(engine: Engine): Omit<FormerStore, 'store'> & { readonly client: ReturnType<typeof clientFor> } {
  const client = clientFor(engine);
  const tableName = `former-${randomUUID()}`;
  return {
    client,
    tableName,
    items: async () => (await client.send(new ScanCommand({ TableName: tableName, ConsistentRead: true }))).Items ?? [],
    async drop() {
      await client.send(new DeleteTableCommand({ TableName: tableName }));
      client.destroy();
    },
  };
}
