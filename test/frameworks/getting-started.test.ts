import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { engines } from '../engines/index.js';
import { environmentOf } from '../runtime/surroundings.js';
import { createTestTable, type TestTable } from '../world/tables.js';

const root = join(import.meta.dirname, '../..');
const shop = join(root, '.cache/frameworks/shop');

// docs/getting-started.md, word by word, in the application that `cdk init` makes: CommonJS, with jest.
describe.each(engines())('who follows "Get started", on $name', (engine) => {
  let table: TestTable;
  let env: NodeJS.ProcessEnv;

  const run = async (command: string, ...args: string[]): Promise<string> => {
    const options = { cwd: shop, env, maxBuffer: 16 * 1_024 * 1_024 };
    const { stdout, stderr } = await promisify(execFile)(command, args, options);
    return stdout + stderr;
  };

  beforeAll(async () => {
    table = await createTestTable(engine);
    env = {
      ...process.env,
      NODE_ENV: undefined,
      ...environmentOf(engine, table),
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    };
    await rm(shop, { recursive: true, force: true });
    await mkdir(shop, { recursive: true });
    const cdk = join(root, 'node_modules/.bin/cdk');
    await run(cdk, 'init', 'app', '--language', 'typescript', '--generate-only', '--no-version-reporting');
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    await run('npm', 'install', ...quiet, inject('tarball'), '@aws-sdk/client-dynamodb', '@aws-sdk/lib-dynamodb');
    await run('npm', 'install', '--save-dev', ...quiet, 'esbuild');
    const page = await readFile(join(root, 'docs/getting-started.md'), 'utf8');
    for (const [, file = '', code = ''] of page.matchAll(/^`(\S+\.ts)`:.*?^```ts\n(.*?)^```$/gms)) {
      await mkdir(dirname(join(shop, file)), { recursive: true });
      await writeFile(join(shop, file), code);
    }
    await writeFile(join(shop, 'test/shop.test.ts'), JEST);
  }, 300_000);
  afterAll(() => table.drop());

  it('has an application that compiles', async () => {
    expect(await run('npx', 'tsc', '--noEmit')).toBe('');
  });

  it('passes a jest test of the stack and of the handler, with the jest.config.js that is there', async () => {
    expect(await run('npx', 'jest')).toContain('3 passed, 3 total');
  }, 120_000);

  it('finds no error inside of the package with the module resolution of old projects', async () => {
    const entries = ['', '/dynamodb', '/lambda', '/cache', '/web', '/cdk', '/migration', '/testing'];
    await writeFile(
      join(shop, 'old.ts'),
      entries.map((entry, n) => `import * as e${n} from 'dynamodb-sessions${entry}';\nconsole.log(e${n});\n`).join(''),
    );
    await run(
      'npm',
      'install',
      '--no-save',
      '--prefix',
      'old',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      'typescript@5.4.5',
    );
    const options = [
      '--module',
      'commonjs',
      '--moduleResolution',
      'node10',
      '--target',
      'es2022',
      '--strict',
      '--noEmit',
    ];
    expect(
      await run(process.execPath, 'old/node_modules/typescript/bin/tsc', ...options, '--types', 'node', 'old.ts'),
    ).toBe('');
  }, 120_000);
});

const JEST = `
import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { ConfigurationError, Sessions } from 'dynamodb-sessions';
import { CookieJar, httpApiEvent } from 'dynamodb-sessions/testing';
import { handler } from '../lambda/handler';
import { ShopStack } from '../lib/shop-stack';

test('the stack has the table', () => {
  Template.fromStack(new ShopStack(new App(), 'Shop')).resourceCountIs('AWS::DynamoDB::GlobalTable', 1);
}, 60_000);

test('the handler signs in and out', async () => {
  const jar = new CookieJar();
  const send = async (path: string, body?: string) =>
    jar.receive(await handler(httpApiEvent({ path, jar, ...(body === undefined ? {} : { body }) }) as never, {} as never)) as {
      statusCode: number;
      body: string;
    };
  expect((await send('/')).body).toContain('Sign in');
  expect((await send('/login', 'name=ann&password=wrong')).statusCode).toBe(401);
  expect((await send('/login', 'name=ann&password=correct+horse')).statusCode).toBe(303);
  expect((await send('/')).body).toContain('Hello ann, visit 2.');
  expect((await send('/logout', '')).statusCode).toBe(303);
  expect((await send('/')).body).toContain('Sign in');
});

test('an error is known across the files of a test', () => {
  expect(() => new Sessions({ unknown: 1 } as never)).toThrow(ConfigurationError);
});
`;
