import { execFile } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
const path = (relative: string): string => join(root, relative);

/**
 * Compiles files of a user, by name, with tsc in strict mode.
 *
 * @returns the first line of what it says of each file that does not compile
 */
export async function complaints(
  files: Readonly<Record<string, string>>,
  options: Readonly<Record<string, unknown>> = {},
): Promise<Record<string, string[]>> {
  const folder = path(`.cache/types/${process.pid}-${Math.random().toString(36).slice(2)}`);
  await mkdir(folder, { recursive: true });
  try {
    for (const [name, code] of Object.entries(files)) await writeFile(join(folder, `${name}.ts`), code);
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...STRICT, ...options } }));
    const tsc = [path('node_modules/typescript/bin/tsc'), '-p', folder, '--pretty', 'false'];
    const output = await promisify(execFile)(process.execPath, tsc).then(
      ({ stdout }) => stdout,
      (error: Error & { stdout?: string }) => error.stdout ?? error.message,
    );
    const said: Record<string, string[]> = {};
    for (const line of output.split('\n').filter((text) => /^\S/.test(text))) {
      const [, file = 'elsewhere', message = line] = /(?:^|\/)([\w-]+)\.ts\(\d+,\d+\): error (.*)$/.exec(line) ?? [];
      (said[file] ??= []).push(message);
    }
    return said;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const STRICT = {
  target: 'ES2022',
  module: 'NodeNext',
  types: ['node'],
  strict: true,
  skipLibCheck: true,
  noEmit: true,
  lib: ['ES2023', 'ES2024.String'],
  paths: {
    'dynamodb-sessions': [path('src/index.ts')],
    'dynamodb-sessions/*': [path('src/*/index.ts')],
  },
};
