import { apart } from '../apart.js';

// `npm run test:browser`: not a part of `npm test`, for it needs Chromium.
export default apart({
  include: ['test/browser/**/*.test.ts'],
  globalSetup: ['test/engines/start-both.ts', 'test/browser/setup.ts'],
  maxWorkers: 2,
  testTimeout: 60_000,
  hookTimeout: 60_000,
});
