import { Duration, Size } from 'aws-cdk-lib';
import { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { SessionCleanupOptions } from 'dynamodb-sessions/cdk';
import { describe, expect, it } from 'vitest';
import { metricsLine } from '../../src/cleanup/metrics.js';
import { only, synth, synthDefault } from './synth.js';

const FUNCTION = 'AWS::Lambda::Function';

describe('the cleanup function', () => {
  it('is the bundle of the package, on a runtime that Lambda still offers', () => {
    expect(only(synthDefault(), FUNCTION).Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
      MemorySize: 512,
      Timeout: 300,
      Environment: {
        Variables: {
          DYNAMODB_SESSIONS_TABLE: { Ref: 'StoreTable0CCFA19B' },
          DYNAMODB_SESSIONS_REGION: { Ref: 'AWS::Region' },
          DYNAMODB_SESSIONS_CLEANUP_GRACE: '172800',
        },
      },
    });
    expect(only(synthDefault(), FUNCTION).Properties).not.toHaveProperty('ReservedConcurrentExecutions');
  });

  it('is told its settings in its environment', () => {
    const cleanup: SessionCleanupOptions = {
      readBudget: 5_000,
      segments: 8,
      grace: Duration.days(5),
      writesPerSecond: 100,
      dryRun: true,
      memory: Size.gibibytes(1),
      timeout: Duration.minutes(15),
    };
    expect(only(synth({ cleanup }), FUNCTION).Properties).toMatchObject({
      MemorySize: 1_024,
      Timeout: 900,
      Environment: {
        Variables: {
          DYNAMODB_SESSIONS_CLEANUP_READ_BUDGET: '5000',
          DYNAMODB_SESSIONS_CLEANUP_SEGMENTS: '8',
          DYNAMODB_SESSIONS_CLEANUP_GRACE: '432000',
          DYNAMODB_SESSIONS_CLEANUP_WRITES_PER_SECOND: '100',
          DYNAMODB_SESSIONS_CLEANUP_DRY_RUN: 'true',
        },
      },
    });
  });

  it('deletes what has expired at once where there is no TTL', () => {
    const result = synth(
      {
        multiRegionConsistency: MultiRegionConsistency.STRONG,
        replicas: [{ region: 'eu-west-1' }, { region: 'eu-central-1' }],
      },
      { env: { account: '111122223333', region: 'eu-west-3' } },
    );
    expect(only(result, FUNCTION).Properties).toMatchObject({
      Environment: { Variables: { DYNAMODB_SESSIONS_CLEANUP_GRACE: '0' } },
    });
    expect(alarmsOf(result)).toMatchObject({ ExpiredPilingUp: { Threshold: 10_800 } });
  });

  it.each([
    ['rate(1 minute)', 60],
    ['rate(5 minutes)', 300],
    ['rate(1 hour)', 300],
  ])('takes no longer than the time between two runs, nor than 5 minutes: %s', (every, seconds) => {
    const cleanup = { schedule: ScheduleExpression.expression(every) };
    expect(only(synth({ cleanup }), FUNCTION).Properties).toMatchObject({ Timeout: seconds });
  });

  it('keeps its logs for a month, or as long as you like', () => {
    const daysOf = (cleanup: SessionCleanupOptions): unknown =>
      only(synth({ cleanup }), 'AWS::Logs::LogGroup').Properties.RetentionInDays;
    expect(daysOf({})).toBe(30);
    expect(daysOf({ logRetention: RetentionDays.ONE_WEEK })).toBe(7);
  });

  it('need not be', () => {
    const { template, store } = synth({ cleanup: false });
    for (const type of [FUNCTION, 'AWS::Scheduler::Schedule', 'AWS::SQS::Queue', 'AWS::IAM::Role']) {
      template.resourceCountIs(type, 0);
    }
    template.resourceCountIs('AWS::CloudWatch::Alarm', 2);
    expect(store.cleanup).toBeUndefined();
  });
});

describe('the schedule', () => {
  it('is daily, within an hour, and repeats what could not be started', () => {
    const { Properties } = only(synthDefault(), 'AWS::Scheduler::Schedule');
    expect(Properties).toMatchObject({
      ScheduleExpression: 'rate(1 day)',
      FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 60 },
      Target: {
        RetryPolicy: { MaximumRetryAttempts: 3, MaximumEventAgeInSeconds: 3_600 },
        DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['StoreCleanupDeadLettersF8C967E5', 'Arn'] } },
      },
    });
  });

  it('is punctual where runs are frequent', () => {
    const cleanup = { schedule: ScheduleExpression.expression('rate(1 minute)') };
    const { Properties } = only(synth({ cleanup }), 'AWS::Scheduler::Schedule');
    expect(Properties).toMatchObject({ ScheduleExpression: 'rate(1 minute)', FlexibleTimeWindow: { Mode: 'OFF' } });
  });
});

describe('the dead-letter queue', () => {
  it('is encrypted, takes TLS only, and keeps letters of the function and of the schedule for two weeks', () => {
    const result = synthDefault();
    expect(only(result, 'AWS::SQS::Queue').Properties).toEqual({
      SqsManagedSseEnabled: true,
      MessageRetentionPeriod: 1_209_600,
    });
    result.template.hasResourceProperties('AWS::SQS::QueuePolicy', {
      PolicyDocument: { Statement: [{ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }] },
    });
    expect(only(result, FUNCTION).Properties).toMatchObject({
      DeadLetterConfig: { TargetArn: { 'Fn::GetAtt': ['StoreCleanupDeadLettersF8C967E5', 'Arn'] } },
    });
  });
});

