import { type IResource, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  ContributorInsightsMode,
  MultiRegionConsistency,
  ProjectionType,
  type ReplicaTableProps,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { type GrantWithResourceOptions, PolicyDocument } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { PARTITION_KEY, TTL_ATTRIBUTE, USER_INDEX } from '../src/table-schema.js';
import { SessionAlarms } from './alarms.js';
import { checkPolicySizes } from './check-policy-sizes.js';
import { checkProps } from './check-props.js';
import { SessionCleanup } from './cleanup.js';
import { SessionDashboard } from './dashboard.js';
import type { ISessionStore } from './i-session-store.js';
import { ImportedSessionStore, type SessionStoreAttributes } from './imported-session-store.js';
import { SessionStoreBase } from './session-store-base.js';
import type { SessionStoreProps } from './session-store-props.js';
import { replicaOf, type TableInRegion } from './table-in-region.js';
import { warnOfUpdates } from './warn-of-updates.js';

/**
 * The table that sessions are kept in, on demand, with its index and TTL; the scheduled cleanup; alarms; a dashboard.
 *
 * @throws an error that names the property, if one is out of range or contradicts another
 * @example
 * ```ts
 * const store = new SessionStore(this, 'Sessions');
 * store.grantAccess(apiHandler);
 * ```
 */
export class SessionStore extends SessionStoreBase {
  readonly table: TableV2;
  /** The cleanup's function, schedule and dead-letter queue. */
  readonly cleanup: SessionCleanup | undefined;
  readonly alarms: SessionAlarms | undefined;
  readonly dashboard: SessionDashboard | undefined;

  readonly hasTtl: boolean;
  readonly multiRegionConsistency: MultiRegionConsistency | undefined;
  /** @hidden */
  protected readonly regions: readonly [TableInRegion, ...TableInRegion[]];

  /** A table of this name in the stack's account and region, which is there already. */
  static fromTableName(scope: Construct, id: string, tableName: string): ISessionStore {
    return new ImportedSessionStore(scope, id, { tableName });
  }

  /** A table that is there already, in whatever account and region. */
  static fromTableArn(scope: Construct, id: string, tableArn: string): ISessionStore {
    return new ImportedSessionStore(scope, id, { tableArn });
  }

  /**
   * A table that is there already, with a key, replicas, or without TTL.
   *
   * @throws an error that names the attribute, if it makes no sense
   * @example
   * ```ts
   * const store = SessionStore.fromTableAttributes(this, 'Sessions', { tableName: 'sessions', timeToLive: false });
   * store.grantAccess(apiHandler);
   * new SessionCleanup(this, 'Cleanup', { store });
   * ```
   */
  static fromTableAttributes(scope: Construct, id: string, attributes: SessionStoreAttributes): ISessionStore {
    return new ImportedSessionStore(scope, id, attributes);
  }

  constructor(scope: Construct, id: string, props: SessionStoreProps = {}) {
    super(scope, id);
    checkProps(props, Stack.of(this));
    warnOfUpdates(this, props);

    const { tableName, encryptionKey, replicas = [] } = props;
    const isUnnamed = tableName === undefined;
    const policies = replicas.map(({ resourcePolicy = new PolicyDocument() }) => resourcePolicy);
    this.multiRegionConsistency = props.multiRegionConsistency;
    this.hasTtl = props.multiRegionConsistency !== MultiRegionConsistency.STRONG;
    this.table = this.#createTable(props, policies);
    this.regions = [
      {
        region: this.env.region,
        tableArn: this.tableArn,
        isUnnamed,
        resource: this.table,
        ...(encryptionKey && { encryptionKey }),
      },
      ...replicas.map((replica, index) => ({
        ...replicaOf(this, replica),
        isUnnamed,
        resource: policyResource(this.table, policies[index] as PolicyDocument),
      })),
    ];

    checkPolicySizes(this, () => [
      [this.env.region, this.table.resourcePolicy],
      ...replicas.map(({ region }, index) => [region, policies[index]] as const),
    ]);

    if (props.cleanup !== false) {
      this.cleanup = new SessionCleanup(this, 'Cleanup', { ...props.cleanup, store: this });
    }
    if (props.alarms !== false) {
      this.alarms = new SessionAlarms(this, 'Alarms', {
        store: this,
        ...(this.cleanup && { cleanup: this.cleanup }),
        ...(props.alarmTopic && { topic: props.alarmTopic }),
        ...(typeof props.alarms === 'object' && { alarms: props.alarms }),
      });
    }
    if (props.dashboard !== false) {
      this.dashboard = new SessionDashboard(this, 'Dashboard', {
        store: this,
        ...(this.cleanup && { cleanup: this.cleanup }),
        ...(this.alarms && { alarms: this.alarms.all }),
        ...(props.metricsNamespace !== undefined && { metricsNamespace: props.metricsNamespace }),
      });
    }
  }

  /** The table's name: `store.table.tableName`. */
  get tableName(): string {
    return this.table.tableName;
  }

  /** The table's ARN: `store.table.tableArn`. */
  get tableArn(): string {
    return this.table.tableArn;
  }

  /** The account and the region of the table. */
  get env(): IResource['env'] {
    return this.table.env;
  }

  #createTable(props: SessionStoreProps, policies: readonly PolicyDocument[]): TableV2 {
    const { tableName, encryptionKey, replicas = [], multiRegionConsistency, witnessRegion } = props;
    const { deletionProtection = true, removalPolicy = RemovalPolicy.RETAIN, pointInTimeRecovery = false } = props;
    const { throttledKeys = encryptionKey === undefined } = props;
    const contributorInsights = throttledKeys && {
      contributorInsightsSpecification: { enabled: true, mode: ContributorInsightsMode.THROTTLED_KEYS },
    };
    const keyArns = Object.fromEntries(replicas.map((replica) => [replica.region, replica.encryptionKeyArn ?? '']));
    return new TableV2(this, 'Table', {
      ...(tableName !== undefined && { tableName }),
      partitionKey: { name: PARTITION_KEY, type: AttributeType.STRING },
      globalSecondaryIndexes: [
        {
          indexName: USER_INDEX.indexName,
          partitionKey: { name: USER_INDEX.partitionKey, type: AttributeType.STRING },
          sortKey: { name: USER_INDEX.sortKey, type: AttributeType.NUMBER },
          projectionType: ProjectionType.KEYS_ONLY,
          ...contributorInsights,
          ...props.userIndex,
        },
      ],
      ...(this.hasTtl && { timeToLiveAttribute: TTL_ATTRIBUTE }),
      ...contributorInsights,
      billing: props.billing ?? Billing.onDemand(),
      ...(props.warmThroughput && { warmThroughput: props.warmThroughput }),
      ...(props.tableClass && { tableClass: props.tableClass }),
      ...(props.dynamoStream && { dynamoStream: props.dynamoStream }),
      ...(props.kinesisStream && { kinesisStream: props.kinesisStream }),
      ...(props.resourcePolicy && { resourcePolicy: props.resourcePolicy }),
      deletionProtection,
      removalPolicy,
      pointInTimeRecoverySpecification:
        typeof pointInTimeRecovery === 'object'
          ? pointInTimeRecovery
          : { pointInTimeRecoveryEnabled: pointInTimeRecovery },
      ...(encryptionKey && { encryption: TableEncryptionV2.customerManagedKey(encryptionKey, keyArns) }),
      ...(replicas.length > 0 && {
        replicas: replicas.map(({ region }, index) => replicaProps(region, policies[index] as PolicyDocument)),
      }),
      ...(multiRegionConsistency && { multiRegionConsistency }),
      ...(witnessRegion !== undefined && { witnessRegion }),
    });
  }
}

/** CDK refuses a policy without statements, and reads this one when all grants have been given. */
function replicaProps(region: string, policy: PolicyDocument): ReplicaTableProps {
  const lazy = { get: () => (policy.isEmpty ? undefined : policy), enumerable: true };
  return Object.defineProperty({ region }, 'resourcePolicy', lazy);
}

/** The policy of a replica. */
function policyResource(table: TableV2, policy: PolicyDocument): GrantWithResourceOptions['resource'] {
  return {
    env: table.env,
    addToResourcePolicy(statement) {
      policy.addStatements(statement);
      return { statementAdded: true, policyDependable: table };
    },
  };
}
