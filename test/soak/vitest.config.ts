import { apart } from '../apart.js';

// `npm run soak`: not a part of `npm test`, for it keeps both processors busy for a minute, or for SOAK_SECONDS.
export default apart({
  include: ['test/soak/**/*.test.ts'],
  globalSetup: ['test/engines/start-both.ts'],
  pool: 'forks',
  execArgv: ['--expose-gc'],
  fileParallelism: false,
  disableConsoleIntercept: true,
  testTimeout: 0,
  hookTimeout: 60_000,
});
