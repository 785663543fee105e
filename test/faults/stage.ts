import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { ATTEMPT_TIMES } from '../../src/table/attempt-times.js';
import type { Engine } from '../engines/index.js';
import type { OwnClient } from '../world/clients.js';
import { Network } from '../world/faults.js';
import { clientFor, createTestTable, type TestTable } from '../world/tables.js';

/** A table, with a layer on it that nothing befalls, and any number of Lambda instances that something does. */
export interface Stage {
  readonly table: TestTable;
  readonly sound: DynamoDBPersistenceLayer;
  /** A layer with its own client, of the package's own making, and the network before it. */
  instance(options?: { readonly waits?: boolean; readonly consistentRead?: boolean }): Promise<Instance>;
  close(): Promise<void>;
}

export interface Instance {
  readonly layer: DynamoDBPersistenceLayer;
  readonly network: Network;
  /** Ends it before the stage does. */
  readonly close: () => Promise<void>;
}

/** Long enough for any engine on any machine. */
const PATIENT_MS = 60_000;
/** Long enough for an attempt that is answered. */
const WAITING_MS = 5_000;

export async function openStage(engine: Engine, client: Pick<OwnClient, 'layerAt'>): Promise<Stage> {
  const table = await createTestTable(engine);
  // Nothing goes wrong on its connections, however busy the machine is: no waiting for one, none that the engine closes
  // while it is taken up again.
  const carrier: DynamoDBClient = clientFor(engine, {
    requestHandler: { httpAgent: { keepAlive: false, maxSockets: 1_000 } },
  });
  const { tableName } = table;
  const instances = new Set<Instance>();
  return {
    table,
    sound: new DynamoDBPersistenceLayer({ client: carrier, tableName, timeoutMs: PATIENT_MS }),
    async instance({ waits = false, consistentRead = true } = {}) {
      const network = await Network.before(engine);
      const options = { tableName, consistentRead, timeoutMs: PATIENT_MS };
      const attemptMs = waits ? WAITING_MS : PATIENT_MS;
      const own = client.layerAt(network.endpoint, options, { ...ATTEMPT_TIMES, connectMs: PATIENT_MS, attemptMs });
      const close = async (): Promise<void> => {
        instances.delete(instance);
        own.close();
        await network.close();
      };
      const instance = { layer: own.layer, network, close };
      instances.add(instance);
      return instance;
    },
    async close() {
      for (const instance of instances) await instance.close();
      carrier.destroy();
      await table.drop();
    },
  };
}
