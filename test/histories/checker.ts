import { DeviceFacts } from './device-facts.js';
import { ofDevice, ofDeviceRefusal, ofDeviceShown } from './device-rules.js';
import { type Ending, Facts, isDeviceAsk } from './facts.js';
import type { History, Operation } from './history.js';
import { ofProviderLogin } from './provider-rules.js';
import { type Access, IMPOSSIBLE, isLinearizable } from './register.js';
import { EPOCH_STALENESS, RULES, TOLERANCE } from './rules.js';
import type { Violation } from './violation.js';

/** Which promises a history breaks. */
export function check(history: History): readonly Violation[] {
  const facts = new Facts(history);
  return [...violations(facts)].toSorted((a, b) => a.promise - b.promise);
}

function* violations(facts: Facts): Generator<Violation> {
  const devices = new DeviceFacts(facts);
  for (const operation of facts.history.operations) {
    if (operation.ask.kind === 'start') yield* ofStart(facts, devices, operation);
    else if (operation.ask.kind === 'ofUser') yield* ofList(facts, operation);
    else if (operation.visit !== undefined) {
      yield* ofWrite(facts, operation);
      yield* ofRefusal(facts, operation);
      yield* ofBeginning(facts, operation);
      yield* ofCookie(facts, operation);
      if (isDeviceAsk(operation.ask)) {
        const { value, before } = operation;
        if (value === 200 || value === 403) yield* ofPresence(facts, operation, before as string);
        yield* ofDevice(facts, devices, operation, operation.ask);
      }
      if (operation.ask.kind === 'logIn') yield* ofProviderLogin(facts, operation);
    }
  }
  yield* ofRotations(facts);
  yield* ofExclusiveLogins(facts);
  for (const session of facts.sessions.keys()) {
    yield* ofValues(facts, session);
    if (facts.history.remaining.has(session) && facts.endingsOf(session).some(isDefinite))
      yield { promise: 1, text: 'something is left of a session that was ended' };
  }
}

const isDefinite = ({ isCertain, kind }: Ending): boolean => isCertain && kind === 'this session';

function* ofStart(facts: Facts, devices: DeviceFacts, start: Operation): Generator<Violation> {
  if (start.outcome !== 'ok') return;
  if (start.found !== undefined) {
    yield* ofPresence(facts, start, start.after as string);
    yield* ofFound(facts, start, start.after as string);
    yield* ofDeviceShown(facts, devices, start, start.after as string);
  } else yield* ofAbsence(facts, devices, start);
}

/** A session that a request has found must be there, and for its cookie. */
function* ofPresence(facts: Facts, request: Operation, session: string): Generator<Violation> {
  const { invoked } = request;
  const { staleness, revocationCheck } = facts.history;
  const past = invoked.at - staleness;
  for (const { isCertain, kind, since, isAtOnce } of facts.endingsOf(session)) {
    if (!isCertain || since.order >= invoked.order) continue;
    if (kind === 'this session') {
      if (since.at > past) continue;
      if (isDeviceAsk(request.ask)) yield { promise: 16, text: 'a device proves itself for a session that was ended' };
      else yield { promise: 1, text: 'a request finds a session that was ended' };
    } else if (kind === 'everyone') {
      const bound = EPOCH_STALENESS + TOLERANCE + (revocationCheck === 'always' ? 0 : RULES.touchInterval);
      if (since.at + bound <= past)
        yield { promise: 9, text: 'a request finds a session that was logged out with everyone, after the bound' };
    } else {
      const where = kind === 'everywhere' ? 'everywhere' : kind;
      const promise = kind === 'everywhere' ? 9 : 17;
      const bound = isAtOnce ? 0 : RULES.touchInterval + TOLERANCE;
      if (revocationCheck === 'always')
        yield { promise, text: `a request finds a session that was logged out ${where}` };
      else if (since.at + bound <= past)
        yield { promise, text: `a request finds a session that was logged out ${where}, after the bound` };
    }
  }
  const reissue = facts.tokenShown(request) === undefined ? undefined : facts.reissuedBefore(session, request);
  if (reissue !== undefined && reissue.returned.at <= past)
    yield { promise: 6, text: 'a cookie from before a login or regenerate is accepted after it' };

  const end = facts.latestEnd(session, invoked);
  if (past >= end.absolute) yield { promise: 10, text: 'a session outlives its absolute timeout' };
  if (past >= end.idle) yield { promise: 2, text: 'a request finds a session that has expired' };
}

