export type { FormerSession, FormerSessions } from '../core/former-sessions.js';
export { ExpressSessionStore } from './express-session-store.js';
export type { ExpressSessionStoreOptions } from './options.js';
export { storedIdOf } from './session-id.js';
