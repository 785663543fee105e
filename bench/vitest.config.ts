import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Benchmarks run one at a time, each in a process of its own, on the engines of the tests. */
export default defineConfig({
  root: path('..'),
  // The package as it is published, which Node loads without any help of the test runner.
  resolve: {
    alias: [
      { find: /^dynamodb-sessions$/, replacement: path('../.cache/bench/dist/src/index.js') },
      { find: /^dynamodb-sessions\/dynamodb\/light$/, replacement: path('../.cache/bench/dist/src/light/index.js') },
      { find: /^dynamodb-sessions\/(\w+)$/, replacement: path('../.cache/bench/dist/src/$1/index.js') },
    ],
  },
  test: {
    include: ['bench/**/*.bench.ts'],
    globalSetup: ['bench/set-up.ts', 'test/engines/start-both.ts'],
    server: { deps: { external: [/\/dist\/src\//] } },
    pool: 'forks',
    execArgv: ['--expose-gc'],
    fileParallelism: false,
    testTimeout: 1_800_000,
    hookTimeout: 600_000,
    disableConsoleIntercept: true,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
  },
});
