import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What came of an invocation. */
export type Outcome =
  | { readonly kind: 'result'; readonly result: unknown }
  | {
      readonly kind: 'stream';
      readonly contentType: string | undefined;
      readonly bytes: Buffer;
      /** What the runtime said of an error after it had begun to send. */
      readonly error: FunctionError | undefined;
    }
  | { readonly kind: 'error'; readonly error: FunctionError }
  | { readonly kind: 'timed out' };

export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
}

interface Invocation {
  readonly id: string;
  readonly event: unknown;
  readonly timeoutMs: number;
  readonly begun: () => void;
  readonly ended: (outcome: Outcome) => void;
}

const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:000000000000:function:test';

/**
 * The server by which a runtime gets its invocations and hands in what came of them, for one instance of a function.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class RuntimeApi {
  readonly #server: Server;
  readonly #waiting: Invocation[] = [];
  readonly #running = new Map<string, Invocation>();
  #next: ServerResponse | undefined;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
  }

  static async start(): Promise<RuntimeApi> {
    const api = new RuntimeApi();
    api.#server.listen(0, '127.0.0.1');
    await once(api.#server, 'listening');
    return api;
  }

  /** As `AWS_LAMBDA_RUNTIME_API` has it. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Hands an event to the function. Its time begins to run when it has taken it. */
  invoke(event: unknown, timeoutMs: number): Promise<Outcome> {
    return new Promise((resolve) => {
      const id = randomUUID();
      let timer: NodeJS.Timeout | undefined;
      const ended = (outcome: Outcome): void => {
        clearTimeout(timer);
        this.#running.delete(id);
        resolve(outcome);
      };
      const begun = (): void => {
        timer = setTimeout(ended, timeoutMs, { kind: 'timed out' });
      };
      this.#waiting.push({ id, event, timeoutMs, begun, ended });
      this.#handOut();
    });
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, id, action] =
      /^\/2018-06-01\/runtime\/(?:invocation\/(?:([^/]+)\/)?|init\/)(\w+)$/.exec(request.url ?? '') ?? [];
    if (request.method === 'GET' && id === undefined && action === 'next') {
      this.#next = response;
      return this.#handOut();
    }
    const bytes = await buffer(request);
    if (action === 'error') this.#running.get(id ?? '')?.ended({ kind: 'error', error: errorOf(bytes) });
    else if (action === 'response') this.#running.get(id ?? '')?.ended(responseOf(request, bytes));
    else return void response.writeHead(404).end();
    response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}');
  }

  #handOut(): void {
    const invocation = this.#waiting[0];
    if (this.#next === undefined || invocation === undefined) return;
    this.#waiting.shift();
    this.#running.set(invocation.id, invocation);
    this.#next.writeHead(200, {
      'content-type': 'application/json',
      'lambda-runtime-aws-request-id': invocation.id,
      'lambda-runtime-deadline-ms': String(Date.now() + invocation.timeoutMs),
      'lambda-runtime-invoked-function-arn': FUNCTION_ARN,
    });
    this.#next.end(JSON.stringify(invocation.event));
    this.#next = undefined;
    invocation.begun();
  }
}

function responseOf(request: IncomingMessage, bytes: Buffer): Outcome {
  if (request.headers['lambda-runtime-function-response-mode'] !== 'streaming')
    return { kind: 'result', result: JSON.parse(bytes.toString() || 'null') };
  const { 'lambda-runtime-function-error-type': errorType, 'lambda-runtime-function-error-body': body } =
    request.trailers;
  const error = errorType === undefined ? undefined : errorOf(Buffer.from(body ?? '', 'base64'));
  return { kind: 'stream', contentType: request.headers['content-type'], bytes, error };
}

function errorOf(bytes: Buffer): FunctionError {
  return JSON.parse(bytes.toString()) as FunctionError;
}
