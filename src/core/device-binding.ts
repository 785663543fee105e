import type { SessionEventDetail } from './events.js';
import type { SessionUser } from './persistence-layer.js';
import type { SessionRecord } from './record.js';

/** The attributes of a record that bind its session to a device: all of them, for they are written together. */
export type Binding = {
  readonly [
    Name in 'deviceKey' | 'deviceChallenge' | 'boundHash' | 'boundUntil' | 'previousBoundHash' | 'previousBoundUntil'
  ]: SessionRecord[Name];
};

/** How a request stands to the device of its session. */
export interface BindingCheck<User extends SessionUser = SessionUser> {
  /** Whether the request has proven the device that the session is bound to. */
  readonly bound: boolean;
  /** What the request is to store if it has shown for the first time that the bound cookie has arrived. */
  readonly seen?: Binding;
  /** What there is to be told of it. */
  readonly event?: SessionEventDetail;
  /** Whether the session is not the request's. Nothing is ended, and no cookie is touched. */
  readonly refused?: boolean;
  /** The user object, if it had to be loaded. */
  readonly user?: User | undefined;
}

/** A request that a browser makes by itself, to bind a session or to prove its device. */
export interface DeviceRequest {
  readonly method: string;
  /** The path of its URL, as the browser has it. */
  readonly path: string;
  /** The value of a request header, by its lower-case name. */
  readonly header: (name: string) => string | undefined;
  /** The cookie that such a request is answered with. */
  readonly cookie: { readonly name: string; readonly attributes: string };
}

/** A session that such a request proves by the session's own cookie. */
export interface BindableSession {
  readonly id: string;
  readonly record: SessionRecord;
  /** When the request began, in seconds. */
  readonly startedAt: number;
  /**
   * Stores another binding, together with what is due at the end of a request, if the record's challenge is still this one.
   *
   * @returns whether it was; if not, {@link record} is what has come between
   * @throws {@link SessionGoneError} if the session was ended, or taken over by a login
   */
  bind(binding: Binding, challenge: Uint8Array): Promise<boolean>;
}

/** What such a request is answered with. */
export interface DeviceAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The value of the bound cookie, for so many seconds. */
  readonly boundCookie?: { readonly token: string; readonly maxAge: number };
  readonly event?: SessionEventDetail;
}

/** What binds sessions to devices: `deviceBinding()` of `dynamodb-sessions/dbsc` makes one. */
export interface DeviceBinding<User extends SessionUser = SessionUser> {
  /**
   * What the login of a session stores in place of any earlier binding, and the headers by which its response invites
   * the browser.
   */
  invite(id: string): { readonly binding: Binding; readonly headers: Readonly<Record<string, string>> };

  /**
   * Whether a session with this record is the request's, as far as its device goes.
   *
   * @param cookies the values of the bound cookie, unverified
   * @param now in seconds
   * @param user loads the session's user object
   */
  check(
    record: SessionRecord,
    cookies: readonly string[],
    now: number,
    user: () => Promise<User | undefined>,
  ): Promise<BindingCheck<User>>;

  /**
   * Answers what a browser asks by itself.
   *
   * @param find finds the session of the request's own cookie; without such a cookie, a bound one, or one that may be
   * bound, by this ID; `overtaken`: a login has just replaced that cookie
   * @returns `undefined` for any other request
   */
  answer(
    request: DeviceRequest,
    find: (id: string) => Promise<BindableSession | 'overtaken' | undefined>,
  ): Promise<DeviceAnswer | undefined>;
}
