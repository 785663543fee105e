import { Tags } from 'aws-cdk-lib';
import { Billing, Capacity, StreamViewType, TableClass } from 'aws-cdk-lib/aws-dynamodb';
import { type IVpc, SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { AccountPrincipal, AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Tracing } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { only, type Props, statements, synth, type Synthesised } from './synth.js';

const env = { account: '111122223333', region: 'eu-west-3' };
const tableOf = (props: Props, add?: Parameters<typeof synth>[1]): Record<string, unknown> =>
  only(synth(props, { env, ...add }), 'AWS::DynamoDB::GlobalTable').Properties;

describe('the table', () => {
  it('is provisioned, if you like, and its index with a capacity of its own', () => {
    const billing = Billing.provisioned({
      readCapacity: Capacity.fixed(10),
      writeCapacity: Capacity.autoscaled({ maxCapacity: 50 }),
    });
    expect(tableOf({ billing, userIndex: { writeCapacity: Capacity.autoscaled({ maxCapacity: 5 }) } })).toMatchObject({
      BillingMode: 'PROVISIONED',
      WriteProvisionedThroughputSettings: { WriteCapacityAutoScalingSettings: { MaxCapacity: 50 } },
      GlobalSecondaryIndexes: [
        { WriteProvisionedThroughputSettings: { WriteCapacityAutoScalingSettings: { MaxCapacity: 5 } } },
      ],
      Replicas: [{ ReadProvisionedThroughputSettings: { ReadCapacityUnits: 10 } }],
    });
  });

  it('has a maximum of requests, if you like', () => {
    const billing = Billing.onDemand({ maxReadRequestUnits: 1_000, maxWriteRequestUnits: 500 });
    expect(tableOf({ billing, userIndex: { maxWriteRequestUnits: 50 } })).toMatchObject({
      BillingMode: 'PAY_PER_REQUEST',
      WriteOnDemandThroughputSettings: { MaxWriteRequestUnits: 500 },
      GlobalSecondaryIndexes: [{ WriteOnDemandThroughputSettings: { MaxWriteRequestUnits: 50 } }],
      Replicas: [{ ReadOnDemandThroughputSettings: { MaxReadRequestUnits: 1_000 } }],
    });
  });

  it('is warm from the beginning, and so is its index', () => {
    const props = {
      warmThroughput: { writeUnitsPerSecond: 8_000 },
      userIndex: { warmThroughput: { writeUnitsPerSecond: 4_000 } },
    };
    expect(tableOf(props)).toMatchObject({
      WarmThroughput: { WriteUnitsPerSecond: 8_000 },
      GlobalSecondaryIndexes: [{ WarmThroughput: { WriteUnitsPerSecond: 4_000 } }],
    });
  });

  it('has a class, streams, and backups for as many days as you like, in every region', () => {
    const table = tableOf((scope) => ({
      tableClass: TableClass.STANDARD_INFREQUENT_ACCESS,
      dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
      kinesisStream: new Stream(scope, 'Changes'),
      pointInTimeRecovery: { pointInTimeRecoveryEnabled: true, recoveryPeriodInDays: 7 },
      replicas: [{ region: 'eu-west-1' }],
    }));
    const everywhere = {
      TableClass: 'STANDARD_INFREQUENT_ACCESS',
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 7 },
    };
    expect(table).toMatchObject({
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      Replicas: [
        { Region: 'eu-west-1', ...everywhere },
        { Region: 'eu-west-3', ...everywhere, KinesisStreamSpecification: { StreamArn: expect.anything() } },
      ],
    });
  });

  it('has the tags that are put on the store, in every region', () => {
    const table = tableOf(
      { replicas: [{ region: 'eu-west-1' }] },
      { add: (_, store) => Tags.of(store).add('team', 'a') },
    );
    const Tagged = { Tags: [{ Key: 'team', Value: 'a' }] };
    expect(table).toMatchObject({ Replicas: [Tagged, Tagged] });
  });

  it('has a policy of yours, to which grants add, and so has each replica', () => {
    const deny = (action: string): PolicyDocument =>
      new PolicyDocument({
        statements: [
          new PolicyStatement({
            effect: Effect.DENY,
            principals: [new AnyPrincipal()],
            actions: [action],
            resources: ['*'],
          }),
        ],
      });
    const table = tableOf(
      {
        resourcePolicy: deny('dynamodb:Scan'),
        replicas: [{ region: 'eu-west-1', resourcePolicy: deny('dynamodb:DeleteItem') }],
      },
      { add: (_, store) => store.grantReadOnly(new AccountPrincipal('444455556666')) },
    );
    const denies = { Effect: 'Deny', Principal: { AWS: '*' } };
    expect(table).toMatchObject({
      Replicas: [
        { ResourcePolicy: { PolicyDocument: { Statement: [{ ...denies, Action: 'dynamodb:DeleteItem' }] } } },
        {
          ResourcePolicy: {
            PolicyDocument: { Statement: [{ ...denies, Action: 'dynamodb:Scan' }, { Effect: 'Allow' }] },
          },
        },
      ],
    });
  });
});

