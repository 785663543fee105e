/** A session as far as the traffic knows it. */
interface Known {
  readonly id: string;
  /** When the request that brought it was begun, or earlier. */
  readonly begunAt: number;
  /** As it was first seen to say itself. */
  createdAt?: number;
  userId: string | undefined;
  /** When its user's login was answered; a logout everywhere that begins later ends it. */
  loggedInAt: number;
  /** Its end was acknowledged. */
  ended: boolean;
  /** From when on nobody may see it, for its user was logged out everywhere. */
  deadFrom: number;
  /** Which login at the provider it came of, or `none`; `undefined` while nothing says which. */
  login: string | undefined;
  /** From when on nobody may see it, for that login is over. */
  loginOverFrom: number;
  /** Something that ends it was begun: that it is not found any more has a cause. */
  mayBeGone: boolean;
  /** Its secret was replaced without grace, and the browser has not been told of the new one yet. */
  isUnsettled: boolean;
  /** `update`s that were acknowledged, and those whose outcome is unknown. */
  visits: { done: number; unknown: number };
  /** The latest end that was seen. */
  expiresAt: number;
  /** What was last done to it, for the report of a violation. */
  readonly story: string[];
}

/** Whose sessions end: a user's, those of one login at the provider, or everyone's. */
export interface Target {
  readonly userId?: string;
  readonly login?: string;
}

/** What ends the sessions of a user, of a login, or of everyone. */
interface Purge {
  readonly target: Target;
  /** Tells the session that it leaves alive. */
  readonly spares: () => string | undefined;
  /** When nothing of it was under way any more, failed or not. */
  endsAt: number;
  hasFailed: boolean;
}

const LONGEST_STORY = 12;

/**
 * What was acknowledged to the clients, and what must hold since. All times are true ones, in seconds; the clocks of
 * Lambdas differ from them by the skew at most.
 */
export class Ledger {
  readonly violations: string[] = [];
  readonly counts: Record<string, number> = {};
  /** Every cookie that was sent. */
  readonly tokens = new Set<string>();
  readonly #sessions = new Map<string, Known>();
  readonly #purges: Purge[] = [];
  readonly #vouchers = new Map<string, 'issued' | 'handed out'>();
  readonly #provider: ProviderLogout[] = [];

