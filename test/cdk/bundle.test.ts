import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { createVitest } from 'vitest/node';

const root = join(import.meta.dirname, '../..');
const setUp = join(root, 'test/cdk/global-setup.ts');

/** Every configuration of the test runner. */
const configurations = [
  'vitest.config.ts',
  ...readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('/vitest.config.ts'))
    .map((file) => `test/${file}`),
];

describe('the bundle of the cleanup', () => {
  it.each(configurations)(
    'is made by %s, if a test of it synthesises the construct',
    async (config) => {
      const runner = await createVitest('test', { config, root, watch: false });
      try {
        const files = (await runner.globTestSpecifications()).map(({ moduleId }) => moduleId);
        expect(files).not.toEqual([]);
        const inputs = await importedBy(files);
        const makesIt = runner.projects.every(({ config: { globalSetup } }) => globalSetup.includes(setUp));
        if (inputs.includes('cdk/assets.ts')) expect(makesIt).toBe(true);
      } finally {
        await runner.close();
      }
    },
    120_000,
  );
});

async function importedBy(entryPoints: string[]): Promise<string[]> {
  const { metafile } = await build({
    entryPoints,
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    alias: { 'dynamodb-sessions/cdk': join(root, 'cdk/index.ts') },
    outdir: '/unused',
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  return Object.keys(metafile.inputs);
}
