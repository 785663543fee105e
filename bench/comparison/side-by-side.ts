import { rounds } from '../rounds.js';
import { ratios, roundedSpread, type Spread, spreadOf } from '../statistics.js';
import { contestantIds, contestants, type ContestantId } from './contestants.js';
import { type Operation, type OperationId, operations } from './operations.js';
import type { Site } from './site.js';

/** How long an operation took one contestant. */
export interface Time {
  /** As a ratio to the floor's time in the same round. */
  readonly ratio: Spread;
  readonly medianMs: number;
}

export type Sites = Readonly<Record<ContestantId, Site>>;

const WARM_UP = 0.15;

/**
 * Each round asks every contestant once, beginning with another one each time: what slows the machine down for a while
 * slows all of them down.
 */
export async function timesOf(
  id: OperationId,
  sites: Partial<Sites>,
  nextUser: () => string,
): Promise<Partial<Record<ContestantId, Time>>> {
  const operation: Operation = operations[id];
  const able = contestantIds.filter((contestant) => contestant in sites && !(id in contestants[contestant].cannot));
  const times = new Map(able.map((contestant) => [contestant, [] as number[]]));
  const samples = rounds(operation.samples);
  const warmUp = Math.ceil(samples * WARM_UP);
  for (let round = -warmUp; round < samples; round += 1) {
    for (const turn of able.keys()) {
      const contestant = able[(turn + round + warmUp) % able.length] as ContestantId;
      const run = await operation.prepare(sites[contestant] as Site, nextUser);
      const start = performance.now();
      await run();
      const time = performance.now() - start;
      if (round >= 0) times.get(contestant)?.push(time);
    }
  }
  if (operation.samples === 0) return {};
  const floor = times.get('floor') ?? [];
  return Object.fromEntries(
    [...times].map(([contestant, own]) => [
      contestant,
      { ratio: roundedSpread(spreadOf(ratios(own, floor))), medianMs: roundedSpread(spreadOf(own)).median },
    ]),
  );
}
