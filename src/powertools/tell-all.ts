import type { SessionEvent } from '../core/events.js';
import { expectFunctions } from '../core/option-checks.js';

/**
 * Tells several listeners of each event, in their order, and none less because another has failed. They may be async.
 *
 * @returns a listener that returns a promise of what they return; `onEvent` makes a warning of one that fails
 * @throws {@link ConfigurationError} for what is no function
 * @example
 * ```ts
 * const onEvent = tellAll(logEvents(logger), countEvents(metrics), annotateTraces(tracer));
 * const sessions = new Sessions({ persistence, onEvent });
 * ```
 */
export function tellAll(...listeners: readonly ((event: SessionEvent) => unknown)[]): (event: SessionEvent) => unknown {
  expectFunctions('listeners', listeners, Object.keys(listeners));

  return (event) => Promise.all(listeners.map(async (listener) => listener(event)));
}
