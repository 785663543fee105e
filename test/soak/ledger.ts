/** A session as far as the traffic knows it. */
interface Known {
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

/** What ends the sessions of a user, or of everyone. */
interface Purge {
  readonly userId: string | undefined;
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
      begunAt,
      userId: undefined,
      loggedInAt: Number.POSITIVE_INFINITY,
      ended: false,
      deadFrom: Number.POSITIVE_INFINITY,
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
  }

  loggedOutEverywhere(userId: string | undefined, begunAt: number, deadFrom: number, except?: string): void {
    for (const [id, session] of this.#sessions) {
      if (concerns(userId, session) && session.loggedInAt < begunAt && id !== except) {
        session.deadFrom = Math.min(session.deadFrom, deadFrom);
      }
    }
  }

  /** A session turns out to be a user's, by a login that was not begun before `since`. */
  attach(id: string, userId: string, since: number): void {
    const session = this.#sessions.get(id) as Known;
    session.userId = userId;
    const meets = (purge: Purge): boolean =>
      concerns(purge.userId, session) && purge.endsAt > since && purge.spares() !== id;
    if (this.#purges.some(meets)) session.mayBeGone = true;
  }

  /**
   * While it lasts, and afterwards, any of a user's sessions that there were may be gone: also one whose login was
   * under way, and is answered when the purge is over.
   *
   * @param userId `undefined` for everyone
   * @param now tells the true time
   */
  async purge(
    userId: string | undefined,
    now: () => number,
    act: () => Promise<unknown>,
    spares: () => string | undefined = () => undefined,
  ): Promise<void> {
    const purge = { userId, spares, endsAt: Number.POSITIVE_INFINITY, hasFailed: false };
    this.#purges.push(purge);
    this.#suspect(userId, undefined);
    try {
      await act();
      purge.endsAt = now();
    } catch (error) {
      purge.hasFailed = true;
      throw error;
    } finally {
      this.#suspect(userId, spares());
    }
  }

  /** Lets late requests arrive. Of the purges that have failed until now, none is under way afterwards. */
  async settle(now: () => number, arrive: () => Promise<unknown>): Promise<void> {
    const failed = this.#purges.filter(({ hasFailed, endsAt }) => hasFailed && endsAt === Number.POSITIVE_INFINITY);
    await arrive();
    for (const purge of failed) purge.endsAt = now();
  }

  #suspect(userId: string | undefined, except: string | undefined): void {
    for (const [id, session] of this.#sessions) {
      if (concerns(userId, session) && id !== except) session.mayBeGone = true;
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

const concerns = (purged: string | undefined, { userId }: Known): boolean =>
  userId !== undefined && (purged === undefined || purged === userId);
