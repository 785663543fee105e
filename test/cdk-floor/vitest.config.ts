import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';
import { FOLDER } from './floor.js';

const installed = (path: string): string => join(FOLDER, 'node_modules', path);

// `npm run test:cdk`: the construct, with the lowest CDK that package.json says is supported. Not a part of `npm test`,
// for it installs a CDK. cdk-nag stays out: it brings the rules for the CDK that the project is developed with.
const config = mergeConfig(base, {
  root: fileURLToPath(new URL('../../', import.meta.url)),
  resolve: {
    alias: [
      { find: /^aws-cdk-lib$/, replacement: installed('aws-cdk-lib/index.js') },
      { find: /^aws-cdk-lib\/(.+)$/, replacement: installed('aws-cdk-lib/$1/index.js') },
      { find: /^constructs$/, replacement: installed('constructs/lib/index.js') },
    ],
  },
  test: { globalSetup: ['test/cdk-floor/install.ts'] },
});

export default defineConfig({
  ...config,
  test: {
    ...config.test,
    include: ['test/cdk-floor/*.test.ts', 'test/cdk/*.test.ts'],
    exclude: ['test/cdk/nag.test.ts'],
  },
});
