import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import type { Metric, MetricOptions } from 'aws-cdk-lib/aws-cloudwatch';
import {
  AttributeType,
  Billing,
  ContributorInsightsMode,
  MultiRegionConsistency,
  ProjectionType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct, type IConstruct } from 'constructs';
import { PARTITION_KEY, TABLE_ENVIRONMENT, TTL_ATTRIBUTE, USER_INDEX } from '../src/table-schema.js';
import { SessionAlarms } from './alarms.js';
import { checkProps } from './check-props.js';
import { SessionCleanup } from './cleanup.js';
import { SessionDashboard } from './dashboard.js';
import { tableMetric } from './metrics.js';
import type { SessionStoreProps, SessionStoreReplica } from './session-store-props.js';
import type { WatchedStore } from './watched-store.js';

/** The actions that the persistence layer calls on the table, and on its index. */
const TABLE_ACTIONS = ['GetItem', 'PutItem', 'UpdateItem', 'BatchGetItem', 'BatchWriteItem'];
const INDEX_ACTIONS = ['Query'];

/** What DynamoDB does with a customer's key in the name of who calls it. */
const KEY_ACTIONS = [
  'kms:Decrypt',
  'kms:DescribeKey',
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

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
export class SessionStore extends Construct implements WatchedStore {
  readonly table: TableV2;
  /** The regions with a copy of the table, its own first. */
  readonly regionNames: readonly string[];
  readonly multiRegionConsistency: MultiRegionConsistency | undefined;
  /** The cleanup's function, schedule and dead-letter queue. */
  readonly cleanup: SessionCleanup | undefined;
  readonly alarms: SessionAlarms | undefined;
  readonly dashboard: SessionDashboard | undefined;

  readonly #encryptionKey: IKey | undefined;
  readonly #replicas: readonly SessionStoreReplica[];

  constructor(scope: Construct, id: string, props: SessionStoreProps = {}) {
    super(scope, id);
    checkProps(props, Stack.of(this));

    this.#encryptionKey = props.encryptionKey;
    this.#replicas = props.replicas ?? [];
    this.regionNames = [Stack.of(this).region, ...this.#replicas.map(({ region }) => region)];
    this.multiRegionConsistency = props.multiRegionConsistency;
    this.table = this.#createTable(props);

    if (props.cleanup !== false) {
      this.cleanup = new SessionCleanup(this, 'Cleanup', {
        ...props.cleanup,
        table: this.table,
        hasTtl: props.multiRegionConsistency !== MultiRegionConsistency.STRONG,
      });
      this.#grantKey(this.cleanup.function);
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

  /**
   * Lets a function, or any other principal, keep sessions here: the actions that the persistence layer calls, and no
   * other. A function is told the table's name and region in its environment. If the table has a replica in the region
   * of the grantee's stack, this is about that replica alone.
   *
   * @throws an error that says what to do, if the function has access to another store: its environment names one table
   */
  grantAccess(grantee: IGrantable): Grant {
    if (hasEnvironment(grantee)) {
      this.#expectNoOther(grantee);
      grantee.addEnvironment(TABLE_ENVIRONMENT.tableName, this.table.tableName);
      grantee.addEnvironment(TABLE_ENVIRONMENT.region, this.#tableFor(grantee).region);
    }
    this.#grantKey(grantee);
    return this.#grant(grantee, TABLE_ACTIONS).combine(
      this.#grant(grantee, INDEX_ACTIONS, `/index/${USER_INDEX.indexName}`),
    );
  }

  /** The table's name: `store.table.tableName`. */
  get tableName(): string {
    return this.table.tableName;
  }

  /** For a support desk, which looks at sessions and changes none: `list`, `show` and `stats` of the command. */
  grantReadOnly(grantee: IGrantable): Grant {
    this.#grantKey(grantee);
    return this.#grant(grantee, ['BatchGetItem', 'DescribeTable', 'GetItem', 'Scan']).combine(
      this.#grant(grantee, INDEX_ACTIONS, `/index/${USER_INDEX.indexName}`),
    );
  }

  /** What {@link grantAccess} gives, and `Scan`: for operators, who look at the whole table. */
  grantAdministration(grantee: IGrantable): Grant {
    return this.grantAccess(grantee).combine(this.#grant(grantee, ['Scan']));
  }

  /** A metric of the table, such as `ConsumedReadCapacityUnits`. @default - sum over 5 minutes */
  metric(metricName: string, options?: MetricOptions): Metric {
    return tableMetric(this.table, metricName, options);
  }

  #createTable(props: SessionStoreProps): TableV2 {
    const { tableName, encryptionKey, replicas = [], multiRegionConsistency, witnessRegion } = props;
    const { deletionProtection = true, removalPolicy = RemovalPolicy.RETAIN, pointInTimeRecovery = false } = props;
    const { throttledKeys = encryptionKey === undefined } = props;
    const contributorInsights = throttledKeys && {
      contributorInsightsSpecification: { enabled: true, mode: ContributorInsightsMode.THROTTLED_KEYS },
    };
    const isStrong = multiRegionConsistency === MultiRegionConsistency.STRONG;
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
        },
      ],
      ...(!isStrong && { timeToLiveAttribute: TTL_ATTRIBUTE }),
      billing: Billing.onDemand(),
      ...contributorInsights,
      deletionProtection,
      removalPolicy,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: pointInTimeRecovery },
      ...(encryptionKey && { encryption: TableEncryptionV2.customerManagedKey(encryptionKey, keyArns) }),
      ...(replicas.length > 0 && { replicas: replicas.map(({ region }) => ({ region })) }),
      ...(multiRegionConsistency && { multiRegionConsistency }),
      ...(witnessRegion !== undefined && { witnessRegion }),
    });
  }

  #expectNoOther(grantee: WithEnvironment): void {
    const store: SessionStore = Reflect.get(grantee, STORE) ?? this;
    if (store !== this) {
      throw new Error(
        `SessionStore: grantAccess: ${grantee.node.path} has access to ${store.node.path} already, and its environment names one table only. For the rights alone call grantAccess(fn.grantPrincipal), and tell the persistence layer this table's name.`,
      );
    }
    Object.defineProperty(grantee, STORE, { value: this, configurable: true });
  }

  /** @param path what is meant of the table: nothing, or its index */
  #grant(grantee: IGrantable, names: readonly string[], path = ''): Grant {
    const actions = names.map((name) => `dynamodb:${name}`);
    return Grant.addToPrincipal({ grantee, actions, resourceArns: [this.#tableFor(grantee).tableArn + path] });
  }

  #grantKey(grantee: IGrantable): void {
    const { encryptionKeyArn } = this.#tableFor(grantee);
    if (encryptionKeyArn === undefined) this.#encryptionKey?.grant(grantee, ...KEY_ACTIONS);
    else Grant.addToPrincipal({ grantee, actions: KEY_ACTIONS, resourceArns: [encryptionKeyArn] });
  }

  /** The replica in the region of the grantee's stack; if there is none, the table in its own. */
  #tableFor(grantee: IGrantable): SessionStoreReplica & { readonly tableArn: string } {
    const { tableArn, tableName: resourceName, env } = this.table;
    const here = Construct.isConstruct(grantee) ? Stack.of(grantee).region : undefined;
    const replica = this.#replicas.find(({ region }) => region === here);
    if (replica === undefined) return { region: env.region, tableArn };
    const { region } = replica;
    return {
      ...replica,
      tableArn: Stack.of(this).formatArn({ service: 'dynamodb', region, resource: 'table', resourceName }),
    };
  }
}

/** On a function: the store that it is told of. Two copies of this module share it. */
const STORE = Symbol.for('dynamodb-sessions.store');

type WithEnvironment = IConstruct & IGrantable & { addEnvironment(name: string, value: string): unknown };

/** A function; asked by what it can do, for there may be two copies of aws-cdk-lib. */
function hasEnvironment(grantee: IGrantable): grantee is WithEnvironment {
  return 'addEnvironment' in grantee && typeof grantee.addEnvironment === 'function';
}
