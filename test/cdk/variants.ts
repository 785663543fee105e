import { type App, type Environment, Stack } from 'aws-cdk-lib';
import { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';
import { type IVpc, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Tracing } from 'aws-cdk-lib/aws-lambda';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import {
  SessionAlarms,
  SessionCleanup,
  SessionDashboard,
  SessionStore,
  type SessionStoreProps,
} from 'dynamodb-sessions/cdk';
import { DemoStack } from '../../cdk/demo-stack.js';

const account = '111122223333';
const paris: Environment = { account, region: 'eu-west-3' };
const ireland: Environment = { account, region: 'eu-west-1' };

type Variant = SessionStoreProps | ((scope: Construct) => SessionStoreProps);

/** The store in each of its forms, by the name of its stack. */
const VARIANTS: Readonly<Record<string, Variant>> = {
  ByDefault: {},
  NoCleanup: { cleanup: false },
  NoAlarms: { alarms: false, dashboard: false },
  CustomerKey: (scope) => ({ encryptionKey: new Key(scope, 'Key', { enableKeyRotation: true }) }),
  Everything: (scope) => ({
    alarmTopic: Topic.fromTopicArn(scope, 'Topic', `arn:aws:sns:eu-west-3:${account}:alarms`),
    metricsNamespace: 'Shop',
    pointInTimeRecovery: true,
  }),
  Network: (scope) => ({
    cleanup: {
      // CDK's own class does not fit its interface where `exactOptionalPropertyTypes` is on.
      vpc: new Vpc(scope, 'Vpc', { natGateways: 0, maxAzs: 1, restrictDefaultSecurityGroup: false }) as IVpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      tracing: Tracing.ACTIVE,
      logEncryptionKey: new Key(scope, 'LogKey', { enableKeyRotation: true }),
    },
  }),
  Replicas: { tableName: 'sessions', replicas: [{ region: 'eu-west-1' }] },
  StrongConsistency: {
    multiRegionConsistency: MultiRegionConsistency.STRONG,
    replicas: [{ region: 'eu-west-1' }],
    witnessRegion: 'eu-central-1',
  },
};

/** Stacks with the store in each of its forms, with the demo, with the alarms of a replica, and on a table of others. */
export function addVariants(app: App): readonly Stack[] {
  const stores = new Map<string, SessionStore>();
  for (const [name, variant] of Object.entries(VARIANTS)) {
    const stack = new Stack(app, name, { env: paris });
    stores.set(name, new SessionStore(stack, 'Store', typeof variant === 'function' ? variant(stack) : variant));
  }
  const [store, replicated] = ['ByDefault', 'Replicas'].map((name) => stores.get(name) as SessionStore);
  const demo = new DemoStack(app, 'Demo', { env: paris, store: store as SessionStore });
  const elsewhere = new Stack(app, 'ReplicaAlarms', { env: ireland });
  new SessionAlarms(elsewhere, 'Alarms', { store: replicated as SessionStore });
  return [...[...stores.values()].map((each) => Stack.of(each)), demo, elsewhere, addImported(app)];
}

/** What stands on a table that is there already. */
function addImported(app: App): Stack {
  const stack = new Stack(app, 'Imported', { env: paris });
  const store = SessionStore.fromTableName(stack, 'Table', 'Sessions');
  const cleanup = new SessionCleanup(stack, 'Cleanup', { store });
  const alarms = new SessionAlarms(stack, 'Alarms', { store, cleanup });
  new SessionDashboard(stack, 'Dashboard', { store, cleanup, alarms: alarms.all });
  return stack;
}
