import { readFile } from 'node:fs/promises';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { describe, expect, it } from 'vitest';
import { countEvents } from '../../../src/powertools/index.js';
import { ALL_EVENTS, EVENTS } from './events.js';
import { captureOutput } from './output.js';

const NAMES = {
  created: 'SessionCreated',
  rotated: 'SessionRotated',
  reused: 'SessionReused',
  anomaly: 'SessionAnomaly',
  bound: 'SessionBound',
  'bound-again': 'SessionBoundAgain',
  'binding-refused': 'SessionBindingRefused',
  expired: 'SessionExpired',
  unreadable: 'SessionUnreadable',
  'logged-in': 'SessionLoggedIn',
  'logged-out': 'SessionLoggedOut',
  'everyone-logged-out': 'SessionEveryoneLoggedOut',
  revoked: 'SessionRevoked',
  'provider-logout': 'SessionProviderLogout',
  'provider-logout-refused': 'SessionProviderLogoutRefused',
  destroyed: 'SessionDestroyed',
  'lost-write': 'SessionLostWrite',
  'csrf-refused': 'SessionCsrfRefused',
  'store-failure': 'SessionStoreFailure',
};

describe('countEvents, with the Metrics of Powertools', () => {
  const output = captureOutput();
  const metrics = new Metrics({ namespace: 'Shop', serviceName: 'api' });

  it.each(ALL_EVENTS)('writes one line for $type, of which CloudWatch makes a metric by service', (event) => {
    countEvents(metrics)(event);
    const name = NAMES[event.type];
    expect(output.lines()).toEqual([
      expect.objectContaining({
        _aws: {
          Timestamp: expect.any(Number),
          CloudWatchMetrics: [
            { Namespace: 'Shop', Dimensions: [['service']], Metrics: [{ Name: name, Unit: 'Count' }] },
          ],
        },
        service: 'api',
        [name]: 1,
      }),
    ]);
  });

  it('has the reason beside the metric, and not as a dimension', () => {
    countEvents(metrics)(EVENTS.anomaly);
    countEvents(metrics)(EVENTS['logged-in']);
    expect(output.lines()).toMatchObject([{ reason: 'address', outcome: 'destroyed' }, { exclusive: 'true' }]);
  });

  it('has the default dimensions of the application', () => {
    const staged = new Metrics({ namespace: 'Shop', serviceName: 'api', defaultDimensions: { stage: 'test' } });
    countEvents(staged)(EVENTS.created);
    expect(output.lines()).toMatchObject([
      { _aws: { CloudWatchMetrics: [{ Dimensions: [['service', 'stage']] }] }, service: 'api', stage: 'test' },
    ]);
  });

  it('leaves alone what the application has counted and not yet published', () => {
    metrics.addDimension('page', 'checkout').addMetric('Orders', 'Count', 1);
    countEvents(metrics)(EVENTS.created);
    expect(output.lines()[0]).not.toHaveProperty('Orders');
    expect(output.lines()[0]).not.toHaveProperty('page');
    metrics.publishStoredMetrics();
    expect(output.lines()[1]).toMatchObject({ Orders: 1, page: 'checkout' });
  });

  it('names neither the session nor the user: each would be a metric of its own', () => {
    for (const event of ALL_EVENTS) countEvents(metrics)(event);
    expect(JSON.stringify(output.lines())).not.toMatch(/digest-1|ann@example\.com/);
  });

  it('writes nothing where metrics are disabled', () => {
    process.env.POWERTOOLS_METRICS_DISABLED = 'true';
    try {
      countEvents(new Metrics({ namespace: 'Shop' }))(EVENTS.created);
    } finally {
      delete process.env.POWERTOOLS_METRICS_DISABLED;
    }
    expect(output.lines()).toEqual([]);
  });

  it('has its metrics in the guide, all of them and no other', async () => {
    const guide = await readFile(new URL('../../../docs/guides/observability.md', import.meta.url), 'utf8');
    const documented = [...guide.matchAll(/^\| `(Session\w+)` +\| `([\w-]+)`/gm)].map(([, name, type]) => [type, name]);
    expect(Object.fromEntries(documented)).toEqual(NAMES);
  });

  it('refuses what is no Metrics', () => {
    expect(() => countEvents({} as Metrics)).toThrow('Option metrics.singleMetric is undefined; expected a function.');
  });
});
