import type { RemovalPolicy } from 'aws-cdk-lib';
import type {
  Billing,
  GlobalSecondaryIndexPropsV2,
  MultiRegionConsistency,
  PointInTimeRecoverySpecification,
  StreamViewType,
  TableClass,
  WarmThroughput,
} from 'aws-cdk-lib/aws-dynamodb';
import type { PolicyDocument } from 'aws-cdk-lib/aws-iam';
import type { IStream } from 'aws-cdk-lib/aws-kinesis';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { SessionAlarmOptions } from './alarm-options.js';
import type { SessionCleanupOptions } from './cleanup-options.js';
import type { SessionStoreReplicaProps } from './session-store-replica.js';

/** The options of `SessionStore`. */
export interface SessionStoreProps {
  /**
   * The table's name. Mind that a table with a name of yours cannot be replaced, should an update ever need that.
   * @default - CloudFormation makes one up
   */
  readonly tableName?: string;
  /**
   * Whether DynamoDB refuses to delete the table.
   * @default true
   */
  readonly deletionProtection?: boolean;
  /**
   * What becomes of the table when the stack is deleted. `DESTROY` wants `deletionProtection: false` as well.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
  /**
   * Continuous backups; with a specification, how many days back. A restore brings back sessions that were logged out
   * since, and loses the TTL setting.
   * @default false
   */
  readonly pointInTimeRecovery?: boolean | PointInTimeRecoverySpecification;
  /**
   * How the table is paid for: by request, with a maximum if you like, or by capacity provisioned. The index has the
   * same, unless `userIndex` says otherwise.
   * @default Billing.onDemand()
   */
  readonly billing?: Billing;
  /**
   * How many units per second the table serves at once, before it has grown. The index has its own in `userIndex`. It
   * can be raised later, and not lowered.
   * @default - what DynamoDB begins with
   */
  readonly warmThroughput?: WarmThroughput;
  /**
   * What the index by user has of its own: it is written at login and logout only.
   * @default - as the table
   */
  readonly userIndex?: SessionIndexOptions;
  /** @default TableClass.STANDARD */
  readonly tableClass?: TableClass;
  /**
   * The table's stream of changes. It holds hashes of secrets and your data. With `replicas` it must be
   * `NEW_AND_OLD_IMAGES`.
   * @default - none; with replicas the one that they need
   */
  readonly dynamoStream?: StreamViewType;
  /**
   * A Kinesis stream of the table's changes.
   * @default - none
   */
  readonly kinesisStream?: IStream;
  /**
   * A policy of the table in its own region. Grants to other accounts add to it. Replicas have their own.
   * @default - none
   */
  readonly resourcePolicy?: PolicyDocument;
  /**
   * A key of yours, with which DynamoDB encrypts the table. The stack must name its own region.
   * @default - a key that DynamoDB owns
   */
  readonly encryptionKey?: IKey;
  /**
   * Other regions in which the table has a replica. The stack must name its own region.
   * @default - none
   */
  readonly replicas?: readonly SessionStoreReplicaProps[];
  /**
   * `STRONG` lets every region read what any region has written. It wants two replicas, or one and a witness. Such a
   * table has no TTL, so the cleanup alone removes what has expired: it cannot be `false`, and runs at least hourly.
   * @default MultiRegionConsistency.EVENTUAL
   */
  readonly multiRegionConsistency?: MultiRegionConsistency;
  /**
   * The region that takes part in strong consistency without a replica.
   * @default - none
   */
  readonly witnessRegion?: string;
  /**
   * The function that removes expired sessions which TTL has not removed yet; `false` leaves them to TTL alone, which
   * takes some days.
   * @default - once a day; once an hour with strong consistency
   */
  readonly cleanup?: false | SessionCleanupOptions;
  /**
   * Whether CloudWatch counts which keys are throttled (Contributor Insights). It shows session IDs and user IDs as
   * they are, whatever the table is encrypted with.
   * @default true, unless there is an `encryptionKey`
   */
  readonly throttledKeys?: boolean;
  /**
   * The alarms of the table and its cleanup; or which of them, by name, are left out or tuned.
   * @default true
   */
  readonly alarms?: boolean | SessionAlarmOptions;
  /**
   * Where alarms are sent to, and that they are over.
   * @default - nowhere: they are seen in CloudWatch, and on the dashboard
   */
  readonly alarmTopic?: ITopic;
  /**
   * The dashboard.
   * @default true
   */
  readonly dashboard?: boolean;
  /**
   * The namespace in which your functions count what happens to sessions (`countEvents`): the dashboard shows it.
   * @default - none: the dashboard shows the table and its cleanup
   */
  readonly metricsNamespace?: string;
}

/** The capacity of the index by user. Each defaults to that of the table, but `warmThroughput`. */
export type SessionIndexOptions = Pick<
  GlobalSecondaryIndexPropsV2,
  'readCapacity' | 'writeCapacity' | 'maxReadRequestUnits' | 'maxWriteRequestUnits' | 'warmThroughput'
>;
