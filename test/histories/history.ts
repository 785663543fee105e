import type { CookieAction, UserId } from '../../src/index.js';

/** When something happened: in which order, and at which true time in seconds. */
export interface Moment {
  readonly order: number;
  readonly at: number;
}

/** What was asked of the library. */
export type Ask =
  | { readonly kind: 'start'; readonly token: string | undefined; readonly boundToken?: string | undefined }
  | { readonly kind: 'commit' | 'save' | 'update' | 'getAndDelete' | 'regenerate' | 'destroy' }
  | {
      readonly kind: 'logIn';
      readonly user: string;
      readonly exclusive: boolean;
      /** Which session at the provider its ID token is of, and when that was issued (seconds). */
      readonly sid?: string;
      readonly issuedAt?: number;
    }
  | { readonly kind: 'logOut'; readonly keep: boolean }
  | { readonly kind: 'revoke'; readonly session: string }
  | { readonly kind: 'logOutUser'; readonly user: string; readonly except: string | undefined }
  | { readonly kind: 'logOutEveryone' }
  | { readonly kind: 'ofUser'; readonly user: string }
  | DeviceAsk
  | { readonly kind: 'endLogin'; readonly sid: string; readonly user: string | undefined }
  | { readonly kind: 'endLoginsOf'; readonly user: string; readonly issuedBefore: number };

/** What a browser asks by itself, with the proof of a key: which key, by a number of its own, and for which challenge. */
export interface DeviceAsk {
  readonly kind: 'register' | 'refresh';
  readonly token: string | undefined;
  /** The session that it names. */
  readonly names: string;
  readonly key: number;
  readonly challenge: string | undefined;
}

/** The values of some keys; `undefined` for one that is taken away. */
export type Values = ReadonlyMap<string, unknown>;

/** One operation: what was asked and what was answered, as the caller saw it. */
export interface Operation {
  readonly ask: Ask;
  /** Which Lambda, and which browser. */
  readonly by: string;
  /** The request that it belongs to. */
  readonly visit: number | undefined;
  readonly invoked: Moment;
  /** When it returned; never, if the Lambda crashed. */
  returned: Moment;
  /**
   * `gone`: it was refused, and nothing was written. `unknown`: the store did not answer, or the Lambda crashed; it may
   * have been done in part or as a whole, or yet be. `login ended`: nobody was logged in, for the provider had ended the
   * login.
   */
  outcome: 'ok' | 'gone' | 'unknown' | 'login ended';
  /** How many of its calls to the store did not go well. */
  faults: number;
  /** Whether an index did not show it everything. */
  lagged: boolean;

  /** Whom the request took its session to belong to. */
  readonly user: UserId | undefined;
  /** The ID of the request's session before and after. */
  readonly before: string | undefined;
  after: string | undefined;
  /** What it wrote to the session `after`, or if it failed may have written to the one `before`. */
  writes: Values;
  /** What `start` found. */
  found?: Found | undefined;
  /**
   * The value that `update` made or `getAndDelete` took, the sessions that `ofUser` listed, what `revoke` said, the status
   * that a browser was answered with.
   */
  value?: unknown;
  /** When the session `after` was logged in, by the Lambda's clock, in milliseconds. */
  loggedInAt?: number;
  /** What the response says of the cookie. */
  cookie?: CookieAction;
  /** The bound cookie that it sets. */
  boundToken?: string;
}

export interface Found {
  readonly user: UserId | undefined;
  /** Whether its device was proven. */
  readonly bound: boolean;
  readonly data: Values;
  readonly createdAt: number;
  readonly expiresAt: number;
}

export const NEVER: Moment = { order: Number.POSITIVE_INFINITY, at: Number.POSITIVE_INFINITY };

/** What happened, as those who asked saw it, and what was left in the store in the end. */
export interface History {
  readonly revocationCheck: 'touch' | 'always';
  /** How many sessions a user may have. */
  readonly bound: number;
  /** How old the answer of a `start` may be, in seconds. */
  readonly staleness: number;
  readonly operations: readonly Operation[];
  readonly remaining: ReadonlySet<string>;
  /** What else there is to tell, for whom has to understand it: turns, faults, responses. */
  readonly notes: readonly (Moment & { readonly text: string })[];
}
