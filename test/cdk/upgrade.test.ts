import { fullDiff, ResourceImpact } from '@aws-cdk/cloudformation-diff';
import { Annotations as AnnotationsOf, Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Billing, Capacity, MultiRegionConsistency, StreamViewType, TableClass } from 'aws-cdk-lib/aws-dynamodb';
import { AccountPrincipal, PolicyDocument, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Stream } from 'aws-cdk-lib/aws-kinesis';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { SessionStoreProps } from 'dynamodb-sessions/cdk';
import { describe, expect, it } from 'vitest';
import earlier from './earlier-version.json' with { type: 'json' };
import logicalIds from './logical-ids.json' with { type: 'json' };
import { type Props, type Resource, synth } from './synth.js';

const env = { account: '111122223333', region: 'eu-west-3' };
const [ireland, frankfurt] = [{ region: 'eu-west-1' }, { region: 'eu-central-1' }];
const TABLE = 'StoreTable0CCFA19B';

describe('an upgrade from version 0.1.0', () => {
  // The role of the schedule has moved into the construct; NoFinishedCleanup has taken the place of CleanupUnfinished.
  it('keeps the logical ID of each resource but two, which hold no data', () => {
    const { template } = synth(
      (scope) => ({
        replicas: [{ ...ireland, encryptionKeyArn: 'arn:aws:kms:eu-west-1:111122223333:key/1' }],
        encryptionKey: new Key(scope, 'Key'),
        alarmTopic: new Topic(scope, 'Topic'),
        metricsNamespace: 'Shop',
      }),
      { env },
    );
    const resources = Object.entries(template.toJSON().Resources as Record<string, Resource>);
    const before = Object.entries(logicalIds).filter(
      ([id]) => !/^SchedulerRoleForTarget|^StoreAlarmsCleanupUnfinished/.test(id),
    );
    expect(Object.fromEntries(resources.map(([id, { Type }]) => [id, Type]))).toMatchObject(Object.fromEntries(before));
  });

  it('updates everything else in its place, the table with what is on by default', () => {
    const { resources } = fullDiff(earlier.template, synth({ tableName: 'sessions' }).template.toJSON() as object);
    const withImpact = (...impacts: ResourceImpact[]): string[] =>
      resources.logicalIds.filter((id) => impacts.includes(resources.get(id).changeImpact));
    expect(withImpact(ResourceImpact.WILL_UPDATE)).toContain(TABLE);
    expect(withImpact(ResourceImpact.WILL_REPLACE, ResourceImpact.MAY_REPLACE, ResourceImpact.WILL_ORPHAN)).toEqual([]);
    expect(withImpact(ResourceImpact.WILL_DESTROY)).toEqual([
      expect.stringMatching(/^StoreAlarmsCleanupUnfinished/),
      expect.stringMatching(/^SchedulerRoleForTarget/),
      expect.stringMatching(/^SchedulerRoleForTarget.*DefaultPolicy/),
    ]);
  });
});

const policy = (): PolicyDocument =>
  new PolicyDocument({
    statements: [
      new PolicyStatement({
        principals: [new AccountPrincipal('444455556666')],
        actions: ['dynamodb:GetItem'],
        resources: ['*'],
      }),
    ],
  });
const replicas = [ireland, frankfurt];
const strong = { multiRegionConsistency: MultiRegionConsistency.STRONG };

