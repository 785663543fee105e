import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  DynamoDBServiceException,
} from '@aws-sdk/client-dynamodb';
import { NotStorableError, SessionError, StoreUnavailableError } from '../core/errors.js';
import type { CallOptions } from '../core/persistence-layer.js';
import { withTimeLimit } from '../core/time-limit.js';

/** What sends a command: a client, or a document client, which passes a plain command on as it is. */
export type Client = Pick<DynamoDBClient, 'send'>;

/** Sends one command with a client, and gives up when told to. */
export type Sending<Answer> = (client: Client, options: { readonly abortSignal: AbortSignal }) => Promise<Answer>;

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
  async send<Answer>({ deadline = Number.POSITIVE_INFINITY }: CallOptions, sending: Sending<Answer>): Promise<Answer> {
    const left = Math.min(this.#timeoutMs, deadline - Date.now());
    if (left <= 0) {
      throw new StoreUnavailableError('The deadline was over before DynamoDB was asked; nothing was sent.', {
        retryable: true,
      });
    }
    try {
      return await withTimeLimit(left, (abortSignal) => sending(this.#client, { abortSignal }), notInTime);
    } catch (error) {
      throw translated(error);
    }
  }
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
