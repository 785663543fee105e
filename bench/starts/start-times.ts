import { type PerHandler, perHandler } from '../handlers/index.js';
import { ratios, roundedSpread, type Spread, spreadOf } from '../statistics.js';

/** How long something took each handler, and as a ratio to the SDK alone in the same round. */
export interface StartTimes {
  readonly ms: PerHandler<Spread>;
  readonly ratio: PerHandler<Spread>;
}

export function startTimes(times: PerHandler<number[]>): StartTimes {
  return {
    ms: perHandler((id) => roundedSpread(spreadOf(times[id]))),
    ratio: perHandler((id) => roundedSpread(spreadOf(ratios(times[id], times.sdkAlone)))),
  };
}
