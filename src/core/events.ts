import type { SessionUser } from './persistence-layer.js';

/** What an audit log and metrics want to know. No secret is in it; sessions appear as a digest of their ID. */
export type SessionEvent<User extends SessionUser = SessionUser> = {
  /** When, by the clock of `Sessions`. */
  readonly at: Date;
  /** A digest of the session's ID: the same session has the same digest, and no session can be found by it. */
  readonly session?: string;
  readonly userId?: User['id'];
} & SessionEventDetail;

/** The kinds of {@link SessionEvent}. */
export type SessionEventDetail =
  /** A session was stored for the first time. */
  | { readonly type: 'created' }
  /** The secret was replaced by timer, or by `regenerate()`. */
  | { readonly type: 'rotated'; readonly reason: 'interval' | 'regenerate' }
  /**
   * A retired secret came back, or a bound cookie after its end: a copy of the cookie exists. `revoked` by default
   * (option `reuse`); a bound cookie is only `refused`, or `reported`.
   */
  | { readonly type: 'reused'; readonly outcome: 'revoked' | 'reported' | 'refused' }
  /** A browser has bound the session to its device (option `deviceBinding`). */
  | { readonly type: 'bound' }
  /** The device has proven itself again, and got another short-lived cookie. */
  | { readonly type: 'bound-again' }
  /**
   * A session was refused, or only reported, for want of its device: the request had no bound cookie, or one that the
   * session never had, or the session is bound to none and should be. Or a proof was refused: it was malformed or
   * signed with another key, it answered another challenge than the last, or the registration came too late.
   */
  | {
      readonly type: 'binding-refused';
      readonly reason: 'no-cookie' | 'wrong-cookie' | 'not-bound' | 'bad-proof' | 'other-challenge' | 'too-late';
      readonly outcome: 'refused' | 'reported';
    }
  /** The client is another one than the session's (options `acceptRemoteIp`, `acceptChangingUserAgent`), or sent tokens of two sessions. */
  | {
      readonly type: 'anomaly';
      readonly reason: 'address' | 'user-agent' | 'ambiguous-token';
      readonly outcome: 'destroyed' | 'reported' | 'refused';
    }
  /** A request came with the token of a session that has expired and was still stored. */
  | { readonly type: 'expired' }
  /** What is stored under a session's ID cannot be read, or was written by a newer version. It counts as no session; with `key`, one key's value, which counts as absent. */
  | { readonly type: 'unreadable'; readonly reason: 'unreadable' | 'newer-version'; readonly key?: string }
  | { readonly type: 'logged-in'; readonly exclusive: boolean }
  /** One session's logout, or with `everywhere` all of the user's. */
  | { readonly type: 'logged-out'; readonly everywhere: boolean }
  /** `logOutEveryone()` */
  | { readonly type: 'everyone-logged-out' }
  /** A session was ended by someone else than its own request: by ID, with all of its user's or of everyone's, for being one too many, or with its login at the provider. */
  | {
      readonly type: 'revoked';
      readonly reason: 'by-id' | 'logged-out-everywhere' | 'everyone-logged-out' | 'too-many-sessions' | 'login-ended';
    }
  /** A provider has said that one login is over, or with `everywhere` all of the user's: see `dynamodb-sessions/oidc`. */
  | { readonly type: 'provider-logout'; readonly everywhere: boolean }
  /** What was to be such a message was refused. `error` is for the log; it has nothing of the message. */
  | { readonly type: 'provider-logout-refused'; readonly error: Error }
  /** `destroy()` */
  | { readonly type: 'destroyed' }
  /** The final write of a request came too late: the session had been ended, or taken over by a login. */
  | { readonly type: 'lost-write' }
  /** A page of another origin had the browser send this request, as the header says, and it was answered with a 403 (option `csrf` of the adapters). */
  | { readonly type: 'csrf-refused'; readonly reason: 'sec-fetch-site' | 'origin' }
  /** The store did not do what it was asked. `error` is for the log, not for the client. */
  | { readonly type: 'store-failure'; readonly operation: string; readonly error: Error };
