import { readFileSync, writeFileSync } from 'node:fs';
import type { Plan } from './plan.js';
import type { Failure } from './search.js';

/** A history that broke a promise once, as short as it could be made. */
export interface Regression {
  readonly found: string;
  readonly plan: Plan;
}

const FILE = new URL('regressions.json', import.meta.url);

export const regressions = (): readonly Regression[] => JSON.parse(readFileSync(FILE, 'utf8')) as Regression[];

/** Keeps the plan of a failure, which is tried first from now on. */
export function keep({ violations, plan }: Failure): void {
  const [{ promise, text }] = violations as [Failure['violations'][number]];
  const all = [...regressions(), { found: `${promise}. ${text}`, plan }];
  writeFileSync(FILE, `[\n${all.map((regression) => JSON.stringify(regression)).join(',\n')}\n]\n`);
}
