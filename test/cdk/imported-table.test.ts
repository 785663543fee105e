import { CfnResource, Stack, type StackProps } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import {
  type ISessionStore,
  SessionAlarms,
  SessionCleanup,
  SessionDashboard,
  SessionStore,
} from 'dynamodb-sessions/cdk';
import { describe, expect, it } from 'vitest';
import { newApp, only, type Resource, statements, synthDefault } from './synth.js';

const PARIS = { env: { account: '111122223333', region: 'eu-west-3' } };
const ARN = 'arn:aws:dynamodb:eu-west-3:111122223333:table/Sessions';
const ON_TABLE = [
  'dynamodb:BatchGetItem',
  'dynamodb:BatchWriteItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
];

type Import = (stack: Stack) => ISessionStore;

function withTable(imported: Import, add: (stack: Stack, store: ISessionStore) => void, props: StackProps = PARIS) {
  const stack = new Stack(newApp(), 'Test', props);
  const store = imported(stack);
  add(stack, store);
  return { template: Template.fromStack(stack), store };
}

const newFunction = (stack: Stack): Function =>
  new Function(stack, 'Api', { runtime: Runtime.NODEJS_24_X, handler: 'index.handler', code: Code.fromInline('0') });

describe.each<[string, Import]>([
  ['by name', (stack) => SessionStore.fromTableName(stack, 'Store', 'Sessions')],
  ['by ARN', (stack) => SessionStore.fromTableArn(stack, 'Store', ARN)],
  ['by attributes', (stack) => SessionStore.fromTableAttributes(stack, 'Store', { tableName: 'Sessions' })],
])('a table that is there already, named %s', (_, imported) => {
  it('is not made, and gives the rights that one of our own gives, with its index', () => {
    const result = withTable(imported, (stack, store) => store.grantAccess(newFunction(stack)));
    result.template.resourceCountIs('AWS::DynamoDB::GlobalTable', 0);
    result.template.resourceCountIs('AWS::DynamoDB::Table', 0);
    const [table, index, ...others] = statements(result, 'Api').map((statement) =>
      JSON.parse(JSON.stringify(statement).replaceAll('{"Ref":"AWS::Partition"}', '"aws"')),
    );
    expect(table).toEqual({ Effect: 'Allow', Action: ON_TABLE, Resource: arn('') });
    expect(index).toEqual({ Effect: 'Allow', Action: 'dynamodb:Query', Resource: arn('/index/byUser') });
    expect(others).toEqual([]);
  });

  it('is what a function is told', () => {
    const { template } = withTable(imported, (stack, store) => store.grantAccess(newFunction(stack)));
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { DYNAMODB_SESSIONS_TABLE: 'Sessions', DYNAMODB_SESSIONS_REGION: 'eu-west-3' } },
    });
  });

  it('has metrics, and rights for support, operators and a cleanup', () => {
    const { store } = withTable(imported, (stack, table) => {
      const api = newFunction(stack);
      table.grantReadOnly(api);
      table.grantAdministration(api);
      table.grantCleanup(api);
    });
    expect(store.metric('ConsumedReadCapacityUnits')).toMatchObject({ dimensions: { TableName: 'Sessions' } });
  });

  /** The ARN as CloudFormation puts it together: by name, the partition is not known before. */
  function arn(path: string): unknown {
    const whole = `${ARN}${path}`;
    return expect.toSatisfy((found: unknown) => whole === (typeof found === 'string' ? found : joined(found)));
  }
});

const joined = (value: unknown): string => (value as { 'Fn::Join': [string, string[]] })['Fn::Join'][1].join('');

