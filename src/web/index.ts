export type { CookieOptions, CsrfOptions, SameSite } from '../cookies/index.js';
export { type StartOptions, type WebRequest, WebSessions, type WebSessionsOptions } from './web-sessions.js';
export { withSession, type WithSessionOptions } from './with-session.js';
