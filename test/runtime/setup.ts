import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { TestProject } from 'vitest/node';
import { cdk } from '../deploy/cdk.js';
import { createLambdaFolder } from '../deploy/lambda-folder.js';
import { installMiddy, installRuntime, missingTools, type Runtime } from './install.js';

/** A function's code, and how it is called. */
export interface FunctionCode {
  readonly code: string;
  readonly handler: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    runtimes: Runtime[];
    functions: Record<FunctionName, FunctionCode>;
  }
}

type FunctionName = 'demo' | 'cleanup' | 'sources' | 'streaming' | 'middy';

interface Template {
  readonly Resources: Readonly<
    Record<
      string,
      {
        readonly Type: string;
        readonly Properties: { readonly Handler?: string };
        readonly Metadata?: { readonly 'aws:asset:path'?: string };
      }
    >
  >;
}

const MAJORS = [24, 22];

/** Installs the runtimes, and bundles the functions, once for the whole run. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const missing = missingTools();
  if (missing.length > 0) throw new Error(`Install ${missing.join(', ')}: AWS's runtime client is built with them.`);

  const { path, remove } = await createLambdaFolder();
  try {
    const [[demo, cleanup], sources, streaming, middy, runtimes] = await Promise.all([
      synthesised(path),
      bundled('sources', path),
      bundled('streaming', path),
      bundled('middy', path, { '@middy/core': await installMiddy() }),
      Promise.all(MAJORS.map((major) => installRuntime(major))),
    ]);
    project.provide('runtimes', runtimes);
    project.provide('functions', { demo, cleanup, sources, streaming, middy });
  } catch (error) {
    await remove();
    throw error;
  }
  return remove;
}

/** The very assets that `cdk deploy` would upload. */
async function synthesised(folder: string): Promise<[demo: FunctionCode, cleanup: FunctionCode]> {
  const out = join(folder, 'cdk.out');
  await cdk(['synth', '--quiet', '--output', out], { home: join(folder, 'home') });
  return Promise.all([functionOf(out, 'SessionsDemo'), functionOf(out, 'Sessions')]);
}

async function functionOf(out: string, stack: string): Promise<FunctionCode> {
  const template = JSON.parse(await readFile(join(out, `${stack}.template.json`), 'utf8')) as Template;
  const functions = Object.values(template.Resources).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  const [found, ...others] = functions;
  const { Properties: { Handler: handler } = {}, Metadata: { 'aws:asset:path': asset } = {} } = found ?? {};
  if (handler === undefined || asset === undefined || others.length > 0)
    throw new Error(`Expected one function with an asset in the stack ${stack}, and found ${functions.length}.`);
  return { code: join(out, asset), handler };
}

/** A function of the tests' own, as a user would bundle it; perhaps with another package than is installed here. */
async function bundled(
  name: string,
  folder: string,
  alias: Readonly<Record<string, string>> = {},
): Promise<FunctionCode> {
  const code = join(folder, name);
  await build({
    entryPoints: [fileURLToPath(new URL(`functions/${name}.ts`, import.meta.url))],
    outfile: join(code, 'index.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    external: ['@aws-sdk/*', '@smithy/*'],
    alias: { ...alias },
    logLevel: 'error',
  });
  return { code, handler: 'index.handler' };
}
