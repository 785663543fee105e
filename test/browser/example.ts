import type { RequestListener } from 'node:http';
import { vi } from 'vitest';
import { invoke } from '../../examples/devices/lambda-http.js';
import { engines } from '../engines/index.js';
import { environmentOf, storeInOurTime } from '../runtime/surroundings.js';
import { createTestTable, type TestTable } from '../world/tables.js';

/** The handler of an example, in this process, with its cookie as deployed. */
export interface Example {
  readonly site: RequestListener;
  readonly table: TestTable;
  /** Lets seconds pass, for the example and this process. The browser's time stays. */
  pass(seconds: number): void;
  close(): Promise<void>;
}

/** Loads a handler, which finds its table in the environment: once in a test file. */
export async function loadExample(
  load: () => Promise<{ readonly handler: Parameters<typeof invoke>[0] }>,
): Promise<Example> {
  const engine = engines().at(-1)!;
  const table = await createTestTable(engine);
  const store = await storeInOurTime(engine.endpoint);
  Object.assign(process.env, environmentOf(store, table), {
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  const { handler } = await load();

  let ahead = 0;
  const now = Date.now;
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + ahead * 1000);
  return {
    site: invoke(handler),
    table,
    pass: (seconds) => void (ahead += seconds),
    async close() {
      clock.mockRestore();
      await table.drop();
      await store[Symbol.asyncDispose]();
    },
  };
}
