import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Schedule, ScheduleExpression, TimeWindow } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { CLEANUP_ENVIRONMENT, TABLE_ENVIRONMENT } from '../src/table-schema.js';
import { CLEANUP_BUNDLE } from './assets.js';
import { type CleanupMetric, cleanupMetric } from './metrics.js';
import { intervalOf } from './schedule.js';

/** The options of the cleanup. */
export interface SessionCleanupOptions {
  /**
   * When it runs.
   * @default - once a day; once an hour if the table has no TTL
   */
  readonly schedule?: ScheduleExpression;
  /**
   * How many read units one run may take, of which the whole table takes half a one per 4 KB. The next run goes on
   * where it stopped.
   * @default - as many as it takes
   */
  readonly readBudget?: number;
  /**
   * How many parts of the table are read at the same time.
   * @default 4
   */
  readonly segments?: number;
  /**
   * How long an item is left to TTL after it has expired, for TTL deletes it for nothing.
   * @default - two days; nothing if the table has no TTL
   */
  readonly grace?: Duration;
  /**
   * How many write units the deletions may take in a second, so that they throttle nobody else.
   * @default 500
   */
  readonly writesPerSecond?: number;
  /**
   * Counts what has expired, and deletes nothing.
   * @default false
   */
  readonly dryRun?: boolean;
  /**
   * The function's memory, which its share of a processor goes with.
   * @default Size.mebibytes(512)
   */
  readonly memory?: Size;
  /**
   * How long one run may take. It stops well before, and the next run goes on from there. Longer than the time between
   * two runs, it lets them overlap: that does no harm, and reads twice.
   * @default - 5 minutes, or the time between two runs if that is less
   */
  readonly timeout?: Duration;
  /**
   * How long its logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
}

interface SessionCleanupProps extends SessionCleanupOptions {
  readonly table: TableV2;
  /** Whether nothing else removes expired sessions. */
  readonly hasTtl: boolean;
}

/** What the function does to the table: the checkpoint, at which the next run goes on, is an item of it. */
const ACTIONS = ['dynamodb:Scan', 'dynamodb:GetItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'];
const DRY_RUN_ACTIONS = ['dynamodb:Scan'];

/**
 * The function that removes expired sessions, and what runs it.
 *
 * No concurrency is reserved for it: a young account has none to spare, and the deployment would fail. Two runs at once
 * do no harm.
 */
export class SessionCleanup extends Construct {
  readonly function: Function;
  readonly schedule: Schedule;
  /** Where runs end up that could not be started, or failed at every attempt. */
  readonly deadLetterQueue: Queue;
  /** How much time is between two runs. A `cron` that does not say it plainly is taken for daily. */
  readonly interval: Duration;
  /** How much time is between two runs, if the schedule says it plainly. */
  readonly regularInterval: Duration | undefined;
  readonly timeout: Duration;
  /** How long an item is left to TTL after it has expired. */
  readonly grace: Duration;

  readonly #table: TableV2;

  constructor(scope: Construct, id: string, props: SessionCleanupProps) {
    super(scope, id);
    const { table, hasTtl, schedule = ScheduleExpression.rate(hasTtl ? Duration.days(1) : Duration.hours(1)) } = props;
    this.#table = table;
    this.regularInterval = intervalOf(schedule);
    this.interval = this.regularInterval ?? Duration.days(1);
    this.timeout = props.timeout ?? Duration.minutes(Math.min(5, this.interval.toMinutes()));
    this.grace = props.grace ?? Duration.days(hasTtl ? 2 : 0);
    this.deadLetterQueue = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.function = this.#createFunction(props);
    Grant.addToPrincipal({
      grantee: this.function,
      actions: props.dryRun === true ? DRY_RUN_ACTIONS : ACTIONS,
      resourceArns: [table.tableArn],
    });

    this.schedule = new Schedule(this, 'Schedule', {
      description: 'Removes expired sessions.',
      schedule,
      timeWindow: windowOf(this.interval),
      target: new LambdaInvoke(this.function, {
        deadLetterQueue: this.deadLetterQueue,
        retryAttempts: 3,
        maxEventAge: Duration.hours(1),
      }),
    });
  }

  /** A metric of the cleanup's runs. @default - sum over 5 minutes */
  metric(metricName: CleanupMetric, options?: MetricOptions): Metric {
    return cleanupMetric(this.#table, metricName, options);
  }

  #createFunction(props: SessionCleanupProps): Function {
    const { table, readBudget, segments, writesPerSecond, dryRun } = props;
    // They hold counts, which last as metrics: the logs may go with the stack.
    const logGroup = new LogGroup(this, 'Logs', {
      retention: props.logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    return new Function(this, 'Function', {
      description: 'Removes expired sessions.',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(CLEANUP_BUNDLE),
      handler: 'index.handler',
      memorySize: (props.memory ?? Size.mebibytes(512)).toMebibytes(),
      timeout: this.timeout,
      role,
      logGroup,
      deadLetterQueue: this.deadLetterQueue,
      environment: {
        [TABLE_ENVIRONMENT.tableName]: table.tableName,
        [TABLE_ENVIRONMENT.region]: table.env.region,
        ...(readBudget !== undefined && { [CLEANUP_ENVIRONMENT.readBudget]: String(readBudget) }),
        ...(segments !== undefined && { [CLEANUP_ENVIRONMENT.segments]: String(segments) }),
        [CLEANUP_ENVIRONMENT.grace]: String(this.grace.toSeconds()),
        ...(writesPerSecond !== undefined && { [CLEANUP_ENVIRONMENT.writesPerSecond]: String(writesPerSecond) }),
        ...(dryRun !== undefined && { [CLEANUP_ENVIRONMENT.dryRun]: String(dryRun) }),
      },
    });
  }
}

/** A run may begin a quarter of the interval late, so that stores do not all begin at once. */
function windowOf(interval: Duration): TimeWindow {
  const minutes = Math.floor(interval.toMinutes() / 4);
  return minutes < 1 ? TimeWindow.off() : TimeWindow.flexible(Duration.minutes(Math.min(minutes, 60)));
}
