import { metricsLine } from '../../src/cleanup/metrics.js';

/** The properties of an alarm on one metric, as they are in a template. */
export interface AlarmProperties {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Statistic?: string;
  readonly Period?: number;
  readonly Threshold: number;
  readonly EvaluationPeriods: number;
  readonly ComparisonOperator: string;
  readonly TreatMissingData: string;
  readonly AlarmActions?: object[];
  readonly OKActions?: object[];
  readonly Metrics?: {
    readonly Expression?: string;
    readonly MetricStat?: { readonly Metric: Metric; readonly Period: number; readonly Stat: string };
  }[];
}

interface Metric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions: { readonly Name: string; readonly Value: unknown }[];
}

/** What a metric had in which minute. */
export interface Datum {
  readonly metric: string;
  readonly minute: number;
  readonly value: number;
}

/**
 * In which minutes an alarm goes off, as CloudWatch decides it: once a minute it looks at the last `EvaluationPeriods`
 * periods, which slide along with time. It goes off if all of them breach.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation-window.html
 */
export function goesOff(alarm: AlarmProperties, data: readonly Datum[], from: number, to: number): number[] {
  const { MetricName: name, Statistic: statistic, Period: period = 0, Threshold: threshold } = alarm;
  if (name === undefined) throw new Error('The alarm is on a computed metric.');
  const own = data.filter(({ metric }) => metric === name);
  const breaches = (end: number): boolean | undefined => {
    const values = own.flatMap(({ minute, value }) => (minute > end - period / 60 && minute <= end ? [value] : []));
    if (values.length === 0) return missing[alarm.TreatMissingData];
    const value = statistic === 'Sum' ? values.reduce((sum, each) => sum + each) : Math.max(...values);
    return alarm.ComparisonOperator === 'LessThanThreshold' ? value < threshold : value >= threshold;
  };
  // In between, the same data are in the same windows.
  const changes = own.flatMap(({ minute }) =>
    Array.from({ length: alarm.EvaluationPeriods + 1 }, (_, shift) => minute + (shift * period) / 60),
  );
  const moments = [...new Set([from, ...changes])].filter((minute) => minute >= from && minute <= to);
  const minutes: number[] = [];
  let isOff = false;
  for (const minute of moments.toSorted((a, b) => a - b)) {
    const windows = Array.from({ length: alarm.EvaluationPeriods }, (_, back) =>
      breaches(minute - (back * period) / 60),
    );
    if (windows.every((window) => window === undefined)) continue;
    const was = isOff;
    isOff = windows.every((window) => window === true);
    if (isOff && !was) minutes.push(minute);
  }
  return minutes;
}

/** With `ignore` an alarm stays as it is. */
const missing: Readonly<Record<string, boolean>> = { breaching: true, notBreaching: false };

/** How CloudWatch finds the metrics in a line. */
interface Written {
  readonly _aws: {
    readonly CloudWatchMetrics: {
      readonly Namespace: string;
      readonly Dimensions: string[][];
      readonly Metrics: { readonly Name: string }[];
    }[];
  };
}

/** What the cleanup writes of a run that comes to this: each metric, and `_aws`, by which CloudWatch finds them. */
export function writtenOf(
  outcome: Parameters<typeof metricsLine>[0]['outcome'],
): Readonly<Record<string, unknown>> & Written {
  const counts = { scanned: 9, expired: 0, deleted: 0, extended: 0, skipped: 0, readUnits: 1 };
  const line = metricsLine({
    tableName: 'Sessions',
    dryRun: false,
    endedAt: 0,
    durationMs: 0,
    progress: { ...counts, oldestExpiredAt: undefined, segments: 1, segmentsDone: 1 },
    outcome,
  });
  return JSON.parse(line) as Readonly<Record<string, unknown>> & Written;
}
