import { Annotations, Aspects, Duration, Stack } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  MathExpression,
  type Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import {
  checkAlarmOptions,
  expectAlarms,
  expectOfAlarm,
  type SessionAlarmName,
  type SessionAlarmOptions,
  type SessionAlarmTuning,
} from './alarm-options.js';
import type { SessionCleanup } from './cleanup.js';
import { expecting, expectKnown } from './expect.js';
import type { ISessionStore } from './i-session-store.js';
import { indexMetric, replicationDelay, tableMetric } from './metrics.js';

/** The options of {@link SessionAlarms}. */
export interface SessionAlarmsProps {
  readonly store: ISessionStore;
  /**
   * The cleanup whose runs are watched.
   * @default - none
   */
  readonly cleanup?: SessionCleanup;
  /**
   * Where alarms are sent to, and that they are over.
   * @default - nowhere
   */
  readonly topic?: ITopic;
  /**
   * The alarms that are left out, or tuned, by name.
   * @default - none
   */
  readonly alarms?: SessionAlarmOptions;
}

const KNOWN: Readonly<Record<keyof SessionAlarmsProps, true>> = {
  store: true,
  cleanup: true,
  topic: true,
  alarms: true,
};

/** After so many runs that did not come to the table's end somebody is told. */
const MISSED_RUNS = 3;
/** A metric from a log arrives some minutes late. */
const LEAST_PERIOD = Duration.minutes(5).toSeconds();
const DAY = Duration.days(1).toSeconds();
/** What a queue says of itself after hours of silence is a quarter of an hour late, and so is an error of a long run. */
const LATE_METRICS = Duration.hours(1);

/**
 * An alarm for each thing that somebody has to do something about. CloudWatch watches the metrics of its own region
 * only: a replica has its alarms in a stack of the replica's region.
 *
 * @throws an error that names the alarm, if there is none of that name, or its tuning is out of range
 * @example
 * ```ts
 * const store = new SessionStore(stackInParis, 'Sessions', { tableName: 'sessions', replicas: [{ region: 'eu-west-1' }] });
 * new SessionAlarms(stackInIreland, 'SessionAlarms', { store, topic });
 * ```
 */
export class SessionAlarms extends Construct {
  readonly all: readonly Alarm[];

  readonly #store: ISessionStore;

  constructor(scope: Construct, id: string, props: SessionAlarmsProps) {
    super(scope, id);
    expectKnown(expecting('SessionAlarms'), props, KNOWN);
    const { store, cleanup, topic, alarms: options = {} } = props;
    this.#store = store;
    checkAlarmOptions(options);
    const plans: Plans = { ...ofTable(store), ...this.#ofReplicas(), ...(cleanup && this.#ofCleanup(cleanup)) };
    expectAlarms(options, Object.keys(plans));
    this.all = Object.entries(plans).flatMap(([name, plan]) => {
      const tuning = options[name as SessionAlarmName];
      return tuning === false ? [] : [this.#alarm(name, tuned(name, plan, tuning), topic)];
    });
  }

  #ofReplicas(): Plans {
    const { regionNames, multiRegionConsistency } = this.#store;
    const here = Stack.of(this).region;
    const others = regionNames.filter((region) => region !== here);
    if (others.length === 0) return {};
    if (here === regionNames[0]) this.#wantAlarmsIn(others);
    if (multiRegionConsistency === MultiRegionConsistency.STRONG) return {};
    return {
      ReplicationDelayed: {
        description: 'What is written here arrives late in another region. A logout here does not hold there yet.',
        metric: worstDelay(this.#store, others),
        threshold: 60_000,
        periods: 3,
      },
    };
  }

  #ofCleanup(cleanup: SessionCleanup): Plans {
    const pace = paceOf(cleanup);
    if (pace === undefined) {
      Annotations.of(this).addWarningV2(
        'dynamodb-sessions:unwatchedCleanup',
        'There is no alarm NoFinishedCleanup: the schedule must say plainly that it runs at least every six days, such as rate(1 day) or cron(0 3 * * ? *), for CloudWatch looks back no more than a week.',
      );
    }
    return {
      CleanupFailed: {
        description: 'A run of the cleanup of expired sessions failed at every attempt. Its log says why.',
        metric: cleanup.function.metric('AsyncEventsDropped', { statistic: Stats.SUM, period: LATE_METRICS }),
        threshold: 1,
        periods: 1,
      },
      ...(pace && {
        NoFinishedCleanup: {
          description:
            'The cleanup has not come to the end of the table for a long time: it does not run, always fails, or lacks time. On a table without TTL nothing else removes expired sessions.',
          metric: cleanup.metric('Finished', { period: pace.period }),
          threshold: 1,
          periods: pace.periods,
          alarmsBelow: true,
          missing: TreatMissingData.BREACHING,
        },
      }),
      ExpiredPilingUp: {
        description: 'Sessions that expired long ago are still in the table. The cleanup does not keep up with it.',
        metric: cleanup.metric('OldestExpiredAge', { statistic: Stats.MAXIMUM, period: Duration.hours(1) }),
        threshold: cleanup.grace.toSeconds() + Math.max(3_600, 3 * cleanup.interval.toSeconds()),
        periods: 1,
        missing: TreatMissingData.IGNORE, // until the next run there is no news
      },
      DeadLetters: {
        description: 'A run of the cleanup was given up. The queue of dead letters holds what started it.',
        metric: cleanup.deadLetterQueue.metricNumberOfMessagesSent({ period: LATE_METRICS }),
        threshold: 1,
        periods: 1,
      },
    };
  }

  #alarm(id: string, plan: Plan, topic: ITopic | undefined): Alarm {
    const { description, metric, threshold, periods, alarmsBelow = false } = plan;
    const alarm = new Alarm(this, id, {
      alarmDescription: description,
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: alarmsBelow
        ? ComparisonOperator.LESS_THAN_THRESHOLD
        : ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: plan.missing ?? TreatMissingData.NOT_BREACHING,
    });
    if (topic) {
      alarm.addAlarmAction(new SnsAction(topic));
      alarm.addOkAction(new SnsAction(topic));
    }
    return alarm;
  }

