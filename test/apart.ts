import { fileURLToPath } from 'node:url';
import type { ViteUserConfig } from 'vitest/config';
import base from '../vitest.config.js';

/** The tests of a script of its own: set up as those of `npm test`, but with none of its files, and no engine yet. */
export const apart = (test: NonNullable<ViteUserConfig['test']>): ViteUserConfig => ({
  ...base,
  root: fileURLToPath(new URL('../', import.meta.url)),
  test: { ...base.test, isolate: true, include: [], exclude: [], globalSetup: [], ...test },
});
