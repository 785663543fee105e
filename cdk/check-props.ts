import { RemovalPolicy, type Stack, Token } from 'aws-cdk-lib';
import { MultiRegionConsistency, StreamViewType } from 'aws-cdk-lib/aws-dynamodb';
import { checkCleanup } from './check-cleanup.js';
import { expecting, expectKnown } from './expect.js';
import type { SessionIndexOptions, SessionStoreProps } from './session-store-props.js';
import type { SessionStoreReplicaProps } from './session-store-replica.js';

const CONSTRUCT = 'SessionStore';
const expect = expecting(CONSTRUCT);

const KNOWN: Readonly<Record<keyof SessionStoreProps, true>> = {
  tableName: true,
  deletionProtection: true,
  removalPolicy: true,
  pointInTimeRecovery: true,
  billing: true,
  warmThroughput: true,
  userIndex: true,
  tableClass: true,
  dynamoStream: true,
  kinesisStream: true,
  resourcePolicy: true,
  encryptionKey: true,
  throttledKeys: true,
  replicas: true,
  multiRegionConsistency: true,
  witnessRegion: true,
  cleanup: true,
  alarms: true,
  alarmTopic: true,
  dashboard: true,
  metricsNamespace: true,
};
const KNOWN_OF_REPLICA: Readonly<Record<keyof SessionStoreReplicaProps, true>> = {
  region: true,
  encryptionKeyArn: true,
  resourcePolicy: true,
};
const KNOWN_OF_INDEX: Readonly<Record<keyof SessionIndexOptions, true>> = {
  readCapacity: true,
  writeCapacity: true,
  maxReadRequestUnits: true,
  maxWriteRequestUnits: true,
  warmThroughput: true,
};

/** @throws an error that names the property which is out of range, or contradicts another; before anything is made */
export function checkProps(props: SessionStoreProps, stack: Stack): void {
  expectKnown(expect, props, KNOWN);
  checkRemoval(props);
  checkReplicas(props, stack);
  checkConsistency(props);
  if (props.userIndex !== undefined) expectKnown(expecting(CONSTRUCT, 'userIndex.'), props.userIndex, KNOWN_OF_INDEX);
  const hasTtl = props.multiRegionConsistency !== MultiRegionConsistency.STRONG;
  if (props.cleanup !== undefined && props.cleanup !== false) {
    checkCleanup(expecting(CONSTRUCT, 'cleanup.'), props.cleanup, hasTtl);
  }
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
  for (const replica of replicas) expectKnown(expecting(CONSTRUCT, 'replicas.'), replica, KNOWN_OF_REPLICA);
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
  const { replicas = [], multiRegionConsistency, witnessRegion, cleanup, dynamoStream } = props;
  if (multiRegionConsistency !== MultiRegionConsistency.STRONG) {
    expect(
      replicas.length === 0 || dynamoStream === undefined || dynamoStream === StreamViewType.NEW_AND_OLD_IMAGES,
      'dynamoStream',
      'replicas need NEW_AND_OLD_IMAGES',
    );
    return expect(witnessRegion === undefined, 'witnessRegion', 'wants multiRegionConsistency STRONG');
  }
  const wanted = witnessRegion === undefined ? 2 : 1;
  expect(
    replicas.length === wanted,
    'replicas',
    'multiRegionConsistency STRONG wants two replicas, or one and a witnessRegion',
  );
  expect(cleanup !== false, 'cleanup', 'the table has no TTL: nothing would ever be removed');
}
