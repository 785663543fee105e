import type { Attributes } from '@opentelemetry/api';
import type { SessionEvent } from '../core/events.js';
import { detailsOf } from '../powertools/details.js';

/** What a span event says of a session's event: which session, by its digest, why, and what came of it. */
export function attributesOf(event: SessionEvent): Attributes {
  const details = Object.entries(detailsOf(event)).map(([name, value]) => [`session.${name}`, value] as const);
  return {
    ...(event.session !== undefined && { 'session.id': event.session }),
    ...Object.fromEntries(details),
    ...('error' in event && { 'error.type': event.error.name }),
  };
}
