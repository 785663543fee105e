import { apart } from '../apart.js';

// `npm run test:frameworks`: not a part of `npm test`, for it installs the frameworks.
export default apart({
  include: ['test/frameworks/*.test.ts'],
  globalSetup: ['test/engines/start-embedded.ts', 'test/frameworks/setup.ts'],
  hookTimeout: 900_000,
  testTimeout: 180_000,
});
