import { Stack } from 'aws-cdk-lib';
import { type IVpc, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Tracing } from 'aws-cdk-lib/aws-lambda';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { SessionAlarms, SessionCleanup, SessionDashboard, SessionStore } from 'dynamodb-sessions/cdk';
import { describe, expect, it } from 'vitest';
import { DemoStack } from '../../cdk/demo-stack.js';
import { SessionsStack } from '../../cdk/sessions-stack.js';
import { newApp } from './synth.js';

interface Accepted {
  readonly rule: string;
  readonly path: string;
  readonly because: string;
}

/** What the rules object to in every cleanup, and why it is as it is. */
const inCleanup = (path: string, tracing = false): Accepted[] => [
  {
    rule: 'Serverless-SQSRedrivePolicy',
    path: `${path}/DeadLetters/Resource`,
    because: 'It is the queue that letters end up in.',
  },
  ...(tracing
    ? []
    : [
        {
          rule: 'Serverless-LambdaTracing',
          path: `${path}/Function/Resource`,
          because: 'It runs once a day, and says in metrics what it did. Tracing is an option, for it is paid for.',
        },
      ]),
];
const IN_DEMO: Accepted[] = [
  {
    rule: 'AwsSolutions-APIG4',
    path: 'SessionsDemo/Api/DefaultRoute/Resource',
    because: 'The demo is a public page. Who a request is from, its handler finds out by the session.',
  },
  {
    rule: 'AwsSolutions-APIG1',
    path: 'SessionsDemo/Api/DefaultStage/Resource',
    because: 'The demo logs what happens to sessions. Addresses of its visitors are nobody’s business.',
  },
  {
    rule: 'Serverless-APIGWAccessLogging',
    path: 'SessionsDemo/Api/DefaultStage/Resource',
    because: 'The same.',
  },
  {
    rule: 'Serverless-APIGWDefaultThrottling',
    path: 'SessionsDemo/Api/DefaultStage/Resource',
    because: 'The limits of the account hold. The demo is destroyed when it has been seen.',
  },
  {
    rule: 'Serverless-LambdaDLQ',
    path: 'SessionsDemo/Function/Resource',
    because: 'Who calls the function waits for its answer: there are no letters.',
  },
  {
    rule: 'Serverless-LambdaTracing',
    path: 'SessionsDemo/Function/Resource',
    because: 'The demo is destroyed when it has been seen.',
  },
];
const IN_NETWORK: Accepted[] = [
  {
    rule: 'AwsSolutions-IAM5[Resource::*]',
    path: 'Options/Store/Cleanup/Role/DefaultPolicy/Resource',
    because: 'What Lambda does with network interfaces cannot be granted for single ones before they are made.',
  },
  {
    rule: 'AwsSolutions-VPC7',
    path: 'Options/Vpc/Resource',
    because: 'The network is the test’s own.',
  },
];

describe('the AWS Solutions and Serverless rules of cdk-nag', () => {
  const app = newApp();
  const sessions = new SessionsStack(app, 'Sessions');
  const demo = new DemoStack(app, 'SessionsDemo', { store: sessions.store });

  it('object to nothing in Sessions but what is accepted above', () => {
    expect(objections(sessions)).toEqual(withoutReasons(inCleanup('Sessions/Store/Cleanup')));
  });

  it('object to nothing in SessionsDemo but what is accepted above', () => {
    expect(objections(demo)).toEqual(withoutReasons(IN_DEMO));
  });

  it('object to nothing in a store with every option but what is accepted above', () => {
    const stack = new Stack(app, 'Options', { env: { account: '111122223333', region: 'eu-west-3' } });
    // CDK's own class does not fit its interface where `exactOptionalPropertyTypes` is on.
    const vpc = new Vpc(stack, 'Vpc', { natGateways: 0, maxAzs: 1, restrictDefaultSecurityGroup: false }) as IVpc;
    const key = new Key(stack, 'Key', { enableKeyRotation: true });
    new SessionStore(stack, 'Store', {
      encryptionKey: key,
      replicas: [{ region: 'eu-west-1', encryptionKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/1' }],
      pointInTimeRecovery: true,
      metricsNamespace: 'Shop',
      cleanup: {
        vpc,
        vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
        tracing: Tracing.ACTIVE,
        logEncryptionKey: key,
      },
    });
    expect(objections(stack)).toEqual(withoutReasons([...IN_NETWORK, ...inCleanup('Options/Store/Cleanup', true)]));
  });

  it('object to nothing of what stands on a table that is there already but what is accepted above', () => {
    const stack = new Stack(app, 'Imported');
    const store = SessionStore.fromTableName(stack, 'Store', 'Sessions');
    const cleanup = new SessionCleanup(stack, 'Cleanup', { store });
    const alarms = new SessionAlarms(stack, 'Alarms', { store, cleanup });
    new SessionDashboard(stack, 'Dashboard', { store, cleanup, alarms: alarms.all });
    expect(objections(stack)).toEqual(withoutReasons(inCleanup('Imported/Cleanup')));
  });
});

function objections(stack: Stack): object[] {
  const found = [AwsSolutionsChecks, ServerlessChecks].flatMap((Rules) =>
    new Rules(stack)
      .validateScope(stack)
      .violations.flatMap(({ ruleName, violatingResources }) =>
        violatingResources.map(({ constructPath = '' }) => ({ rule: ruleName, path: constructPath })),
      ),
  );
  return sorted(found);
}

const withoutReasons = (accepted: readonly Accepted[]): object[] =>
  sorted(accepted.map(({ rule, path }) => ({ rule, path })));

const sorted = (list: { rule: string; path: string }[]): object[] =>
  list.toSorted((a, b) => a.rule.localeCompare(b.rule) || a.path.localeCompare(b.path));
