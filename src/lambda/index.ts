export type { LambdaContext } from './deadline.js';
export type { CookieOptions, CsrfOptions, SameSite } from '../cookies/index.js';
export type { AlbEvent, AlbResult } from './alb.js';
export type { HttpApiEvent, HttpApiResult } from './http-api.js';
export { LambdaSessions, type LambdaSessionsOptions, type StartOptions } from './lambda-sessions.js';
export type { RestApiEvent, RestApiResult } from './rest-api.js';
export {
  type AuthorizerContext,
  type AuthorizerEvent,
  type AuthorizerResultOf,
  type HttpApiAuthorizerEvent,
  type HttpApiAuthorizerResult,
  type RestApiAuthorizerEvent,
  type RestApiAuthorizerResult,
  sessionAuthorizer,
  type SessionAuthorizerOptions,
  type WebSocketAuthorizerEvent,
} from './session-authorizer.js';
export type { LambdaEvent, ResultOf } from './sources.js';
export type { VpcLatticeEvent, VpcLatticeResult } from './vpc-lattice.js';
export type { WebSocketConnectEvent } from './web-socket.js';
export { withSession, type WithSessionOptions } from './with-session.js';
export { type Respond, type ResponsePrelude, withStreamingSession } from './with-streaming-session.js';
