import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TEMPLATE_FORMATS } from '../../src/cli/template-formats.js';
import { makeFreshCopy } from '../world/fresh-copy.js';

const root = join(import.meta.dirname, '../..');
const folder = join(root, '.cache/package');

interface Targets {
  readonly types: string;
  readonly default: string;
}

/** Runs code as a module of the package, and answers what it prints, parsed. */
const run = async (code: string): Promise<unknown> => {
  const args = ['--no-warnings', '--input-type=module', '--eval', code];
  return JSON.parse((await promisify(execFile)(process.execPath, args, { cwd: folder })).stdout);
};

const npm = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)('npm', args, { cwd: folder, maxBuffer: 16 * 1_024 * 1_024 })).stdout;

describe('the package', () => {
  let files: string[];
  let manifest: {
    readonly exports: Readonly<Record<string, string | Readonly<Record<'import' | 'require', Targets>>>>;
    readonly bin: Readonly<Record<string, string>>;
  };

  // A build of its own: another may be under way in dist/.
  beforeAll(async () => {
    await makeFreshCopy(folder);
    const [packed] = JSON.parse(await npm('pack', '--json')) as [{ files: { path: string }[] }];
    files = packed.files.map(({ path }) => path);
    manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  }, 120_000);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('contains all that its exports and its command name', () => {
    const named = [...Object.values(manifest.exports), ...Object.values(manifest.bin)]
      .flatMap((target) =>
        typeof target === 'string'
          ? target
          : Object.values(target).flatMap((targets) => [targets.types, targets.default]),
      )
      .map((target) => target.replace(/^\.\//, ''));
    expect(named.length).toBeGreaterThan(40);
    expect(files).toEqual(expect.arrayContaining(named));
  });

  it('contains the bundle of the cleanup, which the construct deploys', () => {
    expect(files).toContain('dist/cleanup/index.mjs');
  });

  it(
    'contains the infrastructure for where there is no CDK, which the command prints',
    { timeout: 60_000 },
    async () => {
      const command = async (...args: string[]): Promise<string> => {
        const argv = [join(folder, manifest.bin['dynamodb-sessions'] ?? ''), 'template', ...args];
        return (await promisify(execFile)(process.execPath, argv)).stdout;
      };
      const printed = Object.entries(TEMPLATE_FORMATS).map(async ([format, file]) => {
        const text = await readFile(join(folder, 'dist/templates', file), 'utf8');
        expect(text).toContain('dynamodb:BatchGetItem');
        expect(await command('--format', format), format).toBe(text);
        return { format, template: text.trimEnd() };
      });
      const [{ format, template } = { format: '', template: '' }] = await Promise.all(printed);
      expect(JSON.parse(await command('--format', format, '--json'))).toEqual({ format, template });
    },
  );

  it('contains its sources in its source maps, and nowhere else: cdk/*.ts would be taken for the entry ./cdk', async () => {
    const maps = files.filter((name) => name.endsWith('.js.map'));
    expect(maps.length).toBeGreaterThan(150);
    for (const name of maps) {
      const { sourcesContent = [] } = JSON.parse(await readFile(join(folder, name), 'utf8'));
      expect(sourcesContent, name).not.toEqual([]);
      expect(sourcesContent, name).not.toContain(null);
    }
  });

  it('contains nothing else: no tests, examples, benchmarks or pictures, and no app of ours', () => {
    const folders = new Set(files.map((name) => name.replace(/\/.*/, '')));
    expect([...folders].toSorted()).toEqual(['CHANGELOG.md', 'LICENSE', 'README.md', 'dist', 'package.json']);
    expect(files.filter((name) => !/(?:\.(?:js|mjs|d\.ts|map|md|json|yaml|tf)|^LICENSE)$/.test(name))).toEqual([]);
    expect(files.filter((name) => /(?:^|\/)(?:app|demo-stack|sessions-stack)\.|\.test\./.test(name))).toEqual([]);
    expect(files.filter((name) => name.startsWith('dist/templates/')).toSorted()).toEqual(
      Object.values(TEMPLATE_FORMATS)
        .map((file) => `dist/templates/${file}`)
        .toSorted(),
    );
  });

  it('needs no ES module to be loaded as CommonJS, which jest cannot do', async () => {
    // Next.js is not installed here: test/frameworks loads that entry. And jose is an ES module, which Node.js from 20.19
    // on loads as CommonJS by itself.
    const code = `
      import { createRequire } from 'node:module';
      const require = createRequire(import.meta.url);
      const others = ['./package.json', './next', './oidc'];
      const entries = Object.keys(require('./package.json').exports).filter((name) => !others.includes(name));
      for (const name of entries) require(name.replace('.', 'dynamodb-sessions'));
      const { cached } = require('dynamodb-sessions/cache');
      const { MemoryPersistenceLayer } = require('dynamodb-sessions');
      cached(new MemoryPersistenceLayer(), { maxAge: 1, maxSize: 1 });
      console.log(JSON.stringify(entries));
    `;
    const args = ['--no-experimental-require-module', '--input-type=module', '--eval', code];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    const others = ['./package.json', './next', './oidc'];
    expect(JSON.parse(stdout)).toEqual(Object.keys(manifest.exports).filter((name) => !others.includes(name)));
  });

  it('recognises its errors when it is loaded twice, as ES modules and as CommonJS', async () => {
    const answers = await run(`
      import { createRequire } from 'node:module';
      import * as esm from 'dynamodb-sessions';
      const cjs = createRequire(import.meta.url)('dynamodb-sessions');
      const thrownBy = ({ Sessions }) => { try { new Sessions({ unknown: 1 }); } catch (error) { return error; } };
      class Own extends esm.ConfigurationError {}
      const kinds = (error) =>
        ['SessionError', 'ConfigurationError', 'StoreUnavailableError'].map((name) =>
          [esm, cjs].map((copy) => error instanceof copy[name]));
      console.log(JSON.stringify({
        copies: esm.SessionError !== cjs.SessionError,
        esm: kinds(thrownBy(esm)),
        cjs: kinds(thrownBy(cjs)),
        other: kinds(new Error('other')),
        own: [new Own('') instanceof Own, thrownBy(esm) instanceof Own, new Own('') instanceof cjs.ConfigurationError],
      }));
    `);
    const configuration = [
      [true, true],
      [true, true],
      [false, false],
    ];
    const other = configuration.map(() => [false, false]);
    expect(answers).toEqual({ copies: true, esm: configuration, cjs: configuration, other, own: [true, false, true] });
  });

  it('answers 503 for an error of its other copy: the sessions are CommonJS, the handler an ES module', async () => {
    const answer = await run(`
      import { createRequire } from 'node:module';
      import { withSession } from 'dynamodb-sessions/lambda';
      const require = createRequire(import.meta.url);
      const { Sessions } = require('dynamodb-sessions');
      const { DynamoDBPersistenceLayer } = require('dynamodb-sessions/dynamodb');
      const { DynamoDBClient } = require('@aws-sdk/client-dynamodb');
      const client = new DynamoDBClient({ region: 'us-east-1', endpoint: 'http://127.0.0.1:1', maxAttempts: 1,
        credentials: { accessKeyId: 'x', secretAccessKey: 'x' } });
      const sessions = new Sessions({ persistence: new DynamoDBPersistenceLayer({ client, tableName: 'Sessions' }) });
      const handler = withSession(sessions, async (event, session) => {
        await session.logIn('ann');
        return { statusCode: 200 };
      });
      const event = { version: '2.0', headers: {}, rawPath: '/', requestContext: { http: { method: 'GET', sourceIp: '192.0.2.1' } } };
      console.log(JSON.stringify(await handler(event, { getRemainingTimeInMillis: () => 5_000 })));
    `);
    expect(answer).toMatchObject({ statusCode: 503 });
  });

  it('names its errors as ever when the application is minified', async () => {
    const { outputFiles } = await build({
      stdin: { contents: "export * from './dist/src/index.js';", resolveDir: folder },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      platform: 'node',
    });
    const file = join(folder, 'minified.mjs');
    await writeFile(file, outputFiles[0]?.contents ?? '');
    const names = await run(`
      import * as all from './minified.mjs';
      const errors = Object.entries(all).filter(([name]) => name.endsWith('Error') && name !== 'SessionError');
      console.log(JSON.stringify(errors.map(([name, Class]) => [name, new Class('', {}).name, String(new Class('', {}))])));
    `);
    expect(names).toHaveLength(9);
    for (const [exported, name, text] of names as [string, string, string][]) {
      expect([name, text]).toEqual([exported, exported]);
    }
  });
});
