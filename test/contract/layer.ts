import type { PersistenceLayer } from '../../src/index.js';

/** A layer that can do all that the promises about users need. */
export type WholeLayer = PersistenceLayer &
  Required<Pick<PersistenceLayer, 'loadUserSessions' | 'loadMarks' | 'raiseUserMark' | 'raiseEpoch' | 'endLogin'>>;

/** Gives the layer under test, once it is open. */
export type Layer = () => WholeLayer;
