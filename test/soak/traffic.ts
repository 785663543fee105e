import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type CookieAction,
  type IdTokenClaims,
  LoginEndedError,
  type ReadonlySession,
  type Session,
  SessionError,
  SessionGoneError,
  Sessions,
  type SessionsOptions,
  StoreUnavailableError,
} from '../../src/index.js';
import { backChannelLogout, type ProviderEndpoint } from '../../src/oidc/index.js';
import type { Engine } from '../engines/index.js';
import { TestIssuer } from '../unit/oidc/test-issuer.js';
import { CLIENTS, type OwnClient } from '../world/clients.js';
import { FAULTS, type Fault, Network } from '../world/faults.js';
import { Ledger } from './ledger.js';

/** Seconds, of which {@link SPEED} pass in one. */
export const RULES = {
  idleTimeout: 600,
  absoluteTimeout: 900,
  touchInterval: 60,
  rotationInterval: 120,
  rotationGrace: 30,
} as const satisfies SessionsOptions;

export const LAMBDAS = 20;
/** How far a Lambda's clock may be off. */
const SKEW = 5;
const SPEED = 60;
const BROWSERS = 60;
const USERS = 25;
/** How many sessions of a user such a Lambda puts up with. */
const BOUND = 2;
/** How many cookies are shown at a time. */
const AT_ONCE = 50;
const FAULT_RATE = 0.04;
/** How often the index has not learned yet of what was written since the same Lambda last asked it. */
const LAG_RATE = 0.2;
/** Later than any engine's own clock, so that its TTL takes nothing away. */
const EPOCH = 4_000_000_000;

interface App {
  owner: string;
  visits: number;
  voucher: string;
  cart: string[];
}

/** A table under the traffic of many Lambdas, on a network that fails. */
export class Traffic {
  readonly ledger = new Ledger();
  /** How often each fault has struck. */
  readonly faults: Record<string, number> = {};
  readonly #networks: Network[] = [];
  readonly #lambdas: Sessions<App>[] = [];
  readonly #bounded = new Set<Sessions<App>>();
  readonly #provider: TestIssuer;
  /** Where the provider's messages arrive. */
  readonly #endpoints: ProviderEndpoint[] = [];
  /** The session that each user has at the provider. */
  readonly #sids = new Map<string, string>();
  /** The provider's time of the last logout of all of a user's logins. */
  readonly #lastLogouts = new Map<string, number>();
  readonly #browsers = Array.from({ length: BROWSERS }, (_, number) => new Browser(number % 3 !== 0));
  readonly #close: (() => Promise<void>)[] = [];
  readonly #start = performance.now();
  /** Seconds that have passed at once. */
  #leap = 0;
  #isOn = false;

  /** Half of the Lambdas have the AWS SDK, half do without; of either, about every fourth has a bound on sessions. */
  static async on(engine: Engine, tableName: string): Promise<Traffic> {
    const traffic = new Traffic(await TestIssuer.start());
    for (let number = 0; number < LAMBDAS; number += 1) {
      await traffic.#employ(engine, tableName, CLIENTS[number % CLIENTS.length] as OwnClient, number % 8 < 2);
    }
    return traffic;
  }

  private constructor(provider: TestIssuer) {
    this.#provider = provider;
  }

  /** The true time, in seconds. */
  get now(): number {
    return EPOCH + this.#leap + ((performance.now() - this.#start) * SPEED) / 1_000;
  }

  get requests(): number {
    return this.ledger.counts['requests'] ?? 0;
  }

