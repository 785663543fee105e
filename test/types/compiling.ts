import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const path = (relative: string): string => join(root, relative);

/** What users get of the library's types, in a folder. */
export async function declarations(): Promise<string> {
  await mkdir(path('.cache'), { recursive: true });
  const folder = await mkdtemp(path('.cache/types-'));
  const output = await tsc(
    '-p',
    path('tsconfig.build.json'),
    '--emitDeclarationOnly',
    '--outDir',
    join(folder, 'dist'),
  );
  if (output !== '') throw new Error(output);
  return folder;
}

/**
 * Compiles files of a user, by name, against the {@link declarations} in a folder, in strict mode.
 *
 * @returns the first line of what tsc says of each file that does not compile
 */
export async function complaints(
  folder: string,
  files: Readonly<Record<string, string>>,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, string[]>> {
  const own = await mkdtemp(join(folder, 'user-'));
  for (const [name, code] of Object.entries(files)) await writeFile(join(own, `${name}.ts`), code);
  await writeFile(join(own, 'package.json'), '{ "type": "module" }');
  const paths = {
    'dynamodb-sessions': [join(folder, 'dist/src/index.d.ts')],
    'dynamodb-sessions/*': [join(folder, 'dist/src/*/index.d.ts')],
  };
  await writeFile(join(own, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...STRICT, ...options, paths } }));
  const said: Record<string, string[]> = {};
  for (const line of (await tsc('-p', own, '--pretty', 'false')).split('\n').filter((text) => /^\S/.test(text))) {
    const [, file = 'elsewhere', message = line] = /(?:^|\/)([\w-]+)\.ts\(\d+,\d+\): error (.*)$/.exec(line) ?? [];
    (said[file] ??= []).push(message);
  }
  return said;
}

const STRICT = {
  target: 'ES2022',
  module: 'NodeNext',
  types: ['node'],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
};

/** What tsc says. */
function tsc(...args: string[]): Promise<string> {
  return promisify(execFile)(process.execPath, [path('node_modules/typescript/bin/tsc'), ...args]).then(
    ({ stdout }) => stdout,
    (error: Error & { stdout?: string }) => error.stdout ?? error.message,
  );
}
