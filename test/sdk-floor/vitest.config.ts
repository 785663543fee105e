import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import base from '../../vitest.config.js';
import { FLOOR, FOLDER } from './floor.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const globalSetup = ['test/sdk-floor/install.ts', 'test/engines/start-embedded.ts'];

// `npm run test:sdk`: what talks to DynamoDB, with the lowest SDK that package.json says is supported; and clients of
// that SDK, given to a package that uses another. Not a part of `npm test`, for it installs an SDK.
export default defineConfig({
  root,
  test: {
    allowOnly: base.test?.allowOnly ?? false,
    projects: [
      {
        root,
        resolve: {
          alias: [
            {
              find: /^(@aws-sdk\/(client|lib)-dynamodb)$/,
              replacement: join(FOLDER, 'node_modules/$1/dist-cjs/index.js'),
            },
          ],
        },
        test: {
          ...base.test,
          name: `SDK ${FLOOR}`,
          include: [
            'test/sdk-floor/floor.test.ts',
            'test/contract/**/*.test.ts',
            'test/unit/{dynamodb,table}/**/*.test.ts',
            'test/integration/{budgets,store-set-up}.test.ts',
          ],
          exclude: [],
          globalSetup,
        },
      },
      {
        root,
        test: {
          ...base.test,
          name: 'another SDK',
          include: ['test/sdk-floor/clients.test.ts'],
          exclude: [],
          globalSetup,
        },
      },
    ],
  },
});
