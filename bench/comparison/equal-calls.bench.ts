import { it } from 'vitest';
import { reference } from '../reference-engine.js';
import { type EqualCalls, record } from '../results.js';
import { openEqualFloor } from './equal-floor.js';
import { type OperationId, operations } from './operations.js';
import { openLight, openOwn } from './own.js';
import { timesOf } from './side-by-side.js';
import { type Steps, WireTap } from './wire-tap.js';

/** Those that take more calls than the fewest, or bytes that a floor has no use for. */
const COMPARED = [
  'touch',
  'touchUser',
  'createLoggedIn',
  'logIn',
  'logOut',
  'list10',
  'logOutEverywhere10',
] as const satisfies readonly OperationId[];

it('each operation beside as many bare calls', async () => {
  const engine = reference();
  let users = 0;
  const nextUser = (): string => `user-${(users += 1)}`;

  const tap = await WireTap.start(engine);
  const watched = await openOwn(tap);
  const stepsOf = {} as Record<OperationId, Steps>;
  for (const id of COMPARED) stepsOf[id] = await tap.stepsOf(await operations[id].prepare(watched, nextUser));
  await tap.stop();

  const sites = { own: await openOwn(engine), light: await openLight(engine) };
  const results: Partial<Record<OperationId, EqualCalls>> = {};
  for (const id of COMPARED) {
    const floor = await openEqualFloor(engine, id, stepsOf[id]);
    const times = await timesOf(id, { floor, ...sites }, nextUser);
    if (times.floor === undefined || times.own === undefined || times.light === undefined)
      throw new Error('All three are timed.');
    const { floor: floorTime, own, light } = times;
    results[id] = { steps: stepsOf[id], floorMs: floorTime.medianMs, own: own.ratio, light: light.ratio };
    console.log(
      `${operations[id].title}: ${own.ratio.median} with the SDK, ${light.ratio.median} without;`,
      stepsOf[id].map((step) => step.join(' + ')).join(', '),
    );
  }
  record('equalCalls', results);
});
