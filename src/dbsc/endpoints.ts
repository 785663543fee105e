import type { BindableSession, Binding, DeviceAnswer, DeviceRequest } from '../core/device-binding.js';
import { SessionGoneError } from '../core/errors.js';
import { sameBytes } from '../core/same-bytes.js';
import type { SessionEventDetail } from '../core/events.js';
import { boundCookieEnd, maxAgeOf, mintBoundToken, registersUntil } from './bound-cookie.js';
import { hashOf, mintChallenge, textOf } from './challenge.js';
import { instructions } from './instructions.js';
import type { ResolvedBindingOptions } from './options.js';
import { checkProof, type Proof, unquoted } from './proof.js';

/**
 * What the browser asks by itself, and what its answers mean to it:
 *
 * - 200: the session is bound, and has a new bound cookie;
 * - 403 with a challenge: sign that one;
 * - 401: there is no such session any more, forget the key;
 * - 503: keep the key, and try again with the next request.
 *
 * Any other 4xx would end the binding in the browser, and with it the session.
 *
 * @see https://w3c.github.io/webappsec-dbsc/
 */

type Options = ResolvedBindingOptions<never>;
type Find = (id: string) => Promise<BindableSession | 'overtaken' | undefined>;

/** Binds the session of a login that has just happened to the key that the browser brings. */
export async function answerRegistration(options: Options, request: DeviceRequest, find: Find): Promise<DeviceAnswer> {
  const proof = proofIn(request, options, `${options.path}/register`);
  if (proof === undefined) return refused('bad-proof');
  const session = await find(proof.authorization);
  if (session === 'overtaken') return UNAVAILABLE;
  if (session === undefined) return ENDED;
  const { id, record, startedAt: now } = session;
  const { deviceChallenge } = record;
  if (now >= registersUntil(record)) return refused('too-late');
  // Of a session that has a key, this is not the hash of anything that anybody knows.
  if (deviceChallenge === undefined || !sameBytes(deviceChallenge, hashOf(proof.challenge)))
    return refused('other-challenge');

  const { token, boundHash } = mintBoundToken();
  const next = mintChallenge();
  const binding = {
    deviceKey: proof.key,
    deviceChallenge: next,
    boundHash,
    boundUntil: undefined, // not before the cookie has been seen
    previousBoundHash: undefined,
    previousBoundUntil: undefined,
  };
  const written = await bind(session, binding, deviceChallenge);
  if (written === 'gone') return UNAVAILABLE;
  return written ? proven(options, request, id, next, token, 'bound') : refused('other-challenge');
}

/** Gives the device that has proven itself another bound cookie. */
export async function answerRefresh(options: Options, request: DeviceRequest, find: Find): Promise<DeviceAnswer> {
  const asked = request.header('sec-secure-session-id');
  const session = await find(unquoted(asked ?? ''));
  if (session === 'overtaken') return UNAVAILABLE;
  if (session === undefined) return ENDED;
  const { id, record, startedAt: now } = session;
  const { deviceKey, deviceChallenge, boundHash } = record;
  if (asked !== undefined && unquoted(asked) !== id) return ENDED;
  if (deviceKey === undefined || deviceChallenge === undefined) {
    // A login has just removed the key, and its response invites to make another.
    return now < registersUntil(record) ? UNAVAILABLE : ENDED;
  }
  if (asked === undefined) return challenged(id, deviceChallenge, 'bad-proof');
  if (request.header('secure-session-response') === undefined) return challenged(id, deviceChallenge);
  const proof = proofIn(request, options, `${options.path}/refresh`, deviceKey);
  if (proof === undefined) return challenged(id, deviceChallenge, 'bad-proof');
  if (proof.challenge !== textOf(deviceChallenge)) return challenged(id, deviceChallenge, 'other-challenge');

  const { token, boundHash: nextHash } = mintBoundToken();
  const next = mintChallenge();
  const binding = {
    deviceKey,
    deviceChallenge: next,
    boundHash: nextHash,
    boundUntil: now + options.lifetime,
    previousBoundHash: boundHash,
    previousBoundUntil: boundCookieEnd(record, options.lifetime),
  };
  const written = await bind(session, binding, deviceChallenge);
  if (written === 'gone') return UNAVAILABLE;
  if (written) return proven(options, request, id, next, token, 'bound-again');
  const { deviceChallenge: present } = session.record;
  return present === undefined ? UNAVAILABLE : challenged(id, present, 'other-challenge');
}

/** Stores it. `gone`: the session has ended, or a login has taken it over, since it was found. */
async function bind(session: BindableSession, binding: Binding, challenge: Uint8Array): Promise<boolean | 'gone'> {
  try {
    return await session.bind(binding, challenge);
  } catch (error) {
    if (error instanceof SessionGoneError) return 'gone';
    throw error;
  }
}

function proofIn({ header }: DeviceRequest, { origin }: Options, path: string, known?: Uint8Array): Proof | undefined {
  const own = origin ?? `https://${header('host')}`;
  return checkProof(header('secure-session-response') ?? '', known, own + path);
}

const NO_STORE = { 'cache-control': 'no-store' };

const text = (statusCode: number, body: string, more: Readonly<Record<string, string>> = {}): DeviceAnswer => ({
  statusCode,
  headers: { 'content-type': 'text/plain; charset=utf-8', ...NO_STORE, ...more },
  body,
});

const ENDED = text(401, 'Unauthorized');
const UNAVAILABLE = text(503, 'Service Unavailable', { 'retry-after': '1' });

/** What is no POST is none of the browser's own. */
export const METHOD_NOT_ALLOWED: DeviceAnswer = text(405, 'Method Not Allowed', { allow: 'POST' });

type Reason = Extract<SessionEventDetail, { type: 'binding-refused' }>['reason'];

const event = (reason: Reason): SessionEventDetail => ({ type: 'binding-refused', reason, outcome: 'refused' });

const refused = (reason: Reason): DeviceAnswer => ({ ...text(403, 'Forbidden'), event: event(reason) });

const challengeHeader = (id: string, challenge: Uint8Array): Readonly<Record<string, string>> => ({
  'secure-session-challenge': `"${textOf(challenge)}";id="${id}"`,
});

/** Tells what to sign. It is the same for whoever asks until it is signed, so nobody can spoil another's answer. */
function challenged(id: string, challenge: Uint8Array, reason?: Reason): DeviceAnswer {
  const answer = text(403, 'Forbidden', challengeHeader(id, challenge));
  return reason === undefined ? answer : { ...answer, event: event(reason) };
}

function proven(
  { path, lifetime }: Options,
  { cookie }: DeviceRequest,
  id: string,
  next: Uint8Array,
  token: string,
  type: 'bound' | 'bound-again',
): DeviceAnswer {
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json', ...NO_STORE, ...challengeHeader(id, next) },
    body: JSON.stringify(instructions(id, `${path}/refresh`, cookie)),
    boundCookie: { token, maxAge: maxAgeOf(lifetime) },
    event: { type },
  };
}
