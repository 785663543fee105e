import { availableParallelism } from 'node:os';
import { apart } from '../apart.js';

// `npm run test:models`: not a part of `npm test`, for it needs SPIN and gcc, and two gigabytes of memory.
export default apart({
  include: ['test/models/**/*.test.ts'],
  maxConcurrency: Math.min(2, availableParallelism()),
  testTimeout: 300_000,
  hookTimeout: 30_000,
});
