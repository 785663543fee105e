import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { MemoryPersistenceLayer, type PersistenceLayer } from '../../src/index.js';
import { engines } from '../engines/index.js';
import { createTestTable } from './tables.js';

/** A layer on a store of its own, for one test file. */
export interface TestStore {
  /** The layer under test. With DynamoDB, two of them see the same table, as two Lambda instances do. */
  readonly persistence: PersistenceLayer;
  /** Everything that is stored: expired sessions, marks and place holders, too. */
  records(): Promise<readonly object[]>;
  /** The same, each as text. */
  dump(): Promise<string[]>;
  close(): Promise<void>;
}

/** Every layer on every engine of this run, for `describe.each(stores())('… on $name', …)`. */
export function stores(): { readonly name: string; open(): Promise<TestStore> }[] {
  return [
    { name: 'memory', open: openMemory },
    ...engines().map((engine) => ({
      name: engine.name,
      async open(): Promise<TestStore> {
        const table = await createTestTable(engine);
        return {
          persistence: new DynamoDBPersistenceLayer({
            client: table.client,
            tableName: table.tableName,
            timeoutMs: 15_000,
          }),
          records: () => table.items(),
          dump: async () => (await table.items()).map((item) => JSON.stringify(item)),
          close: () => table.drop(),
        };
      },
    })),
  ];
}

async function openMemory(): Promise<TestStore> {
  const persistence = new MemoryPersistenceLayer();
  const ids = new Set<string>();
  const save = persistence.saveSession.bind(persistence);
  persistence.saveSession = (id, ...rest) => {
    ids.add(id);
    return save(id, ...rest);
  };
  const records = async (): Promise<readonly object[]> => {
    const found = await Promise.all(
      [...ids].map(async (id) => ({ id, record: await persistence.loadSession(id, { now: 0 }) })),
    );
    return found.flatMap(({ id, record }) => (record ? [{ id, ...record, data: [...record.data] }] : []));
  };
  return {
    persistence,
    records,
    dump: async () => (await records()).map((record) => JSON.stringify(record)),
    close: () => Promise.resolve(),
  };
}
