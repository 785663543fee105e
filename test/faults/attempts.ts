import type { Attempt, Fault } from '../world/faults.js';

/** Which of a call's attempts a fault befalls, when those before it were lost on the way. The client makes three. */
export const ATTEMPTS = ['first', 'second', 'last', 'all'] as const;

export type Attempts = (typeof ATTEMPTS)[number];

/** What befalls a call so that a fault befalls those attempts of it; with `all` also later calls of its kind. */
export function planFor(fault: Fault, attempts: Attempts, at: Omit<Attempt, 'attempt'>): (attempt: Attempt) => Fault {
  return ({ operation, call, attempt }) => {
    if (operation !== at.operation || call < at.call) return 'none';
    if (attempts === 'all') return fault;
    const struck = ATTEMPTS.indexOf(attempts) + 1;
    if (call > at.call || attempt > struck) return 'none';
    return attempt === struck ? fault : 'drop-before';
  };
}

/** For what takes little time. */
export const BOTH_WAYS = [
  { data: 'with plain data', encrypted: false },
  { data: 'with encrypted data', encrypted: true },
] as const;

/**
 * Whether the data is encrypted of the sessions that the fault of this turn befalls. Each call meets each fault both
 * ways, in one of these attempts or another; which way in which of them changes with every second fault, for the engine
 * changes with every one.
 */
export const isEncrypted = (turn: number, attempts: Attempts): boolean =>
  (Math.floor(turn / 2) + ATTEMPTS.indexOf(attempts)) % 2 === 1;

/** The outcomes for {@link ATTEMPTS}, or the one for all of them, in as few words as a cell needs. */
export function cellOf([first = '', second = first, last = first, all = first]: readonly string[]): string {
  if (first !== second || last !== all) return [first, second, last, all].join(' / ');
  return first === last ? first : `${first} / ${last}`;
}

/** The faults after which a client waits for as long as an attempt may take. They are tried at the same time. */
const AWAITED: ReadonlySet<Fault> = new Set(['hang', 'hang-after', 'silent', 'stalled']);

export const isAwaited = (fault: Fault): boolean => AWAITED.has(fault);
