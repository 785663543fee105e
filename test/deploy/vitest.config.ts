import { apart } from '../apart.js';

// `npm run test:deploy`: not a part of `npm test`, for it needs Python and waits a minute for a schedule.
export default apart({
  include: ['test/deploy/**/*.test.ts'],
  globalSetup: ['test/cdk/global-setup.ts', 'test/cli/global-setup.ts', 'test/deploy/setup.ts'],
  pool: 'forks', // CDK's bundler hands its standard output on, which a thread does not have
  hookTimeout: 180_000,
  testTimeout: 30_000,
});
