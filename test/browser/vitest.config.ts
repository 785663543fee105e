import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';

// `npm run test:browser`: not a part of `npm test`, for it needs Chromium.
export default mergeConfig(
  { ...base, test: { ...base.test, isolate: true, include: [], exclude: [], globalSetup: [] } },
  defineConfig({
    root: fileURLToPath(new URL('../../', import.meta.url)),
    test: {
      include: ['test/browser/**/*.test.ts'],
      globalSetup: ['test/engines/start-both.ts', 'test/browser/setup.ts'],
      maxWorkers: 2,
      testTimeout: 60_000,
      hookTimeout: 60_000,
    },
  }),
);
