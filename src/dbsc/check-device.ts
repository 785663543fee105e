import type { BindingCheck } from '../core/device-binding.js';
import type { SessionEventDetail } from '../core/events.js';
import type { SessionUser } from '../core/persistence-layer.js';
import type { SessionRecord } from '../core/record.js';
import { bindingOf, bindsFrom, registersUntil, standingOf } from './bound-cookie.js';
import type { ResolvedBindingOptions } from './options.js';

/** Whether a session with this record is the request's, as far as its device goes. */
export async function checkDevice<User extends SessionUser>(
  options: ResolvedBindingOptions<User>,
  record: SessionRecord,
  cookies: readonly string[],
  now: number,
  loadUser: () => Promise<User | undefined>,
): Promise<BindingCheck<User>> {
  const { lifetime } = options;
  const standing = standingOf(record, cookies, now, lifetime);
  if (standing === 'good') return { bound: true };
  if (standing === 'arrived') return { bound: true, seen: { ...bindingOf(record), boundUntil: now + lifetime } };
  if (now >= bindsFrom(record, lifetime)) return violated(options, standing);
  // The browser may not have the cookie yet, or its answer may have been lost: the session is as good as unbound.
  if (record.userId === undefined || now < registersUntil(record)) return { bound: false };
  const { required } = options;
  if (typeof required === 'boolean') return required ? violated(options, 'not bound') : { bound: false };
  const user = await loadUser();
  const isRequired = user === undefined || required(user);
  return { ...(isRequired ? violated(options, 'not bound') : { bound: false }), user };
}

/** What becomes of a request that lacks the proof. */
function violated(
  { otherwise }: ResolvedBindingOptions<never>,
  what: 'expired' | 'wrong' | 'none' | 'not bound',
): BindingCheck<never> {
  const refused = otherwise === 'refuse';
  const outcome = refused ? 'refused' : 'reported';
  const event: SessionEventDetail =
    what === 'expired' ? { type: 'reused', outcome } : { type: 'binding-refused', reason: REASONS[what], outcome };
  return { bound: false, refused, event };
}

const REASONS = { wrong: 'wrong-cookie', none: 'no-cookie', 'not bound': 'not-bound' } as const;
