import { encryptedData } from '../../src/encryption/index.js';
import {
  type CookieAction,
  type PersistenceLayer,
  type Session,
  type SessionEvent,
  type SessionRequest,
  Sessions,
  type SessionsOptions,
} from '../../src/index.js';

/** The data of the tests' application. */
export interface App {
  theme: 'light' | 'dark';
  cart: string[];
  visits: number;
  challenge: string;
}

/** Sessions with a clock that the test moves, and a record of the events. */
export class World {
  /** Seconds since the epoch. */
  now = 1_800_000_000;
  readonly events: SessionEvent[] = [];
  readonly #persistence: PersistenceLayer;
  readonly #encrypted: boolean;

  /** @param encrypted whether data is encrypted, unless sessions are told otherwise */
  constructor(persistence: PersistenceLayer, encrypted: boolean = process.env['TEST_ENCRYPTION'] !== undefined) {
    this.#persistence = persistence;
    this.#encrypted = encrypted;
  }

  /** A Lambda instance: `Sessions` on the shared store. */
  sessions(options: SessionsOptions = {}): Sessions<App> {
    return new Sessions<App>({
      persistence: this.#persistence,
      clock: { now: () => this.now * 1000 },
      onEvent: (event) => this.events.push(event),
      ...(this.#encrypted && { encryption: encryptedData() }),
      ...options,
    });
  }

  /** The types of the events since the last call. */
  takeEvents(): string[] {
    return this.events.splice(0).map(({ type }) => type);
  }
}

/** A browser: it keeps the cookie as the responses tell it to. */
export class Browser {
  token: string | undefined;
  readonly #sessions: Sessions<App>;

  constructor(sessions: Sessions<App>) {
    this.#sessions = sessions;
  }

  /** Begins a request with the cookie that the browser has now. */
  start(request: SessionRequest = {}): Promise<Session<App>> {
    return this.#sessions.start({ tokens: this.token === undefined ? [] : [this.token], ...request });
  }

  /** Ends a request, and does with the cookie what the response says. */
  async finish(session: Session<App>): Promise<CookieAction> {
    return this.receive(await session.commit());
  }

  receive(action: CookieAction): CookieAction {
    if (action.kind === 'set') this.token = action.token;
    if (action.kind === 'clear') this.token = undefined;
    return action;
  }

  /** A whole request. */
  async request(handler: (session: Session<App>) => unknown = () => {}): Promise<CookieAction> {
    const session = await this.start();
    await handler(session);
    return this.finish(session);
  }
}
