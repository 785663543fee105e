import { type CookieAction, type Session, Sessions, type SessionsOptions } from '../../src/index.js';
import { encryptedData } from '../../src/encryption/index.js';
import type { Ask, Operation } from './history.js';
import type { Line } from './line.js';
import type { Visit } from './plan.js';
import { type App, Request } from './request.js';
import { RULES } from './rules.js';
import type { Worker } from './scheduler.js';
import type { Surroundings } from './surroundings.js';

/** A Lambda instance: it has a clock of its own, and does one thing at a time. */
export class Lambda {
  readonly #name: string;
  readonly #line: Line;
  readonly #world: Surroundings;
  readonly #sessions: Sessions<App>;
  #lostWrites = 0;

  constructor(name: string, line: Line, worker: Worker, world: Surroundings) {
    this.#name = name;
    this.#line = line;
    this.#world = world;
    this.#sessions = new Sessions<App>({
      ...RULES,
      revocationCheck: world.revocationCheck,
      ...(typeof world.bound === 'number' && { maxSessionsPerUser: world.bound }),
      ...encryptionOf(name, world),
      persistence: world.layerFor(line),
      clock: { now: () => (line.now + worker.skew) * 1000 },
      onEvent: ({ type }) => {
        if (type === 'lost-write') this.#lostWrites += 1;
      },
    });
  }

  /** A whole request. Returns what its response says of the cookie; `undefined` for a 503. */
  async visit(
    from: string,
    token: string | undefined,
    { actions, stubborn }: Pick<Visit, 'actions' | 'stubborn'>,
  ): Promise<CookieAction | undefined> {
    const number = this.#world.newVisit();
    const session = await this.start(token, from, number);
    if (session === undefined) return undefined;
    const request = new Request(session, number, `${this.#name}, ${from}`, this.#line, this.#world);
    for (const action of actions) {
      const outcome = await request.act(action);
      if (outcome === 'unknown' && !stubborn) return undefined;
    }
    const lostBefore = this.#lostWrites;
    return request.commit(() => this.#lostWrites > lostBefore);
  }

  async start(token: string | undefined, from: string, visit: number | undefined): Promise<Session<App> | undefined> {
    let session: Session<App> | undefined;
    await this.#record(
      { kind: 'start', token },
      { by: `${this.#name}, ${from}`, visit },
      async () => {
        session = await this.#sessions.start(token === undefined ? {} : { tokens: [token] });
      },
      (operation) => {
        if (session?.id === undefined) return;
        operation.after = session.id;
        operation.found = {
          user: session.userId,
          data: new Map<string, unknown>(session.entries()),
          createdAt: (session.createdAt as Date).getTime() / 1000,
          expiresAt: (session.expiresAt as Date).getTime() / 1000,
        };
      },
    );
    return session;
  }

  async revoke(session: string | undefined): Promise<void> {
    if (session === undefined) return;
    await this.#record({ kind: 'revoke', session }, {}, () => this.#sessions.revoke(session));
  }

  async logOutUser(user: string, except: string | undefined): Promise<void> {
    await this.#record({ kind: 'logOutUser', user, except }, {}, () =>
      this.#sessions.logOutUser(user, except === undefined ? {} : { except: { id: except } }),
    );
  }

  async logOutEveryone(): Promise<void> {
    await this.#record({ kind: 'logOutEveryone' }, {}, () => this.#sessions.logOutEveryone());
  }

  async list(user: string): Promise<void> {
    await this.#record({ kind: 'ofUser', user }, {}, async () =>
      (await this.#sessions.ofUser(user)).map(({ id }) => id),
    );
  }

  #record<T>(
    ask: Ask,
    { by = this.#name, visit }: { by?: string; visit?: number | undefined },
    operate: () => Promise<T>,
    answer: (operation: Operation) => void = () => {},
  ): Promise<Operation> {
    const beginning = { by, visit, user: undefined, before: undefined, writes: new Map() };
    return this.#world.recorder.record(this.#line, ask, beginning, operate, (operation, value) => {
      operation.value = value;
      answer(operation);
    });
  }
}

function encryptionOf(lambda: string, { encryption }: Pick<Surroundings, 'encryption'>): SessionsOptions {
  if (encryption === 'on') return { encryption: encryptedData() };
  if (encryption !== 'rolled out' || lambda === 'before') return {};
  return { encryption: encryptedData({ seal: lambda !== 'L0' }) };
}
