import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');

/** Handlers by what their sessions and their layer are. */
const HANDLERS = {
  dynamodb: ['Sessions', 'dynamodb', ''],
  light: ['Sessions', 'light', ''],
  'light, with BareSessions': ['BareSessions', 'light', ', codec: jsonCodec'],
} as const;
type Handler = keyof typeof HANDLERS;

const handlerOn = (handler: Handler): string => {
  const [sessions, room, codec] = HANDLERS[handler];
  return `
  import { ${sessions}, jsonCodec } from './src/index.ts';
  import { DynamoDBPersistenceLayer } from './src/${room}/index.ts';
  import { withSession } from './src/lambda/index.ts';
  const persistence = new DynamoDBPersistenceLayer();
  export const handler = withSession(new ${sessions}({ persistence${codec} }), async () => '');
`;
};

/** What each room, and each package, may take of a handler's bundle, in bytes: what it takes today, rounded up. */
const BUDGET = { core: 42_700, cookies: 4_900, table: 14_900, lambda: 6_600, adapters: 2_300, 'table-schema.ts': 220 };
const BUDGETS: Readonly<Record<Handler, Readonly<Record<string, number>>>> = {
  dynamodb: { ...BUDGET, codec: 6_300, devalue: 4_600, dynamodb: 2_800 },
  light: { ...BUDGET, codec: 6_300, devalue: 4_600, light: 10_600 },
  'light, with BareSessions': { ...BUDGET, core: 37_400, codec: 1_400, light: 10_600 },
};

interface Bundled {
  readonly rooms: string[];
  readonly packages: string[];
  /** The files of which something is in the bundle. */
  readonly files: string[];
  /** What is imported by the files that were read, whether or not it is in the bundle, and is not part of this package. */
  readonly imports: string[];
  /** The built-ins of Node.js that the bundle imports. */
  readonly builtIns: string[];
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
  const { inputs, bytes, imports: external } = Object.values(metafile.outputs)[0] as Metafile['outputs'][string];
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
    files: used,
    builtIns: external.flatMap(({ path }) => (path.startsWith('node:') ? [path] : [])),
    imports: [...new Set(Object.values(metafile.inputs).flatMap(({ imports }) => imports))]
      .flatMap(({ path, external }) => (external || !path.startsWith('src/') ? [path] : []))
      .toSorted(),
    bytes,
    parts: Object.fromEntries([...rooms, ...packages].map((part) => [part, bytesOf(part)])),
  };
}

/** Each handler is bundled once. */
const bundles = new Map<Handler, Promise<Bundled>>();

function bundledOn(handler: Handler): Promise<Bundled> {
  const bundle = bundles.get(handler) ?? bundled(handlerOn(handler));
  bundles.set(handler, bundle);
  return bundle;
}

const ROOM = /^src\/([^/]+)/;
const PACKAGE = /node_modules\/((?:@[^/]+\/)?[^/]+)/;
const partOf = (file: string): string | undefined => (ROOM.exec(file) ?? PACKAGE.exec(file))?.[1];