/** A change of each property: before, and after. A property that is missing here does not compile. */
const CHANGES: Readonly<Record<keyof SessionStoreProps, readonly [before: Props, after: Props]>> = {
  tableName: [{ tableName: 'one' }, { tableName: 'two' }],
  deletionProtection: [{}, { deletionProtection: false }],
  removalPolicy: [{ deletionProtection: false }, { deletionProtection: false, removalPolicy: RemovalPolicy.DESTROY }],
  pointInTimeRecovery: [{}, { pointInTimeRecovery: true }],
  billing: [
    {},
    {
      billing: Billing.provisioned({
        readCapacity: Capacity.fixed(1),
        writeCapacity: Capacity.autoscaled({ maxCapacity: 9 }),
      }),
    },
  ],
  warmThroughput: [{}, { warmThroughput: { readUnitsPerSecond: 13_000 } }],
  userIndex: [{}, { userIndex: { maxWriteRequestUnits: 9 } }],
  tableClass: [{}, { tableClass: TableClass.STANDARD_INFREQUENT_ACCESS }],
  dynamoStream: [{}, { dynamoStream: StreamViewType.KEYS_ONLY }],
  kinesisStream: [{}, (scope: Construct) => ({ kinesisStream: new Stream(scope, 'Changes') })],
  resourcePolicy: [{}, { resourcePolicy: policy() }],
  encryptionKey: [{}, (scope: Construct) => ({ encryptionKey: new Key(scope, 'Key') })],
  throttledKeys: [{}, { throttledKeys: false }],
  replicas: [{}, { replicas: [ireland] }],
  multiRegionConsistency: [{ replicas }, { replicas, ...strong }],
  witnessRegion: [
    { replicas, ...strong },
    { replicas: [ireland], witnessRegion: 'eu-central-1', ...strong },
  ],
  cleanup: [{}, { cleanup: { memory: Size.gibibytes(1), timeout: Duration.minutes(1) } }],
  alarms: [{}, { alarms: false }],
  alarmTopic: [{}, (scope: Construct) => ({ alarmTopic: new Topic(scope, 'Topic') })],
  dashboard: [{}, { dashboard: false }],
  metricsNamespace: [{}, { metricsNamespace: 'Shop' }],
};
const REPLACING = ['tableName'];
const IN_PLACE = Object.entries(CHANGES).filter(([property]) => !REPLACING.includes(property));

/** What CloudFormation does to the table. */
function impactOn(before: Props, after: Props): ResourceImpact | undefined {
  const [one, other] = [before, after].map((props) => synth(props, { env }).template.toJSON());
  return fullDiff(one as object, other as object).resources.changes[TABLE]?.changeImpact;
}

describe('a change of a property', () => {
  it.each(IN_PLACE)('%s updates the table in its place, or leaves it alone', (_, [before, after]) => {
    expect([ResourceImpact.WILL_UPDATE, ResourceImpact.NO_CHANGE, undefined]).toContain(impactOn(before, after));
  });

  it('is seen: that of the table’s name replaces it', () => {
    expect(impactOn(...CHANGES.tableName)).toBe(ResourceImpact.WILL_REPLACE);
    expect(impactOn({}, { tableName: 'one' })).toBe(ResourceImpact.WILL_REPLACE);
  });

  it('of the account’s rights updates the table in its place', () => {
    const add = (_: Construct, store: { grantAccess(to: AccountPrincipal): unknown }): void =>
      void store.grantAccess(new AccountPrincipal('444455556666'));
    const [before, after] = [{}, { add }].map((options) => synth({}, { env, ...options }).template.toJSON());
    const change = fullDiff(before as object, after as object).resources.changes[TABLE];
    expect(change?.changeImpact).toBe(ResourceImpact.WILL_UPDATE);
  });
});

describe('what CloudFormation will refuse to change', () => {
  const warningsOf = (props: SessionStoreProps): string[] => {
    const { store } = synth(props, { env });
    return Annotations.fromStack(store.table.stack)
      .findWarning('/Test/Store', Match.anyValue())
      .map(({ entry }) => entry.data as string);
  };

  it('is no concern of a table in one region', () => {
    expect(warningsOf({})).toEqual([]);
  });

  it('is the consistency mode, more than one replica at once, and a replica under deletion protection', () => {
    expect(warningsOf({ replicas })).toEqual([
      expect.stringMatching(
        /The consistency mode \(EVENTUAL\) is fixed.*one replica per update.*set deletionProtection to false/,
      ),
    ]);
  });

  it('is said as far as it may be met', () => {
    const [warning] = warningsOf({ replicas, ...strong, deletionProtection: false });
    expect(warning).toMatch(/The consistency mode \(STRONG\) is fixed/);
    expect(warning).not.toMatch(/per update|deletionProtection/);
  });

  it('is silenced by one word', () => {
    const { store } = synth(
      { replicas },
      { env, add: (_, made) => AnnotationsOf.of(made).acknowledgeWarning('dynamodb-sessions:replicas') },
    );
    expect(Template.fromStack(store.table.stack)).toBeDefined();
    expect(Annotations.fromStack(store.table.stack).findWarning('*', Match.anyValue())).toEqual([]);
  });
});
