import { inject } from 'vitest';
import type { Engine } from './engine.js';

export { capabilities } from './engine.js';
export type { Engine, EngineCapabilities, EngineName } from './engine.js';

/** The engines of this run, for `describe.each(engines())('… on $name', …)`. They are shared: name tables uniquely. */
export function engines(): Engine[] {
  return inject('engines');
}
