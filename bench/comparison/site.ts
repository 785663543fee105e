import type { SessionData } from './session-data.js';

/** The value of a session cookie. */
export type Cookie = string;

/** A small web application with sessions, as one contestant does it: each call is one request, or what an operator asks for. */
export interface Site {
  /** A cookie that is none of this site's. */
  readonly malformed: Cookie;
  /** A cookie of the right form. */
  wellFormed(parts: { readonly id: string; readonly secret: string }): Cookie;
  /** A request that stores a new session with these data, of a user or of nobody. */
  begin(data: SessionData, user?: string): Promise<Cookie>;
  /** What a visitor has before the login; where there are no anonymous sessions, an empty cookie. */
  beginAnonymous(data: SessionData): Promise<Cookie>;
  /** A page that reads the session's data. */
  view(cookie?: Cookie): Promise<unknown>;
  /** The same, where a read that costs half is an option. */
  viewEventually?(cookie: Cookie): Promise<unknown>;
  /** Lets time pass until a page view writes that it has seen the session. */
  untilTouchIsDue(): Promise<void>;
  viewAndTouch(cookie: Cookie): Promise<unknown>;
  /** A page that gives one small key another value. */
  change(cookie: Cookie): Promise<unknown>;
  logIn(cookie: Cookie, user: string): Promise<unknown>;
  logOut(cookie: Cookie): Promise<unknown>;
  list?(user: string): Promise<unknown>;
  logOutEverywhere?(user: string): Promise<unknown>;
}
