export type { CookieOptions, CsrfOptions, SameSite } from '../cookies/index.js';
export { type CookieAttributes, type CookieJar, JarSessions, type JarSessionsOptions } from './jar-sessions.js';
export type { StartOptions, WebRequest } from './fetch-sessions.js';
export { WebSessions, type WebSessionsOptions } from './web-sessions.js';
export { withSession, type WithSessionOptions } from './with-session.js';