describe('the cleanup, the alarms and the dashboard', () => {
  const all = withTable(
    (stack) => SessionStore.fromTableName(stack, 'Table', 'Sessions'),
    (stack, store) => {
      const cleanup = new SessionCleanup(stack, 'Cleanup', { store, readBudget: 5_000 });
      const alarms = new SessionAlarms(stack, 'Alarms', { store, cleanup });
      new SessionDashboard(stack, 'Dashboard', { store, cleanup, alarms: alarms.all });
    },
  );

  it('stand on a table that is there already, as they do on one of our own', () => {
    const typesOf = (template: Template): string[] =>
      Object.values(template.toJSON().Resources as Record<string, Resource>).map(({ Type }) => Type);
    const own = typesOf(synthDefault().template).filter((type) => type !== 'AWS::DynamoDB::GlobalTable');
    expect(typesOf(all.template).toSorted()).toEqual(own.toSorted());
    expect(only(all, 'AWS::Lambda::Function').Properties).toMatchObject({
      Environment: {
        Variables: { DYNAMODB_SESSIONS_TABLE: 'Sessions', DYNAMODB_SESSIONS_CLEANUP_READ_BUDGET: '5000' },
      },
    });
  });

  it('look at the metrics of that table', () => {
    const watched = JSON.stringify(all.template.findResources('AWS::CloudWatch::Alarm'));
    expect(watched).toContain('{"Name":"TableName","Value":"Sessions"}');
    expect(JSON.stringify(only(all, 'AWS::CloudWatch::Dashboard'))).toContain('\\"TableName\\",\\"Sessions\\"');
  });

  it('run hourly where the table has no TTL', () => {
    const result = withTable(
      (stack) => SessionStore.fromTableAttributes(stack, 'Table', { tableName: 'Sessions', timeToLive: false }),
      (stack, store) => new SessionCleanup(stack, 'Cleanup', { store }),
    );
    expect(only(result, 'AWS::Scheduler::Schedule').Properties).toMatchObject({ ScheduleExpression: 'rate(1 hour)' });
  });
});

describe('a table that is there already', () => {
  it('has a key, and replicas with keys of their own', () => {
    const inIreland = 'arn:aws:kms:eu-west-1:111122223333:key/1';
    const stack = new Stack(newApp(), 'Test', PARIS);
    const store = SessionStore.fromTableAttributes(stack, 'Store', {
      tableArn: ARN,
      encryptionKey: new Key(stack, 'Key'),
      replicas: [{ region: 'eu-west-1', encryptionKeyArn: inIreland }],
    });
    store.grantReadOnly(newFunction(stack));
    const ireland = new Stack(stack, 'Ireland', { env: { ...PARIS.env, region: 'eu-west-1' } });
    store.grantReadOnly(newFunction(ireland));
    const [here, there] = [stack, ireland].map((each) => statements({ template: Template.fromStack(each) }, 'Api'));
    expect(here).toMatchObject([
      { Resource: ARN },
      { Resource: `${ARN}/index/byUser` },
      { Resource: { 'Fn::GetAtt': ['Key961B73FD', 'Arn'] } },
    ]);
    expect(JSON.stringify(there)).toContain(':dynamodb:eu-west-1:111122223333:table/Sessions/index/byUser');
    expect(there?.at(-1)).toMatchObject({ Resource: inIreland, Action: ['kms:Decrypt', 'kms:DescribeKey'] });
  });

  it('says where it is, and how consistent it is, as one of our own does', () => {
    const stack = new Stack(newApp(), 'Test', PARIS);
    const world = {
      replicas: [{ region: 'eu-west-1' }, { region: 'eu-central-1' }],
      multiRegionConsistency: MultiRegionConsistency.STRONG,
    };
    const own = new SessionStore(stack, 'Own', world);
    const there = SessionStore.fromTableAttributes(stack, 'There', { tableName: 'Sessions', ...world });
    for (const store of [own, there]) {
      expect(store).toMatchObject({
        env: PARIS.env,
        regionNames: ['eu-west-3', 'eu-west-1', 'eu-central-1'],
        multiRegionConsistency: 'STRONG',
        hasTtl: false,
      });
    }
  });

  it('can be one whose name only CloudFormation knows', () => {
    const stack = new Stack(newApp(), 'Test');
    const table = new CfnResource(stack, 'Table', { type: 'AWS::DynamoDB::Table' });
    const store = SessionStore.fromTableName(stack, 'Store', table.ref);
    store.grantAccess(newFunction(stack));
    Template.fromStack(stack).hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { DYNAMODB_SESSIONS_TABLE: { Ref: 'Table' } } },
    });
  });
});
