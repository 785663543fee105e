import { type Ask, type DeviceAsk, type History, type Moment, NEVER, type Operation } from './history.js';
import { RULES, TOLERANCE } from './rules.js';

/** Something that ends a session, or may have. */
export interface Ending {
  readonly operation: Operation;
  /** It has returned, and the session has ended: at once, or within the bound. */
  readonly isCertain: boolean;
  readonly kind: 'this session' | 'everywhere' | 'everyone' | 'at the provider';
  /** When it was done, and the logins of the session that it overlapped, too. */
  readonly since: Moment;
  /** Whether it has ended the session itself, and has not left that to requests which look for a mark. */
  readonly isAtOnce: boolean;
}

/** Where a cookie comes from. */
interface Issue {
  readonly session: string;
  readonly commit: Operation;
  /** The creation, login or `regenerate` since which it is good. */
  readonly since: Operation;
}

/**
 * What the history says of its sessions, by a model in which a session is created, replaces its secret without grace,
 * is rotated, and ends.
 */
export class Facts {
  readonly history: History;
  readonly sessions: ReadonlyMap<string, Operation>;
  readonly issues: ReadonlyMap<string, Issue>;
  readonly #visits: ReadonlyMap<number | undefined, readonly Operation[]>;
  readonly #endings = new Map<string, readonly Ending[]>();
  readonly #operationsOn: ReadonlyMap<string | undefined, readonly Operation[]>;

  constructor(history: History) {
    this.history = history;
    const { operations } = history;
    this.#visits = grouped(operations, ({ visit }) => visit);
    const creations = operations.filter(
      ({ ask, before, after }) => ask.kind !== 'start' && after !== undefined && after !== before,
    );
    this.sessions = new Map(creations.map((operation) => [operation.after as string, operation]));
    this.#operationsOn = grouped(operations, ({ before, after }) => after ?? before);
    const issues = new Map<string, Issue>();
    this.issues = issues;
    for (const commit of operations) {
      if (commit.cookie?.kind !== 'set') continue;
      const { token } = commit.cookie;
      const session = token.slice(0, token.indexOf('.'));
      const since = this.since(commit, session);
      if (!issues.has(token) && since !== undefined) issues.set(token, { session, commit, since });
    }
  }

  visit(operation: Operation): readonly Operation[] {
    return operation.visit === undefined ? [operation] : (this.#visits.get(operation.visit) ?? []);
  }

  /** The operation since which the secret is good by which a request knows a session, at the time of an operation. */
  since(operation: Operation, session: string): Operation | undefined {
    const own = this.issuedBy(operation, session);
    if (own !== undefined) return own;
    const issue = this.issueShown(operation);
    return issue?.session === session ? issue.since : undefined;
  }

  /** The cookie with which the request of an operation came. */
  tokenShown(operation: Operation): string | undefined {
    return this.visit(operation)
      .map(tokenIn)
      .find((token) => token !== undefined);
  }

  /** Where that comes from. */
  issueShown(operation: Operation): Issue | undefined {
    const token = this.tokenShown(operation);
    return token === undefined ? undefined : this.issues.get(token);
  }

  /** The last operation up to this one by which the request itself gave the session a new secret. */
  issuedBy(operation: Operation, session: string): Operation | undefined {
    return this.visit(operation).findLast(
      (earlier) =>
        earlier.invoked.order <= operation.invoked.order && earlier.after === session && this.#replacesSecret(earlier),
    );
  }

  /** Whether the request itself has given the session a new secret, or may have: one whose fate it does not know. */
  mayHaveIssued(operation: Operation, session: string): boolean {
    const isUncertain = ({ ask, before, outcome }: Operation): boolean =>
      before === session && outcome === 'unknown' && (ask.kind === 'logIn' || ask.kind === 'regenerate');
    return this.issuedBy(operation, session) !== undefined || this.visit(operation).some(isUncertain);
  }

  #replacesSecret({ ask, before, after, outcome }: Operation): boolean {
    if (ask.kind === 'start' || after === undefined) return false;
    return after !== before || (outcome === 'ok' && (ask.kind === 'logIn' || ask.kind === 'regenerate'));
  }

