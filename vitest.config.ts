import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests and examples import the package by its own name; here that means the sources, so no build is needed.
    alias: [
      { find: /^dynamodb-sessions$/, replacement: path('src/index.ts') },
      { find: 'dynamodb-sessions/cdk', replacement: path('cdk/index.ts') },
      { find: /^dynamodb-sessions\/([\w-]+)$/, replacement: path('src/$1/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts', 'examples/testing/*.test.ts'],
    exclude: [
      'test/{browser,cdk-floor,checkers,deploy,encrypted,faults,frameworks,keycloak,models,runtime,sdk-floor,soak}/**',
    ], // each has its own command: npm run test:browser, soak, …
    globalSetup: ['test/engines/start-embedded.ts', 'test/cdk/global-setup.ts', 'test/cli/global-setup.ts'],
    pool: 'threads',
    // A file is not given modules of its own: to load the SDKs and the CDK anew for each takes a tenth of the time.
    isolate: false,
    setupFiles: ['test/world/leave-nothing.ts'],
    maxWorkers: Math.ceil(availableParallelism() * 1.5), // many tests wait for an engine or a process
    testTimeout: 20_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 15_000 } }, // a small machine that is busy may stand still for longer than one second
    // Node 20 is still tested here; the SDK's notice about its end would only hide other output. CDK's validation of
    // templates takes seconds each time, and is done by `cdk synth`.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true', CDK_VALIDATION: 'false' },
    allowOnly: process.env.CI === undefined,
    coverage: { provider: 'v8', include: ['src/**', 'cdk/**'] },
  },
});
