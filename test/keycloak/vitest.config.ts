import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';

// `npm run test:keycloak`: not a part of `npm test`, for it needs Java and Maven, and installs Keycloak.
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], exclude: [], globalSetup: [] } },
  defineConfig({
    root: fileURLToPath(new URL('../../', import.meta.url)),
    test: {
      include: ['test/keycloak/**/*.test.ts'],
      globalSetup: ['test/engines/start-embedded.ts', 'test/keycloak/setup.ts'],
      testTimeout: 120_000,
      hookTimeout: 600_000,
    },
  }),
);
