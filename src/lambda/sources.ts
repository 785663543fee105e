import { UnsupportedEventError } from '../core/errors.js';
import { alb, type AlbEvent, type AlbResult } from './alb.js';
import type { EventSource } from './event-source.js';
import { httpApi, type HttpApiEvent, type HttpApiResult } from './http-api.js';
import { restApi, type RestApiEvent, type RestApiResult } from './rest-api.js';

/** An event that carries cookies. */
export type LambdaEvent = HttpApiEvent | RestApiEvent | AlbEvent;

/** What an event is answered with. */
export type ResultOf<Event> = Event extends { requestContext: { elb: unknown } }
  ? AlbResult
  : Event extends { rawPath: string }
    ? HttpApiResult
    : RestApiResult;

const SOURCES = [httpApi, alb, restApi] as readonly EventSource<LambdaEvent, unknown>[];

/** The kind of an event; `undefined` for one that has no cookies, and for what is no event. */
export function findSource(event: unknown): EventSource<LambdaEvent, unknown> | undefined {
  return SOURCES.find((candidate) => candidate.matches(event));
}

/**
 * The kind of an event.
 *
 * @throws {@link UnsupportedEventError}
 */
export function sourceOf(event: unknown): EventSource<LambdaEvent, unknown> {
  const source = findSource(event);
  if (source === undefined) {
    throw new UnsupportedEventError(
      'This event has no cookies: expected one of an HTTP API or Function URL (payload 2.0), a REST API (payload 1.0) or an Application Load Balancer.',
    );
  }
  return source;
}
