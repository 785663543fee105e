import type { SessionEvent } from './events.js';

const MINUTE_MS = 60_000;

/** How many kinds of failures are told apart within a minute; what is beyond them is not written. */
const MOST_KINDS = 50;
const LONGEST_LINE = 500;

/**
 * What is told of events where the application does not listen: failures of the store, on the console, each kind once a
 * minute. Of what caused one, only the name or code is written: another's message may hold anything.
 */
export function logStoreFailures(): (event: SessionEvent) => void {
  const writtenAt = new Map<string, number>();

  return (event) => {
    if (event.type !== 'store-failure') return;
    const { operation, error } = event;
    const line = `dynamodb-sessions: ${operation} failed: ${error.message}${causeOf(error)}`.slice(0, LONGEST_LINE);
    const now = event.at.getTime();
    // By the difference in both directions: a clock that was put back must not silence anything.
    for (const [kind, at] of writtenAt) if (Math.abs(now - at) >= MINUTE_MS) writtenAt.delete(kind);
    if (writtenAt.has(line) || writtenAt.size >= MOST_KINDS) return;
    writtenAt.set(line, now);
    console.error(line);
  };
}

function causeOf({ cause }: Error): string {
  if (!(cause instanceof Error)) return '';
  const { name, code } = cause as Error & { readonly code?: unknown };
  const kind = [code ?? name, name].map(String).find((text) => /^\w{1,50}$/.test(text)) ?? 'unnamed';
  return ` (cause: ${kind}; onEvent is given all of it)`;
}
