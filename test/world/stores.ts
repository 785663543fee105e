import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import { MemoryPersistenceLayer, type PersistenceLayer } from '../../src/index.js';
import { type Engine, engines } from '../engines/index.js';
import { DynamoDBPersistenceLayer as LightPersistenceLayer } from '../../src/light/index.js';
import { createTestTable, type TestTable } from './tables.js';
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

/** A store that a test file opens. */
export interface StoreKind {
  readonly name: string;
  open(): Promise<TestStore>;
}

/**
 * Memory and every engine of this run, for `describe.each(stores())('… on $name', …)`. The embedded engine is asked with
 * the SDK, and the one that Amazon makes without it: so each test meets both engines and both clients.
 */
export function stores(): StoreKind[] {
  return [MEMORY, ...engines().map((engine) => storeOn(engine, engine.name === 'dynalite'))];
}

/** Memory and every engine of this run with each client. */
export function storesOfAllClients(): StoreKind[] {
  return [MEMORY, ...engines().flatMap((engine) => [storeOn(engine, true), storeOn(engine, false)])];
}

const storeOn = (engine: Engine, isWithSdk: boolean): StoreKind => ({
  name: isWithSdk ? engine.name : `${engine.name}, without the SDK`,
  open: () => openTable(engine, isWithSdk ? withSdk : withoutSdk),
});

const TEST_CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/** A call may take long: the machine of the tests may be busy. */
const timeoutMs = 15_000;

type LayerFor = (table: TestTable, engine: Engine) => PersistenceLayer & { close?(): void };

const withSdk: LayerFor = ({ client, tableName }) => new DynamoDBPersistenceLayer({ client, tableName, timeoutMs });

const withoutSdk: LayerFor = ({ tableName }, { endpoint }) =>
  new LightPersistenceLayer({ endpoint, region: 'us-east-1', credentials: TEST_CREDENTIALS, tableName, timeoutMs });

async function openTable(engine: Engine, layerFor: LayerFor): Promise<TestStore> {
  const table = await createTestTable(engine);
  const persistence = layerFor(table, engine);
  return {
    persistence,
    records: () => table.items(),
    dump: async () => (await table.items()).map((item) => JSON.stringify(item)),
    sessions: async () => (await table.items()).filter(isSession),
    async close() {
      persistence.close?.();
      await table.drop();
    },
  };
}

const MEMORY: StoreKind = { name: 'memory', open: openMemory };

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
