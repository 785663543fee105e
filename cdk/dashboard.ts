import { Duration } from 'aws-cdk-lib';
import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard,
  GraphWidget,
  type IMetric,
  type MetricOptions,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch';
import { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import type { SessionCleanup } from './cleanup.js';
import { expecting, expectKnown } from './expect.js';
import type { ISessionStore } from './i-session-store.js';
import {
  indexMetric,
  operationMetric,
  replicationDelay,
  type SessionMetric,
  sessionMetric,
  tableMetric,
  throttledBecause,
} from './metrics.js';

/** What the dashboard shows. */
export interface SessionDashboardProps {
  readonly store: ISessionStore;
  /**
   * The store's cleanup.
   * @default - none
   */
  readonly cleanup?: SessionCleanup;
  /**
   * The alarms on top: `sessionAlarms.all`.
   * @default - none
   */
  readonly alarms?: readonly Alarm[];
  /**
   * The namespace in which your functions count what happens to sessions (`countEvents`).
   * @default - none
   */
  readonly metricsNamespace?: string;
}

const KNOWN: Readonly<Record<keyof SessionDashboardProps, true>> = {
  store: true,
  cleanup: true,
  alarms: true,
  metricsNamespace: true,
};
const OPERATIONS = ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'BatchGetItem', 'BatchWriteItem', 'Query'];

/** One page: is it well, what happens to sessions, how much is asked of it, how fast does it answer, and does the cleanup keep up. */
export class SessionDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: SessionDashboardProps) {
    super(scope, id);
    expectKnown(expecting('SessionDashboard'), props, KNOWN);
    const { store: table, cleanup, alarms = [], metricsNamespace } = props;
    this.dashboard = new Dashboard(this, 'Page', { defaultInterval: Duration.days(1) });
    if (alarms.length > 0) {
      this.dashboard.addWidgets(new AlarmStatusWidget({ title: 'Alarms', width: 24, height: 3, alarms: [...alarms] }));
    }
    if (metricsNamespace !== undefined) this.dashboard.addWidgets(...ofSessions(metricsNamespace));
    this.dashboard.addWidgets(
      graph('Read and write units of the table', [
        tableMetric(table, 'ConsumedReadCapacityUnits', { label: 'read' }),
        tableMetric(table, 'ConsumedWriteCapacityUnits', { label: 'written' }),
      ]),
      graph('Read and write units of the index', [
        indexMetric(table, 'ConsumedReadCapacityUnits', { label: 'read' }),
        indexMetric(table, 'ConsumedWriteCapacityUnits', { label: 'written' }),
      ]),
      graph('Removed by TTL', [tableMetric(table, 'TimeToLiveDeletedItemCount', { label: 'items' })]),
    );
    this.dashboard.addWidgets(
      graph('Throttled', throttles(table)),
      graph('Throttled, by reason', [
        throttledBecause(table, 'KeyRangeThroughput', 'one key, or its neighbours'),
        throttledBecause(table, 'MaxOnDemandThroughput', 'limit of the table on demand'),
        throttledBecause(table, 'ProvisionedThroughput', 'provisioned throughput'),
        throttledBecause(table, 'AccountLimit', 'limit of the account'),
      ]),
      graph(
        'Errors of DynamoDB',
        OPERATIONS.map((name) => operationMetric(table, 'SystemErrors', name)),
      ),
    );
    this.dashboard.addWidgets(
      graph(
        'Latency, 99 of 100 calls, ms',
        OPERATIONS.map((name) => operationMetric(table, 'SuccessfulRequestLatency', name, { statistic: Stats.p(99) })),
      ),
      ...ofReplicas(table),
    );
    if (cleanup) this.dashboard.addWidgets(...ofCleanup(cleanup));
  }
}

function ofReplicas(table: ISessionStore): GraphWidget[] {
  const others = table.regionNames.slice(1);
  if (others.length === 0) return [];
  const throttled = graph(
    'Throttled in other regions',
    others.flatMap((region) => throttles(table, region)),
  );
  if (table.multiRegionConsistency === MultiRegionConsistency.STRONG) return [throttled];
  const delays = others.map((region) => replicationDelay(table, region));
  return [throttled, graph('Replication delay, ms', delays)];
}

/** @param region another than the dashboard's */
function throttles(table: ISessionStore, region?: string): IMetric[] {
  const options = (label: string): MetricOptions =>
    region === undefined ? { label } : { label: `${label}, ${region}`, region };
  return [
    tableMetric(table, 'ReadThrottleEvents', options('reads, table')),
    tableMetric(table, 'WriteThrottleEvents', options('writes, table')),
    indexMetric(table, 'ReadThrottleEvents', options('reads, index')),
    indexMetric(table, 'WriteThrottleEvents', options('writes, index')),
  ];
}

function ofSessions(namespace: string): GraphWidget[] {
  const metrics = (...names: SessionMetric[]): IMetric[] => names.map((name) => sessionMetric(namespace, name));
  return [
    graph(
      'Sessions: begun and kept',
      metrics('SessionCreated', 'SessionLoggedIn', 'SessionRotated', 'SessionBound', 'SessionBoundAgain'),
    ),
    graph(
      'Sessions: ended',
      metrics(
        'SessionLoggedOut',
        'SessionRevoked',
        'SessionProviderLogout',
        'SessionDestroyed',
        'SessionExpired',
        'SessionEveryoneLoggedOut',
      ),
    ),
    graph(
      'Sessions: to look into',
      metrics(
        'SessionReused',
        'SessionBindingRefused',
        'SessionAnomaly',
        'SessionUnreadable',
        'SessionLostWrite',
        'SessionCsrfRefused',
        'SessionProviderLogoutRefused',
        'SessionStoreFailure',
      ),
    ),
  ];
}

function ofCleanup(cleanup: SessionCleanup): GraphWidget[] {
  return [
    graph('Cleanup: items', [
      cleanup.metric('Scanned'),
      cleanup.metric('Expired'),
      cleanup.metric('Deleted'),
      cleanup.metric('Skipped'),
    ]),
    graph('Cleanup: runs', [
      cleanup.metric('Finished'),
      cleanup.metric('Unfinished'),
      cleanup.metric('Failed'),
      cleanup.function.metricInvocations({ label: 'Attempts' }),
      cleanup.function.metricErrors({ label: 'Attempts with an error' }),
      cleanup.deadLetterQueue.metricNumberOfMessagesSent({ label: 'New dead letters' }),
      cleanup.deadLetterQueue.metricApproximateNumberOfMessagesVisible({
        label: 'Dead letters',
        statistic: Stats.MAXIMUM,
      }),
    ]),
    graph('Cleanup: age of the oldest expired session, s', [
      cleanup.metric('OldestExpiredAge', { statistic: Stats.MAXIMUM }),
    ]),
    graph('Cleanup: duration, ms, and read units', [
      cleanup.metric('Duration', { statistic: Stats.MAXIMUM }),
      cleanup.metric('ReadUnits'),
    ]),
  ];
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: 8, height: 6, leftYAxis: { min: 0, showUnits: false } });
}
