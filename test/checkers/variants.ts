import { type Environment, Stack } from 'aws-cdk-lib';
import { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { SessionAlarms, SessionStore, type SessionStoreProps } from 'dynamodb-sessions/cdk';
import { DemoStack } from '../../cdk/demo-stack.js';
import { newApp } from '../cdk/synth.js';

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
  Replicas: { tableName: 'sessions', replicas: [{ region: 'eu-west-1' }] },
  StrongConsistency: {
    multiRegionConsistency: MultiRegionConsistency.STRONG,
    replicas: [{ region: 'eu-west-1' }],
    witnessRegion: 'eu-central-1',
  },
};

/** Writes the templates of all variants, and of the demo, into a folder. */
export function synthesiseVariants(outdir: string): readonly string[] {
  const app = newApp(outdir);
  const stores = new Map<string, SessionStore>();
  for (const [name, variant] of Object.entries(VARIANTS)) {
    const stack = new Stack(app, name, { env: paris });
    stores.set(name, new SessionStore(stack, 'Store', typeof variant === 'function' ? variant(stack) : variant));
  }
  const [store, replicated] = ['ByDefault', 'Replicas'].map((name) => stores.get(name) as SessionStore);
  new DemoStack(app, 'Demo', { env: paris, store: store as SessionStore });
  new SessionAlarms(new Stack(app, 'ReplicaAlarms', { env: ireland }), 'Alarms', { store: replicated as SessionStore });
  return app.synth().stacks.map(({ stackName }) => stackName);
}
