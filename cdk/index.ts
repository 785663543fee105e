export type { SessionAlarmName, SessionAlarmOptions, SessionAlarmTuning } from './alarm-options.js';
export { SessionAlarms, type SessionAlarmsProps } from './alarms.js';
export type { SessionCleanup, SessionCleanupOptions } from './cleanup.js';
export type { SessionDashboard } from './dashboard.js';
export type { CleanupMetric } from './metrics.js';
export { SessionStore } from './session-store.js';
export type { SessionStoreProps, SessionStoreReplica } from './session-store-props.js';
export type { WatchedStore } from './watched-store.js';
