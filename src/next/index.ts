export type { CookieOptions, SameSite } from '../web/index.js';
export { NextSessions, type NextSessionsOptions, type ProxyOptions } from './next-sessions.js';
