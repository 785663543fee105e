import { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';
import type { SessionStoreProps } from 'dynamodb-sessions/cdk';
import { describe, expect, it } from 'vitest';
import { only, synth, type Synthesised, synthDefault } from './synth.js';

const PARIS = { env: { account: '111122223333', region: 'eu-west-3' } };
const IN_ALL = [
  'Alarms',
  'Read and write units of the table',
  'Read and write units of the index',
  'Removed by TTL',
  'Throttled',
  'Throttled, by reason',
  'Errors of DynamoDB',
  'Latency, 99 of 100 calls, ms',
];

const bodyOf = (synthesised: Synthesised): string =>
  JSON.stringify(only(synthesised, 'AWS::CloudWatch::Dashboard').Properties).replaceAll('\\"', '"');
const titlesOf = (synthesised: Synthesised): (string | undefined)[] =>
  [...bodyOf(synthesised).matchAll(/"title":"(.*?)"/g)].map(([, title]) => title);

describe('the dashboard', () => {
  it('shows use, throttling and its reasons, errors, latency, TTL and the cleanup, with the alarms on top', () => {
    expect(titlesOf(synthDefault())).toEqual([
      ...IN_ALL,
      'Cleanup: items',
      'Cleanup: runs',
      'Cleanup: age of the oldest expired session, s',
      'Cleanup: duration, ms, and read units',
    ]);
  });

  it.each(['KeyRangeThroughput', 'MaxOnDemandThroughput', 'ProvisionedThroughput', 'AccountLimit'])(
    'adds up reads and writes of the table and its index that were throttled because of %s',
    (reason) => {
      const names = ['Read', 'Write'].map((kind) => `${kind}${reason}ThrottleEvents`);
      const parts = [...names.map((name) => `table${name}`), ...names.map((name) => `index${name}`)];
      expect(bodyOf(synthDefault())).toContain(`"expression":"SUM([${parts.join(', ')}])"`);
    },
  );

  it('shows what is throttled in other regions, and how late changes arrive there', () => {
    const props: SessionStoreProps = { cleanup: false, replicas: [{ region: 'eu-west-1' }] };
    const replicated = synth(props, PARIS);
    expect(titlesOf(replicated)).toEqual([...IN_ALL, 'Throttled in other regions', 'Replication delay, ms']);
    expect(bodyOf(replicated)).toMatch(/"AWS\/DynamoDB","WriteThrottleEvents",[^\]]*"region":"eu-west-1"/);
    expect(bodyOf(replicated)).toMatch(/"ReplicationLatency","ReceivingRegion","eu-west-1"/);
  });

  it('shows no delay with strong consistency, which has none', () => {
    const strong = synth(
      {
        multiRegionConsistency: MultiRegionConsistency.STRONG,
        replicas: [{ region: 'eu-west-1' }],
        witnessRegion: 'eu-central-1',
      },
      PARIS,
    );
    expect(titlesOf(strong)).toContain('Throttled in other regions');
    expect(titlesOf(strong)).not.toContain('Replication delay, ms');
  });

  it('need not be', () => {
    synth({ dashboard: false }).template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  });
});
