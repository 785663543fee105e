import { Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { type IGrantable, Role } from 'aws-cdk-lib/aws-iam';
import { Alias, Code, Function, type IFunction, type IVersion, Runtime, Version } from 'aws-cdk-lib/aws-lambda';
import { SessionStore } from 'dynamodb-sessions/cdk';
import { describe, expect, it } from 'vitest';
import { newApp, statements } from './synth.js';

const account = '111122223333';
const FUNCTION_ARN = `arn:aws:lambda:eu-west-3:${account}:function:Api`;

/** A stack with a store to which something made from its function has access. */
function grantTo(make: (fn: Function, stack: Stack) => IGrantable, tableName?: string): Stack {
  const stack = new Stack(newApp(), 'Test', { env: { account, region: 'eu-west-3' } });
  const store =
    tableName === undefined
      ? new SessionStore(stack, 'Store', { cleanup: false })
      : SessionStore.fromTableName(stack, 'Store', tableName);
  const fn = new Function(stack, 'Api', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline('0'),
  });
  store.grantAccess(make(fn, stack));
  return stack;
}

/** CDK's own class does not fit its interface where `exactOptionalPropertyTypes` is on. */
const versionOf = (fn: Function): IVersion => fn.currentVersion as IVersion;

describe.each<[string, (fn: Function, stack: Stack) => IGrantable]>([
  ['an alias', (fn, stack) => new Alias(stack, 'Live', { aliasName: 'live', version: versionOf(fn) })],
  ['a version', (fn) => fn.currentVersion],
  ['a version of your own', (fn, stack) => new Version(stack, 'One', { lambda: fn })],
  ['the latest version', (fn) => fn.latestVersion],
])('%s', (_, make) => {
  it('has access by the function behind it, which is told the table', () => {
    const template = Template.fromStack(grantTo(make));
    expect(statements({ template }, 'Api')).toHaveLength(2);
    template.hasResourceProperties('AWS::Lambda::Function', {
      Environment: {
        Variables: { DYNAMODB_SESSIONS_TABLE: { Ref: 'StoreTable0CCFA19B' }, DYNAMODB_SESSIONS_REGION: 'eu-west-3' },
      },
    });
  });
});

describe('two stores', () => {
  it('are refused to a function even if one of them is given by its alias', () => {
    const twice = (fn: Function, stack: Stack): IGrantable => {
      new SessionStore(stack, 'Other', { cleanup: false }).grantAccess(fn);
      return new Alias(stack, 'Live', { aliasName: 'live', version: versionOf(fn) });
    };
    expect(() => grantTo(twice)).toThrow('Test/Api has access to Test/Other already');
  });
});

describe('a function that was imported', () => {
  const imported = (_: Function, stack: Stack): IFunction =>
    Function.fromFunctionAttributes(stack, 'Imported', {
      functionArn: FUNCTION_ARN,
      role: Role.fromRoleArn(stack, 'Role', `arn:aws:iam::${account}:role/Api`),
    });

  it('gets its rights, and a warning that says which variables to set', () => {
    const stack = grantTo(imported, 'Sessions');
    expect(statements({ template: Template.fromStack(stack) }, 'Role')).toHaveLength(2);
    Annotations.fromStack(stack).hasWarning(
      '/Test/Imported',
      Match.stringLikeRegexp('set DYNAMODB_SESSIONS_TABLE=Sessions; and DYNAMODB_SESSIONS_REGION=eu-west-3'),
    );
  });

  it('gets that warning by its alias, too, and where only CloudFormation knows the name', () => {
    const stack = grantTo((fn, scope) => {
      const version = Version.fromVersionAttributes(scope, 'One', { lambda: imported(fn, scope), version: '1' });
      return Alias.fromAliasAttributes(scope, 'Live', { aliasName: 'live', aliasVersion: version });
    });
    Annotations.fromStack(stack).hasWarning(
      '/Test/Imported',
      Match.stringLikeRegexp('set DYNAMODB_SESSIONS_TABLE to what CloudFormation makes of it; and'),
    );
  });

  it('is the only one that is warned of', () => {
    Annotations.fromStack(grantTo((fn) => fn)).hasNoWarning('*', Match.stringLikeRegexp('dynamodb-sessions'));
  });
});
