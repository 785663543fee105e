import type { CookieAction, Session } from '../../src/index.js';
import type { Ask, Operation, Values } from './history.js';
import { ISSUER, sidOf } from './identity-provider.js';
import type { Line } from './line.js';
import type { Action } from './plan.js';
import type { Surroundings } from './surroundings.js';

/** The data of the simulated application: what is set is never set twice, so that a value tells who wrote it. */
export interface App {
  theme: string;
  cart: string;
  challenge: string;
  visits: number;
}

type Key = keyof App;

const KEYS: readonly Key[] = ['theme', 'cart', 'challenge', 'visits'];

/** What a handler does with its session, and what of that is not written yet. */
export class Request {
  readonly #session: Session<App>;
  readonly #visit: number;
  readonly #by: string;
  readonly #line: Line;
  readonly #world: Surroundings;
  readonly #pending = new Map<Key, unknown>();

  constructor(session: Session<App>, visit: number, by: string, line: Line, world: Surroundings) {
    this.#session = session;
    this.#visit = visit;
    this.#by = by;
    this.#line = line;
    this.#world = world;
  }

  async act(action: Action): Promise<Operation['outcome']> {
    const session = this.#session;
    switch (action.kind) {
      case 'wait':
        await this.#line.pause('goes on');
        return 'ok';
      case 'set': {
        const value = this.#world.newValue();
        session.set(action.key, value);
        this.#pending.set(action.key, value);
        return 'ok';
      }
      case 'delete':
        session.delete(action.key);
        this.#pending.set(action.key, undefined);
        return 'ok';
      case 'update':
        return this.#operate({ kind: 'update' }, () => session.update('visits', (n = 0) => n + 1));
      case 'getAndDelete':
        return this.#operate({ kind: 'getAndDelete' }, () => session.getAndDelete('challenge'), ['challenge']);
      case 'logIn': {
        const user = this.#world.user(action.user);
        const { exclusive, idToken } = action;
        const proof = idToken ? { sid: sidOf(user, idToken.sid), issuedAt: this.#line.now - idToken.age } : undefined;
        const claims = proof && { iss: ISSUER, sid: proof.sid, iat: proof.issuedAt };
        const ask = { kind: 'logIn', user, exclusive, ...proof } as const;
        return this.#operate(ask, () => session.logIn(user, { exclusive, ...(claims && { idToken: claims }) }), KEYS);
      }
      case 'logOut':
        return this.#operate(action, () => session.logOut({ keep: action.keep ? ['theme'] : [] }));
      case 'save':
        return this.#operate({ kind: 'save' }, () => session.save(), KEYS);
      case 'regenerate':
        return this.#operate({ kind: 'regenerate' }, () => session.regenerate(), KEYS);
      case 'destroy':
        return this.#operate({ kind: 'destroy' }, () => session.destroy());
    }
  }

  async commit(hasLostWrites: () => boolean): Promise<CookieAction | undefined> {
    let cookie: CookieAction | undefined;
    await this.#record(
      { kind: 'commit' },
      KEYS,
      async () => {
        cookie = await this.#session.commit();
      },
      (operation) => {
        if (hasLostWrites()) operation.outcome = 'gone';
        if (cookie !== undefined) operation.cookie = cookie;
      },
    );
    return cookie;
  }

  async #operate<T>(ask: Ask, operate: () => Promise<T>, flushed: readonly Key[] = []): Promise<Operation['outcome']> {
    const { outcome } = await this.#record(ask, flushed, operate, (operation, value) => {
      operation.value = value;
      const loggedInAt = this.#session.authenticatedAt?.getTime();
      if (ask.kind === 'logIn' && loggedInAt !== undefined) operation.loggedInAt = loggedInAt;
    });
    return outcome;
  }

  /** @param flushed which of the keys that were set it writes */
  #record<T>(
    ask: Ask,
    flushed: readonly Key[],
    operate: () => Promise<T>,
    answer: (operation: Operation, value: T | undefined) => void,
  ): Promise<Operation> {
    const before = this.#session.id;
    const writes = new Map([...this.#pending].filter(([key]) => flushed.includes(key)));
    const beginning = { by: this.#by, visit: this.#visit, user: this.#session.userId, before, writes };
    return this.#world.recorder.record(this.#line, ask, beginning, operate, (operation, value) => {
      operation.after = this.#session.id;
      if (operation.after !== undefined && operation.after !== before) operation.writes = this.#begunWith(ask);
      answer(operation, value);
      this.#forget(operation);
    });
  }

  /** What is in the session that has just begun; what `update` made of its key is told by its value. */
  #begunWith(ask: Ask): Values {
    const data = new Map<string, unknown>(this.#session.entries());
    if (ask.kind === 'update') data.delete('visits');
    return data;
  }

  #forget({ outcome, writes }: Operation): void {
    for (const [key, value] of this.#pending) {
      const isWritten = outcome === 'ok' && writes.has(key) && writes.get(key) === value;
      if (isWritten || this.#session.get(key) !== value) this.#pending.delete(key);
    }
  }
}
