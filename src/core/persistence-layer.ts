import type { SessionRecord } from './record.js';
import type { RoleHierarchy } from './roles.js';
import type { SecretHash } from './token.js';
import type { UserId } from './user-id.js';

/** What a user object must have. Everything else is the application's. */
export interface SessionUser {
  readonly id: UserId;
  /** Roles for `sessions.hasRole`. */
  readonly roles?: readonly string[];
}

/** What a caller tells a layer about one call. A simple layer may ignore all of it. */
export interface CallOptions {
  /** The caller's time in whole seconds since the epoch. Default: the machine's clock. */
  readonly now?: number;
  /** When the caller stops waiting, in milliseconds since the epoch. */
  readonly deadline?: number;
  /** Whether the answer must include every write acknowledged so far. A layer that never misses one may ignore it. */
  readonly fresh?: boolean;
  /** Tells the caller why there is no session under an ID; for one that was ended, when that was (seconds). */
  readonly report?: (finding: LoadFinding, endedAt?: number) => void;
}

/** The options of {@link PersistenceLayer.deleteSessions}. */
export interface DeleteOptions extends CallOptions {
  /** Until when (seconds) no session may begin under these IDs, at the least. */
  readonly takenUntil?: number;
}

/** The options of {@link PersistenceLayer.raiseUserMark}. */
export interface RaiseOptions extends CallOptions {
  /** The session that stays. */
  readonly spare?: Spared | undefined;
  /** With `spare`: the mark's generation at which the session was seen alive. */
  readonly since?: number | undefined;
  /**
   * Never with `spare`. The raise is that of a logout at an OpenID Connect provider, at this time of the provider's
   * (seconds): raise only if no raise for this or a later time was made, and keep the time: {@link Marks.issuedBefore}.
   */
  readonly issuedBefore?: number | undefined;
}

/** The options of {@link PersistenceLayer.loadMarks}. */
export interface MarksOptions extends CallOptions {
  /** Also look whether this login at a provider has ended. */
  readonly login?: string | undefined;
}

/** Why there is no session under an ID although something is stored there. */
export type LoadFinding = 'expired' | 'ended' | 'unreadable' | 'newer-version';

/** What must still be true of the stored session for a write to be made. */
export interface Expected {
  /** The session has not expired by this time (seconds). */
  readonly now: number;
  /** No login, logout or `regenerate` has come between. */
  readonly auth: number;
  /** If given: no rotation has come between. */
  readonly secretHash?: SecretHash;
  /** If given: this key of the data has this value, or none. */
  readonly value?: readonly [key: string, encoded: string | undefined];
  /** If given: the session's fence (0 if it has none) is still this. */
  readonly fence?: number;
  /** If true: nobody has confirmed yet that the present secret was seen. */
  readonly unconfirmed?: boolean;
  /** If given: no other proof of the device has been accepted, and no login has come, since this challenge was made. */
  readonly deviceChallenge?: Uint8Array;
  /** If given: no request has touched the session that began later than this (seconds). */
  readonly lastSeenAt?: number;
}

/**
 * What is different from the stored session, so that a layer can write just that.
 * The groups of attributes (`touched`, `address`, `userAgent`, `rotated`, `userAttached`, `bound`, `keyed`, `fenced`)
 * are those of `RECORD_ATTRIBUTES`.
 */
export type SessionChange =
  | { readonly kind: 'create' }
  | {
      readonly kind: 'update';
      /** Keys of the data that have a new value. */
      readonly set: readonly string[];
      /** Keys of the data that are gone. */
      readonly removed: readonly string[];
      readonly touched: boolean;
      /** The client's address is another. */
      readonly address: boolean;
      /** The client's user agent is another. */
      readonly userAgent: boolean;
      readonly rotated: boolean;
      readonly userAttached: boolean;
      readonly keyed: boolean;
      readonly bound: boolean;
      readonly fenced: boolean;
      readonly expected: Expected;
    };

/** A change of a session that is stored. */
export type Update = Extract<SessionChange, { kind: 'update' }>;

/** What an update is made of. */
export const NO_CHANGE: Omit<Update, 'expected'> = {
  kind: 'update',
  set: [],
  removed: [],
  touched: false,
  address: false,
  userAgent: false,
  rotated: false,
  userAttached: false,
  keyed: false,
  bound: false,
  fenced: false,
};

/** What came of a save. */
export type SaveOutcome =
  /** `repeated`: the write was sent more than once, and a copy of it may still land. */
  | { readonly kind: 'saved'; readonly repeated?: boolean }
  /** There is no live session any more for which `expected.auth` holds. Nothing was written. */
  | { readonly kind: 'gone' }
  /** The session lives, but something else that was expected no longer holds. Nothing was written. */
  | { readonly kind: 'conflict'; readonly current: SessionRecord };

/** Under which condition a session is deleted; each one given must hold. */
export interface DeleteCondition {
  readonly auth?: number;
  /** The session's generation (0 if it has none) is below this. */
  readonly generationBelow?: number | undefined;
}

/**
 * By what a user's sessions are logged out: a session whose own numbers, those at its login, are below these (0 if
 * absent) is dead.
 */
export interface Marks {
  /** The generation of the user's mark: goes up when the user is logged out everywhere. */
  readonly generation?: number | undefined;
  /** The one session that the last raise of the user's mark has not ended. */
  readonly spared?: Spared;
  /** Until when (seconds) the user's mark is kept. */
  readonly expiresAt?: number;
  /** The last logout of the user at a provider (seconds): an ID token that was issued up to then logs nobody in. */
  readonly issuedBefore?: number;
  /** The table's epoch: goes up when everyone is logged out. */
  readonly epoch?: number;
  /** Those logins at a provider that have ended, of the ones that were looked for. */
  readonly endedLogins?: ReadonlySet<string>;
}

