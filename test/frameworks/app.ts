import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { inject } from 'vitest';

const START_TIMEOUT_MS = 30_000;
const guard = fileURLToPath(new URL('../deploy/group-guard.js', import.meta.url));

/** An application of the tests', in a folder of its own, with the packed package installed in it as a user would. */
export class App {
  readonly folder: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.#env = { ...process.env, NODE_ENV: undefined, ...env };
  }

  static async install(name: string, env: NodeJS.ProcessEnv): Promise<App> {
    const folder = fileURLToPath(new URL(`../../.cache/frameworks/${name}`, import.meta.url));
    await mkdir(folder, { recursive: true });
    const former = (await readdir(folder)).filter((entry) => entry !== 'node_modules');
    await Promise.all(former.map((entry) => rm(join(folder, entry), { recursive: true })));
    await cp(fileURLToPath(new URL(name, import.meta.url)), folder, { recursive: true });
    const app = new App(folder, env);
    await app.run('npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', inject('tarball'));
    return app;
  }

  /** Runs a command to its end. */
  async run(command: string, ...args: string[]): Promise<void> {
    await promisify(execFile)(command, args, { cwd: this.folder, env: this.#env });
  }

  /** Starts a server with Node; what it prints tells its address. It ends with this process, however that ends. */
  async serve(env: NodeJS.ProcessEnv, ...args: string[]): Promise<Server> {
    const child = spawn(process.execPath, [guard, process.execPath, ...args], {
      cwd: this.folder,
      env: { ...this.#env, ...env },
      stdio: 'pipe',
    });
    const server = new Server(child);
    await server.listens();
    return server;
  }
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
    return /http:\/\/127\.0\.0\.1:\d+/.exec(this.#output)?.[0];
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
