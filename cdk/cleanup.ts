import { ArnFormat, Duration, RemovalPolicy, Size, Stack } from 'aws-cdk-lib';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import { type IRole, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Architecture, Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { Schedule, ScheduleExpression, TimeWindow } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { CLEANUP_ENVIRONMENT } from '../src/table-schema.js';
import { CLEANUP_BUNDLE } from './assets.js';
import { checkCleanup } from './check-cleanup.js';
import type { SessionCleanupOptions } from './cleanup-options.js';
import { tableNameFor } from './environment.js';
import { expecting } from './expect.js';
import type { ISessionStore } from './i-session-store.js';
import { type CleanupMetric, cleanupMetric } from './metrics.js';
import { intervalOf } from './schedule.js';

/** The options of the cleanup, and what it cleans. */
export interface SessionCleanupProps extends SessionCleanupOptions {
  readonly store: ISessionStore;
}

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

  readonly #tableName: string;

  constructor(scope: Construct, id: string, props: SessionCleanupProps) {
    super(scope, id);
    const { store, dryRun = false, ...options } = props;
    checkCleanup(expecting('SessionCleanup'), { dryRun, ...options }, store.hasTtl);
    const { schedule = ScheduleExpression.rate(store.hasTtl ? Duration.days(1) : Duration.hours(1)) } = props;
    this.regularInterval = intervalOf(schedule);
    this.interval = this.regularInterval ?? Duration.days(1);
    this.timeout = props.timeout ?? Duration.minutes(Math.min(5, this.interval.toMinutes()));
    this.grace = props.grace ?? Duration.days(store.hasTtl ? 2 : 0);
    this.deadLetterQueue = new Queue(this, 'DeadLetters', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    this.function = this.#createFunction(props);
    store.grantCleanup(this.function, dryRun);
    this.#tableName = tableNameFor(store, this.function);

    this.schedule = new Schedule(this, 'Schedule', {
      description: 'Removes expired sessions.',
      schedule,
      timeWindow: windowOf(this.interval),
      target: new LambdaInvoke(this.function, {
        role: this.#createScheduleRole(),
        deadLetterQueue: this.deadLetterQueue,
        retryAttempts: 3,
        maxEventAge: Duration.hours(1),
      }),
    });
  }

  /** A metric of the cleanup's runs. @default - sum over 5 minutes */
  metric(metricName: CleanupMetric, options?: MetricOptions): Metric {
    return cleanupMetric(this.#tableName, metricName, options);
  }

  /** The target would put it beside the construct, where no aspect or tag of the construct reaches it. */
  #createScheduleRole(): IRole {
    const stack = Stack.of(this);
    const group = stack.formatArn({ service: 'scheduler', resource: 'schedule-group', resourceName: 'default' });
    const role = new Role(this, 'ScheduleRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': stack.account, 'aws:SourceArn': group } },
      }),
    });
    const { functionArn } = this.function;
    role.addToPolicy(new PolicyStatement({ actions: ['lambda:InvokeFunction'], resources: [functionArn] }));
    const { queueArn } = this.deadLetterQueue;
    role.addToPolicy(new PolicyStatement({ actions: ['sqs:SendMessage'], resources: [queueArn] }));
    return role.withoutPolicyUpdates(); // The target would add the right to invoke each version.
  }

  #createFunction(props: SessionCleanupProps): Function {
    const { readBudget, segments, writesPerSecond, dryRun } = props;
    const logGroup = this.#createLogs(props);
    const role = new Role(this, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    logGroup.grantWrite(role);
    if (props.vpc !== undefined) role.addToPolicy(new PolicyStatement({ actions: VPC_ACTIONS, resources: ['*'] }));
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
      ...(props.vpc && { vpc: props.vpc }),
      ...(props.vpcSubnets && { vpcSubnets: props.vpcSubnets }),
      ...(props.securityGroups && { securityGroups: props.securityGroups }),
      ...(props.tracing && { tracing: props.tracing }),
      deadLetterQueue: this.deadLetterQueue,
      environment: {
        ...(readBudget !== undefined && { [CLEANUP_ENVIRONMENT.readBudget]: String(readBudget) }),
        ...(segments !== undefined && { [CLEANUP_ENVIRONMENT.segments]: String(segments) }),
        [CLEANUP_ENVIRONMENT.grace]: String(this.grace.toSeconds()),
        ...(writesPerSecond !== undefined && { [CLEANUP_ENVIRONMENT.writesPerSecond]: String(writesPerSecond) }),
        ...(dryRun !== undefined && { [CLEANUP_ENVIRONMENT.dryRun]: String(dryRun) }),
      },
    });
  }

  /** They hold counts, which last as metrics: the logs may go with the stack. */
  #createLogs({ logRetention, logEncryptionKey }: SessionCleanupOptions): LogGroup {
    if (logEncryptionKey) letLogsUse(logEncryptionKey, Stack.of(this));
    return new LogGroup(this, 'Logs', {
      retention: logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
      ...(logEncryptionKey && { encryptionKey: logEncryptionKey }),
    });
  }
}

/** What Lambda does in the name of a function in a network. It can be told of no single interface beforehand. */
const VPC_ACTIONS = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];

/** Without this CloudWatch refuses to make the log group. For the log groups of this account and region alone. */
function letLogsUse(key: IKey, stack: Stack): void {
  const logGroups = stack.formatArn({
    service: 'logs',
    resource: 'log-group',
    resourceName: '*',
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });
  key.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal(`logs.${stack.region}.amazonaws.com`)],
      actions: ['kms:Decrypt', 'kms:Describe*', 'kms:Encrypt', 'kms:GenerateDataKey*', 'kms:ReEncrypt*'],
      resources: ['*'],
      conditions: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': logGroups } },
    }),
  );
}

/** A run may begin a quarter of the interval late, so that stores do not all begin at once. */
function windowOf(interval: Duration): TimeWindow {
  const minutes = Math.floor(interval.toMinutes() / 4);
  return minutes < 1 ? TimeWindow.off() : TimeWindow.flexible(Duration.minutes(Math.min(minutes, 60)));
}
