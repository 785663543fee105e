import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const run = promisify(execFile);

const HANDLER = `
import { Sessions } from 'dynamodb-sessions';
import { DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { withSession } from 'dynamodb-sessions/lambda';
export const handler = withSession(new Sessions({ persistence: new DynamoDBPersistenceLayer() }), () => 'hello');
`;
const LOADER = `
const { handler } = await import(process.argv[2]);
console.log(await handler({ version: '2.0', rawPath: '/', headers: {}, requestContext: { http: { method: 'GET' } } }, {}));
`;

describe('the guide to bundling', () => {
  let folder: string;
  let guide: string;
  beforeAll(async () => {
    await mkdir(join(root, '.cache'), { recursive: true });
    folder = await mkdtemp(join(root, '.cache/bundling-'));
    guide = await readFile(join(root, 'docs/guides/local-development.md'), 'utf8');
    await writeFile(join(folder, 'package.json'), '{}'); // CommonJS, as a folder in Lambda is
    await writeFile(join(folder, 'handler.ts'), HANDLER);
    await writeFile(join(folder, 'load.mjs'), LOADER);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** What the bundle that esbuild's command makes answers, when it is run by Node.js. */
  async function load(command: string, bundle = './dist/handler.mjs'): Promise<string> {
    // Here the package is its sources.
    const aliases = ['/dynamodb', '/lambda', ''].map(
      (entry) => `--alias:dynamodb-sessions${entry}=${join(root, 'src', entry, 'index.ts')}`,
    );
    const PATH = `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`;
    const options = { cwd: folder, env: { ...process.env, PATH, DYNAMODB_SESSIONS_TABLE: 'T', AWS_REGION: 'x' } };
    await run('sh', ['-c', `${command} --log-level=warning ${aliases.join(' ')}`], options);
    return (await run(process.execPath, ['load.mjs', bundle], options)).stdout;
  }
  const recipe = (): string => /^```sh\n(esbuild .*?)\n```$/ms.exec(guide)?.[1] as string;

  it('has a command for esbuild whose bundle runs, with the SDK in it', async () => {
    expect(await load(recipe())).toBe('hello\n');
    expect(await readFile(join(folder, 'dist/handler.mjs'), 'utf8')).not.toMatch(/from ?["']@(?:aws-sdk|smithy)/);
  });

  it('is right that the bundle does not run without the two settings', async () => {
    const without = recipe()
      .replace(/ --main-fields=\S+/, '')
      .replace(/\\\n +--banner:.*/, '');
    await expect(load(without)).rejects.toThrow('Dynamic require of "node:https" is not supported');
  });

  /** The lines of a recipe in YAML, as options of esbuild's command. */
  const optionsIn = (section: string): string[] => {
    const [, lines = ''] = new RegExp(`^ *${section}:\\n(.*?)\`\`\``, 'ms').exec(guide) ?? [];
    const options = [...lines.matchAll(/^ +(\w+): (.*)$/gm)].map(([, name = '', value = '']) => {
      const option = `--${name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase()}`;
      return value === 'true' ? option : `${option}=${value.replaceAll(/[[\] ]/g, '')}`;
    });
    expect(options.length).toBeGreaterThan(2);
    return options.filter((option) => !/^--(?:entry-points|bundle)/.test(option));
  };

  // What SAM (aws-lambda-builders 1.68.0), SST 3 and the Serverless Framework 4 give to esbuild, by their sources.
  const SST_BANNER = [
    `import { createRequire as topLevelCreateRequire } from 'module';`,
    `const require = topLevelCreateRequire(import.meta.url);`,
    `import { fileURLToPath as topLevelFileUrlToPath, URL as topLevelURL } from "url"`,
    `const __filename = topLevelFileUrlToPath(import.meta.url)`,
    `const __dirname = topLevelFileUrlToPath(new topLevelURL(".", import.meta.url))`,
  ].join('\n');
  it.each([
    ['SAM', () => ['--outdir=dist/sam', ...optionsIn('BuildProperties')], 'sam/handler.js'],
    [
      'SST',
      () => [
        '--outfile=dist/sst.mjs --keep-names --format=esm --target=esnext --main-fields=module,main',
        `--banner:js='${SST_BANNER.replaceAll("'", `'\\''`)}'`,
      ],
      'sst.mjs',
    ],
    [
      'the Serverless Framework',
      () => ["--outfile=dist/serverless.cjs --sourcemap '--external:@aws-sdk/*'", ...optionsIn('build:\\n +esbuild')],
      'serverless.cjs',
    ],
    [
      'the Serverless Framework for ES modules',
      () => [
        "--outfile=dist/serverless.mjs --sourcemap --format=esm '--external:@aws-sdk/*'",
        ...optionsIn('build:\\n +esbuild'),
      ],
      'serverless.mjs',
    ],
  ])('has a recipe for %s whose bundle runs', async (_name, options, bundle) => {
    const command = ['esbuild handler.ts --bundle --platform=node', ...options()].join(' ');
    expect(await load(command, `./dist/${bundle}`)).toBe('hello\n');
  });

  it('gives NodejsFunction the same banner', () => {
    const banners = [...guide.matchAll(/banner(?::js=|: )"(.*?)"/g)].map(([, banner]) => banner);
    expect(banners).toHaveLength(2);
    expect(new Set(banners).size).toBe(1);
  });
});
