import type { TestProject } from 'vitest/node';
import type { Engine, RunningEngine } from './engine.js';

declare module 'vitest' {
  interface ProvidedContext {
    engines: Engine[];
  }
}

/** Starts engines once for the whole run; test files read their endpoints with `engines()`. */
export async function start(
  project: TestProject,
  ...starts: readonly (() => Promise<RunningEngine>)[]
): Promise<() => Promise<void>> {
  const running = await Promise.all(starts.map((startOne) => startOne()));
  project.provide(
    'engines',
    running.map(({ name, endpoint }) => ({ name, endpoint })),
  );
  return async () => {
    await Promise.all(running.map((engine) => engine.stop()));
  };
}
