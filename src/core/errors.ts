/**
 * What can go wrong, one class for each thing a caller does something different about.
 * Messages say what was expected and what to do; none holds an ID, a hash, a cookie or session data.
 */

/** The literal `code` of every {@link SessionError}: public API, stable across versions. */
export type SessionErrorCode =
  | 'ERR_SESSION_CONFIGURATION'
  | 'ERR_SESSION_STORE_UNAVAILABLE'
  | 'ERR_SESSION_GONE'
  | 'ERR_SESSION_NOT_STORABLE'
  | 'ERR_SESSION_UNSUPPORTED_EVENT'
  | 'ERR_SESSION_CLOSED'
  | 'ERR_SESSION_LOGIN_TOO_OLD';

/** Base of all errors that this package throws. */
export abstract class SessionError extends Error {
  /** Which of the classes it is, as a literal: `switch` on it where `instanceof` cannot be used. */
  abstract readonly code: SessionErrorCode;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/**
 * A programmer's mistake in an option or an argument: thrown at construction, before any request.
 * The message names the option, the kind of value it had, and what was expected.
 *
 * What shows only when the store is first used is thrown then, by the persistence layer: a table that neither an option
 * nor the environment names, or a client that cannot send the layer's commands. `Sessions` makes of it a
 * {@link StoreUnavailableError} with this as its cause, so that a request ends with a 503.
 */
export class ConfigurationError extends SessionError {
  readonly code = 'ERR_SESSION_CONFIGURATION';
}

/**
 * The store did not answer, refused, or answered with a fault. It never means "no session": the request
 * should end with a 503 and leave the client's cookie alone (which `withSession` does).
 *
 * The outcome of a failed write is unknown unless it says otherwise: it may still have been applied.
 */
export class StoreUnavailableError extends SessionError {
  readonly code = 'ERR_SESSION_STORE_UNAVAILABLE';

  /** Whether the same call may succeed later: `false` for a missing table, permission, region or endpoint. */
  readonly retryable: boolean;

  constructor(message: string, options: ErrorOptions & { retryable: boolean }) {
    super(message, options);
    this.retryable = options.retryable;
  }
}

/**
 * An explicit write (`logIn`, `logOut`, `regenerate`, `update`, `getAndDelete`, `save`, `destroy`) on a session
 * that was ended, or taken over by a login, after this request had begun. Nothing was written.
 */
export class SessionGoneError extends SessionError {
  readonly code = 'ERR_SESSION_GONE';
}

/** A value that the codec cannot represent, a key that cannot be a key, or a session over the store's size limit. */
export class NotStorableError extends SessionError {
  readonly code = 'ERR_SESSION_NOT_STORABLE';
}

/** The event handed to `withSession` or `start` comes from none of the event sources that carry cookies. */
export class UnsupportedEventError extends SessionError {
  readonly code = 'ERR_SESSION_UNSUPPORTED_EVENT';
}

/**
 * A session was changed after its request had been committed, usually for a forgotten `await` in a handler; or one that
 * can only be read was.
 */
export class SessionClosedError extends SessionError {
  readonly code = 'ERR_SESSION_CLOSED';
}

/** `requireRecentLogin` found no login, or one that is too old: ask for the password again. */
export class LoginTooOldError extends SessionError {
  readonly code = 'ERR_SESSION_LOGIN_TOO_OLD';
}

/** An explicit write came too late. */
export const gone = (): SessionGoneError =>
  new SessionGoneError(
    'The session was ended, or taken over by a login, after this request had begun; nothing was written.',
  );

/** Others came between each time. */
export const contended = (): StoreUnavailableError =>
  new StoreUnavailableError('Other requests kept changing the same thing at the same time; not all was done.', {
    retryable: true,
  });
