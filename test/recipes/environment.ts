import { vi } from 'vitest';
import type { Engine } from '../engines/index.js';
import { environmentOf } from '../runtime/surroundings.js';
import type { TestTable } from '../world/tables.js';

/** Lets the example that is imported next find its table, and what else it reads, in the environment. */
export function stubEnvironment(engine: Engine, table: TestTable, more: Readonly<Record<string, string>> = {}): void {
  const environment = {
    ...environmentOf(engine, table),
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    ...more,
  };
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  vi.resetModules();
}