  /** The logins and regenerations that have certainly replaced the session's secret without grace. */
  reissuesOf(session: string): readonly Operation[] {
    return (this.#operationsOn.get(session) ?? []).filter(
      (operation) => operation.before === session && this.#replacesSecret(operation),
    );
  }

  /** Who is, or may be, logged in: the logins of the session, uncertain ones included. */
  loginsOf(session: string): readonly Operation[] {
    return this.history.operations.filter(
      ({ ask, before, after, outcome }) =>
        ask.kind === 'logIn' &&
        !isRefusal(outcome) &&
        (after === session || (before === session && outcome === 'unknown')),
    );
  }

  endingsOf(session: string): readonly Ending[] {
    const known = this.#endings.get(session);
    if (known !== undefined) return known;
    const logins = this.loginsOf(session);
    const endings = this.history.operations.flatMap((operation): Ending[] => {
      const kind = endingKind(operation, session, logins) ?? this.#kindAtProvider(operation, logins);
      if (kind === undefined) return [];
      if (isSpared(operation, session, logins) && !this.mayHaveHidden(operation, session)) return [];
      // A login that gave way may have ended a session that it began, and not this one.
      const gaveWay = operation.ask.kind === 'logIn' && operation.after === undefined;
      const isVictimOfIt =
        kind === 'at the provider'
          ? this.#isVictimAtProvider(operation, session, logins)
          : isVictim(operation, session, logins);
      const isCertain = operation.outcome === 'ok' && !gaveWay && (kind === 'this session' || isVictimOfIt);
      const since = kind === 'at the provider' ? latest([operation, ...logins]) : operation.returned;
      const isAtOnce =
        kind === 'this session' ||
        (kind === 'everywhere' && !this.mayHaveHidden(operation, session)) ||
        (kind === 'at the provider' && this.#isAtOnceAtProvider(operation, session, logins));
      return [{ operation, kind, isCertain, since, isAtOnce }];
    });
    this.#endings.set(session, endings);
    return endings;
  }

  /** An operation of somebody else by which the session had certainly ended before `moment`. */
  endedBefore(session: string, moment: Moment, by?: Operation): Ending | undefined {
    return this.endingsOf(session).find(
      ({ operation, isCertain, since, isAtOnce }) =>
        isCertain && operation !== by && isAtOnce && since.order < moment.order,
    );
  }

  /** Whether the provider ends the session by this, or may: a login of it, or all of its user's. */
  #kindAtProvider(ending: Operation, logins: readonly Operation[]): Ending['kind'] | undefined {
    const { ask } = ending;
    const isReplaced = (login: Operation): boolean =>
      logins.some(
        (other) =>
          other.outcome === 'ok' &&
          other.invoked.order > login.returned.order &&
          other.returned.order < ending.invoked.order,
      );
    const isMeant =
      (ask.kind === 'endLogin' && logins.some((login) => isBy(login, ask.sid) && !isReplaced(login))) ||
      (ask.kind === 'endLoginsOf' &&
        logins.some((login) => isOf(login, ask.user)) &&
        ![ending, ...this.#logoutsUpTo(ask.user, ask.issuedBefore, ending)].some(
          ({ outcome, returned }) => outcome === 'ok' && logins.every(({ invoked }) => returned.order < invoked.order),
        ));
    return isMeant ? 'at the provider' : undefined;
  }

