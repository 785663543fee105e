import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'vitest';
import { installedRuntime } from '../../test/runtime/install.js';
import { LambdaFunction } from '../../test/runtime/lambda-function.js';
import { bundle, withFolder } from '../child.js';
import { handlerIds, perHandler, sourceOf } from '../handlers/index.js';
import { type ColdStart, record } from '../results.js';
import { inTurn, rounds } from '../rounds.js';
import { startTimes } from '../starts/start-times.js';

const MAJOR = 24;
const STARTS = 30;

it('the cold start of each handler', async () => {
  const runtime = installedRuntime(MAJOR);
  if (runtime === undefined) {
    console.warn(
      "AWS's runtime client is not installed (npm run test:runtime does it): the cold start is not measured.",
    );
    record('coldStart', undefined);
    return;
  }

  await withFolder(async (folder) => {
    for (const id of handlerIds) {
      await mkdir(join(folder, id));
      await bundle(sourceOf(id), join(folder, id, 'index.cjs'), { footer: { js: FIRST_INVOCATION } });
    }
    const times = perHandler(() => [] as number[]);
    const starts = rounds(STARTS);
    await inTurn(handlerIds, starts, async (id) => {
      const instance = await LambdaFunction.start({
        runtime,
        code: join(folder, id),
        handler: 'index.first',
        environment: {},
      });
      times[id].push(await instance.call<number>({}));
      await instance.stop();
    });

    const coldStart: ColdStart = { nodeMajor: MAJOR, starts, ...startTimes(times) };
    console.log(coldStart);
    record('coldStart', coldStart);
  });
});

/** How long it took from the start of the process to the first invocation, all that the handler needs being loaded. */
const FIRST_INVOCATION = 'module.exports.first = async () => performance.now();';
