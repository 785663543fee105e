import { RemovalPolicy } from 'aws-cdk-lib';
import { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { SessionStoreProps } from 'dynamodb-sessions/cdk';
import { describe, expect, it } from 'vitest';
import { only, synth, synthDefault } from './synth.js';

const TABLE = 'AWS::DynamoDB::GlobalTable';
const PARIS = { env: { account: '111122223333', region: 'eu-west-3' } };

const THROTTLED_KEYS = { Enabled: true, Mode: 'THROTTLED_KEYS' };

describe('the table', () => {
  it('has these keys, this index, TTL and protection, and nothing else', () => {
    expect(only(synthDefault(), TABLE)).toEqual({
      Type: TABLE,
      Properties: {
        AttributeDefinitions: [
          { AttributeName: 'id', AttributeType: 'S' },
          { AttributeName: 'user', AttributeType: 'S' },
          { AttributeName: 'createdAt', AttributeType: 'N' },
        ],
        BillingMode: 'PAY_PER_REQUEST',
        KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'byUser',
            KeySchema: [
              { AttributeName: 'user', KeyType: 'HASH' },
              { AttributeName: 'createdAt', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
        Replicas: [
          {
            Region: { Ref: 'AWS::Region' },
            DeletionProtectionEnabled: true,
            GlobalSecondaryIndexes: [{ IndexName: 'byUser', ContributorInsightsSpecification: THROTTLED_KEYS }],
            ContributorInsightsSpecification: THROTTLED_KEYS,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
          },
        ],
      },
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
  });

  it('has the logical IDs that it always had, so that no upgrade replaces it', () => {
    const { template } = synthDefault();
    const stateful = ['AWS::DynamoDB::GlobalTable', 'AWS::SQS::Queue', 'AWS::Logs::LogGroup'];
    expect(stateful.map((type) => [type, ...Object.keys(template.findResources(type))])).toEqual([
      ['AWS::DynamoDB::GlobalTable', 'StoreTable0CCFA19B'],
      ['AWS::SQS::Queue', 'StoreCleanupDeadLettersF8C967E5'],
      ['AWS::Logs::LogGroup', 'StoreCleanupLogs61F5DA52'],
    ]);
  });

  it('can be named, backed up, and given up', () => {
    const table = only(
      synth({
        tableName: 'my-sessions',
        pointInTimeRecovery: true,
        deletionProtection: false,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
      TABLE,
    );
    expect(table).toMatchObject({
      DeletionPolicy: 'Delete',
      Properties: {
        TableName: 'my-sessions',
        Replicas: [
          {
            DeletionProtectionEnabled: false,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          },
        ],
      },
    });
  });

  it('can be encrypted with a key of yours, in every region', () => {
    const table = only(
      synth(
        (scope) => ({
          encryptionKey: new Key(scope, 'Key'),
          replicas: [{ region: 'eu-west-1', encryptionKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/1' }],
        }),
        PARIS,
      ),
      TABLE,
    );
    expect(table.Properties).toMatchObject({
      SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      Replicas: [
        { Region: 'eu-west-1', SSESpecification: { KMSMasterKeyId: 'arn:aws:kms:eu-west-1:111122223333:key/1' } },
        { Region: 'eu-west-3', SSESpecification: { KMSMasterKeyId: { 'Fn::GetAtt': ['Key961B73FD', 'Arn'] } } },
      ],
    });
  });

  it('counts throttled keys in every region, unless it is told not to', () => {
    const counted = (props: SessionStoreProps): unknown[] => {
      const { Replicas } = only(synth({ replicas: [{ region: 'eu-west-1' }], ...props }, PARIS), TABLE).Properties;
      return (Replicas as Record<string, unknown>[]).flatMap(
        ({ ContributorInsightsSpecification: ofTable, GlobalSecondaryIndexes: indexes }) => [
          ofTable,
          (indexes as Record<string, unknown>[])[0]?.['ContributorInsightsSpecification'],
        ],
      );
    };
    expect(counted({})).toEqual(Array.from({ length: 4 }, () => THROTTLED_KEYS));
    expect(counted({ throttledKeys: false })).toEqual(Array.from({ length: 4 }, () => undefined));
  });

  it('with a key of yours does not show its keys to CloudWatch, unless it is told to', () => {
    const inTemplate = (props: SessionStoreProps): string =>
      JSON.stringify(
        only(
          synth((scope) => ({ encryptionKey: new Key(scope, 'Key'), ...props }), PARIS),
          TABLE,
        ),
      );
    expect(inTemplate({})).not.toContain('ContributorInsights');
    expect(inTemplate({ throttledKeys: true })).toContain('THROTTLED_KEYS');
  });

  it('has replicas, with protection and TTL, where you want them', () => {
    const { Properties } = only(synth({ replicas: [{ region: 'eu-west-1' }] }, PARIS), TABLE);
    expect(Properties).toMatchObject({
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      Replicas: [
        { Region: 'eu-west-1', DeletionProtectionEnabled: true },
        { Region: 'eu-west-3', DeletionProtectionEnabled: true },
      ],
    });
  });

  it('has no TTL with strong consistency, but a cleanup every hour', () => {
    const strong = synth(
      {
        multiRegionConsistency: MultiRegionConsistency.STRONG,
        replicas: [{ region: 'eu-west-1' }],
        witnessRegion: 'eu-central-1',
      },
      PARIS,
    );
    const { Properties } = only(strong, TABLE);
    expect(Properties).toMatchObject({
      MultiRegionConsistency: 'STRONG',
      GlobalTableWitnesses: [{ Region: 'eu-central-1' }],
    });
    expect(Properties).not.toHaveProperty('TimeToLiveSpecification');
    expect(only(strong, 'AWS::Scheduler::Schedule').Properties).toMatchObject({ ScheduleExpression: 'rate(1 hour)' });
  });
});