  /** The other logouts of a user at the provider that were said to be of this time, or of a later one. */
  #logoutsUpTo(user: string, issuedBefore: number, but: Operation): readonly Operation[] {
    return this.history.operations.filter(
      (operation) =>
        operation !== but &&
        operation.ask.kind === 'endLoginsOf' &&
        operation.ask.user === user &&
        operation.ask.issuedBefore >= issuedBefore,
    );
  }

  /** Whether it has to end this session: by its mark, whenever the login came, or as one that was logged in before. */
  #isVictimAtProvider(ending: Operation, session: string, logins: readonly Operation[]): boolean {
    const { ask } = ending;
    if (!logins.every(({ outcome, after }) => outcome === 'ok' && after === session)) return false;
    if (ask.kind === 'endLogin') return logins.every((login) => isBy(login, ask.sid));
    if (ask.kind !== 'endLoginsOf') return false;
    const { user, issuedBefore } = ask;
    // If it has been said before, it ends only what that has to end.
    const isFirst = this.#logoutsUpTo(user, issuedBefore, ending).every(
      ({ invoked }) => invoked.order > ending.returned.order,
    );
    return logins.every(
      (login) =>
        isOf(login, user) &&
        ((isFirst && login.returned.order < ending.invoked.order) || isIssuedUpTo(login, issuedBefore)),
    );
  }

  #isAtOnceAtProvider(ending: Operation, session: string, logins: readonly Operation[]): boolean {
    if (this.mayHaveHidden(ending, session)) return false;
    if (!logins.every(({ returned }) => returned.order < ending.invoked.order)) return false;
    // It leaves a session alone that gets another secret meanwhile; that has to look for the mark.
    const mayMiss = ({ ask, before, invoked, returned }: Operation): boolean =>
      (ask.kind === 'regenerate' || ask.kind === 'logIn') &&
      before === session &&
      invoked.order < ending.returned.order &&
      returned.order > ending.invoked.order;
    const { ask } = ending;
    return ask.kind === 'endLogin'
      ? ask.user !== undefined && !this.history.operations.some(mayMiss)
      : ask.kind === 'endLoginsOf' && this.#logoutsUpTo(ask.user, ask.issuedBefore, ending).length === 0;
  }

  /** Whether the list of the user's sessions may not have shown this one, for an index lagged or by the Lambda's clock it had expired. */
  mayHaveHidden(operation: Operation, session: string): boolean {
    return operation.lagged || operation.returned.at >= this.#earliestEnd(session, operation.invoked.order);
  }

  /** A login or `regenerate` that had certainly made the secret worthless that a request had at the time of an operation. */
  reissuedBefore(session: string, operation: Operation): Operation | undefined {
    const since = this.since(operation, session);
    return this.reissuesOf(session).find(
      (reissue) =>
        reissue !== since &&
        reissue.visit !== operation.visit &&
        reissue.returned.order < operation.invoked.order &&
        (since === undefined || since.returned.order < reissue.invoked.order),
    );
  }

  /** Until when the session lives at the most, by the true time, as far as requests up to `moment` have prolonged it. */
  latestEnd(session: string, moment: Moment): { readonly idle: number; readonly absolute: number } {
    const created = endOf(this.sessions.get(session) as Operation);
    const seen = this.history.operations
      .filter((operation) => isPresence(operation, session) && operation.invoked.order < moment.order)
      .filter((operation) => isDeviceAsk(operation.ask) || this.visit(operation).length > 1)
      .map(endOf);
    return {
      idle: Math.max(created, ...seen) + RULES.idleTimeout + TOLERANCE,
      absolute: created + RULES.absoluteTimeout + TOLERANCE,
    };
  }

  /** Whether an operation may have found the session expired. It may have looked before what was written meanwhile. */
  mayHaveExpired(session: string, { invoked, returned }: Operation): boolean {
    return returned.at >= this.#earliestEnd(session, invoked.order);
  }

  /**
   * Why the session may be no session, or not for this secret, to an operation that did not meet it; `undefined` if
   * there is no reason that the promises allow.
   */
  reasonForAbsence(session: string, operation: Operation): string | undefined {
    const { order } = operation.returned;
    const ending = this.endingsOf(session).find(
      (possible) => possible.operation !== operation && possible.operation.invoked.order < order,
    );
    if (ending !== undefined) return 'it may have been ended';
    const since = this.since(operation, session);
    const reissue = this.history.operations.find(
      ({ ask, before, outcome, invoked, returned, visit }) =>
        (ask.kind === 'logIn' || ask.kind === 'regenerate') &&
        before === session &&
        !isRefusal(outcome) &&
        invoked.order < order &&
        (visit !== operation.visit || outcome === 'unknown') &&
        (since === undefined || returned.order > since.invoked.order) &&
        !(since !== undefined && since.invoked.order === invoked.order),
    );
    if (reissue !== undefined) return 'its secret may have been replaced without grace';
    if (this.mayHaveExpired(session, operation)) return 'it may have expired';
    if (this.mayBeTooMany(session, order)) return 'its user may have had too many';
    return this.#mayHaveShownRetiredSecret(session, order) ? 'a copy of its cookie may have been noticed' : undefined;
  }

  /** Whether so many logins of the user come before this session's, by time and then by ID, that there was no room for it. */
  mayBeTooMany(session: string, before: number): boolean {
    const own = this.loginsOf(session).findLast(({ outcome }) => outcome === 'ok');
    if (own?.ask.kind !== 'logIn') return this.history.bound < Number.POSITIVE_INFINITY && own !== undefined;
    const { user } = own.ask;
    const newer = this.history.operations.filter((login) => {
      if (!isOf(login, user) || isRefusal(login.outcome) || login.invoked.order >= before || login === own)
        return false;
      // Of a login whose fate is unknown, the session has another time of login if it was applied.
      if (login.outcome === 'unknown' || login.loggedInAt === undefined || own.loggedInAt === undefined) return true;
      if (login.after === undefined) return true;
      const later = login.loggedInAt - own.loggedInAt;
      return later > 0 || (later === 0 && login.after < session);
    });
    return newer.length >= this.history.bound;
  }

  /** Until when it certainly lives, if nobody ends it: requests in which nothing went wrong have prolonged it. */
  #earliestEnd(session: string, before: number): number {
    const creation = this.sessions.get(session) as Operation;
    const starts = this.history.operations.filter((operation) => isPresence(operation, session));
    const prolonged = starts.flatMap((start) => {
      const commit = this.visit(start).find(({ ask }) => ask.kind === 'commit');
      if (commit?.outcome !== 'ok' || commit.before !== session || commit.returned.order >= before) return [];
      if (!this.#wentWell(start)) return [];
      // A touch writes when its request began, also where that is earlier than what a quicker request has written.
      const overtaken = starts.filter((other) => this.#mayWriteAfter(other, commit)).map((other) => other.invoked.at);
      return [Math.min(start.invoked.at, ...overtaken) - RULES.touchInterval - TOLERANCE];
    });
    const { at } = creation.invoked;
    return Math.min(at + RULES.absoluteTimeout, Math.max(at, ...prolonged) + RULES.idleTimeout) - TOLERANCE;
  }

  #wentWell(start: Operation): boolean {
    return this.visit(start).every(({ faults, lagged, returned }) => faults === 0 && !lagged && returned !== NEVER);
  }

  /** Whether a request that had begun may have written after another's commit. */
  #mayWriteAfter(start: Operation, commit: Operation): boolean {
    const isOver = this.visit(start).every(({ returned }) => returned.order < commit.invoked.order);
    return (
      start.visit !== commit.visit && start.invoked.order < commit.returned.order && !(isOver && this.#wentWell(start))
    );
  }

  /** Whether somebody has shown a cookie although a newer one had been seen, and the grace may have been over. */
  #mayHaveShownRetiredSecret(session: string, before: number): boolean {
    const shown = this.history.operations.flatMap((operation) => {
      const { invoked, returned } = operation;
      const token = invoked.order < before ? tokenIn(operation) : undefined;
      const issue = token === undefined ? undefined : this.issues.get(token);
      return issue?.session === session
        ? [{ age: issue.commit.invoked.order, from: invoked.at, to: Math.min(returned.at, invoked.at + 1_000) }]
        : [];
    });
    return shown.some((old) =>
      shown.some((newer) => newer.age > old.age && old.to >= newer.from + RULES.rotationGrace - TOLERANCE),
    );
  }
}