  count(what: string): void {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  /** Notes what happens to a session. */
  tell(id: string, at: number, what: string): void {
    const story = this.#sessions.get(id)?.story;
    story?.push(`${Math.round(at)} ${what}`);
    if (story && story.length > LONGEST_STORY) story.shift();
  }

  violated(promise: number, what: string, id = ''): void {
    this.violations.push([`${promise}. ${what}`, ...(this.#sessions.get(id)?.story ?? [])].join('\n    '));
  }

  get(id: string): Known | undefined {
    return this.#sessions.get(id);
  }

  get ids(): Iterable<string> {
    return this.#sessions.keys();
  }

  begun(id: string, begunAt: number): Known {
    const known = this.#sessions.get(id) ?? {
      id,
      begunAt,
      userId: undefined,
      loggedInAt: Number.POSITIVE_INFINITY,
      ended: false,
      deadFrom: Number.POSITIVE_INFINITY,
      login: undefined,
      loginOverFrom: Number.POSITIVE_INFINITY,
      mayBeGone: false,
      isUnsettled: false,
      visits: { done: 0, unknown: 0 },
      expiresAt: begunAt,
      story: [],
    };
    this.#sessions.set(id, known);
    return known;
  }

  /** Knows nothing of any session any more. */
  forget(): void {
    this.tokens.clear();
    this.#sessions.clear();
    this.#purges.length = 0;
    this.#vouchers.clear();
    this.#provider.length = 0;
  }

  loggedOutEverywhere(userId: string | undefined, begunAt: number, deadFrom: number, except?: string): void {
    for (const [id, session] of this.#sessions) {
      if (concerns(userId === undefined ? {} : { userId }, session) && session.loggedInAt < begunAt && id !== except) {
        session.deadFrom = Math.min(session.deadFrom, deadFrom);
      }
    }
  }

  /** A login at the provider is over, and its sessions with it. */
  loginEnded(login: string, begunAt: number, deadFrom: number): void {
    for (const session of this.#sessions.values()) {
      if (session.login === login && session.loggedInAt < begunAt)
        session.loginOverFrom = Math.min(session.loginOverFrom, deadFrom);
    }
  }

  /** The provider begins to say that a login, or all of a user's until then, is over. */
  logoutBegins(logout: Omit<ProviderLogout, 'isDone'>): { isDone: boolean } {
    const begun: ProviderLogout = { ...logout, isDone: false };
    this.#provider.push(begun);
    return begun;
  }

  /** Whether the end of a login at the provider was acknowledged. */
  hasEnded(login: string): boolean {
    return this.#provider.some(({ sid, isDone }) => sid === login && isDone);
  }

  /** Whether a login must be refused, for the provider has said that it is over; `may be` if it was not answered. */
  isOver({ userId, sid, iat }: { userId: string; sid: string; iat: number }): 'yes' | 'may be' | 'no' {
    const ends = this.#provider.filter(
      (logout) => logout.sid === sid || (logout.sid === undefined && logout.userId === userId && logout.iat >= iat),
    );
    if (ends.length === 0) return 'no';
    return ends.some(({ isDone }) => isDone) ? 'yes' : 'may be';
  }

  /** A session turns out to be a user's, by a login that was not begun before `since`. */
  attach(id: string, userId: string, since: number): void {
    const session = this.#sessions.get(id) as Known;
    session.userId = userId;
    const meets = (purge: Purge): boolean =>
      concerns(purge.target, session) && purge.endsAt > since && purge.spares() !== id;
    if (this.#purges.some(meets)) session.mayBeGone = true;
  }

  /**
   * While it lasts, and afterwards, any session of the target that there was may be gone: also one whose login was
   * under way, and is answered when the purge is over.
   *
   * @param now tells the true time
   */
  async purge(
    target: Target,
    now: () => number,
    act: () => Promise<unknown>,
    spares: () => string | undefined = () => undefined,
  ): Promise<void> {
    const purge = { target, spares, endsAt: Number.POSITIVE_INFINITY, hasFailed: false };
    this.#purges.push(purge);
    this.#suspect(target, undefined);
    try {
      await act();
      purge.endsAt = now();
    } catch (error) {
      purge.hasFailed = true;
      throw error;
    } finally {
      this.#suspect(target, spares());
    }
  }

  /** Lets late requests arrive. Of the purges that have failed until now, none is under way afterwards. */
  async settle(now: () => number, arrive: () => Promise<unknown>): Promise<void> {
    const failed = this.#purges.filter(({ hasFailed, endsAt }) => hasFailed && endsAt === Number.POSITIVE_INFINITY);
    await arrive();
    for (const purge of failed) purge.endsAt = now();
  }

  #suspect(target: Target, except: string | undefined): void {
    for (const [id, session] of this.#sessions) {
      if (concerns(target, session) && id !== except) session.mayBeGone = true;
    }
  }

  issue(voucher: string): void {
    this.#vouchers.set(voucher, 'issued');
  }

  handOut(voucher: string): void {
    if (this.#vouchers.get(voucher) !== 'issued') this.violated(14, 'a value was handed out twice, or never was');
    this.#vouchers.set(voucher, 'handed out');
  }
}

/** What the provider has said to be over. */
interface ProviderLogout {
  readonly userId: string;
  /** `undefined` if all logins of the user are over. */
  readonly sid: string | undefined;
  /** The provider's time. */
  readonly iat: number;
  /** It was acknowledged. */
  isDone: boolean;
}

/** A session of which nobody knows what login it came of may be of any. */
const concerns = ({ userId, login }: Target, session: Known): boolean =>
  session.userId !== undefined &&
  (userId === undefined || userId === session.userId) &&
  (login === undefined || session.login === undefined || login === session.login);
