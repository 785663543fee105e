/**
 * The sessions of the requests that adapters are handling now. A handler inside of another one finds here the session
 * that has begun already: two sessions of one request would end each other's login.
 *
 * What stands for a request is any object of it, such as a `Request` or an event. A request has one session for each
 * name of a cookie.
 */
export class OngoingRequests<Session extends object> {
  readonly #sessions = new WeakMap<object, Map<string, Session>>();
  readonly #ongoing = new WeakSet<Session>();

  /** The session that has begun for one of these objects. */
  find(requests: readonly object[], cookie: string): Session | undefined {
    return requests.map((request) => this.#sessions.get(request)?.get(cookie)).find((found) => found !== undefined);
  }

  /** Whether a handler has begun this session that has not returned yet. */
  has(session: Session): boolean {
    return this.#ongoing.has(session);
  }

  /** From now on the session is found, until what this returns is called. */
  enter(requests: readonly object[], cookie: string, session: Session): () => void {
    this.#ongoing.add(session);
    for (const request of requests) {
      const sessions = this.#sessions.get(request) ?? new Map<string, Session>();
      this.#sessions.set(request, sessions.set(cookie, session));
    }
    return () => {
      this.#ongoing.delete(session);
      for (const request of requests) this.#sessions.get(request)?.delete(cookie);
    };
  }
}
