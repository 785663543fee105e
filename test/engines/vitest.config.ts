import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, mergeConfig } from 'vitest/config';
import base from '../../vitest.config.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The test files of `npm test` that run on an engine. */
const onAnEngine = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .filter((file) => /\b(engines|stores)\(\)/.test(readFileSync(join(root, 'test', file), 'utf8')))
  .map((file) => `test/${file}`);

// `npm run test:reference`: what `npm test` runs on the embedded engine, on the one that Amazon makes. It needs Java.
export default mergeConfig(
  { ...base, test: { ...base.test, include: [], globalSetup: [] } },
  defineConfig({
    root,
    test: {
      include: onAnEngine,
      testNamePattern: /dynamodb-local/, // what these files have in memory, or without an engine, is a part of `npm test`
      globalSetup: ['test/engines/start-reference.ts', 'test/cdk/global-setup.ts', 'test/cli/global-setup.ts'],
    },
  }),
);
