import { Aspects, type IAspect, Tags } from 'aws-cdk-lib';
import { CfnRole, ManagedPolicy, PermissionsBoundary, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct, IConstruct } from 'constructs';
import type { SessionStore, SessionStoreProps } from 'dynamodb-sessions/cdk';
import { describe, expect, it } from 'vitest';
import { only, type Props, statements, synth, synthDefault, type Synthesised } from './synth.js';

const TABLE = { 'Fn::GetAtt': ['StoreTable0CCFA19B', 'Arn'] };
const INDEX = { 'Fn::Join': ['', [TABLE, '/index/byUser']] };
const KEY = { 'Fn::GetAtt': ['Key961B73FD', 'Arn'] };
const LETTERS = { 'Fn::GetAtt': ['StoreCleanupDeadLettersF8C967E5', 'Arn'] };
const LOGS = { 'Fn::GetAtt': ['StoreCleanupLogs61F5DA52', 'Arn'] };
const QUERY = allow(INDEX, 'dynamodb:Query');
const env = { account: '111122223333', region: 'eu-west-3' };

function allow(Resource: unknown, ...actions: string[]): object {
  return { Effect: 'Allow', Action: actions.length === 1 ? actions[0] : actions, Resource };
}

type GrantTo = (store: SessionStore, role: Role) => void;

/** All rights of a role that a store has given some. */
function rightsOf(grant: GrantTo, props: Props = {}, stackProps = {}): object[] {
  const add = (scope: Construct, store: SessionStore): void =>
    grant(store, new Role(scope, 'Who', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') }));
  return statements(synth(props, { ...stackProps, add }), 'Who');
}

describe('an application', () => {
  it('calls what the persistence layer calls, and cannot read the whole table or delete', () => {
    expect(rightsOf((store, role) => store.grantAccess(role))).toEqual([
      allow(
        TABLE,
        'dynamodb:BatchGetItem',
        'dynamodb:BatchWriteItem',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:UpdateItem',
      ),
      QUERY,
    ]);
  });
});

describe('a support desk', () => {
  it('lists, shows and counts sessions, and changes nothing', () => {
    expect(rightsOf((store, role) => store.grantReadOnly(role))).toEqual([
      allow(TABLE, 'dynamodb:BatchGetItem', 'dynamodb:DescribeTable', 'dynamodb:GetItem', 'dynamodb:Scan'),
      QUERY,
    ]);
  });
});

describe('an operator', () => {
  it('has what every command of npx dynamodb-sessions needs, and cannot change or delete the table', () => {
    expect(rightsOf((store, role) => store.grantAdministration(role))).toEqual([
      allow(
        TABLE,
        'dynamodb:BatchGetItem',
        'dynamodb:BatchWriteItem',
        'dynamodb:DeleteItem',
        'dynamodb:DescribeTable',
        'dynamodb:DescribeTimeToLive',
        'dynamodb:GetItem',
        'dynamodb:PutItem',
        'dynamodb:Scan',
        'dynamodb:UpdateItem',
      ),
      QUERY,
    ]);
  });
});

describe('the cleanup', () => {
  it('reads the table, deletes, gets and writes its own item alone, its log and its dead letters, and nothing else', () => {
    expect(statements(synthDefault(), 'StoreCleanupRole')).toEqual([
      allow(LOGS, 'logs:CreateLogStream', 'logs:PutLogEvents'),
      allow(LETTERS, 'sqs:SendMessage'),
      allow(TABLE, 'dynamodb:DeleteItem', 'dynamodb:Scan'),
      {
        ...allow(TABLE, 'dynamodb:GetItem', 'dynamodb:UpdateItem'),
        Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['cleanup#checkpoint'] } },
      },
    ]);
  });

  it('neither deletes nor writes when it is only to count', () => {
    expect(statements(synth({ cleanup: { dryRun: true } }), 'StoreCleanupRole')).toEqual([
      allow(LOGS, 'logs:CreateLogStream', 'logs:PutLogEvents'),
      allow(LETTERS, 'sqs:SendMessage'),
      allow(TABLE, 'dynamodb:Scan'),
    ]);
  });

  it('has the same rights as a function of yours that cleans up', () => {
    const rights = rightsOf((store, role) => store.grantCleanup(role));
    expect(statements(synthDefault(), 'StoreCleanupRole')).toEqual(expect.arrayContaining(rights));
    expect(rights).toHaveLength(2);
  });
});

