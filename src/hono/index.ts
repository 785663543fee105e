export type { CookieOptions, SameSite } from '../web/index.js';
export { honoSession, type HonoSessionOptions, type SessionEnv } from './hono-session.js';
