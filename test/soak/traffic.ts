import { randomBytes, randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { BriefClient } from '../../src/dynamodb/brief-client.js';
import { DynamoDBPersistenceLayer } from '../../src/dynamodb/index.js';
import {
  type CookieAction,
  type Session,
  SessionError,
  SessionGoneError,
  Sessions,
  type SessionsOptions,
  StoreUnavailableError,
} from '../../src/index.js';
import type { Engine } from '../engines/index.js';
import { FAULTS, type Fault, Network } from '../world/faults.js';
import { Ledger } from './ledger.js';

/** Seconds, of which {@link SPEED} pass in one. */
export const RULES = {
  idleTimeout: 600,
  absoluteTimeout: 1_800,
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
const FAULT_RATE = 0.04;
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
  readonly networks: Network[] = [];
  readonly #lambdas: Sessions<App>[];
  readonly #close: (() => void)[] = [];
  readonly #start = performance.now();
  #isOn = false;

  constructor(engine: Engine, tableName: string) {
    this.#lambdas = Array.from({ length: LAMBDAS }, () => this.#lambda(engine, tableName));
  }

  /** The true time, in seconds. */
  get now(): number {
    return EPOCH + ((performance.now() - this.#start) * SPEED) / 1_000;
  }

  /** Goes on until a time has passed, or so many requests were made. */
  async run(seconds: number, mostRequests: number): Promise<void> {
    this.#isOn = true;
    const end = performance.now() + seconds * 1_000;
    const isOver = (): boolean => performance.now() > end || (this.ledger.counts['requests'] ?? 0) >= mostRequests;
    const zombies = this.#releaseZombies();
    await Promise.all(Array.from({ length: BROWSERS }, (_, number) => this.#browse(number, isOver)));
    this.#isOn = false;
    await zombies;
  }

  close(): void {
    for (const close of this.#close) close();
  }

  #lambda(engine: Engine, tableName: string): Sessions<App> {
    const skew = randomInt(-SKEW, SKEW + 1);
    const client = new BriefClient({
      endpoint: engine.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
    const network = new Network(client);
    network.planEach(() => (this.#isOn && chance(FAULT_RATE) ? oneOf(FAULT_NAMES) : 'none'));
    this.networks.push(network);
    this.#close.push(() => client.destroy());
    return new Sessions<App>({
      ...RULES,
      persistence: new DynamoDBPersistenceLayer({ client, tableName, timeoutMs: 2_000 }),
      clock: { now: () => (this.now + skew) * 1_000 },
      onEvent: ({ type }) => this.ledger.count(`event ${type}`),
    });
  }

  /** One browser: every third one has two requests under way at a time. */
  async #browse(number: number, isOver: () => boolean): Promise<void> {
    const browser = new Browser(number % 3 !== 0);
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
    const endedBefore = token !== undefined && ledger.get(idOf(token))?.ended === true;
    try {
      const session = await lambda.start({
        ...(token !== undefined && { tokens: [token] }),
        deadline: Date.now() + 4_000,
      });
      this.#judge(session, browser, token, { begunAt, endedBefore });
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

  /** What may not be: a dead session, somebody else's data, a session gone without a cause. */
  #judge(
    session: Session<App>,
    browser: Browser,
    token: string | undefined,
    { begunAt, endedBefore }: { begunAt: number; endedBefore: boolean },
  ): void {
    const { ledger } = this;
    const { id } = session;
    if (id === undefined) {
      const lost = token === undefined ? undefined : ledger.get(idOf(token));
      const margin = 2 * SKEW + RULES.touchInterval;
      if (browser.isCalm && lost && !lost.mayBeGone && !lost.isUnsettled && this.now < lost.expiresAt - margin) {
        ledger.violated(4, 'a session is gone, and nobody has ended it', idOf(token as string));
      }
      return;
    }
    const known = ledger.begun(id, begunAt);
    const expiresAt = (session.expiresAt as Date).getTime() / 1_000;
    if (endedBefore) ledger.violated(1, 'a session came back');
    if (begunAt > known.deadFrom) ledger.violated(9, 'a session outlived a logout everywhere');
    if (expiresAt + SKEW < begunAt) ledger.violated(2, 'an expired session was found');
    if (expiresAt > known.createdAt + RULES.absoluteTimeout + 2 * SKEW + 5) ledger.violated(10, 'a lifetime grew');
    const owner = session.get('owner');
    if (owner !== undefined && owner !== session.userId) {
      ledger.violated(6, 'a session has the data of another user');
    }
    known.expiresAt = expiresAt;
    if (typeof session.userId === 'string') {
      const isLoginKnown = known.loggedInAt !== Number.POSITIVE_INFINITY;
      ledger.attach(id, session.userId, isLoginKnown ? known.loggedInAt : known.createdAt);
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
    const count = async (): Promise<void> => void (await session.update('visits', (n = 0) => n + 1));
    if (session.id === undefined) return count();
    const { visits } = this.ledger.begun(session.id, this.now);
    try {
      await count();
      visits.done += 1;
    } catch (error) {
      visits.unknown += 1;
      throw error;
    }
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

  async logIn(_lambda: Sessions<App>, session: Session<App>): Promise<void> {
    const user = `user-${randomInt(USERS)}`;
    const begunAt = this.now;
    const exclusive = chance(0.2);
    if (session.id !== undefined) {
      const known = this.ledger.begun(session.id, begunAt);
      known.isUnsettled = true;
      if (session.userId !== undefined && session.userId !== user) known.mayBeGone = true;
    }
    const logIn = (): Promise<void> => session.logIn(user, { exclusive });
    await (exclusive
      ? this.ledger.purge(
          user,
          () => this.now,
          logIn,
          () => session.id,
        )
      : logIn());
    session.set('owner', user);
    const known = this.ledger.begun(session.id as string, begunAt);
    known.isUnsettled = true;
    this.ledger.attach(session.id as string, user, begunAt);
    known.loggedInAt = begunAt;
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
    const user = `user-${randomInt(USERS)}`;
    const before = [...this.ledger.ids].filter((id) => this.ledger.get(id)?.ended);
    const listed = new Set((await lambda.ofUser(user)).map(({ id }) => id));
    if (before.some((id) => listed.has(id))) this.ledger.violated(1, 'an ended session was listed');
  }

  async logOutUser(lambda: Sessions<App>, session: Session<App>): Promise<void> {
    const user = `user-${randomInt(USERS)}`;
    const begunAt = this.now;
    const except = session.userId === user ? session : undefined;
    const logOut = (): Promise<void> => lambda.logOutUser(user, except && { except });
    await this.ledger.purge(
      user,
      () => this.now,
      logOut,
      () => undefined,
    );
    const deadFrom = this.now + RULES.touchInterval + 2 * SKEW + 1;
    this.ledger.loggedOutEverywhere(user, begunAt, deadFrom, except?.id);
  }

  async #end(id: string | undefined, end: () => Promise<unknown>): Promise<void> {
    const known = id === undefined ? undefined : this.ledger.get(id);
    if (known) known.mayBeGone = true;
    await end();
    if (known) known.ended = true;
  }

  #receive(browser: Browser, action: CookieAction): void {
    if (action.kind === 'set') this.ledger.token(action.token);
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
      () => Promise.all(this.networks.map((network) => this.#landOn(network))),
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

/** How often what is done. */
const ACTIONS = {
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
