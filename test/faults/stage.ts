import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BriefClient } from '../../src/dynamodb/brief-client.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import type { Engine } from '../engines/index.js';
import { Network } from '../world/faults.js';
import { clientFor, createTestTable, type TestTable } from '../world/tables.js';

/** A table, with a layer on it that nothing befalls, and any number of Lambda instances that something does. */
export interface Stage {
  readonly table: TestTable;
  readonly sound: DynamoDBPersistenceLayer;
  /** A layer with its own client, of the package's own making, and the network before it. */
  instance(options?: { readonly hangs?: boolean; readonly consistentRead?: boolean }): Instance;
  close(): Promise<void>;
}

export interface Instance {
  readonly layer: DynamoDBPersistenceLayer;
  readonly network: Network;
}

/** Long enough for any engine on any machine. */
const PATIENT_MS = 60_000;
/** Long enough for the calls before the one that is never answered. */
const HANGING_MS = 5_000;

export async function openStage(engine: Engine): Promise<Stage> {
  const table = await createTestTable(engine);
  // Nothing but what is planned goes wrong on its connections, however busy the machine is: no waiting for one, none
  // that the engine closes while it is taken up again.
  const carrier: DynamoDBClient = clientFor(engine, {
    requestHandler: { httpAgent: { keepAlive: false, maxSockets: 1_000 } },
  });
  const { tableName } = table;
  return {
    table,
    sound: new DynamoDBPersistenceLayer({ client: carrier, tableName, timeoutMs: PATIENT_MS }),
    instance({ hangs = false, consistentRead = true } = {}) {
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
      const client = new BriefClient({ endpoint: engine.endpoint, region: 'us-east-1', credentials });
      const network = new Network(client, carrier);
      const timeoutMs = hangs ? HANGING_MS : PATIENT_MS;
      return { network, layer: new DynamoDBPersistenceLayer({ client, tableName, consistentRead, timeoutMs }) };
    },
    async close() {
      carrier.destroy();
      await table.drop();
    },
  };
}
