import type { PersistenceLayer } from '../../src/index.js';
import type { Line } from './line.js';
import type { Plan } from './plan.js';
import type { Recorder } from './recorder.js';

/** What is around a Lambda. */
export interface Surroundings {
  readonly recorder: Recorder;
  readonly revocationCheck: Plan['revocationCheck'];
  readonly bound: Plan['bound'];
  readonly encryption: Plan['encryption'];
  readonly binds: Plan['binds'];
  layerFor(line: Line): PersistenceLayer;
  user(number: number): string;
  /** A number that no visit has had. */
  newVisit(): number;
  /** A value that was never set. */
  newValue(): string;
}
