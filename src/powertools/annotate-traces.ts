import type { SessionEvent } from '../core/events.js';
import { expectFunctions } from '../core/option-checks.js';
import { detailsOf } from './details.js';
import { namesUser, type UserOption } from './user-option.js';

/** What {@link annotateTraces} needs of a Powertools `Tracer`. */
export interface EventTracer {
  /** What traces can be searched for. */
  putAnnotation(name: string, value: string | number | boolean): void;
  /** What a trace shows besides. */
  putMetadata(name: string, value: unknown, namespace?: string): void;
}

/** Under which the details are, beside what the application puts into its traces. */
const NAMESPACE = 'dynamodb-sessions';

/**
 * Annotates the trace of the request in which an event happens, with a Powertools `Tracer`: `session_logged_in` and the
 * like, all `true`, and `session_digest`. So traces can be found by what happened (`annotation.session_reused = true`)
 * and by their session. The details are metadata under `dynamodb-sessions`, by type; of two events of one type in a
 * request, those of the later one.
 *
 * X-Ray takes annotations for a subsegment only, such as `captureLambdaHandler` opens around a handler. It puts what the
 * handler returns into the trace, the session's cookie with it, unless it is told `captureResponse: false`.
 *
 * @throws {@link ConfigurationError} for an unknown option, or what is no tracer
 * @example
 * ```ts
 * const tracer = new Tracer({ serviceName: 'shop' });
 * const sessions = new Sessions({ persistence, onEvent: annotateTraces(tracer) });
 *
 * const tracing = captureLambdaHandler(tracer, { captureResponse: false });
 * export const handler = middy(withSession(sessions, answer)).use(tracing);
 * ```
 */
export function annotateTraces(tracer: EventTracer, options: UserOption = {}): (event: SessionEvent) => void {
  expectFunctions('tracer', tracer, ['putAnnotation', 'putMetadata']);
  const withUser = namesUser(options);

  return (event) => {
    const { type, session, userId } = event;
    tracer.putAnnotation(`session_${type.replaceAll('-', '_')}`, true);
    if (session !== undefined) tracer.putAnnotation('session_digest', session);
    if (withUser && userId !== undefined) tracer.putAnnotation('session_user_id', String(userId));
    const details = detailsOf(event);
    if (Object.keys(details).length > 0) tracer.putMetadata(type, details, NAMESPACE);
  };
}
