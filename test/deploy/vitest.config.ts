import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';

// `npm run test:deploy`: not a part of `npm test`, for it needs Python and waits a minute for a schedule.
export default mergeConfig(
  { ...base, test: { ...base.test, isolate: true, include: [], exclude: [], globalSetup: [] } },
  defineConfig({
    root: fileURLToPath(new URL('../../', import.meta.url)),
    test: {
      include: ['test/deploy/**/*.test.ts'],
      globalSetup: ['test/cdk/global-setup.ts', 'test/cli/global-setup.ts', 'test/deploy/setup.ts'],
      pool: 'forks', // CDK's bundler hands its standard output on, which a thread does not have
      hookTimeout: 180_000,
      testTimeout: 30_000,
    },
  }),
);
