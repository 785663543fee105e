import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';

// `npm run test:models`: not a part of `npm test`, for it needs SPIN and gcc, and two gigabytes of memory.
export default mergeConfig(
  { ...base, test: { ...base.test, isolate: true, include: [], exclude: [], globalSetup: [] } },
  defineConfig({
    root: fileURLToPath(new URL('../../', import.meta.url)),
    test: {
      include: ['test/models/**/*.test.ts'],
      maxConcurrency: Math.min(2, availableParallelism()),
      testTimeout: 300_000,
      hookTimeout: 30_000,
    },
  }),
);
