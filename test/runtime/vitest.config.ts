import { apart } from '../apart.js';

// `npm run test:runtime`: not a part of `npm test`, for it installs two versions of Node and builds for a minute.
export default apart({
  include: ['test/runtime/**/*.test.ts'],
  globalSetup: ['test/engines/start-both.ts', 'test/runtime/setup.ts'],
  maxWorkers: 2,
  testTimeout: 30_000,
});
