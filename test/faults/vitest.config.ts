import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';

// `npm run test:faults`: not a part of `npm test`, for it waits for some thousand timeouts, and needs Java.
export default mergeConfig(
  { ...base, test: { ...base.test, isolate: true, include: [], exclude: [], globalSetup: [] } },
  defineConfig({
    root: fileURLToPath(new URL('../../', import.meta.url)),
    test: {
      include: ['test/faults/**/*.test.ts'],
      globalSetup: ['test/engines/start-both.ts'],
      fileParallelism: false, // an attempt has so much time, and no other file takes it
    },
  }),
);
