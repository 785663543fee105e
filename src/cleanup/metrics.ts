import type { CleanupOutcome, CleanupProgress } from './report.js';

/** What a run comes to, for its metrics. */
export interface RunResult {
  readonly tableName: string;
  readonly dryRun: boolean;
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
  readonly durationMs: number;
  /** Absent if the run did not begin. */
  readonly progress: CleanupProgress | undefined;
  readonly outcome: CleanupOutcome | { readonly kind: 'failed'; readonly error: string; readonly cause?: string };
}

/** The namespace of the metrics in CloudWatch. */
const NAMESPACE = 'DynamoDBSessions';
/** Units of those metrics that are not counts. */
const UNITS: Readonly<Record<string, string>> = { OldestExpiredAge: 'Seconds', Duration: 'Milliseconds' };

/**
 * A run's metrics as one line that CloudWatch Logs makes metrics of. What is said beside the metrics can be searched
 * for and costs nothing.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
export function metricsLine({ tableName, dryRun, endedAt, durationMs, progress, outcome }: RunResult): string {
  const { kind, ...details } = outcome;
  const metrics: Record<string, number> = {
    ...(progress && read(progress, endedAt)),
    Duration: durationMs,
    Finished: kind === 'finished' ? 1 : 0,
    Unfinished: kind === 'unfinished' ? 1 : 0,
    Failed: kind === 'failed' ? 1 : 0,
  };
  const directive = {
    Namespace: NAMESPACE,
    Dimensions: [['TableName']],
    Metrics: Object.keys(metrics).map((Name) => ({ Name, Unit: UNITS[Name] ?? 'Count' })),
  };
  return JSON.stringify({
    _aws: { Timestamp: endedAt, CloudWatchMetrics: [directive] },
    TableName: tableName,
    ...metrics,
    outcome: kind,
    ...details,
    dryRun,
    ...(progress && {
      extended: progress.extended,
      segments: progress.segments,
      segmentsDone: progress.segmentsDone,
    }),
  });
}

function read(progress: CleanupProgress, endedAt: number): Record<string, number> {
  const { scanned, expired, deleted, skipped, readUnits, oldestExpiredAt } = progress;
  return {
    Scanned: scanned,
    Expired: expired,
    Deleted: deleted,
    Skipped: skipped,
    // A damaged item may have expired before time began, and CloudWatch takes no number over 2^360.
    OldestExpiredAge: oldestExpiredAt === undefined ? 0 : Math.floor(endedAt / 1_000) - Math.max(0, oldestExpiredAt),
    ReadUnits: readUnits,
  };
}
