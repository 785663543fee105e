import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Runtime } from './install.js';
import { type Outcome, RuntimeApi } from './runtime-api.js';

export interface FunctionOptions {
  readonly runtime: Runtime;
  /** The folder with the bundle. */
  readonly code: string;
  /** As Lambda's configuration has it: `index.handler`. */
  readonly handler: string;
  readonly environment: Readonly<Record<string, string>>;
}

const guard = fileURLToPath(new URL('../engines/guard.js', import.meta.url));

/** One instance of a function, under AWS's own runtime client. */
export class LambdaFunction {
  readonly #api: RuntimeApi;
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown[]>;
  #output = '';

  private constructor(api: RuntimeApi, child: ChildProcess) {
    this.#api = api;
    this.#process = child;
    this.#ended = once(child, 'close');
    const collect = (chunk: Buffer): void => {
      this.#output += chunk.toString();
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
  }

  static async start({ runtime, code, handler, environment }: FunctionOptions): Promise<LambdaFunction> {
    const api = await RuntimeApi.start();
    const child = spawn(process.execPath, [guard, runtime.node, runtime.client, handler], {
      cwd: code,
      stdio: 'pipe',
      // Nothing else of this process's environment: what a function does not get in Lambda, it does not get here.
      env: {
        PATH: process.env.PATH,
        LANG: 'en_US.UTF-8',
        TZ: ':UTC',
        AWS_LAMBDA_RUNTIME_API: api.address,
        LAMBDA_TASK_ROOT: code,
        _HANDLER: handler,
        AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${runtime.major}.x`,
        AWS_REGION: 'us-east-1',
        AWS_DEFAULT_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_LAMBDA_FUNCTION_NAME: 'test',
        AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
        AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
        AWS_LAMBDA_LOG_GROUP_NAME: '/aws/lambda/test',
        AWS_LAMBDA_LOG_STREAM_NAME: 'test',
        ...environment,
      },
    });
    return new LambdaFunction(api, child);
  }

  /** Everything that it has printed. */
  get output(): string {
    return this.#output;
  }

  /** Its lines of JSON: logs and metrics. */
  get records(): Record<string, unknown>[] {
    return this.#output.split('\n').flatMap((line) => {
      const json = /\{.*\}\s*$/.exec(line)?.[0];
      try {
        return json === undefined ? [] : [JSON.parse(json) as Record<string, unknown>];
      } catch {
        return [];
      }
    });
  }

  /** Invokes it with a time limit, after which it would be stopped. An instance that has ended is an error. */
  async invoke(event: unknown, timeoutMs = 10_000): Promise<Outcome> {
    const ended = this.#ended.then((): never => {
      throw new Error(`The function's process ended:\n${this.#output}`);
    });
    return Promise.race([this.#api.invoke(event, timeoutMs), ended]);
  }

  /** Invokes it, for what it returns. */
  async call<Result>(event: unknown, timeoutMs?: number): Promise<Result> {
    const outcome = await this.invoke(event, timeoutMs);
    if (outcome.kind !== 'result') throw new Error(`${JSON.stringify(outcome)}\n${this.#output}`);
    return outcome.result as Result;
  }

  async stop(): Promise<void> {
    this.#process.stdin?.end();
    await this.#ended;
    await this.#api.stop();
  }
}
