import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Where the package is built for the benchmarks, as it is published: `dist/` may be in use by others. */
export const BUILT = path('../.cache/bench/dist/src');

/** Builds the package, and installs what it is compared with, unless that is done. */
export default function setUp(): void {
  rmSync(path('../.cache/bench/dist'), { recursive: true, force: true });
  const build = ['tsc', '-p', 'tsconfig.build.json', '--outDir', '.cache/bench/dist'];
  const codeAlone = [
    '--noCheck',
    '--declaration',
    'false',
    '--declarationMap',
    'false',
    '--isolatedDeclarations',
    'false',
  ];
  run('npx', [...build, ...codeAlone], path('..'));

  const [lock, installed] = [path('package-lock.json'), path('node_modules/.package-lock.json')];
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  console.log('Installing what the benchmarks compare with …');
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], path('.'));
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (status !== 0) throw new Error(`This failed: ${command} ${args.join(' ')}`);
}
