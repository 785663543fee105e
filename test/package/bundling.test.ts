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
const { handler } = await import('./dist/handler.mjs');
console.log(await handler({ version: '2.0', rawPath: '/', headers: {}, requestContext: { http: { method: 'GET' } } }, {}));
`;

describe('the guide to bundling', () => {
  let folder: string;
  let guide: string;
  beforeAll(async () => {
    await mkdir(join(root, '.cache'), { recursive: true });
    folder = await mkdtemp(join(root, '.cache/bundling-'));
    guide = await readFile(join(root, 'docs/guides/local-development.md'), 'utf8');
    await writeFile(join(folder, 'handler.ts'), HANDLER);
    await writeFile(join(folder, 'load.mjs'), LOADER);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  /** What esbuild's command makes, when it is run by Node.js. */
  async function load(command: string): Promise<string> {
    // Here the package is its sources.
    const aliases = ['/dynamodb', '/lambda', ''].map(
      (entry) => `--alias:dynamodb-sessions${entry}=${join(root, 'src', entry, 'index.ts')}`,
    );
    const PATH = `${join(root, 'node_modules/.bin')}:${process.env['PATH']}`;
    const options = { cwd: folder, env: { ...process.env, PATH, DYNAMODB_SESSIONS_TABLE: 'T', AWS_REGION: 'x' } };
    await run('sh', ['-c', `${command} --log-level=warning ${aliases.join(' ')}`], options);
    return (await run(process.execPath, ['load.mjs'], options)).stdout;
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

  it('gives NodejsFunction the same banner', () => {
    const banners = [...guide.matchAll(/banner(?::js=|: )"(.*?)"/g)].map(([, banner]) => banner);
    expect(banners).toHaveLength(2);
    expect(new Set(banners).size).toBe(1);
  });
});
