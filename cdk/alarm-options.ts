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

const TUNING_NAMES: readonly string[] = ['threshold', 'periods'] satisfies (keyof SessionAlarmTuning)[];

/** @throws an error that names what is unknown or out of range */
export function checkAlarmOptions(options: SessionAlarmOptions): void {
  for (const [name, tuning] of Object.entries(options)) {
    expectOneOf(ALARM_NAMES, name, 'alarms', 'no such alarm');
    if (tuning === undefined || tuning === false) continue;
    const path = `alarms.${name}`;
    expect(typeof tuning === 'object' && tuning !== null, path, 'expected false, or an object with what is to differ');
    for (const key of Object.keys(tuning)) expectOneOf(TUNING_NAMES, key, path, 'no such setting');
    const { threshold, periods } = tuning;
    if (threshold !== undefined) {
      expect(Number.isFinite(threshold) && threshold > 0, `${path}.threshold`, 'expected a number above 0');
    }
    if (periods !== undefined) {
      expect(Number.isInteger(periods) && periods > 0, `${path}.periods`, 'expected a whole number above 0');
    }
  }
}

/** @throws an error that names the alarm which is tuned, if this store has none of that name */
export function expectAlarms(options: SessionAlarmOptions, made: readonly string[]): void {
  for (const [name, tuning] of Object.entries(options)) {
    const isLeftOut = tuning === undefined || tuning === false;
    expect(isLeftOut || made.includes(name), `alarms.${name}`, 'this store has no such alarm to tune');
  }
}

function expectOneOf(names: readonly string[], name: string, path: string, reason: string): void {
  expect(names.includes(name), `${path}.${name}`, `${reason}; there are ${names.join(', ')}`);
}

/** @throws an error with the property's name, and what is wrong with it */
export function expect(condition: boolean, property: string, reason: string): void {
  if (!condition) throw new Error(`SessionAlarms: ${property}: ${reason}.`);
}
