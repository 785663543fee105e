import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inject } from 'vitest';

const START_TIMEOUT_MS = 150_000;
const docs = fileURLToPath(new URL('../../docs/', import.meta.url));
const guard = fileURLToPath(new URL('../deploy/group-guard.js', import.meta.url));

/** What npm may install: the newest versions of this day, so that tomorrow's run is today's. */
const NPM = {
  npm_config_before: '2026-11-28',
  npm_config_prefer_offline: 'true',
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_loglevel: 'error',
  npm_config_yes: 'true',
};

/** What this run of the tests would add. */
const NOT_INHERITED = /^(?:npm_|VITEST|(?:NODE_ENV|CI|FORCE_COLOR|TEST|MODE|DEV|PROD|SSR|BASE_URL)$)/;

export interface Copying {
  readonly env?: NodeJS.ProcessEnv;
  /** The version of Node.js. @defaultValue that of the tests */
  readonly node?: number;
  /** Makes of the page's commands what is to be run instead. */
  readonly commands?: (script: string) => string;
}

/**
 * A project that a stranger makes of a page of the documentation, in a folder far from this one: the commands of the
 * page's first code block, and each block that says of which file it is. The package is the packed one.
 */
export class Project implements AsyncDisposable {
  folder: string;
  readonly #page: string;
  readonly #home: string;
  readonly #env: NodeJS.ProcessEnv;
  /** What the application finds the store by. */
  storeEnv: Readonly<Record<string, string>> = {};

  private constructor(page: string, home: string, env: NodeJS.ProcessEnv) {
    this.#page = page;
    this.#home = home;
    this.folder = home;
    this.#env = env;
  }

  static async copiedFrom(
    page: string,
    { env = {}, node, commands = (script) => script }: Copying = {},
  ): Promise<Project> {
    const text = await readFile(join(docs, page), 'utf8');
    const home = await mkdtemp(join(tmpdir(), 'copied-'));
    const inherited = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name));
    const project = new Project(text, home, {
      ...Object.fromEntries(inherited),
      ...NPM,
      NO_COLOR: '1',
      PATH: pathWith(node),
      ...env,
    });
    try {
      const [, script = ''] = /^```sh\n(.*?)^```$/ms.exec(text) ?? [];
      const own = commands(script).replaceAll(/^(npm install.*) dynamodb-sessions(?= |$)/gm, `$1 ${inject('tarball')}`);
      const output = await project.run('bash', '-ec', `${own}\necho "This folder: $PWD"`);
      project.folder = /^This folder: (.*)$/m.exec(output)?.[1] as string;
      for (const [file, code] of filesOf(text)) await project.write(file, code);
      return project;
    } catch (error) {
      await project[Symbol.asyncDispose]();
      throw error;
    }
  }

  async write(file: string, code: string): Promise<void> {
    await mkdir(dirname(join(this.folder, file)), { recursive: true });
    await writeFile(join(this.folder, file), code);
  }

  /** Runs a command to its end. Returns what it prints. */
  async run(command: string, ...args: string[]): Promise<string> {
    return this.#run({}, command, ...args);
  }

  async #run(env: NodeJS.ProcessEnv, command: string, ...args: string[]): Promise<string> {
    const options = { cwd: this.folder, env: { ...this.#env, ...this.storeEnv, ...env }, maxBuffer: 2 ** 24 };
    try {
      const { stdout, stderr } = await promisify(execFile)(command, args, options);
      return stdout + stderr;
    } catch (error) {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`, { cause: error });
    }
  }

  /** Runs a command that the page shows, perhaps with another version of Node.js. */
  async runAsShown(command: string, node?: number): Promise<string> {
    return this.#run(node === undefined ? {} : { PATH: pathWith(node) }, 'bash', '-ec', this.#shown(command));
  }

  /** Starts a server by a command that the page shows. */
  async serveAsShown(env: NodeJS.ProcessEnv, command: string): Promise<Server> {
    return this.serve(env, 'bash', '-ec', this.#shown(command));
  }

  #shown(command: string): string {
    const blocks = [...this.#page.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, lines]) => lines as string);
    if (
      blocks
        .join('')
        .split('\n')
        .some((line) => line === command || line.endsWith(` ${command}`))
    )
      return command;
    throw new Error(`The page does not show the command: ${command}`);
  }

  /** `npx dynamodb-sessions dev`, whose variables are those of all that is run or started from now on. */
  async serveStore(): Promise<Server> {
    const server = await this.serve({}, 'npx', 'dynamodb-sessions', 'dev', '--port', '0');
    this.storeEnv = Object.fromEntries(
      [...server.output.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    );
    return server;
  }

  /** Starts a server, which prints its address. It ends with this process, however that ends. */
  async serve(env: NodeJS.ProcessEnv, command: string, ...args: string[]): Promise<Server> {
    const child = spawn(process.execPath, [guard, command, ...args], {
      cwd: this.folder,
      env: { ...this.#env, ...this.storeEnv, ...env },
      stdio: 'pipe',
    });
    const server = new Server(child);
    await server.listens();
    return server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#home, { recursive: true, force: true });
  }
}

const pathWith = (node: number | undefined): string =>
  [node === undefined ? [] : inject('nodes')[node]!, process.env.PATH!].flat().join(delimiter);

/** The code blocks of a page that follow a line which begins with a file's name. */
function filesOf(page: string): [file: string, code: string][] {
  return [...page.matchAll(/^`([^`\s]+\.\w+)`[^\n]*\n\n```\w+\n(.*?)^```$/gms)].map(([, file, code]) => [
    file as string,
    code as string,
  ]);
}

export class Server {
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #output = '';

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit');
    const collect = (chunk: Buffer): void => void (this.#output += chunk.toString());
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
  }

  /** All that it has printed. */
  get output(): string {
    return this.#output;
  }

  get url(): string | undefined {
    return /http:\/\/(?:127\.0\.0\.1|localhost):\d+/.exec(this.#output)?.[0];
  }

  async listens(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (this.url === undefined) {
      if (this.#child.exitCode !== null || Date.now() > deadline) {
        await this.stop();
        throw new Error(`The server did not start:\n${this.#output}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop(): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended;
  }
}
