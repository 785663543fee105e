import { UnsupportedEventError } from '../core/errors.js';
import { alb, type AlbEvent, type AlbResult } from './alb.js';
import { at, type EventSource, type RequestSource } from './event-source.js';
import { httpApi, type HttpApiEvent, type HttpApiResult } from './http-api.js';
import { restApi, type RestApiEvent, type RestApiResult } from './rest-api.js';
import { vpcLattice, type VpcLatticeEvent, type VpcLatticeResult } from './vpc-lattice.js';
import { webSocket, type WebSocketConnectEvent } from './web-socket.js';

/** An event that carries cookies, and whose answer can set one. */
export type LambdaEvent = HttpApiEvent | RestApiEvent | AlbEvent | VpcLatticeEvent;

/** What an event is answered with. */
export type ResultOf<Event> = Event extends { requestContext: { elb: unknown } }
  ? AlbResult
  : Event extends { rawPath: string }
    ? HttpApiResult
    : Event extends { requestContext: { serviceArn: string } }
      ? VpcLatticeResult
      : RestApiResult;

const SOURCES = [httpApi, alb, restApi, vpcLattice] as readonly EventSource<LambdaEvent, unknown>[];

/** The kind of an event; `undefined` for one whose answer can set no cookie, and for what is no event. */
export function findSource(event: unknown): EventSource<LambdaEvent, unknown> | undefined {
  return SOURCES.find((candidate) => candidate.matches(event));
}

/**
 * The kind of an event whose answer can set a cookie.
 *
 * @throws {@link UnsupportedEventError}
 */
export function sourceOf(event: unknown): EventSource<LambdaEvent, unknown> {
  const source = findSource(event);
  if (source === undefined) throw new UnsupportedEventError(whyUnsupported(event));
  return source;
}

/**
 * The kind of an event that has cookies, whether or not its answer can set one.
 *
 * @throws {@link UnsupportedEventError}
 */
export function requestSourceOf(event: unknown): RequestSource<LambdaEvent | WebSocketConnectEvent> {
  return webSocket.matches(event) ? (webSocket as RequestSource<LambdaEvent | WebSocketConnectEvent>) : sourceOf(event);
}

function whyUnsupported(event: unknown): string {
  if (webSocket.matches(event)) {
    return 'The answer to $connect of a WebSocket API can set no cookie: use sessionAuthorizer, or startWithoutCookie of LambdaSessions.';
  }
  if (typeof at(event, 'requestContext', 'connectionId') === 'string') {
    return 'A message of a WebSocket API has no headers, so no cookie: expected the event of $connect. Keep there what messages need to know, by the connectionId.';
  }
  return 'This event has no cookies: expected one of an HTTP API or Function URL (payload 2.0), a REST API (payload 1.0), an Application Load Balancer or VPC Lattice (event structure 2). AppSync and Lambda@Edge are not supported.';
}
