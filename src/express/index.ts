export { ExpressSessionStore } from './express-session-store.js';
export type { FormerSession, FormerSessions } from './former-sessions.js';
export type { ExpressSessionStoreOptions } from './options.js';
export { storedIdOf } from './session-id.js';
