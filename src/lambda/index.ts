export type { CookieOptions, SameSite } from '../cookies/index.js';
export type { AlbEvent, AlbResult } from './alb.js';
export type { HttpApiEvent, HttpApiResult } from './http-api.js';
export {
  type LambdaContext,
  type LambdaEvent,
  LambdaSessions,
  type LambdaSessionsOptions,
  type ResultOf,
  type StartOptions,
} from './lambda-sessions.js';
export type { RestApiEvent, RestApiResult } from './rest-api.js';
export { withSession, type WithSessionOptions } from './with-session.js';
export { type Respond, type ResponsePrelude, withStreamingSession } from './with-streaming-session.js';
