import type { SessionEvent } from '../core/events.js';
import { expectFunctions } from '../core/option-checks.js';
import { detailsOf } from './details.js';
import { loggedError } from './logged-error.js';
import { namesUser, type UserOption } from './user-option.js';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** What {@link logEvents} needs of a Powertools `Logger`. */
export interface EventLogger {
  /** For what everyday traffic brings. */
  debug(message: string, attributes: Record<string, unknown>): void;
  /** For what somebody did. */
  info(message: string, attributes: Record<string, unknown>): void;
  /** For what somebody should look into. */
  warn(message: string, attributes: Record<string, unknown>): void;
  /** For what the store failed to do. */
  error(message: string, attributes: Record<string, unknown>): void;
}

/**
 * An event's level, and what it means. What everyday traffic brings is `debug`; what somebody did, and an audit asks
 * for, is `info`; what somebody should look into is `warn`.
 */
const LINES: Readonly<Record<SessionEvent['type'], readonly [level: keyof EventLogger, message: string]>> = {
  created: ['debug', 'A session was created.'],
  rotated: ['debug', 'The secret of a session was replaced.'],
  'bound-again': ['debug', 'The device of a session has proven itself again.'],
  expired: ['debug', 'A request came with the token of an expired session.'],
  'logged-in': ['info', 'A user was logged in.'],
  'logged-out': ['info', 'A user was logged out.'],
  bound: ['info', 'A session was bound to its device.'],
  revoked: ['info', 'A session was revoked.'],
  destroyed: ['info', 'A session was destroyed.'],
  'lost-write': ['info', 'The final write of a request came after the end of its session, and was refused.'],
  'csrf-refused': ['info', 'A request that a page of another origin caused was refused.'],
  'provider-logout': ['info', 'A provider said that a login of a user is over.'],
  'provider-logout-refused': ['warn', 'A message of a provider, or what was to be one, was refused.'],
  'everyone-logged-out': ['warn', 'Everyone was logged out.'],
  reused: ['warn', 'A retired secret came back: a copy of the cookie exists.'],
  'binding-refused': ['warn', 'A session was used without the device that it is bound to, or a proof was refused.'],
  anomaly: ['warn', 'A request came from another client than the session belongs to, or with tokens of two sessions.'],
  unreadable: ['warn', 'What is stored of a session cannot be read.'],
  'store-failure': ['error', 'The session store failed.'],
};

/**
 * Writes each event as one line of a log, with a Powertools `Logger` or what is like one. The attribute `sessionEvent`
 * has the event: its type, its details, and a digest of the session's ID; a failure or a refusal has its `error` too.
 *
 * `reused`, `anomaly`, `binding-refused`, `unreadable`, `provider-logout-refused` and `everyone-logged-out` are warnings,
 * `store-failure` is an error; `created`, `rotated`, `bound-again` and `expired` are for debugging; all others are
 * information. No line has a secret, an address or session
 * data, whatever an error carries; and the user only if you ask for it.
 *
 * @throws {@link ConfigurationError} for an unknown option, or what is no logger
 * @example
 * ```ts
 * const logger = new Logger({ serviceName: 'shop' });
 * const sessions = new Sessions({ persistence, onEvent: logEvents(logger) });
 * ```
 */
export function logEvents(logger: EventLogger, options: UserOption = {}): (event: SessionEvent) => void {
  expectFunctions('logger', logger, LEVELS);
  const withUser = namesUser(options);

  return (event) => {
    const { type, at, session, userId } = event;
    const [level, message] = LINES[type];
    const sessionEvent = {
      type,
      at: at.toISOString(),
      ...(session !== undefined && { session }),
      ...(withUser && userId !== undefined && { userId }),
      ...detailsOf(event),
    };
    logger[level](message, {
      sessionEvent,
      ...('error' in event && { error: loggedError(event.error) }),
    });
  };
}
