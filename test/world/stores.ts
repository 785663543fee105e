import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { MemoryPersistenceLayer, type PersistenceLayer } from '../../src/index.js';
import { engines } from '../engines/index.js';
import { createTestTable } from './tables.js';
import { isSession } from './tombstones.js';

/** A layer on a store of its own, for one test file. */
export interface TestStore {
  /** The layer under test. With DynamoDB, two of them see the same table, as two Lambda instances do. */
  readonly persistence: PersistenceLayer;
  /** Everything that is stored: sessions, expired ones too, and in DynamoDB marks and tombstones. */
  records(): Promise<readonly object[]>;
  /** The same, each as text. */
  dump(): Promise<string[]>;
  /** The sessions among it: what is left of one that was ended is none. */
  sessions(): Promise<readonly object[]>;
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
          sessions: async () => (await table.items()).filter(isSession),
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
  const sessions = async (): Promise<readonly object[]> => {
    const found = await Promise.all(
      [...ids].map(async (id) => ({ id, record: await persistence.loadSession(id, { now: 0 }) })),
    );
    return found.flatMap(({ id, record }) => (record ? [{ id, ...record, data: [...record.data] }] : []));
  };
  return {
    persistence,
    records: sessions,
    dump: async () => (await sessions()).map((record) => JSON.stringify(record)),
    sessions,
    close: () => Promise.resolve(),
  };
}
