import type { Facts } from './facts.js';
import type { Operation } from './history.js';
import type { Violation } from './violation.js';

/** What is promised of logins that an identity provider ends. */

const broken = (text: string): Violation => ({ promise: 17, text });

/** Nobody is logged in by a login that the provider has ended, and everybody by another. */
export function* ofProviderLogin({ history }: Facts, login: Operation): Generator<Violation> {
  const { outcome, invoked, returned } = login;
  const ends = history.operations.filter((end) => isAbout(end, login));
  if (outcome === 'ok' && ends.some((end) => end.outcome === 'ok' && end.returned.order < invoked.order))
    yield broken('somebody is logged in by a login that the provider had ended');
  if (outcome === 'login ended' && !ends.some((end) => end.invoked.order < returned.order))
    yield broken('a login is refused that the provider has not ended');
}

/** Whether a logout at the provider is about a login: about that one, or about all up to a time. */
function isAbout({ ask: end }: Operation, { ask: login }: Operation): boolean {
  if (login.kind !== 'logIn' || login.sid === undefined || login.issuedAt === undefined) return false;
  if (end.kind === 'endLogin') return end.sid === login.sid;
  return end.kind === 'endLoginsOf' && end.user === login.user && login.issuedAt <= end.issuedBefore;
}
