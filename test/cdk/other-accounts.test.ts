import { type App, PhysicalName, Stack, Stage } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import {
  AccountPrincipal,
  AccountRootPrincipal,
  AnyPrincipal,
  ArnPrincipal,
  type IGrantable,
  OrganizationPrincipal,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Code, Function, Runtime } from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { type ISessionStore, SessionCleanup, SessionStore, type SessionStoreProps } from 'dynamodb-sessions/cdk';
import { describe, expect, it } from 'vitest';
import { newApp, only, statements } from './synth.js';

const [OURS, THEIRS] = ['111122223333', '444455556666'];
const ROLE_ARN = `arn:aws:iam::${THEIRS}:role/Api`;
const ARN = `arn:aws:dynamodb:eu-west-3:${OURS}:table/Sessions`;
const TABLE_ACTIONS = [
  'dynamodb:BatchGetItem',
  'dynamodb:BatchWriteItem',
  'dynamodb:GetItem',
  'dynamodb:PutItem',
  'dynamodb:UpdateItem',
];

type Props = SessionStoreProps | ((scope: Construct) => SessionStoreProps);

function world(props: Props = {}, scope: Construct = newApp()) {
  const ours = new Stack(scope, 'Ours', { env: { account: OURS, region: 'eu-west-3' } });
  const theirs = new Stack(scope, 'Theirs', { env: { account: THEIRS, region: 'eu-west-3' } });
  const store = new SessionStore(ours, 'Store', {
    cleanup: false,
    ...(typeof props === 'function' ? props(ours) : props),
  });
  return { ours, theirs, store };
}

/** A function with a role that another account can name. */
function newFunction(scope: Construct, roleName: string | undefined = 'Api'): Function {
  const role = new Role(scope, 'ApiRole', {
    assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
    ...(roleName !== undefined && { roleName }),
  });
  const code = Code.fromInline('0');
  return new Function(scope, 'Api', { runtime: Runtime.NODEJS_24_X, handler: 'index.handler', code, role });
}

interface Replica {
  readonly Region: string;
  readonly ResourcePolicy?: { readonly PolicyDocument: { readonly Statement: object[] } };
}

/** The table's own policy, in each region that has one. */
function policiesOf(stack: Stack): Record<string, object[] | undefined> {
  const table = only({ template: Template.fromStack(stack) }, 'AWS::DynamoDB::GlobalTable');
  const replicas = table.Properties.Replicas as Replica[];
  return Object.fromEntries(
    replicas.map(({ Region, ResourcePolicy }) => [Region, ResourcePolicy?.PolicyDocument.Statement]),
  );
}

/** The principal as a template has it: an account by its ARN, of whatever partition. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value).replaceAll(
      /\{"Fn::Join":\["",\["arn:",\{"Ref":"AWS::Partition"\},"(.*?)"\]\]\}/g,
      '"arn:aws$1"',
    ),
  );

/** What a table's policy says of an application: it is about the table and its index, and names neither. */
const letIn = (AWS: string): object[] => [
  { Effect: 'Allow', Action: [...TABLE_ACTIONS, 'dynamodb:Query'].toSorted(), Resource: '*', Principal: { AWS } },
];

