import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';

// `npm run test:runtime`: not a part of `npm test`, for it installs two versions of Node and builds for a minute.
export default mergeConfig(
  { ...base, test: { ...base.test, isolate: true, include: [], exclude: [], globalSetup: [] } },
  defineConfig({
    root: fileURLToPath(new URL('../../', import.meta.url)),
    test: {
      include: ['test/runtime/**/*.test.ts'],
      globalSetup: ['test/engines/start-both.ts', 'test/runtime/setup.ts'],
      maxWorkers: 2,
      testTimeout: 30_000,
    },
  }),
);
