import type { TestProject } from 'vitest/node';
import { findPython, installMinistack } from './ministack.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Whether an AWS can be emulated here. */
    hasMinistack: boolean;
  }
}

const MISSING =
  'npm run test:deploy needs Python 3.10 or newer with venv: apt-get install python3 python3-venv, or https://www.python.org/downloads/';

/** Makes ready what the emulated AWS needs, once. */
export default async function setUp(project: TestProject): Promise<void> {
  const python = findPython();
  project.provide('hasMinistack', python !== undefined);
  if (python !== undefined) return installMinistack(python);
  if (process.env.CI === 'true') throw new Error(MISSING);
  console.warn(MISSING);
}
