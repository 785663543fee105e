import fc from 'fast-check';
import { check } from './checker.js';
import type { History } from './history.js';
import { narrate } from './narrative.js';
import { type Plan, plans, type Scope } from './plan.js';
import type { Violation } from './violation.js';

/** A history that breaks a promise, as short as it could be made. */
export interface Failure {
  readonly seed: number;
  readonly plan: Plan;
  readonly violations: readonly Violation[];
  readonly history: History;
  /** How many histories were tried before it. */
  readonly tried: number;
}

export interface Search {
  readonly count: number;
  readonly seed: number;
  readonly scope: Scope;
  /** Makes a plan happen. */
  readonly run: (plan: Plan) => Promise<History>;
  /** Which violations count. @defaultValue all */
  readonly counts?: (violation: Violation) => boolean;
  /** Whether to look for a shorter history once one is found. @defaultValue true */
  readonly shrink?: boolean;
}

/** Tries that many histories, and returns the shortest that breaks a promise. */
export async function search({
  count,
  seed,
  scope,
  run,
  counts = () => true,
  shrink = true,
}: Search): Promise<Failure | undefined> {
  const property = fc.asyncProperty(plans(scope), async (plan) => {
    const history = await run(plan);
    const violations = check(history).filter(counts);
    if (violations.length > 0) throw new Broken(history, violations);
  });
  const result = await fc.check(property, { numRuns: count, seed, endOnFailure: !shrink });
  if (!result.failed) return undefined;
  if (!(result.errorInstance instanceof Broken)) throw result.errorInstance;
  const { history, violations } = result.errorInstance;
  return { seed, plan: result.counterexample?.[0] as Plan, violations, history, tried: result.numRuns };
}

/** What to read when a history breaks a promise. */
export function explain({ seed, plan, violations, history }: Failure): string {
  return [
    `Seed ${seed} breaks a promise:`,
    ...new Set(violations.map(({ promise, text }) => `  ${promise}. ${text}`)),
    'The shortest history that was found:',
    narrate(history),
    `Its plan: ${JSON.stringify(plan)}`,
  ].join('\n');
}

class Broken extends Error {
  readonly history: History;
  readonly violations: readonly Violation[];

  constructor(history: History, violations: readonly Violation[]) {
    super('A promise is broken.');
    this.history = history;
    this.violations = violations;
  }
}
