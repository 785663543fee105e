export { cacheControl, overridesCacheControl } from './cache-control.js';
export { canBeginVisit } from './can-begin-visit.js';
export type { CookieOptions, SameSite } from './cookie-options.js';
export { checkCsrfOptions, type CsrfOptions, csrfRefusal, FORBIDDEN } from './csrf.js';
export { isPlainHttp } from './plain-http.js';
export type { RequestHead } from './request-head.js';
export { SessionCookie } from './session-cookie.js';
export { UNAVAILABLE } from './unavailable.js';
