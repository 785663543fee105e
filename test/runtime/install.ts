import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** One of Lambda's Node.js runtimes: a Node, and AWS's runtime client built for it. */
export interface Runtime {
  readonly major: number;
  readonly node: string;
  readonly client: string;
}

const CLIENT = 'aws-lambda-ric@4.0.2';
const MIDDY = '@middy/core@7.9.2';

const run = promisify(execFile);
const cache = fileURLToPath(new URL('../../.cache/runtime/', import.meta.url));

/** What building the runtime client needs, and is not on the PATH. */
export function missingTools(): string[] {
  return ['cmake', 'g++', 'make', 'python3', 'xz'].filter((tool) => spawnSync(tool, ['--version']).status !== 0);
}

/** Installs a Node and builds the runtime client with it, unless an earlier run did: it takes a minute. */
export async function installRuntime(major: number): Promise<Runtime> {
  const { folder, home, runtime } = placesOf(major);
  const bin = await installNode(major);
  await once(folder, CLIENT, (install) =>
    install(CLIENT, { PATH: [bin, process.env.PATH].join(delimiter), npm_config_nodedir: home }),
  );
  return runtime;
}

/** Installs a Node, unless an earlier run did. Returns the folder of its command. */
export async function installNode(major: number): Promise<string> {
  const { distribution, home } = placesOf(major);
  await once(nodeFolder(major), distribution, (install) => install(`${distribution}@${major}`));
  return join(home, 'bin');
}

/** What an earlier run has installed, if one has. */
export function installedRuntime(major: number): Runtime | undefined {
  const { folder, runtime } = placesOf(major);
  return existsSync(doneMark(folder, CLIENT)) ? runtime : undefined;
}

function placesOf(major: number): { folder: string; distribution: string; home: string; runtime: Runtime } {
  const folder = join(cache, `runtime-${major}`);
  // What the npm package `node` installs, with its headers.
  const distribution = `node${process.platform === 'darwin' && process.arch === 'arm64' ? '-bin' : ''}-${process.platform}-${process.arch}`;
  const home = join(nodeFolder(major), 'node_modules', distribution);
  const client = join(folder, 'node_modules/aws-lambda-ric/index.mjs');
  return { folder, distribution, home, runtime: { major, node: join(home, 'bin/node'), client } };
}

const nodeFolder = (major: number): string => join(cache, `node-${major}`);

/** Installs the middy that does not run on every Node that the project is developed with. Returns its folder. */
export async function installMiddy(): Promise<string> {
  const folder = join(cache, 'middy');
  await once(folder, MIDDY, (install) => install(MIDDY));
  return join(folder, 'node_modules/@middy/core');
}

const doneMark = (folder: string, name: string): string => join(folder, `is-done-${name.replaceAll('/', '-')}`);

type Install = (what: string, env?: NodeJS.ProcessEnv) => Promise<unknown>;

/** Fills a folder, unless an earlier run did. */
async function once(folder: string, name: string, fill: (install: Install) => Promise<unknown>): Promise<void> {
  const isDone = doneMark(folder, name);
  if (existsSync(isDone)) return;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ private: true, allowScripts: { 'aws-lambda-ric': true } }),
  );
  await fill((what, env) =>
    run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', what], {
      cwd: folder,
      env: { ...process.env, ...env },
    }),
  );
  await writeFile(isDone, '');
}
