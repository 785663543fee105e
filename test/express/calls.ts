import { Cookie, type SessionData, type Store } from 'express-session';

/** A store's functions as promises. */
export interface Calls {
  readonly get: (sid: string) => Promise<SessionData | null | undefined>;
  readonly set: (sid: string, session: SessionData) => Promise<void>;
  readonly touch: (sid: string, session: SessionData) => Promise<void>;
  readonly destroy: (sid: string) => Promise<void>;
}

type Callback<Answer> = (error?: unknown, answer?: Answer) => void;

export function callsOf(store: Store): Calls {
  const call = <Answer>(begin: (callback: Callback<Answer>) => void): Promise<Answer> =>
    new Promise((resolve, reject) => {
      begin((error, answer) => (error ? reject(error as Error) : resolve(answer as Answer)));
    });
  return {
    get: (sid) => call((callback) => store.get(sid, callback)),
    set: (sid, session) => call((callback) => store.set(sid, session, callback)),
    touch: (sid, session) => call((callback) => store.touch?.(sid, session, callback)),
    destroy: (sid) => call((callback) => store.destroy(sid, callback)),
  };
}

/** A session with these data, as the middleware hands it to a store. Without `maxAge` its cookie lasts as long as the browser. */
export function sessionOf(data: object = {}, maxAge?: number): SessionData {
  const cookie = new Cookie();
  if (maxAge !== undefined) cookie.maxAge = maxAge;
  cookie.originalMaxAge = maxAge ?? null;
  return { ...data, cookie };
}
