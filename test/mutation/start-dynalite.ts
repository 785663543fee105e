import type { TestProject } from 'vitest/node';
import { startDynalite } from '../engines/dynalite.js';

/** The one engine that is quick enough to be started for every mutant. */
export default async function startOneEngine(project: TestProject): Promise<() => Promise<void>> {
  const engine = await startDynalite();
  project.provide('engines', [{ name: engine.name, endpoint: engine.endpoint }]);
  return () => engine.stop();
}
