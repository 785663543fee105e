import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';
import { Key } from 'aws-cdk-lib/aws-kms';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { SessionStoreProps } from 'dynamodb-sessions/cdk';
import { describe, expect, it } from 'vitest';
import { MOST_READ_UNITS, MOST_SEGMENTS, MOST_WRITES_PER_SECOND } from '../../src/cleanup/options.js';
import { synth } from './synth.js';

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
