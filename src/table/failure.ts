import { NotStorableError, SessionError, StoreUnavailableError } from '../core/errors.js';
import { isConditionFailure } from './port.js';

/** What an error of DynamoDB, or on the way there, means to the caller; a condition that did not hold is none. */
export function failureOf(error: unknown): unknown {
  if (error instanceof SessionError || isConditionFailure(error)) return error;
  if (error instanceof Error && error.name === 'ValidationException' && /^item size/i.test(error.message)) {
    return new NotStorableError('The session is over the 400 KB that DynamoDB stores in an item.');
  }
  const setUp = error instanceof Error ? setUpAdvice(error) : undefined;
  return new StoreUnavailableError(setUp ?? 'DynamoDB did not do what it was asked; its error is the cause.', {
    cause: error,
    retryable: setUp === undefined,
  });
}

export const tooLate = (): StoreUnavailableError =>
  new StoreUnavailableError('The deadline was over before DynamoDB was asked; nothing was sent.', { retryable: true });

export const notInTime = (wasSent: boolean): StoreUnavailableError =>
  new StoreUnavailableError(
    wasSent
      ? 'DynamoDB did not answer in time; whether a write was applied is unknown.'
      : `The time was over before anything was sent. If that is for want of credentials: ${SET_CREDENTIALS}`,
    { retryable: true },
  );

/** DynamoDB says that there are no items by a list of none. */
export const incomplete = (): StoreUnavailableError =>
  new StoreUnavailableError('The answer has no list of items, so it is not DynamoDB’s.', { retryable: true });

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
