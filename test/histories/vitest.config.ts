import { apart } from '../apart.js';

// `npm run test:histories`: the histories of `npm test`, more of them.
export default apart({
  isolate: false,
  include: ['test/histories/histories.test.ts'],
  globalSetup: ['test/engines/start-both.ts'],
});
