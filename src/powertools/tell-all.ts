import type { SessionEvent } from '../core/events.js';
import { expectFunctions } from '../core/expect.js';

/**
 * Tells several listeners of each event, in their order, and none less because another has thrown.
 *
 * @throws {@link ConfigurationError} for what is no function
 * @example
 * ```ts
 * const onEvent = tellAll(logEvents(logger), countEvents(metrics), annotateTraces(tracer));
 * const sessions = new Sessions({ persistence, onEvent });
 * ```
 */
export function tellAll(...listeners: readonly ((event: SessionEvent) => void)[]): (event: SessionEvent) => void {
  expectFunctions('listeners', listeners, Object.keys(listeners));

  return (event) => {
    const errors = listeners.flatMap((listener) => {
      try {
        listener(event);
        return [];
      } catch (error) {
        return [error];
      }
    });
    if (errors.length > 0) throw errors[0];
  };
}
