import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { describe, expect, it } from 'vitest';
import { only, statements, synth, synthDefault } from './synth.js';

const TABLE_ARN = { 'Fn::GetAtt': ['StoreTable0CCFA19B', 'Arn'] };
const INDEX_ARN = { 'Fn::Join': ['', [TABLE_ARN, '/index/byUser']] };

const ON_TABLE = {
  Effect: 'Allow',
  Action: [
    'dynamodb:BatchGetItem',
    'dynamodb:BatchWriteItem',
    'dynamodb:DeleteItem',
    'dynamodb:GetItem',
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
  ],
  Resource: TABLE_ARN,
};
const ON_INDEX = { Effect: 'Allow', Action: 'dynamodb:Query', Resource: INDEX_ARN };
const LOGS = {
  Effect: 'Allow',
  Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
  Resource: { 'Fn::GetAtt': ['StoreCleanupLogs61F5DA52', 'Arn'] },
};
const LETTERS = {
  Effect: 'Allow',
  Action: 'sqs:SendMessage',
  Resource: { 'Fn::GetAtt': ['StoreCleanupDeadLettersF8C967E5', 'Arn'] },
};

const newFunction = (scope: Construct): Function =>
  new Function(scope, 'Api', { runtime: Runtime.NODEJS_24_X, handler: 'index.handler', code: Code.fromInline('0') });
const newRole = (scope: Construct): Role =>
  new Role(scope, 'Operator', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });

describe('grantAccess', () => {
  it('gives the actions that the persistence layer calls, and no other', () => {
    const result = synth({}, { add: (scope, store) => store.grantAccess(newFunction(scope)) });
    expect(statements(result, 'Api')).toEqual([ON_TABLE, ON_INDEX]);
  });

  it('tells a function the table and its region', () => {
    const { template } = synth({}, { add: (scope, store) => store.grantAccess(newFunction(scope)) });
    template.hasResourceProperties('AWS::Lambda::Function', {
      Code: { ZipFile: '0' },
      Environment: {
        Variables: {
          DYNAMODB_SESSIONS_TABLE: { Ref: 'StoreTable0CCFA19B' },
          DYNAMODB_SESSIONS_REGION: { Ref: 'AWS::Region' },
        },
      },
    });
  });

  it('takes any other principal', () => {
    const result = synth({}, { add: (scope, store) => store.grantAccess(newRole(scope)) });
    expect(statements(result, 'Operator')).toEqual([ON_TABLE, ON_INDEX]);
  });

  it('gives the use of your key, without a wildcard', () => {
    const result = synth((scope) => ({ encryptionKey: new Key(scope, 'Key') }), {
      env: { account: '111122223333', region: 'eu-west-3' },
      add: (scope, store) => store.grantAccess(newFunction(scope)),
    });
    const use = {
      Effect: 'Allow',
      Action: [
        'kms:Decrypt',
        'kms:DescribeKey',
        'kms:Encrypt',
        'kms:GenerateDataKey',
        'kms:GenerateDataKeyWithoutPlaintext',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
      ],
      Resource: { 'Fn::GetAtt': ['Key961B73FD', 'Arn'] },
    };
    expect(statements(result, 'Api')).toContainEqual(use);
    expect(statements(result, 'StoreCleanup')).toContainEqual(use);
  });
});

describe('grantAdministration', () => {
  it('gives Scan as well', () => {
    const result = synth({}, { add: (scope, store) => store.grantAdministration(newRole(scope)) });
    expect(statements(result, 'Operator')).toEqual([
      { ...ON_TABLE, Action: [...ON_TABLE.Action, 'dynamodb:Scan'].toSorted() },
      ON_INDEX,
    ]);
  });
});

describe("the cleanup's role", () => {
  it('reads the table, deletes, keeps its place, writes its log, and nothing else', () => {
    expect(statements(synthDefault(), 'StoreCleanupRole')).toEqual([
      LOGS,
      LETTERS,
      {
        Effect: 'Allow',
        Action: ['dynamodb:DeleteItem', 'dynamodb:Scan', 'dynamodb:UpdateItem'],
        Resource: TABLE_ARN,
      },
    ]);
  });

  it('cannot delete when it is only to count', () => {
    expect(statements(synth({ cleanup: { dryRun: true } }), 'StoreCleanupRole')).toEqual([
      LOGS,
      LETTERS,
      { Effect: 'Allow', Action: 'dynamodb:Scan', Resource: TABLE_ARN },
    ]);
  });

  it('is no managed policy', () => {
    const roles = Object.values(synthDefault().template.findResources('AWS::IAM::Role'));
    expect(roles.filter(({ Properties }) => Properties.ManagedPolicyArns !== undefined)).toEqual([]);
  });
});

describe("the schedule's role", () => {
  it('invokes the function, leaves dead letters, and nothing else', () => {
    const { template } = synthDefault();
    const [id = ''] = Object.keys(template.findResources('AWS::Lambda::Function'));
    expect(statements({ template }, 'SchedulerRole')).toEqual([
      {
        Effect: 'Allow',
        Action: 'lambda:InvokeFunction',
        Resource: [{ 'Fn::GetAtt': [id, 'Arn'] }, { 'Fn::Join': ['', [{ 'Fn::GetAtt': [id, 'Arn'] }, ':*']] }],
      },
      LETTERS,
    ]);
    expect(only({ template }, 'AWS::Scheduler::Schedule')).toBeDefined();
  });
});
