export type { CookieOptions, SameSite } from '../cookies/index.js';
export { type CookieAttributes, type CookieJar, JarSessions, type JarSessionsOptions } from './jar-sessions.js';
export { type StartOptions, type WebRequest, WebSessions, type WebSessionsOptions } from './web-sessions.js';
export { withSession, type WithSessionOptions } from './with-session.js';