  /** Goes on until a time has passed, or so many requests were made. */
  async run(seconds: number, mostRequests: number): Promise<void> {
    this.#isOn = true;
    const end = performance.now() + seconds * 1_000;
    const last = this.requests + mostRequests;
    const isOver = (): boolean => performance.now() > end || this.requests >= last;
    const zombies = this.#releaseZombies();
    const halfway = delay(seconds * 500).then(() => this.#logOutEveryone());
    await Promise.all([halfway, ...this.#browsers.map((browser) => this.#browse(browser, isOver))]);
    this.#isOn = false;
    await zombies;
  }

  /** Shows every cookie that was sent, the newest first: now, when a touch is due, and when every session has expired. */
  async showEveryCookie(): Promise<void> {
    const tokens = [...this.ledger.tokens].toReversed();
    for (const pass of [0, RULES.touchInterval + 15, RULES.idleTimeout + 15]) {
      this.#leap += pass;
      for (let start = 0; start < tokens.length; start += AT_ONCE) {
        await Promise.all(tokens.slice(start, start + AT_ONCE).map((token) => this.#show(token)));
      }
    }
  }

  /** Lets go of everything that grows with the number of requests. No browser has a cookie afterwards. */
  forget(): void {
    this.ledger.forget();
    this.#sids.clear();
    this.#lastLogouts.clear();
    for (const browser of this.#browsers) browser.token = undefined;
    for (const network of this.#networks) {
      for (const fault of network.struck) this.faults[fault] = (this.faults[fault] ?? 0) + 1;
      network.forget();
    }
  }

  async close(): Promise<void> {
    for (const close of this.#close) await close();
    await this.#provider[Symbol.asyncDispose]();
  }

  async #employ(engine: Engine, tableName: string, client: OwnClient, isBounded: boolean): Promise<void> {
    const skew = randomInt(-SKEW, SKEW + 1);
    const network = await Network.before(engine);
    const { layer, close } = client.layerAt(network.endpoint, { tableName, timeoutMs: 2_000 });
    network.planEach(({ operation }) => {
      if (!this.#isOn) return 'none';
      if (operation === 'Query' && chance(LAG_RATE)) return 'lagging';
      return chance(FAULT_RATE) ? oneOf(FAULT_NAMES) : 'none';
    });
    this.#networks.push(network);
    this.#close.push(async () => {
      close();
      await network.close();
    });
    const sessions = new Sessions<App>({
      ...RULES,
      ...(isBounded && { maxSessionsPerUser: BOUND }),
      persistence: layer,
      clock: { now: () => (this.now + skew) * 1_000 },
      onEvent: ({ type }) => this.ledger.count(`event ${type}`),
    });
    if (isBounded) this.#bounded.add(sessions);
    this.#lambdas.push(sessions);
    this.#endpoints.push(backChannelLogout(sessions, { issuer: this.#provider.issuer, audience: 'shop' }));
  }

  /** One browser: every third one has two requests under way at a time. */
  async #browse(browser: Browser, isOver: () => boolean): Promise<void> {
    const tab = async (): Promise<void> => {
      while (!isOver()) {
        await this.#request(browser);
        await delay(randomInt(0, 60));
      }
    };
    await Promise.all(browser.isCalm ? [tab()] : [tab(), tab()]);
  }

  async #request(browser: Browser): Promise<void> {
    const { ledger } = this;
    ledger.count('requests');
    const lambda = oneOf(this.#lambdas);
    const { token } = browser;
    const begunAt = this.now;
    const endedBefore = this.#hasEnded(token);
    try {
      const session = await lambda.start({
        ...(token !== undefined && { tokens: [token] }),
        deadline: Date.now() + 4_000,
      });
      this.#judge(session, token, { begunAt, endedBefore, isCalm: browser.isCalm });
      try {
        await this.#act(lambda, session);
      } catch (error) {
        this.#tell(session, `failed: ${(error as Error).name}`);
        if (!(error instanceof SessionGoneError)) throw error;
        ledger.count('answers "gone"');
      }
      const action = await session.commit();
      this.#tell(session, `answered: ${action.kind}`);
      if (session.id !== undefined)
        ledger.begun(session.id, begunAt).expiresAt = (session.expiresAt as Date).getTime() / 1_000;
      this.#receive(browser, action);
    } catch (error) {
      if (error instanceof StoreUnavailableError) ledger.count('answers 503');
      else ledger.violated(11, error instanceof SessionError ? error.code : String(error));
    }
  }

  async #show(token: string): Promise<void> {
    const [begunAt, endedBefore] = [this.now, this.#hasEnded(token)];
    const session = await oneOf(this.#lambdas).read({ tokens: [token] });
    this.#judge(session, token, { begunAt, endedBefore, isCalm: false });
    this.ledger.count(session.id === undefined ? 'cookies shown in vain' : 'cookies shown that are good');
  }

  #hasEnded(token: string | undefined): boolean {
    return token !== undefined && this.ledger.get(idOf(token))?.ended === true;
  }

  /**
   * What may not be: a dead session, somebody else's data, a session gone without a cause.
   *
   * @param isCalm whether the token is the only one that the browser can have been sent
   */
  #judge(
    session: ReadonlySession<App>,
    token: string | undefined,
    { begunAt, endedBefore, isCalm }: { begunAt: number; endedBefore: boolean; isCalm: boolean },
  ): void {
    const { ledger } = this;
    const { id } = session;
    if (id === undefined) {
      const lost = token === undefined ? undefined : ledger.get(idOf(token));
      const margin = 2 * SKEW + RULES.touchInterval;
      if (isCalm && lost && !lost.mayBeGone && !lost.isUnsettled && this.now < lost.expiresAt - margin) {
        ledger.violated(4, 'a session is gone, and nobody has ended it', idOf(token as string));
      }
      return;
    }
    const known = ledger.begun(id, begunAt);
    const expiresAt = (session.expiresAt as Date).getTime() / 1_000;
    if (endedBefore) ledger.violated(1, 'a session came back', id);
    if (begunAt > known.deadFrom) ledger.violated(9, 'a session outlived a logout everywhere', id);
    if (begunAt > known.loginOverFrom) ledger.violated(9, 'a session outlived its login at the provider', id);
    if (expiresAt + SKEW < begunAt) ledger.violated(2, 'an expired session was found', id);
    const createdAt = (session.createdAt as Date).getTime() / 1_000;
    known.createdAt ??= createdAt;
    if (createdAt !== known.createdAt) ledger.violated(10, 'a session began anew', id);
    if (expiresAt > createdAt + RULES.absoluteTimeout) ledger.violated(10, 'a lifetime grew', id);
    const owner = session.get('owner');
    if (owner !== undefined && owner !== session.userId) {
      ledger.violated(6, 'a session has the data of another user');
    }
    known.expiresAt = expiresAt;
    if (typeof session.userId === 'string') {
      const isLoginKnown = known.loggedInAt !== Number.POSITIVE_INFINITY;
      ledger.attach(id, session.userId, isLoginKnown ? known.loggedInAt : known.begunAt);
    }
  }

  async #act(lambda: Sessions<App>, session: Session<App>): Promise<void> {
    const action = weighted(ACTIONS);
    this.ledger.count(action);
    this.#tell(session, action);
    await this[action](lambda, session);
  }

  #tell({ id }: Session<App>, what: string): void {
    if (id !== undefined) this.ledger.tell(id, this.now, what);
  }

  look(): void {}

  put(_lambda: Sessions<App>, session: Session<App>): void {
    session.set(
      'cart',
      Array.from({ length: randomInt(1, 10) }, () => 'a book'),
    );
  }

  async increment(_lambda: Sessions<App>, session: Session<App>): Promise<void> {
    const before = session.id;
    try {
      await session.update('visits', (n = 0) => n + 1);
    } catch (error) {
      if (before !== undefined) this.ledger.begun(before, this.now).visits.unknown += 1;
      throw error;
    }
    this.ledger.begun(session.id as string, this.now).visits.done += 1;
  }

  async voucher(_lambda: Sessions<App>, session: Session<App>): Promise<void> {
    if (chance(0.3)) {
      const voucher = randomBytes(8).toString('hex');
      this.ledger.issue(voucher);
      return session.set('voucher', voucher);
    }
    const voucher = await session.getAndDelete('voucher');
    if (voucher !== undefined) this.ledger.handOut(voucher);
  }

  async logIn(lambda: Sessions<App>, session: Session<App>): Promise<void> {
    const user = `user-${randomInt(USERS)}`;
    const begunAt = this.now;
    const before = session.id;
    const exclusive = chance(0.2);
    const idToken = chance(0.5) ? this.#idTokenOf(user) : undefined;
    const wasOver = idToken && this.ledger.isOver({ userId: user, ...idToken }) === 'yes';
    const former = before === undefined ? undefined : { ...this.ledger.begun(before, begunAt) };
    if (session.id !== undefined) {
      const known = this.ledger.begun(session.id, begunAt);
      known.isUnsettled = true;
      if (session.userId !== undefined && session.userId !== user) known.mayBeGone = true;
      else {
        // Until this is answered, nothing says whether the session has a new life.
        known.loggedInAt = Number.POSITIVE_INFINITY;
        known.deadFrom = Number.POSITIVE_INFINITY;
        known.loginOverFrom = Number.POSITIVE_INFINITY;
        known.login = undefined;
      }
    }
    const logIn = (): Promise<void> => session.logIn(user, { exclusive, ...(idToken && { idToken }) });
    try {
      await (exclusive || this.#bounded.has(lambda)
        ? this.ledger.purge(
            { userId: user },
            () => this.now,
            logIn,
            () => session.id,
          )
        : logIn());
    } catch (error) {
      if (!(error instanceof LoginEndedError) || idToken === undefined) throw error;
      this.ledger.count('logins refused that the provider had ended');
      if (this.ledger.isOver({ userId: user, ...idToken }) === 'no')
        this.ledger.violated(9, 'a login was refused, and the provider has not ended it', before);
      // The session goes on as it was, if it is nobody else's.
      if (former !== undefined && session.id === before) {
        const { loggedInAt, deadFrom, loginOverFrom, login, isUnsettled } = former;
        const restored = { loggedInAt, deadFrom, loginOverFrom, login, isUnsettled };
        Object.assign(this.ledger.begun(former.id, begunAt), restored, exclusive && { mayBeGone: true });
      }
      return;
    }
    if (wasOver) this.ledger.violated(9, 'somebody logged in whose login the provider had ended', session.id);
    session.set('owner', user);
    const known = this.ledger.begun(session.id as string, begunAt);
    known.login = idToken?.sid ?? 'none';
    // A login that was overtaken by another of the same user begins with what this request knows of the data.
    if (session.id !== before) known.visits.done = session.get('visits') ?? 0;
    known.isUnsettled = true;
    this.ledger.attach(session.id as string, user, begunAt);
    known.loggedInAt = this.now;
    if (this.ledger.hasEnded(known.login)) known.loginOverFrom = this.now + UNTIL_DEAD;
    if (exclusive) this.ledger.loggedOutEverywhere(user, begunAt, this.now + UNTIL_DEAD, session.id);
  }

  async logOut(_lambda: Sessions<App>, session: Session<App>): Promise<void> {
    await this.#end(session.id, () => session.logOut(chance(0.5) ? { keep: ['cart'] } : {}));
  }

  async destroy(_lambda: Sessions<App>, session: Session<App>): Promise<void> {
    await this.#end(session.id, () => session.destroy());
  }

  async regenerate(_lambda: Sessions<App>, session: Session<App>): Promise<void> {
    if (session.id === undefined) return;
    this.ledger.begun(session.id, this.now).isUnsettled = true;
    await session.regenerate();
  }

  async revoke(lambda: Sessions<App>): Promise<void> {
    const id = oneOf([...this.ledger.ids, 'none']);
    const known = this.ledger.get(id);
    if (known) known.mayBeGone = true;
    if ((await lambda.revoke(id)) && known) known.ended = true;
  }

  async list(lambda: Sessions<App>): Promise<void> {
    const { ledger } = this;
    const user = `user-${randomInt(USERS)}`;
    const begunAt = this.now;
    const isDead = (id: string): boolean => (ledger.get(id)?.deadFrom ?? Infinity) < Infinity;
    const ended = new Set([...ledger.ids].filter((id) => ledger.get(id)?.ended));
    const dead = new Set([...ledger.ids].filter(isDead));
    for (const { id, expiresAt } of await lambda.ofUser(user)) {
      if (ended.has(id)) ledger.violated(1, 'an ended session was listed', id);
      if (dead.has(id) && isDead(id)) ledger.violated(9, 'a session was listed after a logout everywhere', id);
      if (expiresAt.getTime() / 1_000 + SKEW < begunAt) ledger.violated(2, 'an expired session was listed', id);
    }
  }

  async logOutUser(lambda: Sessions<App>, session: Session<App>): Promise<void> {
    const user = `user-${randomInt(USERS)}`;
    const begunAt = this.now;
    const except = session.userId === user ? session : undefined;
    const logOut = (): Promise<void> => lambda.logOutUser(user, except && { except });
    await this.ledger.purge({ userId: user }, () => this.now, logOut);
    this.ledger.loggedOutEverywhere(user, begunAt, this.now + UNTIL_DEAD, except?.id);
  }

  /** The provider says that a login is over, or all of a user's; sometimes it says so twice. */
  async logOutAtProvider(): Promise<void> {
    const { ledger } = this;
    const user = oneOf([...this.#sids.keys(), `user-${randomInt(USERS)}`]);
    const sid = chance(0.8) ? this.#sids.get(user) : undefined;
    const begunAt = this.now;
    const iat = Math.max(Math.floor(begunAt), (this.#lastLogouts.get(user) ?? 0) + 1);
    if (sid === undefined) this.#lastLogouts.set(user, iat);
    if (chance(0.5)) this.#sids.delete(user); // otherwise an ID token of the same session is still on its way
    const named = { ...(sid !== undefined && { sid }), ...((sid === undefined || chance(0.3)) && { sub: user }) };
    const token = await this.#provider.sign(this.#provider.logoutClaims(iat, { ...named, exp: iat + 3_600 }));

    const logout = ledger.logoutBegins({ userId: user, sid, iat });
    await ledger.purge(
      { userId: user, ...(sid !== undefined && { login: sid }) },
      () => this.now,
      () => this.#deliver(token),
    );
    logout.isDone = true;
    ledger.count(sid === undefined ? 'logouts by sub' : 'logouts by sid');
    if (sid === undefined) ledger.loggedOutEverywhere(user, begunAt, this.now + UNTIL_DEAD);
    else ledger.loginEnded(sid, begunAt, this.now + UNTIL_DEAD);
    if (chance(0.5)) return;
    await delay(randomInt(0, 1_000));
    await this.#deliver(token); // this ends nothing that has begun since
    ledger.count('logouts said twice');
  }

  async #deliver(token: string): Promise<void> {
    const { statusCode } = await oneOf(this.#endpoints).answer({
      method: 'POST',
      contentType: 'application/x-www-form-urlencoded',
      body: new URLSearchParams({ logout_token: token }).toString(),
      deadline: Date.now() + 4_000,
    });
    if (statusCode === 503) throw new StoreUnavailableError('The logout was not done.', { retryable: true });
    if (statusCode !== 200) this.ledger.violated(11, `a logout token was answered with ${statusCode}`);
  }

  /** Of the session that the user has at the provider, or of a new one there. */
  #idTokenOf(user: string): IdTokenClaims & { readonly sid: string } {
    const present = chance(0.6) ? this.#sids.get(user) : undefined;
    const sid = present ?? randomBytes(8).toString('hex');
    this.#sids.set(user, sid);
    const late = chance(0.2) ? randomInt(120) : 0;
    return { iss: this.#provider.issuer, iat: Math.floor(this.now) - late, sid };
  }

  async #logOutEveryone(): Promise<void> {
    const begunAt = this.now;
    const logOut = (): Promise<void> => oneOf(this.#lambdas).logOutEveryone();
    try {
      await this.ledger.purge({}, () => this.now, logOut);
      this.ledger.count('logOutEveryone');
      this.ledger.loggedOutEverywhere(undefined, begunAt, this.now + UNTIL_DEAD + 10);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      await this.#logOutEveryone();
    }
  }

  async #end(id: string | undefined, end: () => Promise<unknown>): Promise<void> {
    const known = id === undefined ? undefined : this.ledger.get(id);
    if (known) known.mayBeGone = true;
    await end();
    if (known) known.ended = true;
  }

  #receive(browser: Browser, action: CookieAction): void {
    if (action.kind === 'set') this.ledger.tokens.add(action.token);
    if (chance(0.02)) return this.ledger.count('responses lost');
    if (action.kind === 'set') {
      browser.token = action.token;
      const known = this.ledger.get(idOf(action.token));
      if (known) known.isUnsettled = false;
    }
    if (action.kind === 'clear') browser.token = undefined;
  }

  async #releaseZombies(): Promise<void> {
    while (this.#isOn) {
      await delay(200);
      if (chance(0.2)) await this.#land();
    }
    await this.#land();
  }

