export { type CookieAnswer, CookieJar, type CookieRequest } from './cookie-jar.js';
export type { TestAlbEvent, TestHttpApiEvent, TestRestApiEvent } from './event-types.js';
export {
  albEvent,
  type AlbEventOptions,
  type EventOptions,
  functionUrlEvent,
  httpApiEvent,
  restApiEvent,
} from './events.js';
export { TestClock } from './test-clock.js';
export { type SignInOptions, testSessions, type TestSessions, type TestSessionsOptions } from './test-sessions.js';
