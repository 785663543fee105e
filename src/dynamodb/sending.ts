import {
  type $Command,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  type DynamoDBClientResolvedConfig,
  DynamoDBServiceException,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb';
import { NotStorableError, SessionError, StoreUnavailableError } from '../core/errors.js';
import type { CallOptions } from '../core/persistence-layer.js';
import { withTimeLimit } from '../core/time-limit.js';
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
   * @throws {@link ConditionalCheckFailedException} as it is; every other error as a `SessionError`
   */
  async send<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
    { deadline = Number.POSITIVE_INFINITY }: CallOptions,
    command: Command<Input, Output>,
  ): Promise<Output> {
    const left = Math.min(this.#timeoutMs, deadline - Date.now());
    if (left <= 0) {
      throw new StoreUnavailableError('The deadline was over before DynamoDB was asked; nothing was sent.', {
        retryable: true,
      });
    }
    try {
      const { answer, stop } = begin(this.#client, command);
      return await withTimeLimit(left, answer, () => {
        stop();
        return notInTime();
      });
    } catch (error) {
      throw translated(error);
    }
  }
}

/** Begins a call that can be given up. */
function begin<Input extends ServiceInputTypes, Output extends ServiceOutputTypes>(
  client: Client,
  command: Command<Input, Output>,
): { readonly answer: Promise<Output>; readonly stop: () => void } {
  if (client instanceof BriefClient) return { answer: client.send(command), stop: () => client.stop(command) };
  const abort = new AbortController();
  return { answer: client.send(command, { abortSignal: abort.signal }), stop: () => abort.abort() };
}

const notInTime = (): StoreUnavailableError =>
  new StoreUnavailableError('DynamoDB did not answer in time; whether a write was applied is unknown.', {
    retryable: true,
  });

/** Errors of set-up, by name, with what to do; asking again would not help. */
const SET_UP: Readonly<Record<string, string>> = {
  ResourceNotFoundException:
    'The table or its index was not found: check tableName and region, and that the table has the index of SessionStore or createSessionTable.',
  AccessDeniedException:
    'Access was denied: grant the function access to the table and its index (SessionStore.grantAccess).',
  UnrecognizedClientException: 'The credentials were not recognised: check the credentials and the region.',
  ExpiredTokenException: 'The credentials have expired.',
  CredentialsProviderError: 'No credentials were found: give the function a role, or set them in the environment.',
  ValidationException:
    'DynamoDB found the request invalid: check that the table has the keys of SessionStore or createSessionTable.',
};

function translated(error: unknown): unknown {
  if (error instanceof SessionError || error instanceof ConditionalCheckFailedException) return error;
  if (
    error instanceof DynamoDBServiceException &&
    error.name === 'ValidationException' &&
    /^item size/i.test(error.message)
  ) {
    return new NotStorableError('The session is over the 400 KB that DynamoDB stores in an item.');
  }
  const setUp = error instanceof Error ? SET_UP[error.name] : undefined;
  return new StoreUnavailableError(setUp ?? 'DynamoDB did not do what it was asked; its error is the cause.', {
    cause: error,
    retryable: setUp === undefined,
  });
}

/** Whether a request was sent more than once, so that an earlier copy of it may have been applied, or may yet be. */
export function wasRepeated(answer: { readonly $metadata: { readonly attempts?: number | undefined } }): boolean {
  return (answer.$metadata.attempts ?? 1) > 1;
}
