import { apart } from '../apart.js';

// `npm run test:faults`: not a part of `npm test`, for it waits for some thousand timeouts, and needs Java.
export default apart({
  include: ['test/faults/**/*.test.ts'],
  globalSetup: ['test/engines/start-both.ts'],
  fileParallelism: false, // an attempt has so much time, and no other file takes it
});
