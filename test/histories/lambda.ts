import { type CookieAction, type Session, Sessions, type SessionsOptions } from '../../src/index.js';
import { GuardedLayer } from '../../src/core/guarded-layer.js';
import { loginOf } from '../../src/core/provider-login.js';
import { deviceBinding } from '../../src/dbsc/index.js';
import { encryptedData } from '../../src/encryption/index.js';
import { endLogin, endLoginsOf } from '../../src/oidc/end-logins.js';
import { type Browser, type DeviceQuestion, type DeviceReply, idIn } from './browser.js';
import type { Ask, Operation } from './history.js';
import { ISSUER } from './identity-provider.js';
import type { Line } from './line.js';
import type { Visit } from './plan.js';
import { type App, Request } from './request.js';
import { BOUND_LIFETIME, RULES } from './rules.js';
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
      ...(world.binds === true && { deviceBinding: deviceBinding({ lifetime: BOUND_LIFETIME }) }),
      persistence: world.layerFor(line),
      clock: { now: () => (line.now + worker.skew) * 1000 },
      onEvent: ({ type }) => {
        if (type === 'lost-write') this.#lostWrites += 1;
      },
    });
  }

  /** A whole request. Returns what its response says of the cookie; `undefined` for a 503. */
  async visit(
    browser: Browser,
    { actions, stubborn }: Pick<Visit, 'actions' | 'stubborn'>,
  ): Promise<CookieAction | undefined> {
    const number = this.#world.newVisit();
    const session = await this.start(browser.token, browser.boundToken(this.#line.now), browser.name, number);
    if (session === undefined) return undefined;
    const request = new Request(session, number, `${this.#name}, ${browser.name}`, this.#line, this.#world);
    for (const action of actions) {
      const outcome = await request.act(action);
      if (outcome === 'unknown' && !stubborn) return undefined;
    }
    const lostBefore = this.#lostWrites;
    return request.commit(() => this.#lostWrites > lostBefore);
  }

  async start(
    token: string | undefined,
    boundToken: string | undefined,
    from: string,
    visit: number | undefined,
  ): Promise<Session<App> | undefined> {
    let session: Session<App> | undefined;
    await this.#record(
      { kind: 'start', token, boundToken },
      { by: `${this.#name}, ${from}`, visit },
      async () => {
        session = await this.#sessions.start({ tokens: listOf(token), boundTokens: listOf(boundToken) });
      },
      (operation) => {
        if (session?.id === undefined) return;
        operation.after = session.id;
        operation.found = {
          user: session.userId,
          bound: session.bound,
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

  /** Answers what a browser asks by itself; `undefined` for a 503 of the adapter. */
  async prove(from: string, { ask, headers }: DeviceQuestion): Promise<DeviceReply | undefined> {
    let reply: DeviceReply | undefined;
    const session = ask.token === undefined ? ask.names : idIn(ask.token);
    await this.#record(
      ask,
      { by: `${this.#name}, ${from}`, visit: this.#world.newVisit(), before: session },
      async () => {
        const request = {
          method: 'POST',
          path: `/.well-known/dynamodb-sessions/${ask.kind}`,
          header: (name: string) => headers[name],
          cookie: { name: '__Host-id-bound', attributes: 'Path=/; Secure; HttpOnly; SameSite=Lax' },
        };
        const answer = await this.#sessions.answerDevice(request, () => ({ tokens: listOf(ask.token) }));
        if (answer === undefined) throw new Error('The endpoint is not found.');
        const { statusCode: status, cookie, boundCookie } = answer;
        const challenge = /^"([^"]+)"/.exec(answer.headers['secure-session-challenge'] ?? '')?.[1];
        reply = { status, challenge, cookie, boundCookie };
        return status;
      },
      (operation) => {
        if (reply === undefined) return;
        operation.cookie = reply.cookie;
        if (reply.boundCookie !== undefined) operation.boundToken = reply.boundCookie.token;
      },
    );
    return reply;
  }

  async endLogin(sid: string, user: string | undefined): Promise<void> {
    const layer = new GuardedLayer(this.#sessions.options);
    await this.#record({ kind: 'endLogin', sid, user }, {}, () => endLogin(layer, loginOf(ISSUER, sid), user));
  }

  async endLoginsOf(user: string, issuedBefore: number): Promise<void> {
    const layer = new GuardedLayer(this.#sessions.options);
    await this.#record({ kind: 'endLoginsOf', user, issuedBefore }, {}, () => endLoginsOf(layer, user, issuedBefore));
  }

  async list(user: string): Promise<void> {
    await this.#record({ kind: 'ofUser', user }, {}, async () =>
      (await this.#sessions.ofUser(user)).map(({ id }) => id),
    );
  }

  #record<T>(
    ask: Ask,
    { by = this.#name, visit, before }: { by?: string; visit?: number | undefined; before?: string },
    operate: () => Promise<T>,
    answer: (operation: Operation) => void = () => {},
  ): Promise<Operation> {
    const beginning = { by, visit, user: undefined, before, writes: new Map() };
    return this.#world.recorder.record(this.#line, ask, beginning, operate, (operation, value) => {
      operation.value = value;
      answer(operation);
    });
  }
}

const listOf = (token: string | undefined): string[] => (token === undefined ? [] : [token]);

function encryptionOf(lambda: string, { encryption }: Pick<Surroundings, 'encryption'>): SessionsOptions {
  if (encryption === 'on') return { encryption: encryptedData() };
  if (encryption !== 'rolled out' || lambda === 'before') return {};
  return { encryption: encryptedData({ seal: lambda !== 'L0' }) };
}
