import type { PersistenceLayer } from '../../src/index.js';
import type { Line } from './line.js';

/** Where the sessions of a history are kept. */
export interface Store {
  /** The layer of one Lambda, at the end of its line. */
  layerFor(line: Line): PersistenceLayer;
  /** The IDs, of these, under which there is a session or what is left of one. */
  remaining(ids: readonly string[]): Promise<ReadonlySet<string>>;
}
