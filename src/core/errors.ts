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
  | 'ERR_SESSION_LOGIN_TOO_OLD'
  | 'ERR_SESSION_LOGIN_ENDED'
  | 'ERR_SESSION_NOT_BOUND';

/** On every error of this package: the same symbol in each copy of it, and in each realm. */
const BRAND = Symbol.for('dynamodb-sessions.error');

/**
 * Base of all errors that this package throws.
 *
 * `instanceof` recognises the errors of another copy of this package too: one module may be loaded as an ES module and
 * another as CommonJS, and jest loads the package once per test file.
 *
 * @example
 * ```ts
 * if (error instanceof StoreUnavailableError) return { statusCode: 503 };
 * ```
 */
export abstract class SessionError extends Error {
  /** Which of the classes it is, as a literal: `switch` on it where `instanceof` cannot be used. */
  abstract readonly code: SessionErrorCode;
  /** The name of the class, also when the application is minified. */
  abstract override readonly name: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    Object.defineProperty(this, BRAND, { value: true });
  }

  /** `instanceof`: also true for such an error of another copy of this package. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    if (this === SessionError) return isBranded(value);
    // A class that an application derives has no code of its own, and is what it is to the language.
    if (!Object.hasOwn(this, 'code')) return Function.prototype[Symbol.hasInstance].call(this, value);
    return isBranded(value) && value.code === (this as unknown as { readonly code: SessionErrorCode }).code;
  }
}

const isBranded = (value: unknown): value is { readonly code?: unknown } =>
  typeof value === 'object' && value !== null && BRAND in value;

/**
 * A programmer's mistake in an option or an argument: thrown at construction, before any request.
 * The message names the option, the kind of value it had, and what was expected.
 *
 * What shows only when the store is first used is thrown then, by the persistence layer: a table that neither an option
 * nor the environment names, or a client that cannot send the layer's commands. `Sessions` makes of it a
 * {@link StoreUnavailableError} with this as its cause, so that a request ends with a 503.
 */
export class ConfigurationError extends SessionError {
  static readonly code = 'ERR_SESSION_CONFIGURATION';
  override readonly name = 'ConfigurationError';
  readonly code = 'ERR_SESSION_CONFIGURATION';
}

/**
 * The store did not answer, refused, or answered with a fault. It never means "no session": the request
 * should end with a 503 and leave the client's cookie alone (which `withSession` does).
 *
 * The outcome of a failed write is unknown unless it says otherwise: it may still have been applied.
 */
export class StoreUnavailableError extends SessionError {
  static readonly code = 'ERR_SESSION_STORE_UNAVAILABLE';
  override readonly name = 'StoreUnavailableError';
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
  static readonly code = 'ERR_SESSION_GONE';
  override readonly name = 'SessionGoneError';
  readonly code = 'ERR_SESSION_GONE';
}

/** A value that the codec cannot represent, a key that cannot be a key, or a session over the store's size limit. */
export class NotStorableError extends SessionError {
  static readonly code = 'ERR_SESSION_NOT_STORABLE';
  override readonly name = 'NotStorableError';
  readonly code = 'ERR_SESSION_NOT_STORABLE';
}

/** The event handed to `withSession` or `start` comes from none of the event sources that carry cookies. */
export class UnsupportedEventError extends SessionError {
  static readonly code = 'ERR_SESSION_UNSUPPORTED_EVENT';
  override readonly name = 'UnsupportedEventError';
  readonly code = 'ERR_SESSION_UNSUPPORTED_EVENT';
}

/**
 * A session was changed after its request had been committed, usually for a forgotten `await` in a handler; or one that
 * can only be read was.
 */
export class SessionClosedError extends SessionError {
  static readonly code = 'ERR_SESSION_CLOSED';
  override readonly name = 'SessionClosedError';
  readonly code = 'ERR_SESSION_CLOSED';
}

/** `requireRecentLogin` found no login, or one that is too old: ask for the password again. */
export class LoginTooOldError extends SessionError {
  static readonly code = 'ERR_SESSION_LOGIN_TOO_OLD';
  override readonly name = 'LoginTooOldError';
  readonly code = 'ERR_SESSION_LOGIN_TOO_OLD';
}

/**
 * `logIn` was given an ID token of a login that has been ended at the provider: its logout has arrived before. Nobody
 * was logged in. Have the user sign in at the provider again.
 */
export class LoginEndedError extends SessionError {
  static readonly code = 'ERR_SESSION_LOGIN_ENDED';
  override readonly name = 'LoginEndedError';
  readonly code = 'ERR_SESSION_LOGIN_ENDED';
}

/** `requireBound` found a session that is bound to no device: ask for another proof, or refuse what was asked for. */
export class NotBoundError extends SessionError {
  static readonly code = 'ERR_SESSION_NOT_BOUND';
  override readonly name = 'NotBoundError';
  readonly code = 'ERR_SESSION_NOT_BOUND';
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
