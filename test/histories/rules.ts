import type { SessionsOptions } from '../../src/index.js';

/** The timeouts of every history, in seconds: short, so that a few steps of the clock cross each of them. */
export const RULES = {
  idleTimeout: 100,
  absoluteTimeout: 180,
  touchInterval: 20,
  rotationInterval: 40,
  rotationGrace: 30,
} as const satisfies SessionsOptions;

/** How long a bound cookie is good, in seconds. */
export const BOUND_LIFETIME = 30;

/** How far a Lambda's clock may be from the true time. */
export const SKEW = 5;

/** How far the clocks of two Lambdas may be apart: what every promise about time is held to. */
export const TOLERANCE: number = 2 * SKEW;

/** For how long a Lambda may believe that nobody has logged everyone out: the bound of `loadMarks`. */
export const EPOCH_STALENESS = 10;

/** How old an answer of a store may be that was not asked for a fresh one. */
export const STALENESS = 4;
