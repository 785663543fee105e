import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** What is bundled of the sources, by room; and which packages. */
async function bundled(code: string): Promise<{ rooms: string[]; packages: string[]; bytes: number }> {
  const { metafile } = await build({
    stdin: { contents: code, resolveDir: root, loader: 'ts' },
    bundle: true,
    minify: true,
    treeShaking: true,
    write: false,
    metafile: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['@aws-sdk/*'],
    logLevel: 'error',
  });
  const { inputs, bytes } = Object.values(metafile.outputs)[0] as Metafile['outputs'][string];
  const used = Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : []));
  const names = (pattern: RegExp): string[] =>
    [...new Set(used.flatMap((file) => pattern.exec(file)?.[1] ?? []))].toSorted();
  return { rooms: names(/^src\/([^/]+)/), packages: names(/node_modules\/((?:@[^/]+\/)?[^/]+)/), bytes };
}

describe('what comes into a bundle', () => {
  it('of a handler with ./lambda and ./dynamodb is nothing of the rest', async () => {
    const { rooms, packages } = await bundled(`
      import { Sessions } from './src/index.ts';
      import { DynamoDBPersistenceLayer } from './src/dynamodb/index.ts';
      import { withSession } from './src/lambda/index.ts';
      export const handler = withSession(new Sessions({ persistence: new DynamoDBPersistenceLayer() }), async () => '');
    `);
    expect(rooms).toEqual(['cookies', 'core', 'dynamodb', 'lambda', 'table-schema.ts']);
    expect(packages).toEqual(['devalue']);
  });

  it.each([
    ['web', ['cookies', 'core', 'web']],
    ['hono', ['cookies', 'core', 'hono', 'lambda', 'web']],
    ['middy', ['cookies', 'core', 'lambda', 'middy']],
    ['powertools', ['core', 'powertools']],
    ['cache', ['cache', 'core']],
  ])('of all of ./%s is what it stands on', async (room, expected) => {
    expect((await bundled(`export * from './src/${room}/index.ts';`)).rooms).toEqual(expected);
  });

  it.each(['', 'dynamodb/', 'lambda/', 'web/', 'hono/', 'middy/', 'powertools/', 'cache/'])(
    'of ./%s that is imported and not used is nothing',
    async (room) => {
      expect((await bundled(`import './src/${room}index.ts';`)).bytes).toBe(0);
    },
  );
});
