import type { SessionEvent } from '../core/events.js';
import { expectFunctions } from '../core/option-checks.js';
import { detailsOf } from './details.js';

/** The name of a metric that {@link countEvents} writes. */
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

/** What {@link countEvents} needs of a Powertools `Metrics`. */
export interface EventMetrics {
  /** A `Metrics` of its own for one metric, which is written as soon as it is added. */
  singleMetric(): {
    /** What stands beside the metric, and is none. */
    addMetadata(name: string, value: string): unknown;
    /** Adds the metric, and writes it. */
    addMetric(name: string, unit: 'Count', value: number): unknown;
  };
}

const METRICS: Readonly<Record<SessionEvent['type'], SessionMetric>> = {
  created: 'SessionCreated',
  rotated: 'SessionRotated',
  reused: 'SessionReused',
  bound: 'SessionBound',
  'bound-again': 'SessionBoundAgain',
  'binding-refused': 'SessionBindingRefused',
  anomaly: 'SessionAnomaly',
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

/**
 * Counts each event as a CloudWatch metric, with a Powertools `Metrics`: one metric for each type of event, such as
 * `SessionLoggedIn`, in the namespace and with the default dimensions of `metrics`, and no other. Why and what came of
 * it is metadata beside it, which can be searched for and costs nothing.
 *
 * Each is written at once, as a line of its own. So nothing has to be published, and nothing of what a request does
 * after its handler has returned, such as the final write, waits for the next one.
 *
 * @throws {@link ConfigurationError} for what is no `Metrics`
 * @example
 * ```ts
 * const metrics = new Metrics({ namespace: 'Shop', serviceName: 'api' });
 * const sessions = new Sessions({ persistence, onEvent: countEvents(metrics) });
 * ```
 */
export function countEvents(metrics: EventMetrics): (event: SessionEvent) => void {
  expectFunctions('metrics', metrics, ['singleMetric']);

  return (event) => {
    const metric = metrics.singleMetric();
    for (const [name, value] of Object.entries(detailsOf(event))) metric.addMetadata(name, String(value));
    metric.addMetric(METRICS[event.type], 'Count', 1);
  };
}