  #land(): Promise<void> {
    return this.ledger.settle(
      () => this.now,
      () => Promise.all(this.#networks.map((network) => this.#landOn(network))),
    );
  }

  async #landOn(network: Network): Promise<void> {
    try {
      for (let left = await network.releaseZombies(); left > 0; left -= 1) this.ledger.count('late requests landed');
    } catch {
      this.ledger.count('late requests lost');
    }
  }
}

/** It keeps the cookie. A calm one makes one request at a time. */
class Browser {
  token: string | undefined;
  readonly isCalm: boolean;

  constructor(isCalm: boolean) {
    this.isCalm = isCalm;
  }
}

/** How long after a logout everywhere a session that the index did not show may still be seen, at most. */
const UNTIL_DEAD = RULES.touchInterval + 2 * SKEW + 1;

/** How often what is done. */
export const ACTIONS = {
  look: 40,
  put: 15,
  increment: 12,
  voucher: 10,
  logIn: 8,
  logOut: 3,
  destroy: 1,
  regenerate: 2,
  revoke: 1,
  list: 3,
  logOutUser: 1,
  logOutAtProvider: 4,
} as const;

const FAULT_NAMES = Object.keys(FAULTS) as Fault[];
const idOf = (token: string): string => token.split('.')[0] as string;
const chance = (probability: number): boolean => Math.random() < probability;
const oneOf = <T>(list: readonly T[]): T => list[randomInt(list.length)] as T;

function weighted<Name extends string>(weights: Readonly<Record<Name, number>>): Name {
  const entries = Object.entries(weights) as [Name, number][];
  let left = Math.random() * entries.reduce((sum, [, weight]) => sum + weight, 0);
  return (entries.find(([, weight]) => (left -= weight) < 0) ?? entries[0])?.[0] as Name;
}
