import type { TestProject } from 'vitest/node';
import { findPython, installPackages, NO_PYTHON } from '../world/python.js';
import { AWS_CLI, MINISTACK } from './ministack.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Whether an AWS can be emulated here. */
    hasMinistack: boolean;
  }
}

const MISSING = `npm run test:deploy ${NO_PYTHON}`;

/** Makes ready what the emulated AWS needs, once. */
export default async function setUp(project: TestProject): Promise<void> {
  const python = findPython();
  project.provide('hasMinistack', python !== undefined);
  if (python !== undefined)
    return void (await Promise.all([MINISTACK, AWS_CLI].map((each) => installPackages(python, each))));
  if (process.env.CI === 'true') throw new Error(MISSING);
  console.warn(MISSING);
}
