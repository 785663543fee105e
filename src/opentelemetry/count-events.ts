import { type Counter, metrics } from '@opentelemetry/api';
import type { SessionEvent } from '../core/events.js';

/**
 * Counts each event in the counter `session.events`, by its type (attribute `session.event`), and by nothing else: each
 * further value would be a time series to pay for.
 *
 * The counter is that of the global meter provider at the time of the first event.
 *
 * @example
 * ```ts
 * const sessions = new Sessions({ persistence, onEvent: tellAll(traceEvents(), countEvents()) });
 * ```
 */
export function countEvents(): (event: SessionEvent) => void {
  let counter: Counter | undefined;

  return ({ type }) => {
    // Not before: a meter from before the provider was set counts nothing, for ever.
    counter ??= metrics
      .getMeter('dynamodb-sessions')
      .createCounter('session.events', { unit: '{event}', description: 'What happened to sessions.' });
    counter.add(1, { 'session.event': type });
  };
}
