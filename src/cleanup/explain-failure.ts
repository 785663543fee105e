import { StoreUnavailableError } from '../core/errors.js';
import { isThrottling } from './backoff.js';

const WHAT_TO_DO: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'The table was not found: check its name and region.',
  AccessDeniedException:
    'Access was denied: cleaning up needs dynamodb:Scan, dynamodb:DeleteItem, dynamodb:GetItem and dynamodb:UpdateItem on the table, and a customer-managed key’s use (SessionStore gives them to its cleanup function).',
};

/** Says what to do, where the session layer's own words would not help. */
export function explainFailure(error: unknown): unknown {
  if (!(error instanceof StoreUnavailableError)) return error;
  const { cause, retryable } = error;
  const whatToDo = isThrottling(error)
    ? 'DynamoDB throttled the cleanup until it gave up: raise the table’s throughput limits, or run the cleanup at another time or with a smaller read budget. The next run goes on from here.'
    : WHAT_TO_DO[cause instanceof Error ? cause.name : ''];
  return whatToDo === undefined ? error : new StoreUnavailableError(whatToDo, { cause, retryable });
}
