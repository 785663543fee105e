import { Duration, Size } from 'aws-cdk-lib';
import { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import type { SessionCleanupOptions } from 'dynamodb-sessions/cdk';
import { describe, expect, it } from 'vitest';
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
