import { App, Duration, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';
import { ScheduleExpression } from 'aws-cdk-lib/aws-scheduler';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { SessionAlarms, type SessionAlarmOptions, SessionStore, type SessionStoreProps } from 'dynamodb-sessions/cdk';
import { describe, expect, it } from 'vitest';
import type { CleanupOutcome } from '../../src/cleanup/report.js';
import { type AlarmProperties, type Datum, goesOff, writtenOf } from './cloudwatch.js';
import { only, type Synthesised, synth, synthDefault } from './synth.js';

type Alarms = Readonly<Record<string, AlarmProperties>>;

/** The alarms by their names. */
function alarmsOf({ template }: Pick<Synthesised, 'template'>, parent = 'StoreAlarms'): Alarms {
  const alarms = Object.entries(template.findResources('AWS::CloudWatch::Alarm'));
  return Object.fromEntries(
    alarms.map(([id, { Properties }]) => [id.replace(parent, '').replace(/[0-9A-F]{8}$/, ''), Properties]),
  );
}

function alarm(name: string, props: SessionStoreProps = {}): AlarmProperties {
  const found = alarmsOf(synth(props))[name];
  if (found === undefined) throw new Error(`There is no alarm ${name}.`);
  return found;
}

const every = (expression: string): SessionStoreProps => ({
  cleanup: { schedule: ScheduleExpression.expression(expression) },
});

const OF_TABLE = ['IndexThrottled', 'TableThrottled'];
const OF_CLEANUP = ['CleanupFailed', 'DeadLetters', 'ExpiredPilingUp', 'NoFinishedCleanup'];

describe('the alarms', () => {
  it('are these', () => {
    expect(Object.keys(alarmsOf(synthDefault())).toSorted()).toEqual([...OF_CLEANUP, ...OF_TABLE].toSorted());
    expect(Object.keys(alarmsOf(synth({ cleanup: false }))).toSorted()).toEqual(OF_TABLE);
  });

  it('tell your topic, when it begins and when it is over', () => {
    const alarms = Object.values(alarmsOf(synth((scope) => ({ alarmTopic: new Topic(scope, 'Topic') }))));
    expect(alarms).toHaveLength(6);
    for (const { AlarmActions, OKActions } of alarms) {
      expect([AlarmActions, OKActions]).toEqual([[{ Ref: 'TopicBFC7AF6E' }], [{ Ref: 'TopicBFC7AF6E' }]]);
    }
  });

  it('need not be', () => {
    synth({ alarms: false }).template.resourceCountIs('AWS::CloudWatch::Alarm', 0);
  });

  it('add what is throttled of the table, or of its index', () => {
    const { TableThrottled, IndexThrottled } = alarmsOf(synthDefault());
    const dimensions = (properties: AlarmProperties | undefined): unknown =>
      properties?.Metrics?.flatMap(({ MetricStat }) =>
        MetricStat ? [[MetricStat.Metric.MetricName, ...MetricStat.Metric.Dimensions.map(({ Name }) => Name)]] : [],
      );
    expect(dimensions(TableThrottled)).toEqual([
      ['ReadThrottleEvents', 'TableName'],
      ['WriteThrottleEvents', 'TableName'],
    ]);
    expect(dimensions(IndexThrottled)).toEqual([
      ['ReadThrottleEvents', 'GlobalSecondaryIndexName', 'TableName'],
      ['WriteThrottleEvents', 'GlobalSecondaryIndexName', 'TableName'],
    ]);
  });
});

describe('each alarm, by its name,', () => {
  it('can be left out', () => {
    const alarms = alarmsOf(synth({ alarms: { CleanupFailed: false, IndexThrottled: false } }));
    expect(Object.keys(alarms).toSorted()).toEqual(
      ['DeadLetters', 'ExpiredPilingUp', 'NoFinishedCleanup', 'TableThrottled'].toSorted(),
    );
  });

  it('can be tuned', () => {
    const alarms = alarmsOf(
      synth({ alarms: { TableThrottled: { threshold: 100, periods: 6 }, ExpiredPilingUp: { threshold: 86_400 } } }),
    );
    expect(alarms['TableThrottled']).toMatchObject({ Threshold: 100, EvaluationPeriods: 6 });
    expect(alarms['ExpiredPilingUp']).toMatchObject({ Threshold: 86_400, EvaluationPeriods: 1 });
  });

  it.each<[path: string, alarms: object, cleanup?: false]>([
    ['alarms.CleanupFialed', { CleanupFialed: false }],
    ['alarms.Throttling', { Throttling: { threshold: 5 } }],
    ['alarms.TableThrottled.treshold', { TableThrottled: { treshold: 5 } }],
    ['alarms.TableThrottled', { TableThrottled: true }],
    ['alarms.TableThrottled', { TableThrottled: null }],
    ['alarms.TableThrottled.threshold', { TableThrottled: { threshold: 0 } }],
    ['alarms.TableThrottled.threshold', { TableThrottled: { threshold: Number.NaN } }],
    ['alarms.TableThrottled.periods', { TableThrottled: { periods: 1.5 } }],
    ['alarms.TableThrottled.periods', { TableThrottled: { periods: 0 } }],
    ['alarms.TableThrottled.periods', { TableThrottled: { periods: 289 } }],
    ['alarms.NoFinishedCleanup.periods', { NoFinishedCleanup: { periods: 8 } }],
    ['alarms.CleanupFailed', { CleanupFailed: { threshold: 2 } }, false],
    ['alarms.ReplicationDelayed', { ReplicationDelayed: { threshold: 2 } }],
  ])('is refused with a mistake in it: %s, case %#', (path, alarms, cleanup) => {
    const props = { alarms: alarms as SessionAlarmOptions, ...(cleanup === false && { cleanup }) };
    expect(() => synth(props)).toThrow(`SessionAlarms: ${path}: `);
  });

  it('may be left out where it is not', () => {
    expect(() => synth({ cleanup: false, alarms: { CleanupFailed: false } })).not.toThrow();
  });
});

const HOUR = 60;
const DAY = 24 * HOUR;

/** What a run of the cleanup, which ends in a minute, says of itself. */
function run(minute: number, kind: CleanupOutcome['kind'] | 'failed'): Datum[] {
  const outcome =
    kind === 'failed'
      ? ({ kind, error: '' } as const)
      : kind === 'unfinished'
        ? ({ kind, reason: 'deadline' } as const)
        : ({ kind } as const);
  const written = writtenOf(outcome);
  return ['Finished', 'Unfinished', 'Failed'].map((metric) => ({ metric, minute, value: written[metric] as number }));
}

/** What Lambda and the queue say of attempts that fail. */
const error = (minute: number): Datum[] => [...run(minute, 'failed'), { metric: 'Errors', minute, value: 1 }];
const givenUp = (minute: number): Datum[] => [
  { metric: 'AsyncEventsDropped', minute, value: 1 },
  { metric: 'NumberOfMessagesSent', minute, value: 1 },
  ...Array.from({ length: 14 * DAY }, (_, past) => ({
    metric: 'ApproximateNumberOfMessagesVisible',
    minute: minute + past,
    value: 1,
  })),
];

/** Runs at a rate, each as late as it may be. */
const runs = (count: number, pause: number, kind: Parameters<typeof run>[1], late = 0): Datum[] =>
  Array.from({ length: count }, (_, n) => run(n * pause + (n % 2) * late, kind)).flat();

describe('a failed run', () => {
  const names = ['CleanupFailed', 'DeadLetters'] as const;

  it('is no alarm if Lambda’s second or third attempt succeeds', () => {
    const data = [...error(0), ...error(1), ...run(3, 'finished')];
    for (const name of names) expect(goesOff(alarm(name), data, 0, DAY)).toEqual([]);
  });

  it('is an alarm as soon as it is given up', () => {
    const data = [...error(0), ...error(1), ...error(3), ...givenUp(3)];
    for (const name of names) expect(goesOff(alarm(name), data, 0, DAY)).toEqual([3]);
  });

  it('is an alarm anew the next day, whatever is in the queue still', () => {
    const data = [...givenUp(3), ...givenUp(DAY + 3)];
    for (const name of names) expect(goesOff(alarm(name), data, 0, 2 * DAY)).toEqual([3, DAY + 3]);
  });
});

describe('a cleanup of which no run finishes', () => {
  const pauses: [expression: string, pause: number, late: number][] = [
    ['rate(1 minute)', 5, 0],
    ['rate(5 minutes)', 5, 1],
    ['rate(45 minutes)', 45, 11],
    ['rate(1 hour)', HOUR, 15],
    ['cron(0 * * * ? *)', HOUR, 15],
    ['cron(0 3,4 * * ? *)', DAY, 60],
    ['rate(1 day)', DAY, 60],
    ['rate(3 days)', 3 * DAY, 60],
    ['rate(6 days)', 6 * DAY, 60],
  ];

  it.each(pauses)('is an alarm at %s: the schedule is disabled', (expression, pause, late) => {
    const data = runs(6, pause, 'finished', late);
    const last = 5 * pause + late;
    const [off, ...others] = goesOff(alarm('NoFinishedCleanup', every(expression)), data, 5 * pause, 30 * pause + 99);
    expect(others).toEqual([]);
    expect(off).toBeGreaterThan(last + pause);
    expect(off).toBeLessThanOrEqual(last + Math.max(4 * pause, pause + DAY));
  });

  it.each(['failed', 'unfinished'] as const)('is an alarm if all runs are %s', (kind) => {
    const data = [
      ...runs(3, HOUR, 'finished'),
      ...runs(99, HOUR, kind).map((datum) => ({ ...datum, minute: datum.minute + 3 * HOUR })),
    ];
    expect(goesOff(alarm('NoFinishedCleanup', every('rate(1 hour)')), data, 2 * HOUR, DAY)).toEqual([6 * HOUR]);
  });

  it('is an alarm on a table without TTL within four hours', () => {
    const stack = new Stack(new App(), 'Test', { env: { account: '111122223333', region: 'eu-west-3' } });
    new SessionStore(stack, 'Store', {
      multiRegionConsistency: MultiRegionConsistency.STRONG,
      replicas: [{ region: 'eu-west-1' }],
      witnessRegion: 'eu-central-1',
    });
    const { NoFinishedCleanup } = alarmsOf({ template: Template.fromStack(stack) });
    expect(goesOff(NoFinishedCleanup as AlarmProperties, run(0, 'finished'), 0, DAY)).toEqual([4 * HOUR]);
  });

  it.each(pauses)('is none at %s as long as runs only begin late', (expression, pause, late) => {
    const data = runs(60, pause, 'finished', late);
    expect(goesOff(alarm('NoFinishedCleanup', every(expression)), data, 0, 58 * pause)).toEqual([]);
  });

  it('is none if a metric arrives five minutes late', () => {
    const schedule = ScheduleExpression.expression('rate(1 minute)');
    const { NoFinishedCleanup } = alarmsOf(synth({ cleanup: { schedule, timeout: Duration.minutes(1) } }));
    const data = runs(60, 1, 'finished');
    expect(goesOff(NoFinishedCleanup as AlarmProperties, data, 30, 59 + 5)).toEqual([]);
    expect(goesOff(NoFinishedCleanup as AlarmProperties, data, 30, 59 + 10)).toEqual([69]);
  });

  it('is none if one run is missed', () => {
    const data = runs(20, DAY, 'finished', 60).filter(({ minute }) => Math.floor(minute / DAY) !== 9);
    expect(goesOff(alarm('NoFinishedCleanup'), data, 0, 19 * DAY)).toEqual([]);
  });

  it.each(['rate(7 days)', 'rate(30 days)', 'cron(0 3 ? * MON *)', 'cron(0 3 1 * ? *)'])(
    'cannot be watched at %s, which is a warning',
    (expression) => {
      const stack = new Stack(new App(), 'Test');
      new SessionStore(stack, 'Store', every(expression));
      expect(alarmsOf({ template: Template.fromStack(stack) })).not.toHaveProperty('NoFinishedCleanup');
      Annotations.fromStack(stack).hasWarning(
        '/Test/Store/Alarms',
        Match.stringLikeRegexp('no alarm NoFinishedCleanup'),
      );
    },
  );
});

describe('what TTL leaves', () => {
  it('is seen by a cleanup that only counts, where TTL is to do the work', () => {
    const { ExpiredPilingUp } = alarmsOf(synth({ cleanup: { dryRun: true } }));
    const aged = (minute: number, days: number): Datum => ({
      metric: 'OldestExpiredAge',
      minute,
      value: days * 86_400,
    });
    const data = [aged(0, 4), aged(DAY, 5), aged(2 * DAY, 6), aged(3 * DAY, 1)];
    expect(goesOff(ExpiredPilingUp as AlarmProperties, data, 0, 4 * DAY)).toEqual([DAY]);
  });

  it('is piling up at once where there is no TTL', () => {
    const alarms = alarmsOf(
      synth(
        {
          multiRegionConsistency: MultiRegionConsistency.STRONG,
          replicas: [{ region: 'eu-west-1' }, { region: 'eu-central-1' }],
        },
        { env: { account: '111122223333', region: 'eu-west-3' } },
      ),
    );
    expect(alarms['ExpiredPilingUp']).toMatchObject({ Threshold: 10_800 });
  });
});

describe('the alarms of replicas', () => {
  const account = '111122223333';
  const paris = { env: { account, region: 'eu-west-3' } };
  const replicas = [{ region: 'eu-west-1' }, { region: 'us-east-1' }];

  function withReplicas(props: SessionStoreProps = {}): { app: App; home: Stack; store: SessionStore } {
    const app = new App();
    const home = new Stack(app, 'Home', paris);
    return { app, home, store: new SessionStore(home, 'Store', { tableName: 'sessions', replicas, ...props }) };
  }
  const receiving = (properties: AlarmProperties | undefined): unknown[] =>
    (properties?.Metrics ?? []).flatMap(({ MetricStat }) =>
      MetricStat?.Metric.MetricName === 'ReplicationLatency' ? [MetricStat.Metric.Dimensions[0]] : [],
    );
  const to = (Value: string): object => ({ Name: 'ReceivingRegion', Value });

  it('tell that changes arrive late in any of them', () => {
    const { ReplicationDelayed } = alarmsOf({ template: Template.fromStack(withReplicas().home) });
    expect(receiving(ReplicationDelayed)).toEqual([to('eu-west-1'), to('us-east-1')]);
    expect(ReplicationDelayed).toMatchObject({ Threshold: 60_000, EvaluationPeriods: 3 });
  });

  it('do not look for a delay with strong consistency, which has none', () => {
    const { home } = withReplicas({
      multiRegionConsistency: MultiRegionConsistency.STRONG,
      replicas: [{ region: 'eu-west-1' }, { region: 'eu-central-1' }],
    });
    expect(alarmsOf({ template: Template.fromStack(home) })).not.toHaveProperty('ReplicationDelayed');
  });

  it('stand in a stack of the replica’s own region: throttling there, and the delay from there', () => {
    const { app, store } = withReplicas();
    const ireland = new Stack(app, 'Ireland', { env: { account, region: 'eu-west-1' } });
    new SessionAlarms(ireland, 'Alarms', {
      store,
      topic: new Topic(ireland, 'Topic'),
      alarms: { IndexThrottled: false },
    });
    const alarms = alarmsOf({ template: Template.fromStack(ireland) }, 'Alarms');
    expect(Object.keys(alarms).toSorted()).toEqual(['ReplicationDelayed', 'TableThrottled']);
    expect(receiving(alarms['ReplicationDelayed'])).toEqual([to('eu-west-3'), to('us-east-1')]);
    expect(alarms['TableThrottled']?.Metrics?.[1]?.MetricStat?.Metric.Dimensions).toEqual([
      { Name: 'TableName', Value: 'sessions' },
    ]);
  });

  it('are a warning where there are none', () => {
    const { app, home, store } = withReplicas();
    new SessionAlarms(new Stack(app, 'Ireland', { env: { account, region: 'eu-west-1' } }), 'Alarms', { store });
    Annotations.fromStack(home).hasWarning('/Home/Store/Alarms', Match.stringLikeRegexp('throttled: us-east-1\\.'));
  });

  it('are no warning where each replica has them', () => {
    const { app, home, store } = withReplicas();
    for (const { region } of replicas) {
      new SessionAlarms(new Stack(app, region, { env: { account, region } }), 'Alarms', { store });
    }
    Annotations.fromStack(home).hasNoWarning('/Home/Store/Alarms', Match.anyValue());
  });
});

describe('the alarms and the dashboard', () => {
  it('look at metrics which the cleanup writes', () => {
    const [written] = writtenOf({ kind: 'finished' })._aws.CloudWatchMetrics;
    const names = written?.Metrics.map(({ Name }) => Name);
    expect(written).toMatchObject({ Namespace: 'DynamoDBSessions', Dimensions: [['TableName']] });

    const { template } = synthDefault();
    const body = JSON.stringify(only({ template }, 'AWS::CloudWatch::Dashboard').Properties);
    const shown = [...body.matchAll(/\\"DynamoDBSessions\\",\\"(\w+)\\",\\"TableName\\"/g)].map(([, name]) => name);
    expect(new Set(shown)).toEqual(new Set(names));

    const watched = Object.values(alarmsOf({ template })).flatMap((each) =>
      each.Namespace === 'DynamoDBSessions' ? [each.MetricName] : [],
    );
    expect(new Set(watched)).toEqual(new Set(['Finished', 'OldestExpiredAge']));
    expect(names).toEqual(expect.arrayContaining(watched));
  });
});