describe('what comes into a bundle', () => {
  it('of a handler with ./lambda and ./dynamodb is nothing of the rest', async () => {
    const { rooms, packages } = await bundledOn('dynamodb');
    expect(rooms).toEqual(['adapters', 'codec', 'cookies', 'core', 'dynamodb', 'lambda', 'table', 'table-schema.ts']);
    expect(packages).toEqual(['devalue']);
  });

  it('of a handler with ./lambda and ./dynamodb/light is nothing of the rest', async () => {
    const { rooms, packages } = await bundledOn('light');
    expect(rooms).toEqual(['adapters', 'codec', 'cookies', 'core', 'lambda', 'light', 'table', 'table-schema.ts']);
    expect(packages).toEqual(['devalue']);
  });

  it('of a handler with BareSessions and jsonCodec is no package at all', async () => {
    expect((await bundledOn('light, with BareSessions')).packages).toEqual([]);
  });

  it('of a handler with ./dynamodb/light imports no part of Node.js that takes long to load, such as node:http', async () => {
    const quick = ['crypto', 'https', 'net', 'timers/promises', 'url', 'zlib'];
    const { builtIns } = await bundledOn('light');
    expect(new Set(builtIns)).toEqual(new Set(quick.map((name) => `node:${name}`)));
  });

  it.each(['index.ts', 'lambda/index.ts', 'light/index.ts'])(
    'of %s, no file that it leads to imports anything but node: built-ins and devalue, even if it is not used',
    async (entry) => {
      const { imports } = await bundled(`export * from './src/${entry}';`);
      expect(imports.filter((path) => !/^node:|^node_modules\/devalue\//.test(path))).toEqual([]);
    },
  );

  it("of ./dynamodb, by contrast, are the SDK's clients", async () => {
    const { imports } = await bundled(`export * from './src/dynamodb/index.ts';`);
    expect(imports).toEqual(expect.arrayContaining(['@aws-sdk/client-dynamodb']));
  });

  const parts = Object.entries(BUDGETS).flatMap(([handler, budgets]) =>
    Object.entries(budgets).map(([part, most]) => [handler as Handler, part, most] as const),
  );

  it.each(parts)('of a handler on %s has not grown in %s: at most %i bytes', async (handler, part, most) => {
    const { parts: found } = await bundledOn(handler);
    expect(found[part]).toBeLessThanOrEqual(most);
    expect(found[part]).toBeGreaterThan(most * 0.9); // else the budget says nothing
  });

  it.each(Object.keys(BUDGETS) as Handler[])('of a handler on %s is no part without a budget', async (handler) => {
    const { parts: found } = await bundledOn(handler);
    expect(Object.keys(found).toSorted()).toEqual(Object.keys(BUDGETS[handler]).toSorted());
  });

  it('of a handler is in the guide, part by part', async () => {
    const guide = await readFile(join(root, 'docs/guides/without-the-sdk.md'), 'utf8');
    for (const [column, handler] of ['light', 'light, with BareSessions'].entries()) {
      const { parts: found, bytes } = await bundledOn(handler as Handler);
      for (const [part, size] of Object.entries({ ...found, together: bytes })) {
        const told = guide.match(new RegExp(`^\\| ${part} .*$`, 'm'))?.[0].split('|')[3 + column];
        if (part !== 'table-schema.ts')
          expect(Math.abs(size / 1_000 / parseFloat(told ?? '') - 1), part).toBeLessThan(0.05);
      }
    }
  });

  it.each([
    ['the default codec', 'src/codec/codec.ts', 'readableCodec } from "./src/index.ts"'],
    ['the inspection of values', 'src/codec/inspection.ts', 'createCodec } from "./src/index.ts"'],
    ['the text of what is not plain JSON', 'src/codec/devalue-rows.ts', 'createCodec } from "./src/index.ts"'],
    ['the layer in RAM', 'src/core/memory-persistence-layer.ts', 'MemoryPersistenceLayer } from "./src/index.ts"'],
    ['what is done to the sessions of users', 'src/core/sessions.ts', 'Sessions } from "./src/index.ts"'],
    ['roles', 'src/core/roles.ts', 'descendantRoles } from "./src/index.ts"'],
    ['sessions as text', 'src/core/serialization.ts', 'serializeSession } from "./src/index.ts"'],
    ['the authorizer', 'src/lambda/session-authorizer.ts', 'sessionAuthorizer } from "./src/lambda/index.ts"'],
    ['streaming', 'src/lambda/with-streaming-session.ts', 'withStreamingSession } from "./src/lambda/index.ts"'],
    ['the client of the SDK', 'src/dynamodb/sdk-port.ts', 'DynamoDBPersistenceLayer } from "./src/dynamodb/index.ts"'],
  ])('of a handler with BareSessions is not %s, which is there for who uses it', async (_, file, use) => {
    const { files } = await bundledOn('light, with BareSessions');
    expect(files).not.toContain(file);
    expect((await bundled(`export { ${use};`)).files).toContain(file);
  });

  it.each([
    ['web', ['adapters', 'cookies', 'core', 'web']],
    ['next', ['adapters', 'cookies', 'core', 'next', 'web']],
    ['hono', ['adapters', 'cookies', 'core', 'hono', 'lambda', 'web']],
    ['middy', ['adapters', 'cookies', 'core', 'lambda', 'middy']],
    ['powertools', ['core', 'powertools']],
    ['opentelemetry', ['core', 'opentelemetry', 'powertools']],
    ['oidc', ['cookies', 'core', 'lambda', 'oidc']],
    ['cache', ['cache', 'core']],
    ['encryption', ['core', 'encryption']],
    ['migration', ['core', 'dynamodb', 'migration', 'table']],
    ['dbsc', ['core', 'dbsc']],
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
    'encryption/',
    'migration/',
    'dbsc/',
    'personal-data/',
  ])('of ./%s that is imported and not used is nothing', async (room) => {
    expect((await bundled(`import './src/${room}index.ts';`)).bytes).toBe(0);
  });
});
