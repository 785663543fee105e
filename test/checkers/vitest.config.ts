import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';

// `npm run test:checkers`: not a part of `npm test`, for it needs Python and installs the checkers.
export default mergeConfig(
  { ...base, test: { ...base.test, isolate: true, include: [], exclude: [], globalSetup: [] } },
  defineConfig({
    root: fileURLToPath(new URL('../../', import.meta.url)),
    test: {
      include: ['test/checkers/**/*.test.ts'],
      globalSetup: ['test/checkers/setup.ts', 'test/cdk/global-setup.ts'],
      testTimeout: 180_000,
      hookTimeout: 180_000,
    },
  }),
);
