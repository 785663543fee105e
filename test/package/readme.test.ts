import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const folder = join(root, '.cache/readme');

describe('the documentation', () => {
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('has code blocks that compile as they stand', async () => {
    await rm(folder, { recursive: true, force: true });
    const pages = await Promise.all(
      ['docs', 'docs/guides'].map(async (path) => (await readdir(join(root, path))).map((name) => `${path}/${name}`)),
    );
    for (const page of ['README.md', ...pages.flat().filter((name) => name.endsWith('.md'))]) {
      const text = await readFile(join(root, page), 'utf8');
      const blocks = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code as string);
      if (page === 'README.md') expect(blocks.length).toBeGreaterThan(3);
      const own = join(folder, page);
      await mkdir(own, { recursive: true });
      await Promise.all(
        blocks.map((code, index) => writeFile(join(own, `block-${index}.ts`), `${code}\nexport {};\n`)),
      );
      await writeFile(join(own, 'users.ts'), USERS);
    }
    await writeFile(join(folder, 'frameworks.d.ts'), FRAMEWORKS);
    const compilerOptions = { noUnusedLocals: false };
    const config = { extends: '../../tsconfig.json', compilerOptions, include: ['**/*.ts'] };
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config));
    await expect(compile()).resolves.toBe('');
  }, 120_000);

  it.each([
    ['lambda', 'lambda/handler.ts'],
    ['fetch', 'fetch/routes.ts'],
    ['middy', 'middy/handler.ts'],
    ['authorizer', 'authorizer/authorizer.ts'],
    ['fastify', 'express/fastify.ts'],
    ['password', 'password/handler.ts'],
    ['openid-connect', 'openid-connect/handler.ts'],
    ['cognito', 'cognito/user-pool.ts'],
    ['passkeys', 'passkeys/handler.ts'],
    ['passkeys', 'passkeys/page.ts'],
    ['passkeys', 'passkeys/index.html'],
    ['coming-from-iron-session', 'migration/iron-session.ts'],
    ['coming-from-jwt', 'migration/json-web-token.ts'],
    ['tenant-keys', 'tenant-keys/handler.ts'],
    ['testing', 'testing/lambda.test.ts'],
    ['testing', 'testing/hono.test.ts'],
    ['testing', 'testing/fetch.test.ts'],
  ])('shows in the guide %s the example that the tests run', async (guide, example) => {
    const text = await readFile(join(root, `docs/guides/${guide}.md`), 'utf8');
    const language = example.endsWith('.html') ? 'html' : 'ts';
    const code = await readFile(join(root, 'examples', example), 'utf8');
    expect(text).toContain(`\n\`\`\`${language}\n${code}\`\`\`\n`);
  });

  it('shows the pictures that npm run docs:pictures draws', async () => {
    await mkdir(folder, { recursive: true });
    await promisify(execFile)(process.execPath, [join(root, 'scripts/draw-concepts.js'), folder]);
    const shown = [...(await readFile(join(root, 'docs/concepts.md'), 'utf8')).matchAll(/\]\(images\/(\w+\.svg)\)/g)];
    expect(shown.map(([, name]) => name)).toEqual(['token.svg', 'rotation.svg', 'end.svg', 'marks.svg']);
    for (const [, name] of shown) {
      const kept = await readFile(join(root, 'docs/images', name as string), 'utf8');
      expect(kept).toBe(await readFile(join(folder, name as string), 'utf8'));
    }
  });

  it('links to files, and to headings in them, that are there', async () => {
    const docs = (await readdir(join(root, 'docs'), { recursive: true })).map((name) => `docs/${name}`);
    const pages = [...(await readdir(root)), ...docs].filter(
      (name) => name.endsWith('.md') && !/^docs\/(?:api|\.vitepress)\//.test(name),
    );
    const broken: string[] = [];
    for (const page of pages) {
      const text = await readFile(join(root, page), 'utf8');
      for (const [, target = '', heading] of text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)) {
        const path = target === '' ? join(root, page) : join(root, page, '..', target);
        const found = await stat(path).catch(() => undefined);
        const isThere = heading === undefined || (found?.isFile() && (await headingsOf(path)).includes(heading));
        if (found === undefined || !isThere) broken.push(`${page}: ${target}#${heading}`);
      }
    }
    expect(pages.length).toBeGreaterThan(10);
    expect(broken).toEqual([]);
  });
});

/** The headings of a page, as links name them. */
async function headingsOf(path: string): Promise<string[]> {
  return [...(await readFile(path, 'utf8')).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** What the README's handler takes from its application. */
const USERS = `
import type { HttpApiEvent } from 'dynamodb-sessions/lambda';
import type { UserId } from 'dynamodb-sessions';
export const users = { find: async (id: UserId): Promise<{ id: UserId; name: string } | undefined> => ({ id, name: 'Ann' }) };
export const authenticate = async (event: HttpApiEvent): Promise<string> => event.body ?? '';
`;

/** What the guides use of a framework that is not installed here. Other frameworks' code is `typescript`, and test/frameworks builds it. */
const FRAMEWORKS = `
declare module 'react-router' {
  interface RouterContext<T> {
    readonly defaultValue?: T;
  }
  export function createContext<T>(defaultValue?: T): RouterContext<T>;
  export type MiddlewareFunction<Result> = (
    args: { readonly request: Request; readonly context: { set<T>(context: RouterContext<T>, value: T): void } },
    next: () => Promise<Result>,
  ) => Result | undefined | Promise<Result | undefined>;
}
`;

async function compile(): Promise<string> {
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, '--noEmit', '-p', folder], { cwd: root });
    return stdout;
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}
