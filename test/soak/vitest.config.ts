import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';

// `npm run soak`: not a part of `npm test`, for it keeps both processors busy for a minute, or for SOAK_SECONDS.
export default mergeConfig(
  { ...base, test: { ...base.test, isolate: true, include: [], exclude: [], globalSetup: [] } },
  defineConfig({
    root: fileURLToPath(new URL('../../', import.meta.url)),
    test: {
      include: ['test/soak/**/*.test.ts'],
      globalSetup: ['test/engines/start-both.ts'],
      pool: 'forks',
      execArgv: ['--expose-gc'],
      fileParallelism: false,
      disableConsoleIntercept: true,
      testTimeout: 0,
      hookTimeout: 60_000,
    },
  }),
);
