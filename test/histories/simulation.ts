import type { PersistenceLayer } from '../../src/index.js';
import type { History } from './history.js';
import { Browser, type Device, idIn } from './browser.js';
import { sidOf } from './identity-provider.js';
import { Lambda } from './lambda.js';
import { Line } from './line.js';
import type { Action, DeviceErrand, Errand, Plan, Response, Visit } from './plan.js';
import { Recorder } from './recorder.js';
import { RULES, STALENESS } from './rules.js';
import { Scheduler, type Worker } from './scheduler.js';
import type { Store } from './store.js';
import type { Surroundings } from './surroundings.js';

/** Makes a plan happen. */
export async function simulate(
  plan: Plan,
  store: Store,
  staleness: number = plan.mayBeStale ? STALENESS : 0,
): Promise<History> {
  const world = new World(plan, store);
  await world.begin();
  await world.go();
  const remaining = await world.inspect();
  const { operations, notes } = world.recorder;
  return {
    revocationCheck: plan.revocationCheck,
    bound: plan.bound ?? Number.POSITIVE_INFINITY,
    staleness,
    operations,
    remaining,
    notes,
  };
}

/** The browsers with their cookies, the Lambdas, and the true time. */
class World implements Surroundings {
  readonly recorder = new Recorder();
  readonly #scheduler = new Scheduler();
  readonly #plan: Plan;
  readonly #store: Store;
  readonly #browsers: readonly Browser[];
  /** Users of this history alone: an engine's table is shared. */
  readonly #users = [0, 1].map((number) => `user ${number} ${crypto.randomUUID().slice(0, 8)}`);
  readonly #tokens = new Set<string>();
  /** All keys to which a session was bound. */
  readonly #devices: Device[] = [];
  /** The newest bound cookie of each session. */
  readonly #boundTokens = new Map<string, string>();
  #visits = 0;
  #values = 0;
  #keys = 0;
  #failure: unknown;

  constructor(plan: Plan, store: Store) {
    this.#plan = plan;
    this.#store = store;
    this.#browsers = plan.browsers.map((_, number) => this.#newBrowser(`browser ${number}`));
  }

  /** Gives the browsers what they have when the history begins. */
  async begin(): Promise<void> {
    for (const [browser, beginning] of this.#plan.browsers.entries()) {
      if (beginning === 'thief') this.#browser(browser).steal(this.#browser(0));
      if (beginning === 'thief' || beginning === 'nothing') continue;
      const actions: Action[] = [{ kind: 'set', key: 'challenge' }];
      const idToken = this.#plan.hasProvider === true ? { sid: 0, age: 0 } : null;
      if (beginning !== 'anonymous')
        actions.push({ kind: 'logIn', user: Number(beginning.at(-1)), exclusive: false, idToken });
      const visit: Visit = { kind: 'visit', browser, actions, response: 'arrives', stubborn: false };
      this.#employ('before', 0, this.#plan.hasArrived === true ? [visit, { ...visit, actions: [] }] : [visit]);
      await this.#run([]);
    }
  }

  async go(): Promise<void> {
    for (const [number, { skew, errands }] of this.#plan.lambdas.entries()) this.#employ(`L${number}`, skew, errands);
    await this.#run(this.#plan.steps);
  }

  /**
   * Afterwards: looks what is left, and shows every cookie that there was, the newest first, now and later. Later, every
   * key proves itself before.
   */
  async inspect(): Promise<ReadonlySet<string>> {
    const tokens = [...this.#tokens].toReversed();
    const remaining = await this.#store.remaining([...new Set(tokens.map(idIn))]);
    for (const pass of [0, RULES.touchInterval + 15, RULES.idleTimeout + 15]) {
      this.#scheduler.now += pass;
      this.recorder.note(this.#scheduler.now, `every cookie is shown, ${pass} s later`);
      this.#employ('audit', 0, [], async (lambda) => {
        for (const device of pass === 0 ? [] : this.#devices) {
          const browser = this.#newBrowser('the audit');
          browser.device = device;
          await this.#askDevice(lambda, browser, { kind: 'refresh', crossSite: true });
        }
        for (const token of tokens)
          await lambda.start(token, this.#boundTokens.get(idIn(token)), 'the audit', undefined);
        for (const user of this.#users) await lambda.list(user);
      });
      await this.#run([]);
    }
    return remaining;
  }

  async #run(steps: Plan['steps']): Promise<void> {
    await this.#scheduler.run(steps, ({ what }, { fate, pass, skew }) => {
      const details = [
        ...(pass === 0 ? [] : [`${pass} s pass`]),
        ...(skew === null ? [] : [`its clock is off by ${skew} s`]),
        ...(fate === 'well' ? [] : [fate]),
      ];
      this.recorder.note(this.#scheduler.now, `    ${what}${details.length === 0 ? '' : ` (${details.join(', ')})`}`);
    });
    if (this.#failure !== undefined) throw this.#failure;
  }

  #employ(
    name: string,
    skew: number,
    errands: readonly Errand[],
    then: (lambda: Lambda) => Promise<void> = () => Promise.resolve(),
  ): void {
    const worker: Worker = { done: false, skew };
    const line = new Line(this.#scheduler, worker, name);
    const lambda = new Lambda(name, line, worker, this);
    const work = async (): Promise<void> => {
      for (const errand of errands) {
        const crashed = new Promise<void>((crash) => {
          line.crash = crash;
        });
        await line.pause(errand.kind);
        await Promise.race([crashed, this.#runErrand(lambda, errand)]);
      }
      await then(lambda);
    };
    this.#scheduler.employ(worker, work, (error) => {
      this.#failure ??= error;
    });
  }

  layerFor(line: Line): PersistenceLayer {
    return this.#store.layerFor(line);
  }

  get bound(): Plan['bound'] {
    return this.#plan.bound;
  }

  get binds(): Plan['binds'] {
    return this.#plan.binds;
  }

  get encryption(): Plan['encryption'] {
    return this.#plan.encryption;
  }

  get revocationCheck(): Plan['revocationCheck'] {
    return this.#plan.revocationCheck;
  }

  newVisit(): number {
    this.#visits += 1;
    return this.#visits;
  }

  newValue(): string {
    this.#values += 1;
    return `v${this.#values}`;
  }

  user(number: number): string {
    return this.#users[number] as string;
  }

  sessionOf(browser: number): string | undefined {
    const { token } = this.#browser(browser);
    return token === undefined ? undefined : idIn(token);
  }

  #browser(number: number): Browser {
    return this.#browsers[number] as Browser;
  }

  #newBrowser(name: string): Browser {
    return new Browser(name, () => {
      this.#keys += 1;
      return this.#keys;
    });
  }

