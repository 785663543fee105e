import type { TestProject } from 'vitest/node';
import { startDynalite } from './dynalite.js';
import { startDynamoDBLocal, whyNoDynamoDBLocal } from './dynamodb-local.js';
import type { Engine, RunningEngine } from './engine.js';

declare module 'vitest' {
  interface ProvidedContext {
    engines: Engine[];
  }
}

/** Starts every engine once for the whole run; test files read their endpoints with `engines()`. */
export default async function startEngines(project: TestProject): Promise<() => Promise<void>> {
  const running = await startAll();
  project.provide(
    'engines',
    running.map(({ name, endpoint }) => ({ name, endpoint })),
  );
  return async () => {
    await Promise.all(running.map((engine) => engine.stop()));
  };
}

async function startAll(): Promise<RunningEngine[]> {
  const missing = whyNoDynamoDBLocal();
  if (missing === undefined) {
    const local = await startDynamoDBLocal();
    return [await startDynalite(), local];
  }

  const message = `Amazon DynamoDB Local is not available: ${missing}.`;
  if (process.env.CI === 'true' || process.env.REQUIRE_DYNAMODB_LOCAL === '1') throw new Error(message);
  console.warn(`${message} The tests run on dynalite only.`);
  return [await startDynalite()];
}
