import { it } from 'vitest';
import { storeThatIsSlow } from '../../test/runtime/surroundings.js';
import { reference } from '../reference-engine.js';
import { record } from '../results.js';
import { openFloor } from './floor.js';
import { openOwn } from './own.js';
import { timesOf } from './side-by-side.js';

/** About what a call to the service takes more than one to an engine on the same machine, in its own region. */
const DISTANCE_MS = 3;

it('a page view at the distance of the service', async () => {
  await using store = await storeThatIsSlow(reference().endpoint, 'GetItem', DISTANCE_MS);
  const sites = { floor: await openFloor(store), own: await openOwn(store) };
  const { floor, own } = await timesOf('pageView', sites, () => 'user-0');
  if (floor === undefined || own === undefined) throw new Error('Both are timed.');
  console.log(`page view, ${DISTANCE_MS} ms away: ${own.ratio.median} times the floor's ${floor.medianMs} ms`);
  record('distance', { addedMs: DISTANCE_MS, floorMs: floor.medianMs, ratio: own.ratio });
});