describe('the scheduler', () => {
  it('invokes the function and leaves dead letters, and nothing else', () => {
    const [id = ''] = Object.keys(synthDefault().template.findResources('AWS::Lambda::Function'));
    expect(statements(synthDefault(), 'StoreCleanupScheduleRole')).toEqual([
      allow({ 'Fn::GetAtt': [id, 'Arn'] }, 'lambda:InvokeFunction'),
      allow(LETTERS, 'sqs:SendMessage'),
    ]);
  });

  it('takes its role for schedules of this account alone', () => {
    const roles = Object.entries(synthDefault().template.findResources('AWS::IAM::Role'));
    const [, role] = roles.find(([id]) => id.startsWith('StoreCleanupScheduleRole')) ?? [];
    expect(role?.Properties.AssumeRolePolicyDocument.Statement).toMatchObject([
      {
        Principal: { Service: 'scheduler.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
      },
    ]);
    expect(only(synthDefault(), 'AWS::Scheduler::Schedule').Properties).toMatchObject({
      Target: { RoleArn: { 'Fn::GetAtt': [expect.stringMatching(/^StoreCleanupScheduleRole/), 'Arn'] } },
    });
  });
});

describe('the key of an encrypted table', () => {
  const encrypted = (scope: Construct): SessionStoreProps => ({ encryptionKey: new Key(scope, 'Key') });
  const keyRights = (grant: GrantTo): object[] =>
    rightsOf(grant, encrypted, { env }).filter((statement) => JSON.stringify(statement).includes('kms:'));
  const Condition = { StringEquals: { 'kms:ViaService': 'dynamodb.eu-west-3.amazonaws.com' } };

  it('is for who writes to write with, through DynamoDB alone', () => {
    const writing = [
      'kms:Decrypt',
      'kms:DescribeKey',
      'kms:Encrypt',
      'kms:GenerateDataKey',
      'kms:GenerateDataKeyWithoutPlaintext',
      'kms:ReEncryptFrom',
      'kms:ReEncryptTo',
    ];
    const expected = [{ ...allow(KEY, ...writing), Condition }];
    expect(keyRights((store, role) => store.grantAccess(role))).toEqual(expected);
    expect(keyRights((store, role) => store.grantAdministration(role))).toEqual(expected);
    expect(keyRights((store, role) => store.grantCleanup(role))).toEqual(expected);
  });

  it('is for who reads to read with', () => {
    const expected = [{ ...allow(KEY, 'kms:Decrypt', 'kms:DescribeKey'), Condition }];
    expect(keyRights((store, role) => store.grantReadOnly(role))).toEqual(expected);
    expect(keyRights((store, role) => store.grantCleanup(role, true))).toEqual(expected);
  });
});

describe('every role of the construct', () => {
  const rolesOf = ({ template }: Synthesised): { Properties: Record<string, unknown> }[] =>
    Object.values(template.findResources('AWS::IAM::Role')) as { Properties: Record<string, unknown> }[];

  it('has no managed policy', () => {
    expect(rolesOf(synthDefault()).filter(({ Properties }) => Properties.ManagedPolicyArns !== undefined)).toEqual([]);
  });

  it('is reached by the permissions boundary, the tags and the aspects that are put on the store', () => {
    const seen: string[] = [];
    const look: IAspect = {
      visit: (node: IConstruct) => {
        if (node instanceof CfnRole) seen.push(node.logicalId);
      },
    };
    const result = synth(
      {},
      {
        add: (scope, store) => {
          PermissionsBoundary.of(store).apply(
            ManagedPolicy.fromManagedPolicyArn(scope, 'Boundary', 'arn:aws:iam::111122223333:policy/boundary'),
          );
          Tags.of(store).add('team', 'identity');
          Aspects.of(store).add(look);
        },
      },
    );
    expect(rolesOf(result)).toHaveLength(2);
    expect(seen).toHaveLength(2);
    for (const { Properties } of rolesOf(result)) {
      expect(Properties).toMatchObject({
        PermissionsBoundary: 'arn:aws:iam::111122223333:policy/boundary',
        Tags: [{ Key: 'team', Value: 'identity' }],
      });
    }
  });
});
