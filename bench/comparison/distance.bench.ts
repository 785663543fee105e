import { it } from 'vitest';
import { storeThatIsSlow } from '../../test/runtime/surroundings.js';
import { reference } from '../reference-engine.js';
import { type Distance, record } from '../results.js';
import type { Endpoint } from './endpoint.js';
import { openFloor } from './floor.js';
import { openLight, openOwn } from './own.js';
import { timesOf } from './side-by-side.js';

/** About what a call to the service takes more than one to an engine on the same machine, in its own region. */
const DISTANCE_MS = 3;

it('a page view, the engine on the same machine', async () => {
  record('sameMachine', await pageView(reference(), 0));
});

it('a page view at the distance of the service', async () => {
  await using store = await storeThatIsSlow(reference().endpoint, 'GetItem', DISTANCE_MS);
  record('distance', await pageView(store, DISTANCE_MS));
});

async function pageView(store: Endpoint, addedMs: number): Promise<Distance> {
  const sites = { floor: await openFloor(store), own: await openOwn(store), light: await openLight(store) };
  const { floor, own, light } = await timesOf('pageView', sites, () => 'user-0');
  if (floor === undefined || own === undefined || light === undefined) throw new Error('All three are timed.');
  console.log(
    `page view, ${addedMs} ms away: ${own.ratio.median} times the floor's ${floor.medianMs} ms, without the SDK ${light.ratio.median}`,
  );
  return { addedMs, floorMs: floor.medianMs, ratio: own.ratio, light: light.ratio };
}
