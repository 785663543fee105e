import type {
  $Command,
  DynamoDBClient,
  DynamoDBClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb';
import { ConfigurationError } from '../core/errors.js';
import type { CallOptions } from '../core/persistence-layer.js';
import { withTimeLimit } from '../core/time-limit.js';
import { failureOf, notInTime, tooLate } from '../table/failure.js';
import { BriefClient } from './brief-client.js';

/** What sends a command: a client, or a document client, which passes a plain command on as it is. */
export type Client = Pick<DynamoDBClient, 'send'>;

/** A command that is sent with a client. */
export type Command<Input extends ServiceInputTypes, Output extends ServiceOutputTypes> = $Command<
  Input,
  Output,
  DynamoDBClientResolvedConfig
>;

/** The one place that waits for DynamoDB, and that says what its errors mean. */
export class Sender {
  readonly #client: Client;
  readonly #timeoutMs: number;

  constructor(client: Client, timeoutMs: number) {
    this.#client = client;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Waits for an answer until the budget for one call or the caller's deadline is over, whichever is first. The SDK
   * notices an abort only between its steps, so this does not wait for it to.
   *
   * @throws a `ConditionalCheckFailedException` as it is; every other error as a `SessionError`
   */
  async send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    { deadline = Number.POSITIVE_INFINITY }: CallOptions,
    command: Command<Input, Output>,
  ): Promise<Output> {
    const left = Math.min(this.#timeoutMs, deadline - Date.now());
    if (left <= 0) throw tooLate();
    try {
      const { answer, stop } = begin(this.#client, command);
      return await withTimeLimit(left, answer, () => notInTime(stop()));
    } catch (error) {
      throw isOtherCopy(error) ? otherCopy(error) : failureOf(error);
    }
  }
}

/** Begins a call that can be given up: `stop` says whether it may have been sent. */
function begin<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  client: Client,
  command: Command<Input, Output>,
): { readonly answer: Promise<Output>; readonly stop: () => boolean } {
  if (client instanceof BriefClient) return { answer: client.send(command), stop: () => client.stop(command) };
  const abort = new AbortController();
  const stop = (): boolean => {
    abort.abort();
    return true;
  };
  return { answer: client.send(command, { abortSignal: abort.signal }), stop };
}

/** What the SDK says of a client whose middleware is not that of the command's own copy of the SDK. */
const OTHER_COPY = /^\w+Middleware is not found when adding|^Duplicate middleware name/;

const isOtherCopy = (error: unknown): boolean => error instanceof Error && OTHER_COPY.test(error.message);

const otherCopy = (cause: unknown): ConfigurationError =>
  new ConfigurationError(
    'Option client is of another copy of @aws-sdk/client-dynamodb, which cannot send these commands; expected a single copy, 3.705.0 or newer (npm ls @aws-sdk/client-dynamodb).',
    { cause },
  );
