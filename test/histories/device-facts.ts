import type { Facts } from './facts.js';
import { isDeviceAsk } from './facts.js';
import type { Moment, Operation } from './history.js';
import { BOUND_LIFETIME, TOLERANCE } from './rules.js';

/** What the history says of keys and bound cookies. */
export class DeviceFacts {
  readonly #facts: Facts;
  /** What browsers have asked by themselves for each session, and what counted, or may have. */
  readonly #proofs = new Map<string, Operation[]>();
  /** The answer that set each bound cookie. */
  readonly #issues = new Map<string, Operation>();

  constructor(facts: Facts) {
    this.#facts = facts;
    for (const operation of facts.history.operations) {
      const { ask, before, boundToken } = operation;
      if (!isDeviceAsk(ask) || before === undefined || !mayCount(operation)) continue;
      this.#proofs.set(before, [...this.proofsOf(before), operation]);
      if (boundToken !== undefined) this.#issues.set(boundToken, operation);
    }
  }

  /** The proofs of a session's device that were accepted, or may have been. */
  proofsOf(session: string): readonly Operation[] {
    return this.#proofs.get(session) ?? [];
  }

  /** The answer from which a request has its bound cookie, if that is of this session. */
  issueOf(session: string, { ask }: Operation): Operation | undefined {
    const issue = ask.kind === 'start' && ask.boundToken !== undefined ? this.#issues.get(ask.boundToken) : undefined;
    return issue?.before === session ? issue : undefined;
  }

  /** The last login of a session before a moment, as far as there may have been one. */
  loginBefore(session: string, { order }: Moment): Operation | undefined {
    return this.#facts.loginsOf(session).findLast(({ invoked }) => invoked.order < order);
  }

  /** Whether a login may have replaced the binding of a session between two moments. */
  mayBeBoundAnew(session: string, from: Moment, to: Moment): boolean {
    return this.#facts
      .loginsOf(session)
      .some(({ invoked, returned }) => returned.order > from.order && invoked.order < to.order);
  }

  /** Until when the bound cookie of a request is good at the most, by the true time. */
  latestEnd(session: string, issue: Operation, start: Operation): number {
    const { operations } = this.#facts.history;
    if (issue.ask.kind === 'refresh') return issue.returned.at + BOUND_LIFETIME + TOLERANCE;
    // The first cookie counts from the request that shows it first, and that writes so.
    const shows = operations.filter(
      (other) => other !== start && other.found?.bound === true && this.issueOf(session, other) === issue,
    );
    const seen = shows
      .map((show) => this.#facts.visit(show).find(isDone)?.returned)
      .filter((returned) => returned !== undefined && returned.order < start.invoked.order);
    const seenAt = Math.min(...seen.map((returned) => (returned as Moment).order));
    const mayCount = shows.filter(({ invoked }) => invoked.order < Math.min(seenAt, start.invoked.order));
    const renewed = this.proofsOf(session).some(
      (proof) => proof !== issue && proof.invoked.order > issue.invoked.order && proof.invoked.order < seenAt,
    );
    const login = this.loginBefore(session, issue.returned) as Operation;
    const arrivesUntil = Math.min(login.returned.at, issue.returned.at) + REGISTRATION_SECONDS;
    const ends = mayCount.map(({ returned }) => returned.at);
    const isSeen = Number.isFinite(seenAt) && !renewed;
    return Math.max(...ends, ...(isSeen ? [] : [arrivesUntil])) + BOUND_LIFETIME + TOLERANCE;
  }

  /**
   * A request by which the session was certainly bound before another began: it needs its bound cookie from then on, or
   * some seconds after the first cookie was seen, until a login.
   */
  boundBefore(session: string, start: Operation): Operation | undefined {
    const { operations, staleness } = this.#facts.history;
    return operations.find((operation) => {
      const isRenewal = operation.before === session && operation.ask.kind === 'refresh' && isAccepted(operation);
      const isShown = operation.after === session && operation.found?.bound === true;
      const done = isRenewal ? operation : isShown ? this.#facts.visit(operation).find(isDone) : undefined;
      const grace = isRenewal ? 0 : ARRIVAL_GRACE + TOLERANCE;
      return (
        done !== undefined &&
        done.returned.order < start.invoked.order &&
        done.returned.at + grace <= start.invoked.at - staleness &&
        !this.mayBeBoundAnew(session, operation.invoked, start.returned)
      );
    });
  }

  /** Why a request may be refused for want of a proof of its device, though its cookie is good. */
  reasonForRefusal(session: string, start: Operation): string | undefined {
    const { order, at } = start.returned;
    const proofs = this.proofsOf(session).filter(({ invoked }) => invoked.order < order);
    if (proofs.length === 0) return undefined;
    const issue = this.issueOf(session, start);
    if (issue === undefined) return 'it has no bound cookie, and the session may be bound';
    if (at >= issue.invoked.at + BOUND_LIFETIME - TOLERANCE) return 'its bound cookie may have run out';
    const later = proofs.filter((proof) => proof !== issue && proof.returned.order > issue.invoked.order);
    if (later.length > 0 && this.mayBeBoundAnew(session, issue.invoked, start.returned))
      return 'another key may have been bound since';
    // Only the cookie before the present one is good.
    return later.length > 1 ? 'its bound cookie may have been replaced more than once' : undefined;
  }
}

/** How long after a login the browser may bind its session, in seconds. */
export const REGISTRATION_SECONDS = 60;

/** How long after the first bound cookie was seen a request without one may still find the session, in seconds. */
const ARRIVAL_GRACE = 10;

export const isAccepted = ({ outcome, value }: Operation): boolean => outcome === 'ok' && value === 200;

const mayCount = (operation: Operation): boolean => operation.outcome === 'unknown' || isAccepted(operation);

/** Whether it is the end of a request that has certainly written what was due. */
const isDone = ({ ask, outcome, faults }: Operation): boolean =>
  ask.kind === 'commit' && outcome === 'ok' && faults === 0;