describe('a function of another account', () => {
  it('is let in by the policy of the table, and by its own on table and index', () => {
    const { ours, theirs, store } = world({ tableName: 'Sessions' });
    store.grantAccess(newFunction(theirs));
    expect(plain(policiesOf(ours))).toEqual({ 'eu-west-3': letIn(ROLE_ARN) });
    expect(plain(statements({ template: Template.fromStack(theirs) }, 'ApiRole'))).toEqual([
      { Effect: 'Allow', Action: TABLE_ACTIONS, Resource: ARN },
      { Effect: 'Allow', Action: 'dynamodb:Query', Resource: `${ARN}/index/byUser` },
    ]);
  });

  it("is told the table's ARN for its name", () => {
    const { theirs, store } = world({ tableName: 'Sessions' });
    store.grantAccess(newFunction(theirs));
    const { Properties } = only({ template: Template.fromStack(theirs) }, 'AWS::Lambda::Function');
    expect(plain(Properties.Environment)).toEqual({
      Variables: { DYNAMODB_SESSIONS_TABLE: ARN, DYNAMODB_SESSIONS_REGION: 'eu-west-3' },
    });
  });

  it('is deployed first, for a policy can name no role that is not there', () => {
    const { ours, theirs, store } = world({ tableName: 'Sessions' });
    store.grantAccess(newFunction(theirs));
    Template.fromStack(ours);
    expect(ours.dependencies).toContain(theirs);
  });

  it('may be in another stage, whose order is yours', () => {
    const app = newApp();
    const { ours, store } = world({ tableName: 'Sessions' }, app);
    const stage = new Stage(app, 'Stage', { env: { account: THEIRS, region: 'eu-west-3' } });
    store.grantAccess(newFunction(new Stack(stage, 'Theirs')));
    expect(plain(policiesOf(ours))).toEqual({ 'eu-west-3': letIn(ROLE_ARN) });
  });

  it('may have names that CDK makes up', () => {
    const { ours, theirs, store } = world({ tableName: PhysicalName.GENERATE_IF_NEEDED });
    store.grantAccess(newFunction(theirs, PhysicalName.GENERATE_IF_NEEDED));
    const [table] = policiesOf(ours)['eu-west-3'] ?? [];
    expect(plain(table)).toMatchObject({ Principal: { AWS: expect.stringContaining(`::${THEIRS}:role/`) } });
  });

  it('uses the key by the key’s own policy, through DynamoDB alone', () => {
    const { ours, theirs, store } = world((scope) => ({
      tableName: 'Sessions',
      encryptionKey: new Key(scope, 'Key'),
    }));
    store.grantAccess(newFunction(theirs));
    const key = only({ template: Template.fromStack(ours) }, 'AWS::KMS::Key').Properties.KeyPolicy;
    const Condition = { StringEquals: { 'kms:ViaService': 'dynamodb.eu-west-3.amazonaws.com' } };
    expect(plain(key)).toMatchObject({
      Statement: expect.arrayContaining([expect.objectContaining({ Principal: { AWS: ROLE_ARN }, Condition })]),
    });
    expect(statements({ template: Template.fromStack(theirs) }, 'ApiRole')).toContainEqual(
      expect.objectContaining({ Resource: '*', Condition, Action: expect.arrayContaining(['kms:Decrypt']) }),
    );
  });

  it('is let in to the replica in its region, and to no other', () => {
    const { ours, store } = world({
      tableName: 'Sessions',
      replicas: [{ region: 'eu-west-1' }, { region: 'us-east-1' }],
    });
    const there = new Stack(ours.node.root as App, 'There', { env: { account: THEIRS, region: 'us-east-1' } });
    store.grantAccess(newFunction(there));
    expect(plain(policiesOf(ours))).toEqual({ 'us-east-1': letIn(ROLE_ARN) });
  });

  it.each([
    ['the table', {}, 'Api', 'give it a tableName'],
    ['the role', { tableName: 'Sessions' }, undefined, 'give the role a roleName'],
  ])('is an error that names both accounts, if %s has no name', (_, props, roleName, advice) => {
    const { theirs, store } = world(props);
    const role = new Role(theirs, 'Role', {
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      ...(roleName !== undefined && { roleName }),
    });
    expect(() => store.grantAccess(role)).toThrow(
      new RegExp(`Theirs/Role is of the account ${THEIRS}, the table of the account ${OURS}.*${advice}`),
    );
  });

  it.each<[string, (store: SessionStore, stack: Stack) => ISessionStore]>([
    ['made here', (store) => store],
    ['there already', (_, stack) => SessionStore.fromTableArn(stack, 'There', ARN)],
  ])('is an error that names both accounts, if it was imported without its role, and the table is %s', (_, table) => {
    const { theirs, store } = world({ tableName: 'Sessions' });
    const arn = `arn:aws:lambda:eu-west-3:${THEIRS}:function:Api`;
    const imported = Function.fromFunctionArn(theirs, 'Api', arn);
    expect(() => table(store, theirs).grantAccess(imported)).toThrow(
      new RegExp(`Theirs/Api is of the account ${THEIRS}, the table of the account ${OURS}. Its role is not known`),
    );
  });
});

