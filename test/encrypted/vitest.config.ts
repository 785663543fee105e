import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';

// `npm run test:encrypted`: what concurrent requests are promised, once more with encrypted data.
export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  defineConfig({
    root: fileURLToPath(new URL('../../', import.meta.url)),
    test: { include: ['test/concurrency/**/*.test.ts'], env: { TEST_ENCRYPTION: 'on', TEST_CLIENTS: 'one' } },
  }),
);