describe('the cleanup', () => {
  const functionOf = (result: Synthesised): Record<string, unknown> =>
    Object.values(result.template.findResources('AWS::Lambda::Function')).find(
      ({ Properties }) =>
        Properties.Handler === 'index.handler' && Properties.Runtime === 'nodejs24.x' && Properties.Description,
    )?.Properties as Record<string, unknown>;

  it('is in a network of yours, with the rights that Lambda needs there', () => {
    const result = synth(
      (scope) => {
        // CDK's own class does not fit its interface where `exactOptionalPropertyTypes` is on.
        const vpc = new Vpc(scope, 'Vpc', { maxAzs: 1, natGateways: 0, restrictDefaultSecurityGroup: false }) as IVpc;
        return {
          cleanup: {
            vpc,
            vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
            securityGroups: [new SecurityGroup(scope, 'Group', { vpc })],
          },
        };
      },
      { env },
    );
    expect(functionOf(result)).toMatchObject({
      VpcConfig: {
        SecurityGroupIds: [{ 'Fn::GetAtt': [expect.stringMatching(/^Group/), 'GroupId'] }],
        SubnetIds: [{ Ref: expect.stringMatching(/^Vpc/) }],
      },
    });
    expect(statements(result, 'StoreCleanupRole')).toContainEqual({
      Effect: 'Allow',
      Action: [
        'ec2:AssignPrivateIpAddresses',
        'ec2:CreateNetworkInterface',
        'ec2:DeleteNetworkInterface',
        'ec2:DescribeNetworkInterfaces',
        'ec2:DescribeSubnets',
        'ec2:UnassignPrivateIpAddresses',
      ],
      Resource: '*',
    });
  });

  it('is traced', () => {
    const result = synth({ cleanup: { tracing: Tracing.ACTIVE } });
    expect(functionOf(result)).toMatchObject({ TracingConfig: { Mode: 'Active' } });
    expect(JSON.stringify(statements(result, 'StoreCleanupRole'))).toContain('xray:PutTraceSegments');
  });

  it('writes logs that a key of yours encrypts, whose policy lets the logs of this account in', () => {
    const result = synth((scope: Construct) => ({ cleanup: { logEncryptionKey: new Key(scope, 'Key') } }), { env });
    expect(only(result, 'AWS::Logs::LogGroup').Properties).toMatchObject({
      KmsKeyId: { 'Fn::GetAtt': ['Key961B73FD', 'Arn'] },
    });
    const { Statement } = only(result, 'AWS::KMS::Key').Properties.KeyPolicy as { Statement: object[] };
    expect(Statement).toContainEqual(
      expect.objectContaining({
        Principal: { Service: 'logs.eu-west-3.amazonaws.com' },
        Condition: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': 'arn:aws:logs:eu-west-3:111122223333:log-group:*',
          },
        },
      }),
    );
  });
});
