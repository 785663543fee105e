import { type Expect, expecting, expectKnown } from './expect.js';

/** The name of an alarm. */
export type SessionAlarmName =
  | 'TableThrottled'
  | 'IndexThrottled'
  | 'ReplicationDelayed'
  | 'CleanupFailed'
  | 'NoFinishedCleanup'
  | 'ExpiredPilingUp'
  | 'DeadLetters';

const NAMED: Readonly<Record<SessionAlarmName, true>> = {
  TableThrottled: true,
  IndexThrottled: true,
  ReplicationDelayed: true,
  CleanupFailed: true,
  NoFinishedCleanup: true,
  ExpiredPilingUp: true,
  DeadLetters: true,
};
export const ALARM_NAMES: readonly string[] = Object.keys(NAMED);

/** How an alarm differs from its default. */
export interface SessionAlarmTuning {
  /**
   * The value from which on it is an alarm: events, milliseconds of `ReplicationDelayed`, seconds of `ExpiredPilingUp`.
   * Of `NoFinishedCleanup`, how many finished runs a period must have.
   * @default - see the guide "Operating it"
   */
  readonly threshold?: number;
  /**
   * For how many periods in a row.
   * @default - see the guide "Operating it"
   */
  readonly periods?: number;
}

/**
 * The alarms that are left out, or tuned, by name.
 *
 * @example
 * ```ts
 * new SessionStore(this, 'Sessions', { alarms: { ExpiredPilingUp: false, TableThrottled: { threshold: 100 } } });
 * ```
 */
export type SessionAlarmOptions = { readonly [Name in SessionAlarmName]?: false | SessionAlarmTuning };

const TUNING: Readonly<Record<keyof SessionAlarmTuning, true>> = { threshold: true, periods: true };

const CONSTRUCT = 'SessionAlarms';
/** Checks one thing about an alarm, or about its setting. */
export const expectOfAlarm: Expect = expecting(CONSTRUCT, 'alarms.');

/** @throws an error that names what is unknown or out of range */
export function checkAlarmOptions(options: SessionAlarmOptions): void {
  expectKnown(expectOfAlarm, options, NAMED);
  for (const [name, tuning] of Object.entries(options)) {
    if (tuning === undefined || tuning === false) continue;
    const isObject = typeof tuning === 'object' && tuning !== null;
    expectOfAlarm(isObject, name, 'expected false, or an object with what is to differ');
    const expect = expecting(CONSTRUCT, `alarms.${name}.`);
    expectKnown(expect, tuning, TUNING);
    const { threshold, periods } = tuning;
    if (threshold !== undefined) {
      expect(Number.isFinite(threshold) && threshold > 0, 'threshold', 'expected a number above 0');
    }
    if (periods !== undefined) {
      expect(Number.isInteger(periods) && periods > 0, 'periods', 'expected a whole number above 0');
    }
  }
}

/** @throws an error that names the alarm which is tuned, if this store has none of that name */
export function expectAlarms(options: SessionAlarmOptions, made: readonly string[]): void {
  for (const [name, tuning] of Object.entries(options)) {
    const isLeftOut = tuning === undefined || tuning === false;
    expectOfAlarm(isLeftOut || made.includes(name), name, 'this store has no such alarm to tune');
  }
}
