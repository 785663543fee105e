import { StoreUnavailableError } from '../core/errors.js';
import { isThrottling } from './backoff.js';

const ADVICE: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'The table was not found: check its name and region.',
  AccessDeniedException:
    'Access was denied: cleaning up needs dynamodb:Scan, dynamodb:DeleteItem and dynamodb:UpdateItem on the table, and a customer-managed key’s use (SessionStore gives them to its cleanup function).',
};

/** Says what to do, where the session layer's own words would not help. */
export function withAdvice(error: unknown): unknown {
  if (!(error instanceof StoreUnavailableError)) return error;
  const { cause, retryable } = error;
  const advice = isThrottling(error)
    ? 'DynamoDB throttled the cleanup until it gave up: raise the table’s throughput limits, or run the cleanup at another time or with a smaller read budget. The next run goes on from here.'
    : ADVICE[cause instanceof Error ? cause.name : ''];
  return advice === undefined ? error : new StoreUnavailableError(advice, { cause, retryable });
}
