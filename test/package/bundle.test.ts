import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

const handlerOn = (room: 'dynamodb' | 'light'): string => `
  import { Sessions } from './src/index.ts';
  import { DynamoDBPersistenceLayer } from './src/${room}/index.ts';
  import { withSession } from './src/lambda/index.ts';
  export const handler = withSession(new Sessions({ persistence: new DynamoDBPersistenceLayer() }), async () => '');
`;

/** What each room, and each package, may take of a handler's bundle, in bytes: what it takes today, rounded up. */
const BUDGETS: Readonly<Record<string, number>> = {
  adapters: 1_300,
  cookies: 5_700,
  codec: 6_300,
  core: 36_900,
  table: 14_200,
  dynamodb: 3_200,
  light: 9_800,
  lambda: 6_800,
  'table-schema.ts': 220,
  devalue: 4_600,
};

interface Bundled {
  readonly rooms: string[];
  readonly packages: string[];
  /** What is left outside of the bundle. */
  readonly imports: string[];
  readonly bytes: number;
  /** Bytes of each room and package. */
  readonly parts: Readonly<Record<string, number>>;
}

/** What is bundled of the sources, by room; and which packages. */
async function bundled(code: string): Promise<Bundled> {
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
    external: ['@aws-sdk/*', 'next'],
    logLevel: 'error',
  });
  const { inputs, bytes, imports } = Object.values(metafile.outputs)[0] as Metafile['outputs'][string];
  const used = Object.entries(inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : []));
  const names = (pattern: RegExp): string[] =>
    [...new Set(used.flatMap((file) => pattern.exec(file)?.[1] ?? []))].toSorted();
  const rooms = names(ROOM);
  const packages = names(PACKAGE);
  const bytesOf = (part: string): number =>
    Object.entries(inputs).reduce(
      (sum, [file, { bytesInOutput }]) => sum + (partOf(file) === part ? bytesInOutput : 0),
      0,
    );
  return {
    rooms,
    packages,
    imports: imports.map(({ path }) => path),
    bytes,
    parts: Object.fromEntries([...rooms, ...packages].map((part) => [part, bytesOf(part)])),
  };
}

const ROOM = /^src\/([^/]+)/;
const PACKAGE = /node_modules\/((?:@[^/]+\/)?[^/]+)/;
const partOf = (file: string): string | undefined => (ROOM.exec(file) ?? PACKAGE.exec(file))?.[1];

describe('what comes into a bundle', () => {
  it('of a handler with ./lambda and ./dynamodb is nothing of the rest', async () => {
    const { rooms, packages } = await bundled(handlerOn('dynamodb'));
    expect(rooms).toEqual(['adapters', 'codec', 'cookies', 'core', 'dynamodb', 'lambda', 'table', 'table-schema.ts']);
    expect(packages).toEqual(['devalue']);
  });

  it('of a handler with ./lambda and ./dynamodb/light is nothing of the rest, and nothing of the AWS SDK', async () => {
    const { rooms, packages, imports } = await bundled(handlerOn('light'));
    expect(rooms).toEqual(['adapters', 'codec', 'cookies', 'core', 'lambda', 'light', 'table', 'table-schema.ts']);
    expect(packages).toEqual(['devalue']);
    expect(imports.filter((path) => !path.startsWith('node:'))).toEqual([]);
  });

  it.each(['dynamodb', 'light'] as const)(
    'of a handler has not grown (%s); if it has, this says by what',
    async (room) => {
      const { parts } = await bundled(handlerOn(room));
      const grown = Object.entries(parts).filter(([part, bytes]) => bytes > (BUDGETS[part] ?? 0));
      expect(grown).toEqual([]);
    },
  );

  it.each([
    ['web', ['adapters', 'cookies', 'core', 'web']],
    ['next', ['adapters', 'cookies', 'core', 'next', 'web']],
    ['hono', ['adapters', 'cookies', 'core', 'hono', 'lambda', 'web']],
    ['middy', ['adapters', 'cookies', 'core', 'lambda', 'middy']],
    ['powertools', ['core', 'powertools']],
    ['opentelemetry', ['core', 'opentelemetry', 'powertools']],
    ['oidc', ['cookies', 'core', 'lambda', 'oidc']],
    ['cache', ['cache', 'core']],
    ['migration', ['core', 'dynamodb', 'migration', 'table']],
    ['personal-data', ['core', 'personal-data']],
  ])('of all of ./%s is what it stands on', async (room, expected) => {
    expect((await bundled(`export * from './src/${room}/index.ts';`)).rooms).toEqual(expected);
  });

  it.each([
    '',
    'dynamodb/',
    'lambda/',
    'web/',
    'hono/',
    'middy/',
    'powertools/',
    'opentelemetry/',
    'oidc/',
    'cache/',
    'migration/',
    'personal-data/',
  ])('of ./%s that is imported and not used is nothing', async (room) => {
    expect((await bundled(`import './src/${room}index.ts';`)).bytes).toBe(0);
  });
});
