import type { IResource } from 'aws-cdk-lib';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import type { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';

/** A table of sessions: one that a `SessionStore` makes, or one that is there already (`SessionStore.fromTableName`). */
export interface ISessionStore extends IConstruct {
  readonly tableName: string;
  readonly tableArn: string;
  /** The account and the region of the table. */
  readonly env: IResource['env'];
  /** The regions with a copy of the table, its own first. */
  readonly regionNames: readonly string[];
  /** How far what one region writes is seen by the others; `undefined` if nothing was said. */
  readonly multiRegionConsistency: MultiRegionConsistency | undefined;
  /** Whether DynamoDB removes what has expired. If not, the cleanup alone does. */
  readonly hasTtl: boolean;

  /**
   * Lets a function, or any other principal, keep sessions here: the actions that the persistence layer calls, and no
   * other. A function is told the table's name and region in its environment; so is the function behind an alias or a
   * version. If the table has a replica in the region of the grantee's stack, this is about that replica alone.
   *
   * A principal of another account gets a statement in the table's own resource policy as well, and is told the table's
   * ARN for its name.
   *
   * @throws an error that says what to do, if the function has access to another store, for its environment names one
   * table; if DynamoDB gives no rights to such a principal (a service, everybody); or if rights across accounts cannot
   * be given
   */
  grantAccess(grantee: IGrantable): Grant;

  /** Lets a support desk look at sessions, and change none: `list`, `show` and `stats` of `npx dynamodb-sessions`. */
  grantReadOnly(grantee: IGrantable): Grant;

  /** For operators: {@link grantAccess}, and what `stats` and `cleanup` of `npx dynamodb-sessions` need. */
  grantAdministration(grantee: IGrantable): Grant;

  /**
   * For a cleanup: reads the whole table, deletes, and writes its own item only. `SessionCleanup` has it.
   * @param dryRun whether it only counts: it may write nothing then. Default: `false`
   */
  grantCleanup(grantee: IGrantable, dryRun?: boolean): Grant;

  /** A metric of the table, such as `ConsumedReadCapacityUnits`. @default - sum over 5 minutes */
  metric(metricName: string, options?: MetricOptions): Metric;
}
