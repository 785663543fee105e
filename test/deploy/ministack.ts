import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { programsOf } from '../world/python.js';

/** What has to be installed for it. */
export const MINISTACK: readonly string[] = ['ministack==1.5.33'];

/** The program of operators. Apart from ministack, which wants another botocore. */
export const AWS_CLI: readonly string[] = ['awscli==1.46.3'];

const START_TIMEOUT_MS = 30_000;

/** An AWS on this machine, empty. */
export class Ministack {
  readonly endpoint: string;
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  #output = '';

  private constructor(child: ChildProcess, port: number) {
    this.port = port;
    this.endpoint = `http://127.0.0.1:${port}`;
    this.#process = child;
    this.#ended = once(child, 'exit');
    const collect = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-20_000);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
  }

  /**
   * Starts it on a free port of 127.0.0.1, in a process group that ends with this process, however that ends.
   * Functions run on this Node; their code is unpacked in the folder given.
   */
  static async start(folder: string): Promise<Ministack> {
    const port = await freePort();
    const guard = fileURLToPath(new URL('group-guard.js', import.meta.url));
    const python = join(programsOf(MINISTACK), 'python');
    const child = spawn(process.execPath, [guard, python, '-m', 'ministack'], {
      cwd: folder,
      stdio: 'pipe',
      env: {
        ...process.env,
        PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
        TMPDIR: folder,
        BIND_HOST: '127.0.0.1',
        GATEWAY_PORT: String(port),
        AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
        IOT_MTLS_ENABLED: '0', // it would listen on every interface
        SFTP_ENABLED: '0',
        LAMBDA_EXECUTOR: 'local',
      },
    });
    const ministack = new Ministack(child, port);
    await ministack.#answers();
    return ministack;
  }

  /** The last that it, and the functions in it, have printed. */
  get output(): string {
    return this.#output;
  }

  async stop(): Promise<void> {
    this.#process.stdin?.end();
    await this.#ended;
  }

  async #answers(): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      try {
        const { ok } = await fetch(`${this.endpoint}/_ministack/health`, { signal: AbortSignal.timeout(1_000) });
        if (ok) return;
      } catch {
        // It does not listen yet.
      }
      if (this.#process.exitCode !== null) throw new Error(`ministack ended while starting:\n${this.#output}`);
      if (Date.now() > deadline) {
        await this.stop();
        throw new Error(`ministack did not answer within ${START_TIMEOUT_MS / 1000} s:\n${this.#output}`);
      }
      await sleep(50);
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