describe('a principal that has no policy of its own in this app', () => {
  it.each<[string, (scope: Construct) => IGrantable, string]>([
    ['a role of another account', (scope) => Role.fromRoleArn(scope, 'Role', ROLE_ARN), ROLE_ARN],
    ['the ARN of a role', () => new ArnPrincipal(ROLE_ARN), ROLE_ARN],
    [
      'the ARN of a role of the same account',
      () => new ArnPrincipal(`arn:aws:iam::${OURS}:role/A`),
      `arn:aws:iam::${OURS}:role/A`,
    ],
    ['an account', () => new AccountPrincipal(THEIRS), `arn:aws:iam::${THEIRS}:root`],
    ['the same account', () => new AccountRootPrincipal(), `arn:aws:iam::${OURS}:root`],
  ])('%s is let in by the policy of the table', (_, principal, arn) => {
    const { ours, store } = world();
    store.grantAccess(principal(ours));
    expect(plain(policiesOf(ours))).toEqual({ 'eu-west-3': letIn(arn) });
  });

  it.each<[string, SessionStoreProps, string]>([
    ['the table', {}, 'eu-west-3'],
    ['a replica', { tableName: 'Sessions', replicas: [{ region: 'us-east-1' }] }, 'us-east-1'],
  ])('is one too many, if the policy of %s becomes longer than DynamoDB takes', (_, props, region) => {
    const letInMany = (count: number): Stack => {
      const { ours, store } = world(props);
      const grantee = new Stack(ours.node.root as App, 'There', { env: { account: OURS, region } });
      for (let index = 0; index < count; index++) {
        store.grantAccess(
          Role.fromRoleArn(grantee, `Role${index}`, `arn:aws:iam::${THEIRS}:role/${index}`.padEnd(90, 'x')),
        );
      }
      return ours;
    };
    expect(JSON.stringify(policiesOf(letInMany(200))[region]).length).toBeGreaterThan(18_000);
    expect(() => policiesOf(letInMany(240))).toThrow(
      new RegExp(
        `resource policy of the table in ${region} has at least 2\\d{4} bytes, and DynamoDB takes 20480: grant`,
      ),
    );
  });

  it('may clean up: it writes the cleanup’s own item alone', () => {
    const { ours, store } = world();
    store.grantCleanup(new ArnPrincipal(ROLE_ARN));
    expect(plain(policiesOf(ours)['eu-west-3'])).toEqual([
      expect.objectContaining({ Action: ['dynamodb:DeleteItem', 'dynamodb:Scan'] }),
      expect.objectContaining({
        Action: ['dynamodb:GetItem', 'dynamodb:UpdateItem'],
        Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': ['cleanup#checkpoint'] } },
      }),
    ]);
  });

  it('is an organisation, on the condition that it is in it', () => {
    const { ours, store } = world();
    store.grantReadOnly(new OrganizationPrincipal('o-1234567890'));
    expect(policiesOf(ours)['eu-west-3']).toMatchObject([
      { Principal: { AWS: '*' }, Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1234567890' } } },
    ]);
  });

  it.each<[string, IGrantable]>([
    ['a service', new ServicePrincipal('apigateway.amazonaws.com')],
    ['everybody', new AnyPrincipal()],
  ])('is refused if it is %s, which DynamoDB would refuse', (who, principal) => {
    expect(() => world().store.grantAccess(principal)).toThrow(`DynamoDB gives ${who} no rights on Ours/Store`);
  });
});

describe('a table of another account, which is there already', () => {
  it('is called by its ARN, and a warning says that its policy has to let the function in', () => {
    const { theirs } = world();
    const store = SessionStore.fromTableArn(theirs, 'Store', ARN);
    store.grantAccess(newFunction(theirs));
    const template = Template.fromStack(theirs);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { DYNAMODB_SESSIONS_TABLE: ARN, DYNAMODB_SESSIONS_REGION: 'eu-west-3' } },
    });
    expect(statements({ template }, 'ApiRole')).toMatchObject([{ Resource: ARN }, { Resource: `${ARN}/index/byUser` }]);
    Annotations.fromStack(theirs).hasWarning(
      '/Theirs/Store',
      Match.stringLikeRegexp(`Theirs/Api is of the account ${THEIRS}, the table of the account ${OURS}.*${ARN}`),
    );
  });

  it('gives its cleanup metrics of the name that the cleanup is told', () => {
    const { theirs } = world();
    const cleanup = new SessionCleanup(theirs, 'Cleanup', { store: SessionStore.fromTableArn(theirs, 'Store', ARN) });
    expect(cleanup.metric('Deleted')).toMatchObject({ dimensions: { TableName: ARN } });
    Template.fromStack(theirs).hasResourceProperties('AWS::Lambda::Function', {
      Environment: { Variables: { DYNAMODB_SESSIONS_TABLE: ARN } },
    });
  });

  it('cannot let in a principal that has no policy of its own: an error says where to do it', () => {
    const { theirs } = world();
    const store = SessionStore.fromTableArn(theirs, 'Store', ARN);
    expect(() => store.grantAccess(new ArnPrincipal(ROLE_ARN))).toThrow('in the stack that makes the table');
  });
});

describe('a function of another region', () => {
  const there = (props: SessionStoreProps): Stack => {
    const { ours, store } = world(props);
    const stack = new Stack(ours.node.root as App, 'There', { env: { account: OURS, region: 'us-east-1' } });
    store.grantAccess(newFunction(stack));
    return ours;
  };

  it('is warned of, if the table has no name: CDK gives it one, and CloudFormation replaces it', () => {
    Annotations.fromStack(there({})).hasWarning('/Ours/Store', Match.stringLikeRegexp('give it a tableName'));
  });

  it('is not warned of, if the table has a name', () => {
    Annotations.fromStack(there({ tableName: 'Sessions' })).hasNoWarning('*', Match.anyValue());
  });
});

describe('an account that only CloudFormation knows', () => {
  it('is taken for the same', () => {
    const stack = new Stack(newApp(), 'Ours');
    const store = new SessionStore(stack, 'Store', { cleanup: false });
    store.grantAccess(Role.fromRoleArn(stack, 'Role', ROLE_ARN));
    expect(statements({ template: Template.fromStack(stack) }, 'Role')).toHaveLength(2);
    expect(Object.values(policiesOf(stack))).toEqual([undefined]);
  });
});