  async #runErrand(lambda: Lambda, errand: Errand): Promise<void> {
    switch (errand.kind) {
      case 'visit':
        return this.#visit(lambda, errand);
      case 'revoke':
        return lambda.revoke(this.sessionOf(errand.browser));
      case 'logOutUser':
        return lambda.logOutUser(
          this.user(errand.user),
          errand.except === null ? undefined : this.sessionOf(errand.except),
        );
      case 'logOutEveryone':
        return lambda.logOutEveryone();
      case 'ofUser':
        return lambda.list(this.user(errand.user));
      case 'endLogin': {
        const user = this.user(errand.user);
        return lambda.endLogin(sidOf(user, errand.sid), errand.namesUser ? user : undefined);
      }
      case 'endLoginsOf':
        return lambda.endLoginsOf(this.user(errand.user), this.#scheduler.now - errand.age);
      case 'register':
      case 'refresh':
        return this.#askDevice(lambda, this.#browser(errand.browser), errand);
    }
  }

  async #visit(lambda: Lambda, { browser: number, response, ...visit }: Visit): Promise<void> {
    const browser = this.#browser(number);
    const kind = browser.due(this.#scheduler.now);
    if (kind !== undefined) await this.#askDevice(lambda, browser, { kind });
    const cookie = await lambda.visit(browser, visit);
    if (cookie === undefined || cookie.kind === 'keep') return;
    if (cookie.kind === 'set') this.#tokens.add(cookie.token);
    this.#deliver(browser, response, () => browser.receive(cookie));
    if (browser.isInvited) await this.#askDevice(lambda, browser, { kind: 'register' });
  }

  /** What a browser asks by itself, until it is not asked for another proof. */
  async #askDevice(
    lambda: Lambda,
    browser: Browser,
    { response = 'arrives', ...what }: Pick<DeviceErrand, 'kind'> & Partial<DeviceErrand>,
  ): Promise<void> {
    let goesOn = true;
    for (let attempt = 1; goesOn && attempt <= MOST_PROOFS; attempt += 1) {
      const question = await browser.question({ ...what, again: what.again === true && attempt === 1 });
      if (question === undefined) return;
      const reply = await lambda.prove(browser.name, question);
      if (reply === undefined) return;
      if (reply.cookie.kind === 'set') this.#tokens.add(reply.cookie.token);
      if (reply.boundCookie !== undefined) this.#boundTokens.set(question.ask.names, reply.boundCookie.token);
      if (reply.status === 200 && question.ask.kind === 'register')
        this.#devices.push({ session: question.ask.names, key: question.key });
      goesOn = false;
      this.#deliver(browser, response, () => {
        goesOn = browser.learn(question, reply, this.#scheduler.now);
      });
    }
  }

  #deliver(browser: Browser, response: Response, receive: () => void): void {
    if (response === 'arrives') receive();
    else if (response === 'is late') {
      const take = (): Promise<void> => Promise.resolve(receive());
      this.#scheduler.wait({ worker: undefined, what: `a late response reaches ${browser.name}`, take });
    } else this.recorder.note(this.#scheduler.now, `    the response to ${browser.name} is lost`);
  }
}

/** How often a browser proves its key until it gives up. */
const MOST_PROOFS = 3;