/** What a request has found of a session is what it is. */
function* ofFound(facts: Facts, start: Operation, session: string): Generator<Violation> {
  const { found, invoked } = start;
  if (found === undefined) return;
  const past = invoked.at - facts.history.staleness;
  if (found.expiresAt - found.createdAt > RULES.absoluteTimeout)
    yield { promise: 10, text: 'a session outlives its absolute timeout' };
  const logins = facts.loginsOf(session).filter((login) => login.invoked.order < start.returned.order);
  const user = (login: Operation): unknown => (login.ask.kind === 'logIn' ? login.ask.user : undefined);
  if (found.user !== undefined && !logins.some((login) => user(login) === found.user))
    yield { promise: 6, text: 'a session has a user who never logged in to it' };
  const login = logins.find(
    ({ outcome, returned }) => outcome === 'ok' && returned.order < invoked.order && returned.at <= past,
  );
  if (login !== undefined && found.user !== user(login))
    yield { promise: 6, text: 'a session has not the user who logged in to it' };
}

/** A session that a request does not find, though it shows its cookie, must have ended. */
function* ofAbsence(facts: Facts, devices: DeviceFacts, start: Operation): Generator<Violation> {
  const issue = facts.issueShown(start);
  if (issue === undefined || facts.reasonForAbsence(issue.session, start) !== undefined) return;
  if (devices.reasonForRefusal(issue.session, start) !== undefined) {
    yield* ofDeviceRefusal(facts, start);
    return;
  }
  yield start.faults > 0
    ? { promise: 7, text: 'a store that failed is taken for a session that is not there' }
    : { promise: 4, text: 'a client is logged out though nothing ended its session' };
}

function* ofList(facts: Facts, { invoked, outcome, value }: Operation): Generator<Violation> {
  if (outcome !== 'ok') return;
  for (const session of value as readonly string[]) {
    if (!facts.sessions.has(session)) continue;
    const ending = facts.endingsOf(session).find(({ since, isCertain }) => isCertain && since.order < invoked.order);
    if (ending !== undefined) {
      const promise = { 'this session': 1, everywhere: 9, everyone: 9, 'at the provider': 17 }[ending.kind];
      yield { promise, text: 'a list of sessions shows one that was ended' };
    }
    const end = facts.latestEnd(session, invoked);
    if (invoked.at >= Math.min(end.idle, end.absolute))
      yield { promise: 2, text: 'a list of sessions shows one that has expired' };
  }
}

/** What is acknowledged must have been done to a session that was there, with a secret that was good. */
function* ofWrite(facts: Facts, operation: Operation): Generator<Violation> {
  const { ask, before, after, outcome, writes, faults, value } = operation;
  if (outcome !== 'ok' || before === undefined) return;
  // What was set of a key is written before that key is taken, whatever becomes of the take.
  const isFlushed = ([key, written]: readonly [string, unknown]): boolean =>
    facts
      .visit(operation)
      .some((take) => take !== operation && take.ask.kind === 'getAndDelete' && take.writes.get(key) === written);
  if ((ask.kind === 'commit' || ask.kind === 'save') && [...writes].every(isFlushed)) return;
  const ends = (ask.kind === 'destroy' || ask.kind === 'logOut') && faults === 0;
  const took = ask.kind === 'getAndDelete' && value !== undefined && !writes.has('challenge');
  const wrote =
    took ||
    ask.kind === 'update' ||
    ask.kind === 'regenerate' ||
    ask.kind === 'logIn' ||
    (ask.kind !== 'getAndDelete' && [...writes.values()].some((written) => written !== undefined));
  if (before === after && wrote && facts.endedBefore(before, operation.invoked) !== undefined)
    yield { promise: 1, text: `${ask.kind} is acknowledged though the session had been ended` };
  const end = facts.latestEnd(before, operation.invoked);
  if (before === after && wrote && operation.invoked.at >= Math.min(end.idle, end.absolute))
    yield { promise: 2, text: `${ask.kind} is acknowledged though the session had expired` };
  if (!((before === after && wrote) || ends)) return;
  const reissue = facts.reissuedBefore(before, operation);
  const mayHaveEnded = facts
    .endingsOf(before)
    .some(
      (ending) =>
        ending.operation.visit !== operation.visit && ending.operation.invoked.order < operation.returned.order,
    );
  const mayHaveExpired = operation.returned.at >= facts.latestEnd(before, operation.invoked).idle - RULES.idleTimeout;
  if (reissue !== undefined && !(ends && (mayHaveEnded || mayHaveExpired)))
    yield { promise: 6, text: `${ask.kind} is acknowledged though its request began before a login or regenerate` };
}

