import { Duration, RemovalPolicy, Size, Stack } from 'aws-cdk-lib';
import { MultiRegionConsistency, StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import {
  type ISessionStore,
  SessionAlarms,
  SessionCleanup,
  SessionDashboard,
  SessionStore,
  type SessionStoreProps,
} from 'dynamodb-sessions/cdk';
import { describe, expect, it } from 'vitest';
import { MOST_READ_UNITS, MOST_SEGMENTS, MOST_WRITES_PER_SECOND } from '../../src/cleanup/options.js';
import { newApp, synth } from './synth.js';

const env = { account: '111122223333', region: 'eu-west-3' };
const [ireland, frankfurt] = [{ region: 'eu-west-1' }, { region: 'eu-central-1' }];
const keyArn = 'arn:aws:kms:eu-west-1:111122223333:key/1';
const strong = { multiRegionConsistency: MultiRegionConsistency.STRONG, replicas: [ireland, frankfurt] };
const at = (expression: string): ScheduleExpression => ScheduleExpression.expression(expression);

const BAD: [property: string, props: SessionStoreProps | ((scope: Construct) => SessionStoreProps)][] = [
  ['deletionProtection', { removalPolicy: RemovalPolicy.DESTROY }],
  ['deletionProtection', { removalPolicy: RemovalPolicy.DESTROY, deletionProtection: true }],
  ['removalPolicy', { removalPolicy: RemovalPolicy.SNAPSHOT }],
  ['replicas', { replicas: [{ region: env.region }] }],
  ['replicas', { replicas: [ireland, ireland] }],
  ['replicas', { replicas: [{ ...ireland, encryptionKeyArn: keyArn }] }],
  ['replicas', (scope) => ({ encryptionKey: new Key(scope, 'Key'), replicas: [ireland] })],
  ['replicas', { multiRegionConsistency: MultiRegionConsistency.STRONG }],
  ['replicas', { multiRegionConsistency: MultiRegionConsistency.STRONG, replicas: [ireland] }],
  ['replicas', { ...strong, witnessRegion: 'eu-west-2' }],
  ['witnessRegion', { replicas: [ireland], witnessRegion: 'eu-west-2' }],
  ['witnessRegion', { ...strong, replicas: [ireland], witnessRegion: env.region }],
  ['cleanup', { ...strong, cleanup: false }],
  ['cleanup.dryRun', { ...strong, cleanup: { dryRun: true } }],
  ['cleanup.schedule', { ...strong, cleanup: { schedule: at('rate(1 day)') } }],
  ['cleanup.schedule', { ...strong, cleanup: { schedule: at('rate(61 minutes)') } }],
  ['cleanup.schedule', { ...strong, cleanup: { schedule: at('cron(0 3 * * ? *)') } }],
  ['cleanup.schedule', { cleanup: { schedule: at('at(2030-01-01T00:00:00)') } }],
  ['cleanup.readBudget', { cleanup: { readBudget: 0 } }],
  ['cleanup.readBudget', { cleanup: { readBudget: -1 } }],
  ['cleanup.readBudget', { cleanup: { readBudget: 0.5 } }],
  ['cleanup.readBudget', { cleanup: { readBudget: Number.NaN } }],
  ['cleanup.readBudget', { cleanup: { readBudget: MOST_READ_UNITS + 1 } }],
  ['cleanup.segments', { cleanup: { segments: 0 } }],
  ['cleanup.segments', { cleanup: { segments: MOST_SEGMENTS + 1 } }],
  ['cleanup.grace', { cleanup: { grace: Duration.days(366) } }],
  ['cleanup.writesPerSecond', { cleanup: { writesPerSecond: 0 } }],
  ['cleanup.writesPerSecond', { cleanup: { writesPerSecond: MOST_WRITES_PER_SECOND + 1 } }],
  ['cleanup.memory', { cleanup: { memory: Size.mebibytes(64) } }],
  ['cleanup.timeout', { cleanup: { timeout: Duration.minutes(16) } }],
  ['cleanup.timeout', { cleanup: { timeout: Duration.seconds(1) } }],
  ['cleanup.vpcSubnets', { cleanup: { vpcSubnets: {} } }],
  ['cleanup.securityGroups', { cleanup: { securityGroups: [] } }],
  ['dynamoStream', { replicas: [ireland], dynamoStream: StreamViewType.KEYS_ONLY }],
  ['metricsNamespace', { metricsNamespace: '' }],
  ['metricsNamespace', { metricsNamespace: ' ' }],
  ['metricsNamespace', { metricsNamespace: ':Shop' }],
  ['metricsNamespace', { metricsNamespace: `Shop"' , 'Sum'` }],
  ['metricsNamespace', { metricsNamespace: 'x'.repeat(256) }],
  ['metricsNamespace', { metricsNamespace: 'Shop', dashboard: false }],
  ['alarmTopic', (scope) => ({ alarms: false, alarmTopic: new Topic(scope, 'Topic') })],
];

describe('options that are out of range or contradict each other', () => {
  it.each(BAD)('%s is named: case %#', (property, props) => {
    expect(() => synth(props, { env })).toThrow(`SessionStore: ${property}: `);
  });

  it('include replicas and a key in a stack that does not name its own region', () => {
    expect(() => synth({ replicas: [ireland] })).toThrow('SessionStore: replicas: ');
    const withKey = (scope: Construct): SessionStoreProps => ({ encryptionKey: new Key(scope, 'Key') });
    expect(() => synth(withKey)).toThrow('SessionStore: encryptionKey: ');
  });
});

/** As JavaScript gives them, which no compiler looks at. */
const javascript = (props: object): never => props as never;

describe('properties that there are not', () => {
  const make = (of: (stack: Stack, store: ISessionStore) => unknown): unknown => {
    const stack = new Stack(newApp(), 'Test', { env });
    return of(stack, SessionStore.fromTableName(stack, 'Store', 'Sessions'));
  };

  it.each<[string, () => unknown]>([
    [
      'SessionStore: table: there is no such property; did you mean tableName?',
      () => synth(javascript({ table: 'T' })),
    ],
    [
      'SessionStore: pointInTimeRecover: there is no such property; did you mean pointInTimeRecovery?',
      () => synth(javascript({ pointInTimeRecover: true })),
    ],
    [
      'SessionStore: topic: there is no such property; did you mean alarmTopic?',
      () => synth(javascript({ topic: {} })),
    ],
    [
      'SessionStore: ttl: there is no such property; expected one of tableName, deletionProtection,',
      () => synth(javascript({ ttl: true })),
    ],
    [
      'SessionStore: cleanup.scedule: there is no such property; did you mean schedule?',
      () => synth(javascript({ cleanup: { scedule: 1 } })),
    ],
    [
      'SessionStore: replicas.kmsKeyArn: ',
      () => synth(javascript({ replicas: [{ ...ireland, kmsKeyArn: 'x' }] }), { env }),
    ],
    [
      'SessionStore: userIndex.capacity: there is no such property; did you mean readCapacity?',
      () => synth(javascript({ userIndex: { capacity: 1 } })),
    ],
    [
      'SessionStore: arn: there is no such property; did you mean tableArn?',
      () => make((stack) => SessionStore.fromTableAttributes(stack, 'A', javascript({ arn: 'x' }))),
    ],
    [
      'SessionStore: replicas.key: ',
      () =>
        make((stack) =>
          SessionStore.fromTableAttributes(
            stack,
            'A',
            javascript({ tableName: 'T', replicas: [{ ...ireland, key: 1 }] }),
          ),
        ),
    ],
    [
      'SessionCleanup: hasTtl: there is no such property',
      () => make((stack, store) => new SessionCleanup(stack, 'C', javascript({ store, hasTtl: true }))),
    ],
    [
      'SessionAlarms: topics: there is no such property; did you mean topic?',
      () => make((stack, store) => new SessionAlarms(stack, 'C', javascript({ store, topics: [] }))),
    ],
    [
      'SessionDashboard: namespace: there is no such property; did you mean metricsNamespace?',
      () => make((stack, store) => new SessionDashboard(stack, 'C', javascript({ store, namespace: 'x' }))),
    ],
  ])('are refused: %s', (message, act) => {
    expect(act).toThrow(message);
  });

  it('are not those that are given, but undefined', () => {
    expect(() => synth(javascript({ tableName: undefined, cleanup: undefined }))).not.toThrow();
  });
});

describe('a table that is there already', () => {
  const stack = new Stack(newApp(), 'Test', { env });
  const withoutTtl = SessionStore.fromTableAttributes(stack, 'Store', { tableName: 'Sessions', timeToLive: false });

  it.each<[string, () => unknown]>([
    ['SessionStore: tableName: ', () => SessionStore.fromTableAttributes(stack, 'None', {})],
    [
      'SessionStore: tableName: ',
      () => SessionStore.fromTableAttributes(stack, 'Both', { tableName: 'T', tableArn: keyArn }),
    ],
    ['SessionCleanup: dryRun: ', () => new SessionCleanup(stack, 'Dry', { store: withoutTtl, dryRun: true })],
    [
      'SessionCleanup: schedule: ',
      () => new SessionCleanup(stack, 'Daily', { store: withoutTtl, schedule: at('rate(1 day)') }),
    ],
    ['SessionCleanup: segments: ', () => new SessionCleanup(stack, 'Segments', { store: withoutTtl, segments: 0 })],
  ])('refuses what makes no sense: %s case %#', (message, act) => {
    expect(act).toThrow(message);
  });
});

describe('options at the edge', () => {
  it.each<SessionStoreProps>([
    { cleanup: { readBudget: 1, segments: 1, memory: Size.mebibytes(128), timeout: Duration.seconds(10) } },
    { cleanup: { readBudget: MOST_READ_UNITS, segments: MOST_SEGMENTS, timeout: Duration.minutes(15) } },
    { ...strong, cleanup: { schedule: at('rate(60 minutes)') } },
    { ...strong, cleanup: { schedule: at('cron(0/10 * * * ? *)') } },
    { metricsNamespace: 'My shop/EU.1_a-b#c:d' },
    { removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE },
  ])('are taken: case %#', (props) => {
    expect(() => synth(props, { env })).not.toThrow();
  });
});
