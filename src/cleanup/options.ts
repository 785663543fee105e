import type { Clock } from '../core/clock.js';
import { ConfigurationError } from '../core/errors.js';
import { expectBoolean, expectFunctions, expectWholeNumber, refuseUnknown } from '../core/option-checks.js';
import type { Client } from '../dynamodb/sender.js';
import { LONGEST_LEASE_SECONDS } from './checkpoint.js';
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
  /** After how many seconds a run that has died is taken for dead. @defaultValue 60 */
  readonly leaseSeconds?: number;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock;
}

/** @throws {@link ConfigurationError} that names the option which is unknown or out of range */
export function expectValid(options: CleanupOptions): void {
  refuseUnknown('', options, OPTION_NAMES);
  const { segments, readBudget, pageSize, leaseSeconds, tableName } = options;
  if (typeof tableName !== 'string' || tableName === '') {
    throw new ConfigurationError('Option tableName is missing or empty; expected the name of the table.');
  }
  expectFunctions('client', options.client, ['send']);
  if (segments !== undefined) expectWholeNumber('segments', segments, 1, MOST_SEGMENTS);
  if (readBudget !== undefined) expectWholeNumber('readBudget', readBudget, 1, MOST_READ_UNITS, ' of read units');
  if (pageSize !== undefined) expectWholeNumber('pageSize', pageSize, 1, 10_000);
  if (leaseSeconds !== undefined) expectWholeNumber('leaseSeconds', leaseSeconds, 1, LONGEST_LEASE_SECONDS);
  if (options.dryRun !== undefined) expectBoolean('dryRun', options.dryRun);
  if (options.remainingTimeMs !== undefined) expectFunctions('', options, ['remainingTimeMs']);
  if (options.onProgress !== undefined) expectFunctions('', options, ['onProgress']);
  if (options.clock !== undefined) expectFunctions('clock', options.clock, ['now']);
}

/** The most that `segments` may be. */
export const MOST_SEGMENTS = 64;
/** The most that `readBudget` may be. */
export const MOST_READ_UNITS = 1_000_000_000;

const OPTION_NAMES = [
  'client',
  'tableName',
  'segments',
  'readBudget',
  'dryRun',
  'remainingTimeMs',
  'signal',
  'onProgress',
  'pageSize',
  'leaseSeconds',
  'clock',
] as const satisfies readonly (keyof CleanupOptions)[];