/** What is refused must have had a reason. */
function* ofRefusal(facts: Facts, operation: Operation): Generator<Violation> {
  const { ask, before, after, outcome } = operation;
  if (before === undefined) return;
  const isNewForNoReason =
    ask.kind === 'logIn' &&
    outcome === 'ok' &&
    after !== undefined &&
    after !== before &&
    !facts.endingsOf(before).some((ending) => ending.operation === operation);
  if ((outcome === 'gone' || isNewForNoReason) && facts.reasonForAbsence(before, operation) === undefined)
    yield { promise: 3, text: `what ${ask.kind} writes is refused though nothing ended the session` };
}

/** A session that begins has nothing but what its request has set, or asked to keep. */
function* ofBeginning(facts: Facts, operation: Operation): Generator<Violation> {
  const { ask, before, after, writes } = operation;
  if (ask.kind !== 'logIn' || after === undefined || after === before) return;
  const start = facts.visit(operation).find((earlier) => earlier.ask.kind === 'start');
  const previous = [...(start?.found?.data.values() ?? [])];
  // What is the same user's already, or a login of theirs has taken over, is theirs.
  const { user } = ask;
  if (operation.user === user) return;
  const isTheirs = ({ ask: other, before: taken }: Operation): boolean =>
    other.kind === 'logIn' && other.user === user && taken === before;
  if (before !== undefined && facts.history.operations.some((other) => other !== operation && isTheirs(other))) return;
  if (before !== undefined && [...writes.values()].some((value) => previous.includes(value)))
    yield { promise: 6, text: 'a login gets data of a session that is another' };
}

function* ofCookie(facts: Facts, commit: Operation): Generator<Violation> {
  const { cookie, visit } = commit;
  if (cookie?.kind === 'set' && replacesAnother(facts, commit, cookie.token))
    yield { promise: 15, text: 'a request begins a session although its own was ended or taken over a moment ago' };
  if (cookie?.kind === 'set') {
    const session = cookie.token.slice(0, cookie.token.indexOf('.'));
    if (facts.mayHaveIssued(commit, session)) return;
    const end = facts.endedBefore(session, commit.invoked) ?? facts.reissuedBefore(session, commit);
    if (end !== undefined)
      yield { promise: 15, text: 'a request sends the cookie of a session that was ended or taken over meanwhile' };
  }
  if (cookie?.kind === 'clear') {
    const own = facts
      .visit(commit)
      .findLast(
        ({ ask, before }) =>
          before !== undefined && (ask.kind === 'destroy' || ask.kind === 'logOut' || ask.kind === 'logIn'),
      );
    if (own?.before === undefined)
      yield { promise: 15, text: 'a request clears the cookie without having ended a session' };
    else {
      const end = facts.latestEnd(own.before, own.invoked);
      if (own.faults === 0 && own.invoked.at >= Math.min(end.idle, end.absolute))
        yield { promise: 15, text: 'a request clears the cookie though its session had expired' };
      const other = facts.endedBefore(own.before, own.invoked, own);
      if (other !== undefined && other.operation.visit !== visit && own.faults === 0)
        yield { promise: 15, text: 'a request clears the cookie though somebody else had ended its session' };
    }
  }
}

/**
 * Whether a request that did not log in begins a session, and sends its cookie, although its own token had been overtaken
 * a moment before: another response may have set a newer cookie.
 */
function replacesAnother(facts: Facts, commit: Operation, token: string): boolean {
  const visit = facts.visit(commit);
  const start = visit.find(({ ask }) => ask.kind === 'start');
  const issue = facts.issueShown(commit);
  if (start === undefined || issue === undefined || token.startsWith(`${issue.session}.`)) return false;
  const endsIt = ({ ask, outcome }: Operation): boolean =>
    ask.kind === 'logIn' || ((ask.kind === 'logOut' || ask.kind === 'destroy') && outcome !== 'gone');
  if (visit.some(endsIt) || facts.mayHaveExpired(issue.session, start)) return false;
  const since = start.invoked.at - RULES.rotationGrace + TOLERANCE;
  // It may have ended long before.
  if (facts.mayBeTooMany(issue.session, start.invoked.order)) return false;
  if (facts.endingsOf(issue.session).some(({ operation }) => operation.invoked.at < since)) return false;
  const overtaking = [
    facts.reissuedBefore(issue.session, start),
    facts.endedBefore(issue.session, start.invoked)?.operation,
  ];
  return overtaking.some((operation) => operation !== undefined && operation.invoked.at >= since);
}

