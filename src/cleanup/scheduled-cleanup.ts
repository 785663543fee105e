import { type Clock, systemClock } from '../core/clock.js';
import { expectBoolean } from '../core/option-checks.js';
import type { Client } from '../dynamodb/sender.js';
import { createBatchClient } from './batch-client.js';
import { cleanUp } from './cleanup.js';
import { metricsLine, type RunResult } from './metrics.js';
import type { CleanupProgress, CleanupReport } from './report.js';
import { type CleanupSettings, readSettings } from './settings.js';

/** The part of Lambda's context that the cleanup needs. */
export interface CleanupContext {
  /** How much time is left until Lambda ends the run. */
  getRemainingTimeInMillis(): number;
}

/** A Lambda handler that cleans the table up. */
export type CleanupHandler = (event: unknown, context: CleanupContext) => Promise<CleanupReport>;

/** What a cleanup function has of its surroundings. */
export interface Surroundings {
  readonly createClient?: (settings: CleanupSettings) => Client;
  /** Takes one line of the log. */
  readonly print?: (line: string) => void;
  readonly clock?: Clock;
}

/**
 * Makes the handler of the scheduled function. An event `{ "dryRun": true }` makes one run count only;
 * with a `dryRun` that is no boolean, the run fails.
 *
 * @throws {@link ConfigurationError} that names the environment variable which is missing or makes no sense
 */
export function scheduledCleanup(
  environment: Readonly<Record<string, string | undefined>>,
  { createClient = clientFor, print = printLine, clock = systemClock }: Surroundings = {},
): CleanupHandler {
  const settings = readSettings(environment);
  const { region: _region, ...options } = settings;
  const client = createClient(settings);

  return async (event, context) => {
    const startedAt = clock.now();
    let dryRun = settings.dryRun === true;
    let progress: CleanupProgress | undefined;
    const report = (outcome: RunResult['outcome']): void => {
      const endedAt = clock.now();
      const { tableName } = settings;
      print(metricsLine({ tableName, dryRun, endedAt, durationMs: endedAt - startedAt, progress, outcome }));
    };
    try {
      dryRun ||= asksForDryRun(event);
      const result = await cleanUp({
        ...options,
        client,
        clock,
        dryRun,
        remainingTimeMs: () => context.getRemainingTimeInMillis(),
        onProgress: (latest) => {
          progress = latest;
        },
      });
      progress = result;
      report(result.kind === 'unfinished' ? { kind: result.kind, reason: result.reason } : { kind: result.kind });
      return result;
    } catch (error) {
      report(failure(error));
      throw error;
    }
  };
}

/** What has failed, in words for the log. Of the cause only the name is known to hold no secret. */
function failure(error: unknown): RunResult['outcome'] {
  if (!(error instanceof Error)) return { kind: 'failed', error: 'unknown' };
  const { name, message, cause } = error;
  return { kind: 'failed', error: `${name}: ${message}`, ...(cause instanceof Error && { cause: cause.name }) };
}

const clientFor = ({ region }: CleanupSettings): Client => createBatchClient(region === undefined ? {} : { region });

/** Past Lambda's own console, which would put the time before the line, or the line into another. */
const printLine = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** Of anything but a boolean it is not known what is meant, and the other meaning deletes. */
function asksForDryRun(event: unknown): boolean {
  if (typeof event !== 'object' || event === null || !('dryRun' in event)) return false;
  expectBoolean('dryRun', event.dryRun);
  return event.dryRun === true;
}
