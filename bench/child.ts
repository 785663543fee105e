import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build, type BuildOptions, type Metafile } from 'esbuild';
import { BUILT } from './set-up.js';

const run = promisify(execFile);

const REQUIRE = "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);";

/**
 * Bundles a file of the benchmarks with the package as it is published, as a user's handler would be.
 *
 * @returns what is in it
 */
export async function bundle(entry: URL, outfile: string, options: BuildOptions = {}): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(entry)],
    outfile,
    bundle: true,
    minify: true,
    platform: 'node',
    // As the CDK's NodejsFunction has it.
    format: 'cjs',
    target: 'node20',
    alias: {
      'dynamodb-sessions': join(BUILT, 'index.js'),
      'dynamodb-sessions/lambda': join(BUILT, 'lambda/index.js'),
      'dynamodb-sessions/dynamodb': join(BUILT, 'dynamodb/index.js'),
      'dynamodb-sessions/dynamodb/light': join(BUILT, 'light/index.js'),
    },
    logLevel: 'error',
    metafile: true,
    // The SDK is in part CommonJS, which asks for Node's own modules by `require`.
    ...(options.format === 'esm' && { banner: { js: REQUIRE } }),
    ...options,
  });
  return metafile as Metafile;
}

/** So much of it that nothing is collected while a batch of requests runs. */
export const YOUNG_MEMORY = ['--expose-gc', '--min-semi-space-size=256', '--max-semi-space-size=256'] as const;

/** Runs a Node of its own with these arguments. What it prints is its result, as JSON. */
export async function resultOf<Result>(...args: readonly string[]): Promise<Result> {
  const { stdout } = await run(process.execPath, args);
  return JSON.parse(stdout) as Result;
}

/** A folder for bundles, for as long as `use` takes. */
export async function withFolder<Result>(use: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = await mkdtemp(fileURLToPath(new URL('../.cache/bench/bundles-', import.meta.url)));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
