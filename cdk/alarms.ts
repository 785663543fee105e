import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  type Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { SessionCleanup } from './cleanup.js';
import { expecting, expectKnown } from './expect.js';
import type { ISessionStore } from './i-session-store.js';
import { indexMetric, tableMetric } from './metrics.js';

/** What the alarms watch, and where they go. */
export interface SessionAlarmsProps {
  readonly store: ISessionStore;
  /**
   * The store's cleanup.
   * @default - none: the alarms are of the table alone
   */
  readonly cleanup?: SessionCleanup;
  /**
   * Where alarms are sent to.
   * @default - nowhere: they are seen in CloudWatch
   */
  readonly topic?: ITopic;
}

const KNOWN: Readonly<Record<keyof SessionAlarmsProps, true>> = { store: true, cleanup: true, topic: true };

/** After so many runs that stopped before the table's end somebody is told. */
const UNFINISHED_RUNS = 3;
const DAY = Duration.days(1).toSeconds();

/** An alarm for each thing that somebody has to do something about. */
export class SessionAlarms extends Construct {
  readonly all: readonly Alarm[];

  readonly #topic: ITopic | undefined;

  constructor(scope: Construct, id: string, props: SessionAlarmsProps) {
    super(scope, id);
    expectKnown(expecting('SessionAlarms'), props, KNOWN);
    const { store, cleanup, topic } = props;
    this.#topic = topic;
    this.all = [...this.#ofTable(store), ...(cleanup ? this.#ofCleanup(cleanup) : [])];
  }

  #ofTable(table: ISessionStore): Alarm[] {
    return [
      this.#alarm('TableThrottled', throttles(tableMetric, table), {
        description: 'DynamoDB throttles requests to the session table. Requests are answered late, or with a 503.',
        threshold: 1,
        periods: 2,
      }),
      this.#alarm('IndexThrottled', throttles(indexMetric, table), {
        description: 'DynamoDB throttles the index by user. Logins, logouts and lists of devices are late, or fail.',
        threshold: 1,
        periods: 2,
      }),
    ];
  }

  #ofCleanup(cleanup: SessionCleanup): Alarm[] {
    const { runs, ...pace } = paceOf(cleanup);
    return [
      this.#alarm('CleanupFailed', failures(cleanup), {
        description: 'The cleanup of expired sessions failed. Its log says why.',
        threshold: 1,
      }),
      this.#alarm('CleanupUnfinished', unfinished(cleanup, pace.period), {
        description: `The cleanup did not come to the table's end, ${runs} times running. Give it more time or read budget.`,
        threshold: 1,
        periods: pace.periods,
        datapoints: runs,
      }),
      this.#alarm('ExpiredPilingUp', oldest(cleanup), {
        description: 'Sessions that expired long ago are still in the table. The cleanup does not keep up with it.',
        threshold: Math.max(3_600, 3 * cleanup.interval.toSeconds()),
      }),
      this.#alarm('DeadLetters', cleanup.deadLetterQueue.metricApproximateNumberOfMessagesVisible(), {
        description: 'A run of the cleanup was given up. The queue of dead letters holds what started it.',
        threshold: 1,
      }),
    ];
  }

  #alarm(id: string, metric: IMetric, options: AlarmOptions): Alarm {
    const { description, threshold, periods = 1, datapoints = periods } = options;
    const alarm = new Alarm(this, id, {
      alarmDescription: description,
      metric,
      threshold,
      evaluationPeriods: periods,
      datapointsToAlarm: datapoints,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (this.#topic) alarm.addAlarmAction(new SnsAction(this.#topic));
    return alarm;
  }
}

interface AlarmOptions {
  readonly description: string;
  readonly threshold: number;
  readonly periods?: number;
  readonly datapoints?: number;
}

function throttles(metric: (table: ISessionStore, name: string) => Metric, table: ISessionStore): MathExpression {
  return new MathExpression({
    expression: 'FILL(reads, 0) + FILL(writes, 0)',
    usingMetrics: { reads: metric(table, 'ReadThrottleEvents'), writes: metric(table, 'WriteThrottleEvents') },
    label: 'Throttled',
    period: Duration.minutes(5),
  });
}

/** What a run says of itself, and what Lambda says of one that could not: out of memory, or of time. */
function failures(cleanup: SessionCleanup): MathExpression {
  return new MathExpression({
    expression: 'FILL(failed, 0) + FILL(errors, 0)',
    usingMetrics: { failed: cleanup.metric('Failed'), errors: cleanup.function.metricErrors() },
    label: 'Failed',
    period: Duration.minutes(5),
  });
}

function oldest(cleanup: SessionCleanup): Metric {
  return cleanup.metric('OldestExpiredAge', { statistic: Stats.MAXIMUM, period: Duration.hours(1) });
}

/** Busy runs, which found another at work, are neither finished nor unfinished. */
function unfinished(cleanup: SessionCleanup, period: Duration): MathExpression {
  return new MathExpression({
    expression: 'IF(unfinished > 0 AND finished < 1, 1, 0)',
    usingMetrics: { unfinished: cleanup.metric('Unfinished'), finished: cleanup.metric('Finished') },
    label: 'Unfinished',
    period,
  });
}

/**
 * In which periods to look for unfinished runs: each as long as a run and the pause after it, and one more than there
 * are runs, for a run may begin late. CloudWatch looks back a week at the most; with periods under an hour, a day.
 */
function paceOf({ interval, timeout }: SessionCleanup): { runs: number; period: Duration; periods: number } {
  const seconds = Math.max(interval.toSeconds(), timeout.toSeconds());
  const period = Math.min(DAY, Math.ceil(seconds / 60) * 60);
  const runs = Math.max(1, Math.min(UNFINISHED_RUNS, Math.floor((7 * DAY) / seconds)));
  const most = Math.floor((period < 3_600 ? DAY : 7 * DAY) / period);
  return { runs, period: Duration.seconds(period), periods: Math.min(most, Math.ceil((runs * seconds) / period) + 1) };
}
