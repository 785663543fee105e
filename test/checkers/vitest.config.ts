import { apart } from '../apart.js';

// `npm run test:checkers`: not a part of `npm test`, for it needs Python and installs the checkers.
export default apart({
  include: ['test/checkers/**/*.test.ts'],
  globalSetup: ['test/checkers/setup.ts', 'test/cdk/global-setup.ts'],
  testTimeout: 180_000,
  hookTimeout: 180_000,
});
