import type { SessionEvent } from '../../../src/index.js';

type EventOf<Type> = Extract<SessionEvent, { type: Type }>;

const context = { at: new Date('2026-11-24T10:00:00Z'), session: 'digest-1', userId: 'ann@example.com' };

/** An event of each type; a type that is missing here does not compile. */
export const EVENTS: { readonly [Type in SessionEvent['type']]: EventOf<Type> } = {
  created: { ...context, type: 'created' },
  rotated: { ...context, type: 'rotated', reason: 'interval' },
  reused: { ...context, type: 'reused', outcome: 'revoked' },
  anomaly: { ...context, type: 'anomaly', reason: 'address', outcome: 'destroyed' },
  bound: { ...context, type: 'bound' },
  'bound-again': { ...context, type: 'bound-again' },
  'binding-refused': { ...context, type: 'binding-refused', reason: 'no-cookie', outcome: 'refused' },
  expired: { ...context, type: 'expired' },
  unreadable: { ...context, type: 'unreadable', reason: 'newer-version', key: 'cart' },
  'logged-in': { ...context, type: 'logged-in', exclusive: true },
  'logged-out': { ...context, type: 'logged-out', everywhere: false },
  'everyone-logged-out': { at: context.at, type: 'everyone-logged-out' },
  revoked: { ...context, type: 'revoked', reason: 'by-id' },
  'provider-logout': { at: context.at, userId: context.userId, type: 'provider-logout', everywhere: true },
  'provider-logout-refused': { at: context.at, type: 'provider-logout-refused', error: new Error('No.') },
  destroyed: { ...context, type: 'destroyed' },
  'lost-write': { ...context, type: 'lost-write' },
  'csrf-refused': { at: context.at, type: 'csrf-refused', reason: 'origin' },
  'store-failure': { at: context.at, type: 'store-failure', operation: 'loadSession', error: new Error('It failed.') },
};

export const ALL_EVENTS: readonly SessionEvent[] = Object.values(EVENTS);

/** What each type of event says of itself. */
export const DETAILS: { readonly [Type in SessionEvent['type']]: object } = {
  created: {},
  rotated: { reason: 'interval' },
  reused: { outcome: 'revoked' },
  anomaly: { reason: 'address', outcome: 'destroyed' },
  bound: {},
  'bound-again': {},
  'binding-refused': { reason: 'no-cookie', outcome: 'refused' },
  expired: {},
  unreadable: { reason: 'newer-version', key: 'cart' },
  'logged-in': { exclusive: true },
  'logged-out': { everywhere: false },
  'everyone-logged-out': {},
  revoked: { reason: 'by-id' },
  'provider-logout': { everywhere: true },
  'provider-logout-refused': {},
  destroyed: {},
  'lost-write': {},
  'csrf-refused': { reason: 'origin' },
  'store-failure': { operation: 'loadSession' },
};
