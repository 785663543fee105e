import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';

// `npm run test:frameworks`: not a part of `npm test`, for it installs the frameworks.
export default mergeConfig(
  { ...base, test: { ...base.test, isolate: true, include: [], exclude: [], globalSetup: [] } },
  defineConfig({
    root: fileURLToPath(new URL('../../', import.meta.url)),
    test: {
      include: ['test/frameworks/*.test.ts'],
      globalSetup: ['test/engines/start-embedded.ts', 'test/frameworks/setup.ts'],
      hookTimeout: 900_000,
      testTimeout: 180_000,
    },
  }),
);
