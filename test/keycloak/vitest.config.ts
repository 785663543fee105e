import { apart } from '../apart.js';

// `npm run test:keycloak`: not a part of `npm test`, for it needs Java and Maven, and installs Keycloak.
export default apart({
  include: ['test/keycloak/**/*.test.ts'],
  globalSetup: ['test/engines/start-embedded.ts', 'test/keycloak/setup.ts'],
  testTimeout: 120_000,
  hookTimeout: 600_000,
});