interface AlarmProperties {
  readonly MetricName?: string;
  readonly Period?: number;
  readonly Threshold: number;
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm: number;
  readonly AlarmActions?: object[];
  readonly Metrics?: { MetricStat?: { Metric: { Namespace: string; MetricName: string }; Period: number } }[];
}

/** The alarms by the ends of their logical IDs. */
function alarmsOf(result: ReturnType<typeof synth>): Record<string, AlarmProperties> {
  const alarms = Object.entries(result.template.findResources('AWS::CloudWatch::Alarm'));
  return Object.fromEntries(
    alarms.map(([id, { Properties }]) => [id.replace(/^StoreAlarms|[0-9A-F]{8}$/g, ''), Properties]),
  );
}

describe('the alarms', () => {
  it('are these', () => {
    expect(Object.keys(alarmsOf(synthDefault())).toSorted()).toEqual([
      'CleanupFailed',
      'CleanupUnfinished',
      'DeadLetters',
      'ExpiredPilingUp',
      'IndexThrottled',
      'TableThrottled',
    ]);
  });

  it('go to your topic', () => {
    const result = synth((scope) => ({ alarmTopic: new Topic(scope, 'Topic') }));
    const actions = Object.values(alarmsOf(result)).map((alarm) => alarm.AlarmActions);
    expect(actions).toEqual(Array.from({ length: 6 }, () => [{ Ref: 'TopicBFC7AF6E' }]));
  });

  it('need not be', () => {
    synth({ alarms: false }).template.resourceCountIs('AWS::CloudWatch::Alarm', 0);
  });

  it.each([
    { every: 'rate(1 minute)', minutes: 1, runs: 3, periods: 4, oldest: 3_600 },
    { every: 'rate(1 hour)', minutes: 60, runs: 3, periods: 4, oldest: 10_800 },
    { every: 'cron(0 3 * * ? *)', minutes: 1_440, runs: 3, periods: 4, oldest: 259_200 },
    { every: 'rate(1 day)', minutes: 1_440, runs: 3, periods: 4, oldest: 259_200 },
    { every: 'rate(3 days)', minutes: 1_440, runs: 2, periods: 7, oldest: 777_600 },
    { every: 'rate(30 days)', minutes: 1_440, runs: 1, periods: 7, oldest: 7_776_000 },
  ])('are told of $runs unfinished runs at $every', ({ every, minutes, runs, periods, oldest }) => {
    const alarms = alarmsOf(synth({ cleanup: { schedule: ScheduleExpression.expression(every) } }));
    const { CleanupUnfinished: unfinished, ExpiredPilingUp: piling } = alarms;
    expect(unfinished).toMatchObject({ DatapointsToAlarm: runs, EvaluationPeriods: periods });
    expect(unfinished?.Metrics?.flatMap(({ MetricStat }) => MetricStat?.Period ?? [])).toEqual([
      minutes * 60,
      minutes * 60,
    ]);
    // What TTL is given to do it.
    expect(piling?.Threshold).toBe(172_800 + oldest);
  });

  it('and the dashboard look at metrics which the cleanup writes', () => {
    const progress = { scanned: 0, expired: 0, deleted: 0, extended: 0, skipped: 0, readUnits: 0 };
    const line: string = metricsLine({
      tableName: 'Sessions',
      dryRun: false,
      endedAt: 0,
      durationMs: 0,
      progress: { ...progress, oldestExpiredAt: undefined, segments: 1, segmentsDone: 1 },
      outcome: { kind: 'finished' },
    });
    const [written] = JSON.parse(line)._aws.CloudWatchMetrics;
    const names = written.Metrics.map(({ Name }: { Name: string }) => Name) as string[];
    expect(written).toMatchObject({ Namespace: 'DynamoDBSessions', Dimensions: [['TableName']] });

    const { template } = synthDefault();
    const body = JSON.stringify(only({ template }, 'AWS::CloudWatch::Dashboard').Properties);
    const shown = [...body.matchAll(/\\"DynamoDBSessions\\",\\"(\w+)\\",\\"TableName\\"/g)].map(([, name]) => name);
    expect(new Set(shown)).toEqual(new Set(names));

    const watched = JSON.stringify(template.findResources('AWS::CloudWatch::Alarm'));
    for (const [, name] of watched.matchAll(/"MetricName":"(\w+)","Namespace":"DynamoDBSessions"/g)) {
      expect(names).toContain(name);
    }
  });
});

describe('the dashboard', () => {
  it('shows use, throttling, latency, errors, TTL and the cleanup, with the alarms on top', () => {
    const body = JSON.stringify(only(synthDefault(), 'AWS::CloudWatch::Dashboard').Properties);
    const titles = [...body.matchAll(/\\"title\\":\\"(.*?)\\"/g)].map(([, title]) => title);
    expect(titles).toEqual([
      'Alarms',
      'Read and write units of the table',
      'Read and write units of the index',
      'Throttled',
      'Latency, 99 of 100 calls, ms',
      'Errors of DynamoDB',
      'Removed by TTL',
      'Cleanup: items',
      'Cleanup: runs',
      'Cleanup: age of the oldest expired session, s',
      'Cleanup: duration, ms, and read units',
    ]);
  });

  it('need not be', () => {
    synth({ dashboard: false }).template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  });
});
