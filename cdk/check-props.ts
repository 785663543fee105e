import { RemovalPolicy, type Stack, Token } from 'aws-cdk-lib';
import { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';
import type { SessionCleanupOptions } from './cleanup.js';
import { intervalOf, isOnce } from './schedule.js';
import type { SessionStoreProps } from './session-store-props.js';

/** @throws an error that names the property which is out of range, or contradicts another; before anything is made */
export function checkProps(props: SessionStoreProps, stack: Stack): void {
  checkRemoval(props);
  checkReplicas(props, stack);
  checkConsistency(props);
  if (props.cleanup !== undefined && props.cleanup !== false) checkCleanup(props.cleanup);
  if (props.alarms === false) expect(props.alarmTopic === undefined, 'alarmTopic', 'there are no alarms to send');
  if (props.metricsNamespace !== undefined) checkNamespace(props.metricsNamespace, props.dashboard);
}

/** What CloudWatch takes for a namespace; and nothing that could end the text in which the dashboard searches for it. */
function checkNamespace(namespace: string, dashboard: boolean | undefined): void {
  expect(dashboard !== false, 'metricsNamespace', 'there is no dashboard to show it');
  if (Token.isUnresolved(namespace)) return;
  expect(
    /^(?!:)[\w .\-/#:]{1,255}$/.test(namespace) && namespace.trim() !== '',
    'metricsNamespace',
    'expected up to 255 letters, digits, spaces and any of . - _ / # :, not beginning with a colon',
  );
}

function checkRemoval({ removalPolicy, deletionProtection = true }: SessionStoreProps): void {
  expect(
    removalPolicy !== RemovalPolicy.DESTROY || !deletionProtection,
    'deletionProtection',
    'must be false if removalPolicy is DESTROY: DynamoDB would refuse to delete the table',
  );
  expect(removalPolicy !== RemovalPolicy.SNAPSHOT, 'removalPolicy', 'a table has no SNAPSHOT');
}

function checkReplicas({ replicas = [], witnessRegion, encryptionKey }: SessionStoreProps, { region }: Stack): void {
  const others = [
    ...replicas.map((replica) => replica.region),
    ...(witnessRegion === undefined ? [] : [witnessRegion]),
  ];
  const isNamed = !Token.isUnresolved(region);
  expect(isNamed || encryptionKey === undefined, 'encryptionKey', 'the stack must name its own region, in its `env`');
  if (others.length === 0) return;
  expect(isNamed, 'replicas', 'the stack must name its own region, in its `env`');
  expect(!replicas.some((replica) => replica.region === region), 'replicas', `${region} is the stack's own region`);
  expect(new Set(others).size === others.length, 'replicas', 'a region is named twice');
  expect(witnessRegion !== region, 'witnessRegion', `${region} is the stack's own region`);
  for (const { region: name, encryptionKeyArn } of replicas) {
    const isEncrypted = encryptionKey !== undefined;
    expect(
      isEncrypted === (encryptionKeyArn !== undefined),
      'replicas',
      isEncrypted
        ? `${name} needs an encryptionKeyArn, for the store has an encryptionKey`
        : `${name} has an encryptionKeyArn, but the store has no encryptionKey`,
    );
  }
}

function checkConsistency(props: SessionStoreProps): void {
  const { replicas = [], multiRegionConsistency, witnessRegion, cleanup } = props;
  if (multiRegionConsistency !== MultiRegionConsistency.STRONG) {
    return expect(witnessRegion === undefined, 'witnessRegion', 'wants multiRegionConsistency STRONG');
  }
  const wanted = witnessRegion === undefined ? 2 : 1;
  expect(
    replicas.length === wanted,
    'replicas',
    'multiRegionConsistency STRONG wants two replicas, or one and a witnessRegion',
  );
  const nothingExpires = 'with multiRegionConsistency STRONG there is no TTL: nothing would ever be removed';
  if (cleanup === undefined) return;
  if (cleanup === false) return expect(false, 'cleanup', nothingExpires);
  expect(cleanup.dryRun !== true, 'cleanup.dryRun', nothingExpires);
  const interval = cleanup.schedule && intervalOf(cleanup.schedule);
  expect(
    cleanup.schedule === undefined || (interval !== undefined && interval.toMinutes() <= 60),
    'cleanup.schedule',
    'with multiRegionConsistency STRONG there is no TTL: expected a run every hour or more often, such as rate(1 hour)',
  );
}

function checkCleanup(options: SessionCleanupOptions): void {
  const { schedule, readBudget, segments, grace, writesPerSecond, memory, timeout } = options;
  expect(schedule === undefined || !isOnce(schedule), 'cleanup.schedule', 'at(…) would run once only');
  expectWhole('cleanup.readBudget', readBudget, 1, 1_000_000_000);
  expectWhole('cleanup.segments', segments, 1, 64);
  expectWhole('cleanup.grace', grace?.toSeconds(), 0, 31_536_000, ' seconds');
  expectWhole('cleanup.writesPerSecond', writesPerSecond, 1, 100_000);
  expectWhole('cleanup.memory', memory?.toMebibytes(), 128, 10_240, ' MiB');
  expectWhole('cleanup.timeout', timeout?.toSeconds(), 10, 900, ' seconds');
}

function expectWhole(name: string, value: number | undefined, least: number, most: number, unit = ''): void {
  if (value === undefined || Token.isUnresolved(value)) return;
  const isGood = Number.isInteger(value) && value >= least && value <= most;
  expect(isGood, name, `${value} is not a whole number from ${least} to ${most}${unit}`);
}

function expect(condition: boolean, property: string, reason: string): void {
  if (!condition) throw new Error(`SessionStore: ${property}: ${reason}.`);
}
