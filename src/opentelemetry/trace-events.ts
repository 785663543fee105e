import { trace } from '@opentelemetry/api';
import type { SessionEvent } from '../core/events.js';
import { attributesOf } from './attributes.js';
import { namesUser, type UserOption } from '../powertools/user-option.js';

/**
 * Adds each event to the active span, as the span event `session.logged-in` and the like, and gives the span the
 * attribute `session.id`: the digest by which events call the session, which is no credential. A request that has no
 * span is left alone.
 *
 * No span has a secret, an address or session data; of an error only its class (`error.type`); and the user (`user.id`)
 * only if you ask for it.
 *
 * @throws {@link ConfigurationError} for an unknown option
 * @example
 * ```ts
 * const sessions = new Sessions({ persistence, onEvent: traceEvents() });
 * ```
 */
export function traceEvents(options: UserOption = {}): (event: SessionEvent) => void {
  const withUser = namesUser(options);

  return (event) => {
    const span = trace.getActiveSpan();
    if (span === undefined) return;
    const { type, session, userId } = event;
    if (session !== undefined) span.setAttribute('session.id', session);
    const user = withUser && userId !== undefined ? { 'user.id': String(userId) } : {};
    span.addEvent(`session.${type}`, { ...attributesOf(event), ...user });
  };
}