/** Of two exclusive logins of a user, one stays at the most, once the marks have been looked at. */
function* ofExclusiveLogins(facts: Facts): Generator<Violation> {
  const { operations, staleness } = facts.history;
  const logins = operations.filter(({ ask, outcome }) => ask.kind === 'logIn' && ask.exclusive && outcome === 'ok');
  const isLast = ({ after, invoked }: Operation): boolean =>
    !operations.some(
      ({ ask, after: of, invoked: at }) => ask.kind === 'logIn' && of === after && at.order > invoked.order,
    );
  const outlives = ({ after }: Operation, at: number): boolean =>
    operations.some(
      ({ ask, found, after: session, invoked }) =>
        ask.kind === 'start' && found !== undefined && session === after && invoked.at > at,
    );
  for (const [index, one] of logins.entries()) {
    for (const other of logins.slice(index + 1)) {
      if (one.ask.kind !== 'logIn' || other.ask.kind !== 'logIn' || one.ask.user !== other.ask.user) continue;
      if (one.after === other.after || !isLast(one) || !isLast(other)) continue;
      const at = Math.max(one.returned.at, other.returned.at) + RULES.touchInterval + TOLERANCE + staleness;
      if (outlives(one, at) && outlives(other, at))
        yield { promise: 9, text: 'two exclusive logins of a user both stay' };
    }
  }
}

/** All who rotate from the same secret send the same cookie. */
function* ofRotations(facts: Facts): Generator<Violation> {
  const successors = new Map<string, string>();
  for (const commit of facts.history.operations) {
    if (commit.cookie?.kind !== 'set') continue;
    const { token } = commit.cookie;
    const session = token.slice(0, token.indexOf('.'));
    if (facts.mayHaveIssued(commit, session)) continue;
    const shown = facts.tokenShown(commit);
    if (shown === undefined) continue;
    const known = successors.get(shown);
    if (known !== undefined && known !== token)
      yield { promise: 4, text: 'two requests with the same cookie rotate to different ones' };
    successors.set(shown, token);
  }
}

/** The promise about each key's values. */
const KEYS = { theme: 3, cart: 3, visits: 8, challenge: 14 } as const;

/** Each value was there for all who read and write it, as if they had come one after the other. */
function* ofValues(facts: Facts, session: string): Generator<Violation> {
  for (const [key, promise] of Object.entries(KEYS)) {
    if (!isLinearizable(accessesTo(facts, session, key)))
      yield { promise, text: `no order of what was done to ${key} explains what was read of it` };
  }
}

function accessesTo(facts: Facts, session: string, key: string): Access[] {
  const { operations, staleness } = facts.history;
  return operations.flatMap((operation): Access[] => {
    const { ask, before, after, found, outcome, invoked, returned, writes, value } = operation;
    if ((after ?? before) !== session) return [];
    const required = outcome === 'ok';
    if (ask.kind === 'start') {
      if (found === undefined) return [];
      return [
        {
          from: staleness === 0 ? invoked.order : 0,
          to: returned.order,
          required,
          isRead: true,
          apply: (present) => (present === found.data.get(key) ? present : IMPOSSIBLE),
        },
      ];
    }
    // What a request has set of a key is written before it takes that key, which may then find the session gone.
    const isTake = ask.kind === 'getAndDelete';
    if (outcome === 'gone' && !isTake) return [];
    const accesses: Access[] = [];
    const to = required ? returned.order : Number.POSITIVE_INFINITY;
    // A request that takes away, or takes, what it has seen to be absent writes nothing: that counts from its start.
    const start = facts.visit(operation).find((earlier) => earlier.ask.kind === 'start');
    const sinceStart = staleness > 0 ? 0 : (start ?? operation).invoked.order;
    if (writes.has(key)) {
      const written = writes.get(key);
      const write: Access = { from: sinceStart, to, required, isRead: false, apply: () => written };
      accesses.push(write);
    }
    if (ask.kind === 'update' && key === 'visits') {
      const apply = (present: unknown): unknown => {
        const next = ((present as number | undefined) ?? 0) + 1;
        return required && next !== value ? IMPOSSIBLE : next;
      };
      accesses.push({ from: invoked.order, to, required, isRead: false, apply });
    }
    if (isTake && key === 'challenge' && outcome !== 'gone') {
      const apply = (present: unknown): unknown => (required && present !== value ? IMPOSSIBLE : undefined);
      accesses.push({ from: value === undefined ? sinceStart : invoked.order, to, required, isRead: false, apply });
    }
    return accesses;
  });
}
