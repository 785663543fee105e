import { setTimeout as delay } from 'node:timers/promises';
import type { CallOptions } from '../core/persistence-layer.js';
import { withTimeLimit } from '../core/time-limit.js';
import { ATTEMPT_TIMES, type AttemptTimes } from '../table/attempt-times.js';
import { failureOf, notInTime, tooLate } from '../table/failure.js';
import type { Operations, Port, Sent } from '../table/port.js';
import { type Attempt, Connection, type HttpAnswer } from './connection.js';
import { CredentialsCache, type CredentialsSource } from './credentials.js';
import { sign } from './signature.js';
import { decode, encode } from './wire.js';

/** What {@link LightPort} is made of. Region and endpoint are asked for at the first call. */
export interface LightPortOptions {
  readonly region: () => string;
  readonly endpoint: (region: string) => URL;
  readonly credentials?: CredentialsSource | undefined;
  /** How long one call may take, its retries included, in milliseconds. */
  readonly timeoutMs: number;
  /** @defaultValue {@link ATTEMPT_TIMES} */
  readonly times?: AttemptTimes;
}

/** Whom to ask, once that is known. */
interface Target {
  readonly region: string;
  readonly endpoint: URL;
  readonly connection: Connection;
}

/** One call, with its attempts. */
interface Call {
  /** Whether nobody waits for it any more. */
  isOver: boolean;
  /** The last attempt. */
  attempt?: Attempt;
}

const ATTEMPTS = 3;
/** DynamoDB refuses a signature that is 5 minutes off. */
const MOST_SKEW_MS = 240_000;
/** A date that is further off is none: no signature could be made for it. */
const CENTURY_MS = 100 * 366 * 86_400_000;

/** Asks DynamoDB in its own protocol: JSON over HTTPS, signed, three attempts with full jitter. */
export class LightPort implements Port {
  readonly #options: LightPortOptions;
  readonly #times: AttemptTimes;
  readonly #credentials: CredentialsCache;
  #target: Target | undefined;
  /** How far this machine's clock is behind DynamoDB's. */
  #skewMs = 0;

  constructor(options: LightPortOptions) {
    this.#options = options;
    this.#times = options.times ?? ATTEMPT_TIMES;
    this.#credentials = new CredentialsCache(options.credentials);
  }

  /** Makes the first connection before it is needed, as far as that is possible by now. */
  connect(): void {
    try {
      const { connection, endpoint } = this.#where;
      connection.open(endpoint.host);
    } catch {
      // The first call tells.
    }
  }

  /** Ends all connections. */
  close(): void {
    this.#target?.connection.close();
  }

  async send<Name extends keyof Operations>(
    { deadline = Number.POSITIVE_INFINITY }: CallOptions,
    operation: Name,
    input: Operations[Name][0],
  ): Promise<Operations[Name][1] & Sent> {
    const left = Math.min(this.#options.timeoutMs, deadline - Date.now());
    if (left <= 0) throw tooLate();
    const call: Call = { isOver: false };
    try {
      const answer = this.#ask(operation, encode(input), call);
      return (await withTimeLimit(left, answer, () => {
        call.isOver = true;
        call.attempt?.stop();
        return notInTime(call.attempt !== undefined);
      })) as Operations[Name][1] & Sent;
    } catch (error) {
      throw failureOf(error);
    }
  }

  async #ask(operation: string, body: string, call: Call): Promise<object> {
    for (let attempts = 1; ; attempts += 1) {
      const credentials = await this.#credentials.get();
      if (call.isOver) throw new Error('Nobody waits for it.');
      const { region, endpoint, connection } = this.#where;
      const headers = {
        'content-type': 'application/x-amz-json-1.0',
        host: endpoint.host,
        'x-amz-target': `DynamoDB_20120810.${operation}`,
      };
      const at = new Date(Date.now() + this.#skewMs);
      const scope = { region, service: 'dynamodb', credentials, at };
      const signed = sign({ path: endpoint.pathname, headers, body }, scope);
      call.attempt = connection.post(Object.assign(signed, unsigned()), body);
      let failure: Failure;
      try {
        const answer = await call.attempt.answer;
        this.#setClock(answer);
        const outcome = read(answer);
        if (!(outcome instanceof Failure)) return Object.assign(outcome, { $metadata: { attempts } });
        failure = outcome;
      } catch (error) {
        failure = new Failure(error as Error, true);
      }
      if (failure.isOfCredentials) this.#credentials.forget();
      if (attempts === ATTEMPTS || !failure.isRetryable || call.isOver) {
        throw Object.assign(failure.error, { $metadata: { attempts } });
      }
      await delay(Math.random() * this.#times.backoffMs * 2 ** attempts);
    }
  }

  /** @internal */
  protected connectTo(endpoint: URL, times: AttemptTimes): Connection {
    return new Connection(endpoint, times);
  }

  /** After a freeze, or on a machine whose clock is wrong: what DynamoDB says is the time. */
  #setClock({ headers }: HttpAnswer): void {
    const theirs = Date.parse(headers.date ?? '');
    const skew = theirs - Date.now();
    if (Math.abs(skew - this.#skewMs) > MOST_SKEW_MS && Math.abs(skew) < CENTURY_MS) this.#skewMs = skew;
  }

  get #where(): Target {
    if (this.#target === undefined) {
      const region = this.#options.region();
      const endpoint = this.#options.endpoint(region);
      this.#target = { region, endpoint, connection: this.connectTo(endpoint, this.#times) };
    }
    return this.#target;
  }
}

/** What DynamoDB says no with, or did not say. */
class Failure {
  readonly error: Error;
  readonly isRetryable: boolean;
  readonly isOfCredentials: boolean;

  constructor(error: Error, isRetryable: boolean, isOfCredentials = false) {
    this.error = error;
    this.isRetryable = isRetryable;
    this.isOfCredentials = isOfCredentials;
  }
}

const THROTTLING = new Set([
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'TooManyRequestsException',
]);

/** By another clock, or newer credentials, the next attempt may succeed. */
const SIGNATURE = new Set(['InvalidSignatureException', 'RequestExpired', 'RequestTimeTooSkewed']);
const CREDENTIALS = new Set(['ExpiredTokenException', 'UnrecognizedClientException']);

function read(answer: HttpAnswer): object | Failure {
  const content = decode(answer);
  const { status } = answer;
  if (status === 200) return content;
  const { __type: type, message, Message = message, Item } = content;
  const name = typeof type === 'string' ? type.replace(/^.*#/, '') : `Http${status}`;
  const text = typeof Message === 'string' ? withoutRequest(Message) : `HTTP ${status}`;
  const error = Object.assign(new Error(text), {
    name,
    ...(Item !== undefined && { Item }),
  });
  const isRetryable = status >= 500 || THROTTLING.has(name) || SIGNATURE.has(name) || CREDENTIALS.has(name);
  return new Failure(error, isRetryable, CREDENTIALS.has(name));
}

/** AWS repeats the signed headers, the session token among them, where a signature is wrong. */
const withoutRequest = (message: string): string => message.replace(/\s*The Canonical String [^]*/i, '');

/** What says who asks, and for which invocation; no signature covers it. */
function unsigned(): Record<string, string> {
  const { _X_AMZN_TRACE_ID: trace, AWS_LAMBDA_FUNCTION_NAME: lambda } = process.env;
  return {
    'user-agent': 'dynamodb-sessions',
    ...(trace && lambda && { 'x-amzn-trace-id': trace }),
  };
}
