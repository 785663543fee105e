import {
  type $Command,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  type DynamoDBClientResolvedConfig,
  DynamoDBServiceException,
  type ServiceInputTypes,
  type ServiceOutputTypes,
} from '@aws-sdk/client-dynamodb';
import { ConfigurationError, NotStorableError, SessionError, StoreUnavailableError } from '../core/errors.js';
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
      return await withTimeLimit(left, answer, () => notInTime(stop()));
    } catch (error) {
      throw translated(error);
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

const notInTime = (wasSent: boolean): StoreUnavailableError =>
  new StoreUnavailableError(
    wasSent
      ? 'DynamoDB did not answer in time; whether a write was applied is unknown.'
      : `The time was over before anything was sent. If that is for want of credentials: ${SET_CREDENTIALS}`,
    { retryable: true },
  );

const SET_CREDENTIALS = 'give the function a role, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.';
const SET_ENDPOINT = 'AWS_ENDPOINT_URL_DYNAMODB or the endpoint of the client.';

/** Errors of set-up, by name or code, with what to do; asking again would not help. */
const SET_UP: Readonly<Record<string, string>> = {
  ResourceNotFoundException:
    'The table or its index was not found: check tableName and region, and that the table has the index of SessionStore or createSessionTable.',
  AccessDeniedException:
    'Access was denied: grant the function access to the table and its index (SessionStore.grantAccess).',
  UnrecognizedClientException: 'The credentials were not recognised: check the credentials and the region.',
  ExpiredTokenException: 'The credentials have expired.',
  CredentialsProviderError: `No credentials were found: ${SET_CREDENTIALS}`,
  ECONNREFUSED: `Nothing listens at the endpoint: check that the engine runs, and ${SET_ENDPOINT}`,
  ENOTFOUND: `The host of the endpoint does not exist: check the region, and ${SET_ENDPOINT}`,
  ValidationException:
    'DynamoDB found the request invalid: check that the table has the keys of SessionStore or createSessionTable.',
};

function setUpAdvice({ name, message, code }: Error & { readonly code?: unknown }): string | undefined {
  // The SDK has no name for it.
  if (message === 'Region is missing') return 'There is no region: set AWS_REGION or the region of the client.';
  return SET_UP[name] ?? SET_UP[String(code)];
}

/** What the SDK says of a client whose middleware is not that of the command's own copy of the SDK. */
const OTHER_COPY = /^\w+Middleware is not found when adding|^Duplicate middleware name/;

function translated(error: unknown): unknown {
  if (error instanceof SessionError || error instanceof ConditionalCheckFailedException) return error;
  if (error instanceof Error && OTHER_COPY.test(error.message)) {
    return new ConfigurationError(
      'Option client is of another copy of @aws-sdk/client-dynamodb, which cannot send these commands; expected a single copy, 3.705.0 or newer (npm ls @aws-sdk/client-dynamodb).',
      { cause: error },
    );
  }
  if (
    error instanceof DynamoDBServiceException &&
    error.name === 'ValidationException' &&
    /^item size/i.test(error.message)
  ) {
    return new NotStorableError('The session is over the 400 KB that DynamoDB stores in an item.');
  }
  const setUp = error instanceof Error ? setUpAdvice(error) : undefined;
  return new StoreUnavailableError(setUp ?? 'DynamoDB did not do what it was asked; its error is the cause.', {
    cause: error,
    retryable: setUp === undefined,
  });
}

/** Whether a request was sent more than once, so that an earlier copy of it may have been applied, or may yet be. */
export function wasRepeated(answer: { readonly $metadata: { readonly attempts?: number | undefined } }): boolean {
  return (answer.$metadata.attempts ?? 1) > 1;
}
