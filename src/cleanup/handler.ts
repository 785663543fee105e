import { type CleanupHandler, scheduledCleanup } from './scheduled-cleanup.js';

let ofEnvironment: CleanupHandler | undefined;

/**
 * The scheduled function. It learns the table and its settings from environment variables, when it is first called:
 * `DYNAMODB_SESSIONS_TABLE`, `DYNAMODB_SESSIONS_REGION`, and, each with the default of `cleanUp`,
 * `DYNAMODB_SESSIONS_CLEANUP_GRACE`, `…_READ_BUDGET`, `…_SEGMENTS`, `…_WRITES_PER_SECOND` and `…_DRY_RUN`. It prints one
 * line of metrics for CloudWatch. An event `{ "dryRun": true }` makes one run count only.
 *
 * @throws `ConfigurationError` that names the environment variable which is missing or makes no sense;
 * `StoreUnavailableError` with what to do, if DynamoDB refuses
 * @example
 * ```ts
 * export { handler } from 'dynamodb-sessions/cleanup';
 * ```
 */
export const handler: CleanupHandler = async (event, context) =>
  (ofEnvironment ??= scheduledCleanup(process.env))(event, context);
