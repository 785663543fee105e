import type { RemovalPolicy } from 'aws-cdk-lib';
import type { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { SessionCleanupOptions } from './cleanup.js';
import type { SessionStoreReplica } from './session-store-replica.js';

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
   * Continuous backups. A restore brings back sessions that were logged out since, and loses the TTL setting.
   * @default false
   */
  readonly pointInTimeRecovery?: boolean;
  /**
   * A key of yours, with which DynamoDB encrypts the table. The stack must name its own region.
   * @default - a key that DynamoDB owns
   */
  readonly encryptionKey?: IKey;
  /**
   * Other regions in which the table has a replica. The stack must name its own region.
   * @default - none
   */
  readonly replicas?: readonly SessionStoreReplica[];
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
   * The alarms of the table and its cleanup.
   * @default true
   */
  readonly alarms?: boolean;
  /**
   * Where alarms are sent to.
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
