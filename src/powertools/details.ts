import type { SessionEvent } from '../core/events.js';

/** What an event says beside its type: why, what came of it. Who, when, which session, and what broke are left out. */
export function detailsOf(event: SessionEvent): Readonly<Record<string, string | boolean>> {
  switch (event.type) {
    case 'rotated':
    case 'revoked':
    case 'csrf-refused':
      return { reason: event.reason };
    case 'reused':
      return { outcome: event.outcome };
    case 'anomaly':
    case 'binding-refused':
      return { reason: event.reason, outcome: event.outcome };
    case 'unreadable':
      return { reason: event.reason, ...(event.key !== undefined && { key: event.key }) };
    case 'logged-in':
      return { exclusive: event.exclusive };
    case 'logged-out':
    case 'provider-logout':
      return { everywhere: event.everywhere };
    case 'store-failure':
      return { operation: event.operation };
    case 'created':
    case 'bound':
    case 'bound-again':
    case 'expired':
    case 'everyone-logged-out':
    case 'provider-logout-refused':
    case 'destroyed':
    case 'lost-write':
      return {};
  }
}
