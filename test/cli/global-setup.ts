import { join } from 'node:path';
import { build } from 'esbuild';
import { program } from './command.js';

/** Builds the command from the sources, with what it imports: the tests start it some hundred times. */
export default async function buildCommand(): Promise<void> {
  await build({
    entryPoints: [join(import.meta.dirname, '../../src/cli/main.ts')],
    outfile: program,
    bundle: true,
    external: ['dynalite'], // it may be absent
    mainFields: ['module', 'main'],
    platform: 'node',
    format: 'esm',
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    logLevel: 'warning',
  });
}
