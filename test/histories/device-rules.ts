import { type DeviceFacts, isAccepted, REGISTRATION_SECONDS } from './device-facts.js';
import type { Facts } from './facts.js';
import type { DeviceAsk, Operation } from './history.js';
import { TOLERANCE } from './rules.js';
import type { Violation } from './violation.js';

/** What is promised of sessions that are bound to a device. */

const broken = (text: string): Violation => ({ promise: 16, text });

/** A session that a request has found is proven by its device, if it has one. */
export function* ofDeviceShown(
  facts: Facts,
  devices: DeviceFacts,
  start: Operation,
  session: string,
): Generator<Violation> {
  const { found, invoked } = start;
  if (found?.bound === true) {
    const issue = devices.issueOf(session, start);
    if (issue === undefined) yield broken('a device counts as proven by a cookie that nobody has got for it');
    else if (invoked.at - facts.history.staleness >= devices.latestEnd(session, issue, start))
      yield broken('a bound cookie is accepted that has run out');
  } else if (devices.boundBefore(session, start) !== undefined)
    yield broken('a request finds a bound session without a proof of its device');
}

/** A request that is refused for want of its device begins no session: its cookie would replace that of the browser. */
export function* ofDeviceRefusal(facts: Facts, start: Operation): Generator<Violation> {
  const visit = facts.visit(start);
  if (visit.some(({ ask }) => ask.kind === 'logIn')) return;
  if (visit.some(({ cookie }) => cookie !== undefined && cookie.kind !== 'keep'))
    yield { promise: 15, text: 'a request that lacks the proof of its device sets a cookie' };
}

/** What a browser is answered when it asks by itself. */
export function* ofDevice(
  facts: Facts,
  devices: DeviceFacts,
  operation: Operation,
  ask: DeviceAsk,
): Generator<Violation> {
  const { before, outcome, value, cookie } = operation;
  if (outcome !== 'ok') return;
  const session = before as string;
  if (ask.token === undefined && cookie?.kind === 'set')
    yield broken('a browser gets a session cookie although it has only named the session');
  if (value === 401) {
    if (
      ask.names === session &&
      facts.reasonForAbsence(session, operation) === undefined &&
      isKnown(facts, devices, operation)
    )
      yield broken('a browser is told to forget its key though nothing ended the session');
    return;
  }
  if (value !== 200) return;
  const others = devices
    .proofsOf(session)
    .filter((other) => other !== operation && other.invoked.order < operation.returned.order);
  if (others.some((other) => isAccepted(other) && keyAsk(other).challenge === ask.challenge))
    yield broken('a challenge is answered twice');
  const login = devices.loginBefore(session, operation.returned);
  if (ask.kind === 'register') {
    if (!isInvited(facts, session, ask.challenge))
      yield broken('a key is bound to a session by whom nobody has invited');
    if (login === undefined || operation.invoked.at >= login.returned.at + REGISTRATION_SECONDS + TOLERANCE)
      yield broken('a key is bound to a session too long after its login');
    return;
  }
  const registrations = others.filter((other) => other.ask.kind === 'register' && keyAsk(other).key === ask.key);
  if (registrations.length === 0) yield broken('a bound cookie is renewed by a key that was never bound');
  const isOld = registrations.every(({ returned }) =>
    facts
      .loginsOf(session)
      .some(
        (other) =>
          other.outcome === 'ok' &&
          other.after === session &&
          other.invoked.order > returned.order &&
          other.returned.order < operation.invoked.order,
      ),
  );
  if (registrations.length > 0 && isOld) yield broken('a bound cookie is renewed by the key from before a login');
}

const keyAsk = ({ ask }: Operation): DeviceAsk => ask as DeviceAsk;

/** Whether a response to a login of the session had this challenge. */
function isInvited({ history }: Facts, session: string, challenge: string | undefined): boolean {
  return history.operations.some(({ cookie }) => {
    if (cookie?.kind !== 'set' || !cookie.token.startsWith(`${session}.`) || challenge === undefined) return false;
    return cookie.headers?.['secure-session-registration']?.includes(`"${challenge}"`) === true;
  });
}

/** Whether the session certainly knows of the browser that asks: by its key, or because a login has invited it. */
function isKnown(facts: Facts, devices: DeviceFacts, { ask, before, invoked, returned }: Operation): boolean {
  if (ask.kind !== 'refresh')
    return facts
      .loginsOf(before as string)
      .some((login) => login.outcome === 'ok' && login.returned.order < invoked.order);
  return devices
    .proofsOf(before as string)
    .some(
      (proof) =>
        isAccepted(proof) &&
        proof.ask.kind === 'register' &&
        keyAsk(proof).key === ask.key &&
        proof.returned.order < invoked.order &&
        !devices.mayBeBoundAnew(before as string, proof.invoked, returned),
    );
}
