import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { SessionStore } from 'dynamodb-sessions/cdk';
import { describe, expect, it } from 'vitest';
import { type Props, statements, synth, type Synthesised } from './synth.js';

const TABLE_ARN = { 'Fn::GetAtt': ['StoreTable0CCFA19B', 'Arn'] };
const INDEX_ARN = { 'Fn::Join': ['', [TABLE_ARN, '/index/byUser']] };

const ON_TABLE = {
  Effect: 'Allow',
  Action: [
    'dynamodb:BatchGetItem',
    'dynamodb:BatchWriteItem',
    'dynamodb:GetItem',
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
  ],
  Resource: TABLE_ARN,
};
const KEY_ACTIONS = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];
const ON_INDEX = { Effect: 'Allow', Action: 'dynamodb:Query', Resource: INDEX_ARN };
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

  it('gives the use of your key through DynamoDB alone, without a wildcard', () => {
    const result = synth((scope) => ({ encryptionKey: new Key(scope, 'Key') }), {
      env: { account: '111122223333', region: 'eu-west-3' },
      add: (scope, store) => store.grantAccess(newFunction(scope)),
    });
    const use = {
      Effect: 'Allow',
      Action: KEY_ACTIONS,
      Resource: { 'Fn::GetAtt': ['Key961B73FD', 'Arn'] },
      Condition: { StringEquals: { 'kms:ViaService': 'dynamodb.eu-west-3.amazonaws.com' } },
    };
    expect(statements(result, 'Api')).toContainEqual(use);
    expect(statements(result, 'StoreCleanup')).toContainEqual(use);
  });

  it('knows DynamoDB by both names that it may have for KMS in China', () => {
    const result = synth((scope) => ({ encryptionKey: new Key(scope, 'Key') }), {
      env: { account: '111122223333', region: 'cn-north-1' },
      add: (scope, store) => store.grantAccess(newFunction(scope)),
    });
    const names = ['dynamodb.cn-north-1.amazonaws.com', 'dynamodb.cn-north-1.amazonaws.com.cn'];
    expect(statements(result, 'Api')).toContainEqual(
      expect.objectContaining({ Action: KEY_ACTIONS, Condition: { StringEquals: { 'kms:ViaService': names } } }),
    );
  });
});

describe('a function with access to two stores', () => {
  it('is refused: its environment names one table', () => {
    const add = (scope: Construct, store: SessionStore): void => {
      const api = newFunction(scope);
      store.grantAccess(api);
      new SessionStore(scope, 'Other').grantAdministration(api);
    };
    expect(() => synth({}, { add })).toThrow(
      'SessionStore: grantAccess: Test/Api has access to Test/Store already, and its environment names one table only',
    );
  });

  it('has rights on the second by its role, as it is told to', () => {
    const result = synth(
      {},
      {
        add: (scope, store) => {
          const api = newFunction(scope);
          store.grantAccess(api);
          new SessionStore(scope, 'Other').grantAccess(api.grantPrincipal);
        },
      },
    );
    result.template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { DYNAMODB_SESSIONS_TABLE: { Ref: 'StoreTable0CCFA19B' } } },
    });
    expect(statements(result, 'Api')).toMatchObject([
      { Resource: [{ 'Fn::GetAtt': [expect.stringMatching(/^OtherTable/), 'Arn'] }, TABLE_ARN] },
      { Action: 'dynamodb:Query' },
    ]);
  });

  it('is not what has access to one store twice', () => {
    const result = synth(
      {},
      {
        add: (scope, store) => {
          const api = newFunction(scope);
          store.grantAccess(api);
          store.grantAdministration(api);
        },
      },
    );
    expect(statements(result, 'Api')).toHaveLength(2);
  });
});

describe('a grantee whose stack is in another region', () => {
  const account = '111122223333';
  const keyArn = `arn:aws:kms:us-east-1:${account}:key/1`;
  const inUsEast1 = (resource: string): string => `arn:aws:dynamodb:us-east-1:${account}:table/${resource}`;

  /** A stack in us-east-1, and in it what is given access to a store of eu-west-3. */
  function elsewhere(props: Props, add: (stack: Stack, store: SessionStore) => void): Pick<Synthesised, 'template'> {
    let stack = new Stack();
    synth(props, {
      env: { account, region: 'eu-west-3' },
      add: (scope, store) => {
        stack = new Stack(scope, 'Elsewhere', { env: { account, region: 'us-east-1' } });
        add(stack, store);
      },
    });
    return { template: Template.fromStack(stack) };
  }
  const environmentsIn = ({ template }: Pick<Synthesised, 'template'>): unknown =>
    Object.values(template.findResources('AWS::Lambda::Function')).map(
      ({ Properties }) => Properties.Environment.Variables,
    );

  it('keeps sessions in the replica there, and nowhere else', () => {
    const replicas = [{ region: 'eu-west-1' }, { region: 'us-east-1' }];
    const result = elsewhere({ tableName: 'Sessions', replicas }, (stack, store) =>
      store.grantAccess(newFunction(stack)),
    );
    expect(environmentsIn(result)).toEqual([
      { DYNAMODB_SESSIONS_TABLE: 'Sessions', DYNAMODB_SESSIONS_REGION: 'us-east-1' },
    ]);
    expect(statements(result, 'Api')).toEqual([
      { ...ON_TABLE, Resource: inUsEast1('Sessions') },
      { ...ON_INDEX, Resource: inUsEast1('Sessions/index/byUser') },
    ]);
  });

  it('administers the replica there', () => {
    const replicas = [{ region: 'us-east-1' }];
    const result = elsewhere({ tableName: 'Sessions', replicas }, (stack, store) =>
      store.grantAdministration(newRole(stack)),
    );
    expect(statements(result, 'Operator')).toMatchObject([
      { Action: expect.arrayContaining(['dynamodb:Scan']), Resource: inUsEast1('Sessions') },
      { ...ON_INDEX, Resource: inUsEast1('Sessions/index/byUser') },
    ]);
  });

  it("may use the replica's key, and not the table's", () => {
    const replicas = [{ region: 'us-east-1', encryptionKeyArn: keyArn }];
    const result = elsewhere(
      (scope) => ({ tableName: 'Sessions', replicas, encryptionKey: new Key(scope, 'Key') }),
      (stack, store) => store.grantAccess(newFunction(stack)),
    );
    expect(statements(result, 'Api').filter((statement) => JSON.stringify(statement).includes('kms:'))).toEqual([
      {
        Effect: 'Allow',
        Action: KEY_ACTIONS,
        Resource: keyArn,
        Condition: { StringEquals: { 'kms:ViaService': 'dynamodb.us-east-1.amazonaws.com' } },
      },
    ]);
  });

  it("keeps sessions in the table's own region if there is no replica in its own", () => {
    const replicas = [{ region: 'eu-west-1' }];
    const result = elsewhere({ tableName: 'Sessions', replicas }, (stack, store) =>
      store.grantAccess(newFunction(stack)),
    );
    expect(environmentsIn(result)).toEqual([
      { DYNAMODB_SESSIONS_TABLE: 'Sessions', DYNAMODB_SESSIONS_REGION: 'eu-west-3' },
    ]);
    expect(JSON.stringify(statements(result, 'Api'))).toContain(':dynamodb:eu-west-3:');
  });
});
