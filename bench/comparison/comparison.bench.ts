import { it } from 'vitest';
import { type Comparison, record } from '../results.js';
import { reference } from '../reference-engine.js';
import { contestantIds, contestants, type ContestantId } from './contestants.js';
import type { Endpoint } from './endpoint.js';
import { type Cost, MeteringProxy } from './metering-proxy.js';
import { type OperationId, operationIds, operations } from './operations.js';
import { type Sites, timesOf } from './side-by-side.js';

// What each operation costs is counted once, through a proxy, and how long it takes is measured without it.
it('sessions beside the peers and beside the floor', async () => {
  const engine = reference();
  let users = 0;
  const nextUser = (): string => `user-${(users += 1)}`;

  const proxy = await MeteringProxy.start(engine);
  const costs = await costsOf(proxy, await open(proxy), nextUser);
  await proxy.stop();

  const sites = await open(engine);
  const comparison: Partial<Record<OperationId, Comparison[OperationId]>> = {};
  for (const id of operationIds) {
    const times = await timesOf(id, sites, nextUser);
    comparison[id] = Object.fromEntries(
      Object.entries(costs[id]).map(([contestant, cost]) => {
        const time = times[contestant as ContestantId];
        return [contestant, { ...cost, ...(time && { time }) }];
      }),
    );
    const { floor, own } = comparison[id];
    console.log(
      `${operations[id].title}: ${own?.calls} calls, ${own?.reads} R, ${own?.writes} W, ${own?.indexWrites} X` +
        (own?.time && floor?.time ? `, ${own.time.ratio.median} times the floor's ${floor.time.medianMs} ms` : ''),
    );
  }
  record('comparison', comparison as Comparison);
});

async function open(endpoint: Endpoint): Promise<Sites> {
  const sites: Partial<Record<ContestantId, Sites[ContestantId]>> = {};
  for (const id of contestantIds) sites[id] = await contestants[id].open(endpoint);
  return sites as Sites;
}

async function costsOf(
  proxy: MeteringProxy,
  sites: Sites,
  nextUser: () => string,
): Promise<Record<OperationId, Partial<Record<ContestantId, Cost>>>> {
  const costs = {} as Record<OperationId, Partial<Record<ContestantId, Cost>>>;
  for (const id of operationIds) {
    costs[id] = {};
    for (const contestant of contestantIds) {
      if (id in contestants[contestant].cannot) continue;
      const run = await operations[id].prepare(sites[contestant], nextUser);
      costs[id][contestant] = await proxy.of(run);
    }
  }
  return costs;
}
