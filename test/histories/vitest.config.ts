import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';

// `npm run test:histories`: the histories of `npm test`, more of them.
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], globalSetup: [] } },
  defineConfig({
    root: fileURLToPath(new URL('../../', import.meta.url)),
    test: {
      include: ['test/histories/histories.test.ts'],
      globalSetup: ['test/engines/start-both.ts'],
    },
  }),
);