  /** Warns, once the whole app is there, of replicas that nobody would hear of. */
  #wantAlarmsIn(regions: readonly string[]): void {
    const visit = (node: unknown): void => {
      if (node !== this) return;
      const watched = this.node.root.node
        .findAll()
        .flatMap((other) =>
          other instanceof SessionAlarms && other.#store === this.#store ? [Stack.of(other).region] : [],
        );
      const unwatched = regions.filter((region) => !watched.includes(region));
      if (unwatched.length === 0) return;
      Annotations.of(this).addWarningV2(
        'dynamodb-sessions:unwatchedReplicas',
        `Nobody is told when these replicas are throttled: ${unwatched.join(', ')}. Add new SessionAlarms(…, { store }) to a stack of each region.`,
      );
    };
    Aspects.of(this).add({ visit });
  }
}

interface Plan {
  readonly description: string;
  readonly metric: Metric | MathExpression;
  readonly threshold: number;
  readonly periods: number;
  /** Too little is the alarm. */
  readonly alarmsBelow?: boolean;
  /** @default - missing data are good news */
  readonly missing?: TreatMissingData;
}

type Plans = { readonly [Name in SessionAlarmName]?: Plan };

function ofTable(table: ISessionStore): Plans {
  return {
    TableThrottled: {
      description: 'DynamoDB throttles requests to the session table. Requests are answered late, or with a 503.',
      metric: throttles(tableMetric, table),
      threshold: 1,
      periods: 2,
    },
    IndexThrottled: {
      description: 'DynamoDB throttles the index by user. Logins, logouts and lists of devices are late, or fail.',
      metric: throttles(indexMetric, table),
      threshold: 1,
      periods: 2,
    },
  };
}

function tuned(name: string, plan: Plan, { threshold, periods }: SessionAlarmTuning = {}): Plan {
  const period = plan.metric.period.toSeconds();
  if (periods !== undefined) {
    expectOfAlarm(periods <= mostPeriods(period), `${name}.periods`, 'CloudWatch does not look back that long');
  }
  return { ...plan, threshold: threshold ?? plan.threshold, periods: periods ?? plan.periods };
}

/** CloudWatch looks back a week at the most; with periods under an hour, a day. */
const mostPeriods = (period: number): number => Math.floor((period < 3_600 ? DAY : 7 * DAY) / period);

function throttles(metric: typeof tableMetric, table: ISessionStore): MathExpression {
  return new MathExpression({
    expression: 'FILL(reads, 0) + FILL(writes, 0)',
    usingMetrics: { reads: metric(table, 'ReadThrottleEvents'), writes: metric(table, 'WriteThrottleEvents') },
    label: 'Throttled',
    period: Duration.minutes(5),
  });
}

function worstDelay(table: ISessionStore, regions: readonly string[]): MathExpression {
  const delays = regions.map((region, index) => [`to${index}`, replicationDelay(table, region)] as const);
  return new MathExpression({
    expression: `MAX([${delays.map(([id]) => id).join(', ')}])`,
    usingMetrics: Object.fromEntries(delays),
    label: 'Replication delay',
    period: Duration.minutes(5),
  });
}

/**
 * In which periods there must be a finished run: each as long as a run and the pause after it, and one more than runs
 * may be missed, for a run may begin late. `undefined` if CloudWatch cannot look back that long, or the schedule does
 * not say how long.
 */
function paceOf({ regularInterval, timeout }: SessionCleanup): { period: Duration; periods: number } | undefined {
  if (regularInterval === undefined) return undefined;
  const seconds = Math.max(regularInterval.toSeconds(), timeout.toSeconds());
  const period = Math.max(LEAST_PERIOD, Math.min(DAY, Math.ceil(seconds / 60) * 60));
  const most = mostPeriods(period);
  const runs = Math.min(MISSED_RUNS, Math.floor(((most - 1) * period) / seconds));
  if (runs < 1) return undefined;
  return { period: Duration.seconds(period), periods: Math.ceil((runs * seconds) / period) + 1 };
}
