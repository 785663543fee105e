import type { Duration, Size } from 'aws-cdk-lib';
import type { ISecurityGroup, IVpc, SubnetSelection } from 'aws-cdk-lib/aws-ec2';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Tracing } from 'aws-cdk-lib/aws-lambda';
import type { RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';

/** The options of the cleanup. */
export interface SessionCleanupOptions {
  /**
   * When it runs.
   * @default - once a day; once an hour if the table has no TTL
   */
  readonly schedule?: ScheduleExpression;
  /**
   * How many read units one run may take, of which the whole table takes half a one per 4 KB. The next run goes on
   * where it stopped.
   * @default - as many as it takes
   */
  readonly readBudget?: number;
  /**
   * How many parts of the table are read at the same time.
   * @default 4
   */
  readonly segments?: number;
  /**
   * How long an item is left to TTL after it has expired, for TTL deletes it for nothing.
   * @default - two days; nothing if the table has no TTL
   */
  readonly grace?: Duration;
  /**
   * How many write units the deletions may take in a second, so that they throttle nobody else.
   * @default 500
   */
  readonly writesPerSecond?: number;
  /**
   * Counts what has expired, and deletes nothing.
   * @default false
   */
  readonly dryRun?: boolean;
  /**
   * The function's memory, which its share of a processor goes with.
   * @default Size.mebibytes(512)
   */
  readonly memory?: Size;
  /**
   * How long one run may take. It stops well before, and the next run goes on from there. Longer than the time between
   * two runs, it lets them overlap: that does no harm, and reads twice.
   * @default - 5 minutes, or the time between two runs if that is less
   */
  readonly timeout?: Duration;
  /**
   * A network for the function, if it must be in one. It reaches DynamoDB by a gateway endpoint or a NAT gateway.
   * @default - none
   */
  readonly vpc?: IVpc;
  /**
   * Where in the network it is.
   * @default - as CDK has it: private subnets
   */
  readonly vpcSubnets?: SubnetSelection;
  /**
   * Its security groups in the network.
   * @default - a new one
   */
  readonly securityGroups?: ISecurityGroup[];
  /**
   * Whether X-Ray traces its runs.
   * @default - not
   */
  readonly tracing?: Tracing;
  /**
   * How long its logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays;
  /**
   * A key of yours, with which its logs are encrypted. Its policy is made to let the logs in; do that yourself for a key
   * that was imported.
   * @default - a key that CloudWatch owns
   */
  readonly logEncryptionKey?: IKey;
}
