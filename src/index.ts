export { BareSessions, type BareSessionsOptions, type SessionRequest } from './core/bare-sessions.js';
export type { AnomalyPolicy, Client } from './core/client.js';
export type { Clock } from './core/clock.js';
export { type Codec, type CodecOptions, createCodec, readableCodec, type StorableType } from './codec/codec.js';
export { jsonCodec } from './codec/json-codec.js';
export type { DeepReadonly } from './codec/deep-readonly.js';
export {
  ConfigurationError,
  LoginEndedError,
  LoginTooOldError,
  NotBoundError,
  NotStorableError,
  SessionClosedError,
  SessionError,
  type SessionErrorCode,
  SessionGoneError,
  StoreUnavailableError,
  UnsupportedEventError,
} from './core/errors.js';
export type * from './core/device-binding.js';
export type { SessionEvent, SessionEventDetail } from './core/events.js';
export { ExtendablePersistenceLayer } from './core/extendable-persistence-layer.js';
export { MemoryPersistenceLayer } from './core/memory-persistence-layer.js';
export { NIST_AAL1, NIST_AAL2, NIST_AAL3, type SessionsOptions } from './core/options.js';
export type * from './core/persistence-layer.js';
export type { IdTokenClaims } from './core/provider-login.js';
export type { SessionRecord } from './core/record.js';
export { descendantRoles, type RoleHierarchy } from './core/roles.js';
export { deserializeSession, serializeSession } from './core/serialization.js';
export type { AnyData, KeyOf, LogInOptions, ReadonlySession, Session, ValueOf } from './core/session.js';
export { type LogOutUserOptions, type OfUserOptions, Sessions, type SessionSummary } from './core/sessions.js';
export type { CookieAction } from './core/stored-session.js';
export type { SecretHash } from './core/token.js';
export type { UserId } from './core/user-id.js';