function grouped<T, Key>(items: readonly T[], keyOf: (item: T) => Key): Map<Key, T[]> {
  const groups = new Map<Key, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** When an operation was over, by the true time; one that never returned was over at once, as far as it was done. */
const endOf = ({ invoked, returned }: Operation): number => (Number.isFinite(returned.at) ? returned.at : invoked.at);

/** How an operation ends, or may end, a session. */
function endingKind(operation: Operation, session: string, logins: readonly Operation[]): Ending['kind'] | undefined {
  const { ask, before, after, outcome, value } = operation;
  switch (ask.kind) {
    case 'destroy':
    case 'logOut':
      return before === session && outcome !== 'gone' ? 'this session' : undefined;
    case 'revoke':
      return ask.session === session && (outcome === 'unknown' || value === true) ? 'this session' : undefined;
    case 'logOutUser':
      return logins.some((login) => isOf(login, ask.user)) ? 'everywhere' : undefined;
    case 'logOutEveryone':
      return logins.length > 0 ? 'everyone' : undefined;
    case 'logIn': {
      const endsOwn = operation.user !== undefined && operation.user !== ask.user;
      if (before === session && endsOwn && outcome !== 'gone') return 'this session';
      // It gave way to newer logins.
      if (before === session && after === undefined && outcome === 'ok') return 'this session';
      return ask.exclusive && logins.some((login) => isOf(login, ask.user)) ? 'everywhere' : undefined;
    }
    case 'start':
    case 'register':
    case 'refresh':
    case 'endLogin':
    case 'endLoginsOf':
    case 'ofUser':
    case 'commit':
    case 'save':
    case 'update':
    case 'getAndDelete':
    case 'regenerate':
      return undefined;
  }
}

/** Whether a logout of all others leaves this session alone, as its user's it was all the time. */
function isSpared({ ask, invoked, returned }: Operation, session: string, logins: readonly Operation[]): boolean {
  return (
    ask.kind === 'logOutUser' &&
    ask.except === session &&
    logins.every(
      (login) =>
        login.outcome === 'ok' &&
        login.after === session &&
        (login.returned.order < invoked.order || login.invoked.order > returned.order),
    ) &&
    logins.some((login) => login.returned.order < invoked.order)
  );
}

/**
 * Whether a logout everywhere or of everyone, or an exclusive login, has to end this session: all its logins were done before.
 */
function isVictim(ending: Operation, session: string, logins: readonly Operation[]): boolean {
  const { ask, invoked, before, after } = ending;
  if (ask.kind !== 'logOutUser' && ask.kind !== 'logOutEveryone' && ask.kind !== 'logIn') return false;
  return (
    logins.length > 0 &&
    !(ask.kind === 'logOutUser' && ask.except === session) &&
    before !== session &&
    after !== session &&
    logins.every(
      (login) =>
        (ask.kind === 'logOutEveryone' || isOf(login, ask.user)) &&
        login.outcome === 'ok' &&
        login.after === session &&
        login.returned.order < invoked.order,
    )
  );
}

/** The session cookie that an operation brings. */
const tokenIn = ({ ask }: Operation): string | undefined =>
  ask.kind === 'start' || isDeviceAsk(ask) ? ask.token : undefined;

export const isDeviceAsk = (ask: Ask): ask is DeviceAsk => ask.kind === 'register' || ask.kind === 'refresh';

/** Whether an operation comes to a session, and may prolong it. */
const isPresence = ({ ask, after }: Operation, session: string): boolean =>
  after === session && (ask.kind === 'start' || isDeviceAsk(ask));

/** Nothing was written of it. */
const isRefusal = (outcome: Operation['outcome']): boolean => outcome === 'gone' || outcome === 'login ended';

const latest = (operations: readonly Operation[]): Moment =>
  operations.map(({ returned }) => returned).reduce((a, b) => (a.order > b.order ? a : b));

const isBy = ({ ask }: Operation, sid: string): boolean => ask.kind === 'logIn' && ask.sid === sid;

/** Whether a login came with an ID token that was issued up to then. */
const isIssuedUpTo = ({ ask }: Operation, at: number): boolean =>
  ask.kind === 'logIn' && ask.issuedAt !== undefined && ask.issuedAt <= at;

const isOf = ({ ask }: Operation, user: string): boolean => ask.kind === 'logIn' && ask.user === user;
