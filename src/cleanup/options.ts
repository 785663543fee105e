import type { Clock } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import {
  expectBoolean,
  expectFunctions,
  expectSeconds,
  expectWholeNumber,
  refuseUnknown,
} from '../core/option-checks.js';
import type { Client } from '../dynamodb/sender.js';
import type { CleanupProgress } from './report.js';

/** The options of `cleanUp`. */
export interface CleanupOptions {
  readonly client: Client;
  readonly tableName: string;
  /** How many parts of the table are read at the same time. @defaultValue 4 */
  readonly segments?: number;
  /**
   * How many read units a run may take. The pages under way when it is used up are still read: so a run may take up
   * to 128 units more a segment, and every run gets on. @defaultValue no bound
   */
  readonly readBudget?: number;
  /**
   * How many seconds an item must have been expired for, a minute at the least. Until then it is left to DynamoDB's
   * TTL, which deletes it for nothing. Set it to 0 where the table has no TTL. @defaultValue 172,800: two days
   */
  readonly grace?: number;
  /**
   * How many write units of the table the deletions may take in a second, so that they throttle nobody else. A deletion
   * takes one for each KB of the item. @defaultValue 500: half of what DynamoDB serves from one partition
   */
  readonly writesPerSecond?: number;
  /** Only count: nothing is deleted or written, the whole table is read. @defaultValue false */
  readonly dryRun?: boolean;
  /** How many milliseconds are left, as Lambda's `context.getRemainingTimeInMillis`. @defaultValue no bound */
  readonly remainingTimeMs?: () => number;
  /** Ends the run early; what is under way is waited for. */
  readonly signal?: AbortSignal;
  /** Told after every page, and when the run fails. Must not throw. */
  readonly onProgress?: (progress: CleanupProgress) => void;
  /** How many items are read at a time. @defaultValue 1000 */
  readonly pageSize?: number;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock;
}

/** @throws {@link ConfigurationError} that names the option which is unknown or out of range */
export function expectValid(options: CleanupOptions): void {
  refuseUnknown('', options, OPTION_NAMES);
  const { segments, readBudget, grace, writesPerSecond, pageSize, tableName } = options;
  if (typeof tableName !== 'string' || tableName === '') {
    throw new ConfigurationError('Option tableName is missing or empty; expected the name of the table.');
  }
  expectFunctions('client', options.client, ['send']);
  if (segments !== undefined) expectWholeNumber('segments', segments, 1, MOST_SEGMENTS);
  if (readBudget !== undefined) expectWholeNumber('readBudget', readBudget, 1, MOST_READ_UNITS, ' of read units');
  if (grace !== undefined) expectSeconds('grace', grace, 0, LONGEST_GRACE);
  if (writesPerSecond !== undefined) expectWholeNumber('writesPerSecond', writesPerSecond, 1, MOST_WRITES_PER_SECOND);
  if (pageSize !== undefined) expectWholeNumber('pageSize', pageSize, 1, 10_000);
  if (options.dryRun !== undefined) expectBoolean('dryRun', options.dryRun);
  if (options.remainingTimeMs !== undefined) expectFunctions('', options, ['remainingTimeMs']);
  if (options.onProgress !== undefined) expectFunctions('', options, ['onProgress']);
  if (options.clock !== undefined) expectFunctions('clock', options.clock, ['now']);
}

/** The most that `segments` may be. */
export const MOST_SEGMENTS = 64;
/** The most that `readBudget` may be. */
export const MOST_READ_UNITS = 1_000_000_000;
/** The most that `grace` may be: a year, in seconds. */
export const LONGEST_GRACE: number = 365 * 86_400;
/** The most that `writesPerSecond` may be. */
export const MOST_WRITES_PER_SECOND = 100_000;

const OPTION_NAMES = [
  'client',
  'tableName',
  'segments',
  'readBudget',
  'grace',
  'writesPerSecond',
  'dryRun',
  'remainingTimeMs',
  'signal',
  'onProgress',
  'pageSize',
  'clock',
] as const satisfies readonly (keyof CleanupOptions)[];
