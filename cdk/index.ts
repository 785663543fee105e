export { SessionAlarms, type SessionAlarmsProps } from './alarms.js';
export { SessionCleanup, type SessionCleanupOptions, type SessionCleanupProps } from './cleanup.js';
export { SessionDashboard, type SessionDashboardProps } from './dashboard.js';
export type { ISessionStore } from './i-session-store.js';
export type { SessionStoreAttributes } from './imported-session-store.js';
export type { CleanupMetric } from './metrics.js';
export { SessionStore } from './session-store.js';
export type { SessionStoreProps } from './session-store-props.js';
export type { SessionStoreReplica } from './session-store-replica.js';
