export type { CookieOptions, SameSite } from '../lambda/index.js';
export { type SessionContext, sessionMiddleware, type SessionMiddlewareOptions } from './session-middleware.js';
