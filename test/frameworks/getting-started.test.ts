import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../engines/index.js';
import { environmentOf } from '../runtime/surroundings.js';
import { createTestTable, type TestTable } from '../world/tables.js';
import { Project } from './project.js';

// The application that `cdk init` makes is CommonJS, with jest.
describe.each(engines())('the application of "Get started", on $name', (engine) => {
  let table: TestTable;
  let shop: Project;

  beforeAll(async () => {
    table = await createTestTable(engine);
    shop = await Project.copiedFrom('getting-started.md', {
      env: {
        ...environmentOf(engine, table),
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        CDK_DISABLE_CLI_TELEMETRY: 'true',
      },
    });
    await shop.write('test/table.test.ts', ON_THE_TABLE);
  });
  afterAll(async () => {
    await shop?.[Symbol.asyncDispose]();
    await table.drop();
  });

  it('compiles', async () => {
    expect(await shop.run('npx', 'tsc', '--noEmit')).toBe('');
  });

  it.each([
    ['the Node.js of these tests', undefined],
    ['Node.js 22', 22],
    ['Node.js 24', 24],
  ])('passes its jest tests, of the stack and of the handler, on %s', async (_name, node) => {
    expect(await shop.runAsShown('npm test', node)).toContain('4 passed, 4 total');
  });

  it('has a stack that is synthesised', async () => {
    expect(await shop.run('npx', 'cdk', 'synth')).toContain('AWS::DynamoDB::GlobalTable');
  });

  it('finds no error inside of the package with the module resolution of old projects', async () => {
    const entries = ['', '/dynamodb', '/lambda', '/cache', '/web', '/cdk', '/migration', '/testing'];
    await shop.write(
      'old.ts',
      entries.map((entry, n) => `import * as e${n} from 'dynamodb-sessions${entry}';\nconsole.log(e${n});\n`).join(''),
    );
    await shop.run('npm', 'install', '--no-save', '--prefix', 'old', 'typescript@5.4.5');
    const options = '--module commonjs --moduleResolution node10 --target es2022 --strict --noEmit --types node'.split(
      ' ',
    );
    expect(await shop.run('node', 'old/node_modules/typescript/bin/tsc', ...options, 'old.ts')).toBe('');
  });

  it('passes its jest tests with ts-jest, too', async () => {
    await shop.run('npm', 'install', '--no-save', 'typescript@6.0.3', 'ts-jest@29.4.15');
    const config = { roots: ['<rootDir>/test'], transform: { '^.+\\.ts$': 'ts-jest' } };
    expect(await shop.run('npx', 'jest', '--config', JSON.stringify(config))).toContain('4 passed, 4 total');
  });
});

/** What the page has no words for. */
const ON_THE_TABLE = `
import { ConfigurationError, Sessions } from 'dynamodb-sessions';
import { CookieJar, httpApiEvent } from 'dynamodb-sessions/testing';
import { handler } from '../lambda/handler';

test('the deployed handler signs in and out', async () => {
  const jar = new CookieJar();
  const send = async (path: string, body?: string) => jar.receive(await handler(httpApiEvent({ path, jar, body }), {}));
  expect(await send('/')).toMatchObject({ body: expect.stringContaining('Sign in') });
  expect(await send('/login', 'name=ann&password=correct+horse')).toMatchObject({ statusCode: 303 });
  expect(await send('/')).toMatchObject({ body: expect.stringContaining('Hello ann, visit 2.') });
  expect(await send('/logout', '')).toMatchObject({ statusCode: 303 });
  expect(await send('/')).toMatchObject({ body: expect.stringContaining('Sign in') });
});

test('an error is known across the files of a test', () => {
  expect(() => new Sessions({ unknown: 1 } as never)).toThrow(ConfigurationError);
});
`;
