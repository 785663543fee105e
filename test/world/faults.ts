import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';

/**
 * What goes wrong with one request to DynamoDB:
 * `drop-before`: the connection breaks before the request arrives. `drop-after`: it was carried out, and the answer is
 * lost. `zombie`: the client gives up, and the request is carried out when the test says so. `fail`: a 500, nothing
 * was done. `throttle`: refused, for there were too many. `hang`: no answer ever.
 */
export type Fault = 'none' | 'drop-before' | 'drop-after' | 'zombie' | 'fail' | 'throttle' | 'hang';

type RequestHandler = DynamoDBClient['config']['requestHandler'];
type Handle = RequestHandler['handle'];

/** The network between a client and its engine, which does to each request what the test has planned. */
export class Network {
  /** The operations that were sent, each attempt once: `GetItem`, `UpdateItem`… */
  readonly sent: string[] = [];
  readonly #plan: { readonly operation: string; readonly faults: Fault[] }[] = [];
  readonly #zombies: (() => Promise<unknown>)[] = [];

  /** Puts itself between a client and its engine. */
  constructor(client: DynamoDBClient) {
    const inner = client.config.requestHandler;
    const handle: Handle = (request, options) => this.#handle(inner, request, options);
    client.config.requestHandler = new Proxy(inner, {
      get: (target, name) => {
        if (name === 'handle') return handle;
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }

  /** What happens to the next attempts of an operation, one fault each. */
  plan(operation: string, ...faults: Fault[]): void {
    this.#plan.push({ operation, faults });
  }

  /** Lets the requests that their client has given up on arrive. */
  async releaseZombies(): Promise<number> {
    const zombies = this.#zombies.splice(0);
    for (const zombie of zombies) await zombie();
    return zombies.length;
  }

  async #handle(
    inner: RequestHandler,
    request: Parameters<Handle>[0],
    options: Parameters<Handle>[1],
  ): ReturnType<Handle> {
    const operation = request.headers['x-amz-target']?.split('.')[1] ?? 'unknown';
    this.sent.push(operation);
    switch (this.#nextFault(operation)) {
      case 'none':
        return inner.handle(request, options);
      case 'drop-before':
        throw connectionLost();
      case 'drop-after':
        await inner.handle(request, {});
        throw connectionLost();
      case 'zombie':
        this.#zombies.push(() => inner.handle(request, {}));
        throw Object.assign(new Error('the request took too long'), { name: 'TimeoutError' });
      case 'fail':
        throw Object.assign(new Error('internal'), {
          name: 'InternalServerError',
          $fault: 'server',
          $retryable: {},
          $metadata: { httpStatusCode: 500 },
        });
      case 'throttle':
        throw Object.assign(new Error('too many requests'), {
          name: 'ProvisionedThroughputExceededException',
          $fault: 'client',
          $metadata: { httpStatusCode: 400 },
        });
      case 'hang':
        return new Promise(() => {});
    }
  }

  #nextFault(operation: string): Fault {
    const planned = this.#plan.find((plan) => plan.operation === operation && plan.faults.length > 0);
    return planned?.faults.shift() ?? 'none';
  }
}

const connectionLost = (): Error =>
  Object.assign(new Error('socket hang up'), { name: 'ECONNRESET', code: 'ECONNRESET' });
