import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric, type MetricOptions, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { USER_INDEX } from '../src/table-schema.js';
import type { ISessionStore } from './i-session-store.js';

/** What the cleanup says of each run. */
export type CleanupMetric =
  | 'Scanned'
  | 'Expired'
  | 'Deleted'
  | 'Skipped'
  | 'OldestExpiredAge'
  | 'Finished'
  | 'Unfinished'
  | 'Failed'
  | 'Duration'
  | 'ReadUnits';

/** What `countEvents` of `dynamodb-sessions/powertools` says of the sessions. */
export type SessionMetric =
  | 'SessionCreated'
  | 'SessionRotated'
  | 'SessionReused'
  | 'SessionBound'
  | 'SessionBoundAgain'
  | 'SessionBindingRefused'
  | 'SessionAnomaly'
  | 'SessionExpired'
  | 'SessionUnreadable'
  | 'SessionLoggedIn'
  | 'SessionLoggedOut'
  | 'SessionEveryoneLoggedOut'
  | 'SessionRevoked'
  | 'SessionProviderLogout'
  | 'SessionProviderLogoutRefused'
  | 'SessionDestroyed'
  | 'SessionLostWrite'
  | 'SessionCsrfRefused'
  | 'SessionStoreFailure';

/** A metric of the table itself, without its index. */
export function tableMetric(table: ISessionStore, metricName: string, options: MetricOptions = {}): Metric {
  return sum('AWS/DynamoDB', metricName, { TableName: table.tableName }, options);
}

/** A metric of the index by user. */
export function indexMetric(table: ISessionStore, metricName: string, options: MetricOptions = {}): Metric {
  const { tableName: TableName } = table;
  return sum('AWS/DynamoDB', metricName, { TableName, GlobalSecondaryIndexName: USER_INDEX.indexName }, options);
}

/** A metric of one kind of call on the table. */
export function operationMetric(
  table: ISessionStore,
  metricName: string,
  operation: string,
  options: MetricOptions = {},
): Metric {
  const { tableName: TableName } = table;
  return sum('AWS/DynamoDB', metricName, { TableName, Operation: operation }, { label: operation, ...options });
}

/** How long a change takes to arrive in another region, in milliseconds. */
export function replicationDelay(table: ISessionStore, ReceivingRegion: string, options: MetricOptions = {}): Metric {
  return sum(
    'AWS/DynamoDB',
    'ReplicationLatency',
    { TableName: table.tableName, ReceivingRegion },
    { statistic: Stats.AVERAGE, label: `to ${ReceivingRegion}`, ...options },
  );
}

/** Why DynamoDB throttles, as it names its metrics. */
export type ThrottlingReason =
  | 'KeyRangeThroughput'
  | 'MaxOnDemandThroughput'
  | 'ProvisionedThroughput'
  | 'AccountLimit';

/** Requests to the table and its index that were throttled for one reason. */
export function throttledBecause(table: ISessionStore, reason: ThrottlingReason, label: string): MathExpression {
  const [reads, writes] = [`Read${reason}ThrottleEvents`, `Write${reason}ThrottleEvents`];
  // In one graph each has a name of its own.
  const usingMetrics = {
    [`table${reads}`]: tableMetric(table, reads),
    [`table${writes}`]: tableMetric(table, writes),
    [`index${reads}`]: indexMetric(table, reads),
    [`index${writes}`]: indexMetric(table, writes),
  };
  return new MathExpression({
    expression: `SUM([${Object.keys(usingMetrics).join(', ')}])`,
    usingMetrics,
    label,
    period: Duration.minutes(5),
  });
}

/** A metric of the cleanup's runs. */
export function cleanupMetric(tableName: string, metricName: CleanupMetric, options: MetricOptions = {}): Metric {
  return sum('DynamoDBSessions', metricName, { TableName: tableName }, options);
}

/** A metric of the sessions, whatever dimensions the functions that write it have given it. For dashboards only. */
export function sessionMetric(namespace: string, metricName: SessionMetric): MathExpression {
  return new MathExpression({
    expression: `SUM(SEARCH('Namespace="${namespace}" MetricName="${metricName}"', 'Sum', 300))`,
    usingMetrics: {},
    label: metricName.replace('Session', ''),
    period: Duration.minutes(5),
  });
}

function sum(
  namespace: string,
  metricName: string,
  dimensionsMap: Record<string, string>,
  options: MetricOptions,
): Metric {
  return new Metric({
    namespace,
    metricName,
    dimensionsMap,
    statistic: Stats.SUM,
    period: Duration.minutes(5),
    ...options,
  });
}