/** A session that a logout everywhere leaves alone, unless its own generation (0 if it has none) is below this. */
export interface Spared {
  readonly id: string;
  readonly generation: number;
}

/** How much a layer can store. */
export interface Limits {
  /** The bytes of a session's data: keys and encoded values in UTF-8, and {@link keyOverhead} for each key. */
  readonly dataBytes: number;
  readonly keyOverhead: number;
  /** Whether a sealed value is stored as the bytes that its text stands for. @defaultValue false */
  readonly packsSealed?: boolean;
  /** How many keys of a stored session one request can change. */
  readonly changedKeys: number;
}

/** What came of a delete. */
export type DeleteOutcome =
  | { readonly kind: 'deleted' }
  /** There was none any more: somebody else had ended it. */
  | { readonly kind: 'absent' }
  /** The session exists, and the condition did not hold. */
  | { readonly kind: 'refused' };

/**
 * Where sessions are kept: the six functions of the Go package rivo/sessions, and a few optional ones by which
 * a layer can do better. A layer that throws anything but a `SessionError` is taken to be unavailable, and so is one that
 * throws a `ConfigurationError`.
 *
 * To implement only some of the functions, use `ExtendablePersistenceLayer`.
 * To store sessions as text, use `serializeSession` and `deserializeSession`.
 */
export interface PersistenceLayer<User extends SessionUser = SessionUser> {
  /**
   * The session with this ID, or `undefined`: that none exists is no error. Safe to call concurrently.
   * An expired session does not exist, whether or not its record has been removed.
   */
  loadSession(id: string, options?: CallOptions): Promise<SessionRecord | undefined>;

  /**
   * Inserts the session if `change.kind` is `create`, otherwise updates it. `session` is the whole session as it
   * should be; `change` says what of it is new and what the writer expects to find.
   *
   * A layer that keeps the promises about concurrent requests must check `change.expected` and write in one atomic
   * step, must never insert on `update`, and must answer `saved` for a write of its own whose answer was lost.
   * A simple layer may ignore `change`, store the whole session and return nothing, which counts as `saved`.
   */
  saveSession(
    id: string,
    session: SessionRecord,
    change: SessionChange,
    options?: CallOptions,
  ): Promise<SaveOutcome | void>;

  /**
   * Ends the session. That none exists is no error. Returning nothing counts as `deleted`, as must a delete of its
   * own whose answer was lost. A simple layer may ignore `condition`, and just delete.
   *
   * A layer that keeps the promises about late writes leaves a tombstone under the ID: no `create` succeeds there, and
   * {@link loadSession} reports `ended`, for as long as a copy of an earlier write may be under way.
   */
  deleteSession(id: string, condition?: DeleteCondition, options?: CallOptions): Promise<DeleteOutcome | void>;

  /**
   * The IDs of all of a user's sessions. It may be late to learn of a new session, and may still name one that has
   * ended: {@link loadSession} tells. User IDs are kept apart by type: `42` is not `"42"`.
   */
  userSessions(userId: UserId, options?: CallOptions): Promise<readonly string[]>;

  /** The user object for an ID, or `undefined`. A session stores only the ID; this is called at most once per request. */
  loadUser(userId: UserId): Promise<User | undefined>;

  /** Each role's parent role. A role has the capabilities of all of its descendants. */
  roleHierarchy(): Promise<RoleHierarchy>;

  /** Whether {@link loadSession} may miss recent writes unless asked for a `fresh` answer. */
  readonly mayBeStale?: boolean;

  /** What `session.set` refuses before any I/O, whatever the session's other attributes become. */
  readonly limits?: Limits;

  /**
   * All of a user's sessions, and the user's {@link Marks}. The records may be without data, and without what no list
   * needs: previous secrets, keys, the fence. Of the sessions' logins at a provider, it is looked which ones have ended.
   */
  loadUserSessions?(userId: UserId, options?: CallOptions): Promise<UserSessions>;

  /** Leaves a tombstone under each ID, whatever is there, or throws if it could not do so under all of them. */
  deleteSessions?(ids: readonly string[], options?: DeleteOptions): Promise<void>;

  /**
   * The user's marks. The generation is always fresh; the epoch may be some seconds behind unless asked for a `fresh`
   * answer: it is the same for all users, and is not to be read at every request.
   */
  loadMarks?(userId: UserId, options?: MarksOptions): Promise<Marks>;

  /**
   * Raises the user's mark to a generation higher than any before, and returns it: whatever session was logged in
   * with a lower one is logged out from now on, but for the one to `spare`, as the mark says in the same write:
   * {@link Marks.spared}. The mark must be kept until `expiresAt` (seconds) at least.
   *
   * @returns `undefined`, and nothing is raised, if the mark is above `since` and does not spare that session already:
   * whether it is still alive must be looked at again. The same if there was a raise for `issuedBefore` or later
   */
  raiseUserMark?(userId: UserId, expiresAt: number, options?: RaiseOptions): Promise<number | undefined>;

  /** Raises the epoch above any before, for good: whatever session was logged in before is logged out from now on. */
  raiseEpoch?(options?: CallOptions): Promise<void>;

  /**
   * Ends a login at a provider: its sessions are logged out, and no session begins by it any more. That it has ended
   * before is no error. It must be remembered until `expiresAt` (seconds) at least: {@link Marks.endedLogins}.
   */
  endLogin?(login: string, expiresAt: number, options?: CallOptions): Promise<void>;
}

/** The answer of {@link PersistenceLayer.loadUserSessions}. */
export interface UserSessions extends Marks {
  readonly sessions: ReadonlyMap<string, SessionRecord>;
}
