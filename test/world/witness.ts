import { vi } from 'vitest';
import { BriefClient } from '../../src/dynamodb/brief-client.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import type { PersistenceLayer, Sessions, SessionsOptions } from '../../src/index.js';
import type { Engine } from '../engines/engine.js';
import { Network } from './faults.js';
import type { TestTable } from './tables.js';
import { type App, Browser, World } from './world.js';

/** A browser and its sessions, with all that leaves the process: what is sent to the table, and what is printed. */
export interface Witness {
  readonly network: Network;
  readonly persistence: PersistenceLayer;
  readonly world: World;
  readonly sessions: Sessions<App>;
  readonly browser: Browser;
  /** What is sent to the table: all that an item or a stream record can hold. */
  readonly sent: readonly unknown[];
  /** Until the mocks are restored. */
  readonly printed: readonly unknown[];
  readonly close: () => Promise<void>;
}

export async function openWitness(engine: Engine, table: TestTable, options?: SessionsOptions): Promise<Witness> {
  const network = await Network.before(engine);
  const client = new BriefClient({
    endpoint: network.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const sent: unknown[] = [];
  client.middlewareStack.add(
    (next) => (args) => {
      sent.push(structuredClone(args.input));
      return next(args);
    },
    { step: 'initialize' },
  );
  const persistence = new DynamoDBPersistenceLayer({ client, tableName: table.tableName });
  const world = new World(persistence);
  const sessions = world.sessions(options);
  const printed: unknown[] = [];
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) {
    vi.spyOn(console, method).mockImplementation((...line) => printed.push(...line));
  }
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((chunk) => printed.push(chunk) > 0);
  }
  vi.spyOn(process, 'emitWarning').mockImplementation((...line: unknown[]) => void printed.push(...line));
  return {
    network,
    persistence,
    world,
    sessions,
    browser: new Browser(sessions),
    sent,
    printed,
    close: async () => {
      client.destroy();
      await network.close();
    },
  };
}
