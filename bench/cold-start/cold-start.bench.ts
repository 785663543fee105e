import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'vitest';
import { installedRuntime } from '../../test/runtime/install.js';
import { LambdaFunction } from '../../test/runtime/lambda-function.js';
import { bundle, withFolder } from '../child.js';
import { type ColdStart, record } from '../results.js';
import { ratios, roundedSpread, spreadOf } from '../statistics.js';

const MAJOR = 24;
const STARTS = 40;

it('the cold start with and without the library', async () => {
  const runtime = installedRuntime(MAJOR);
  if (runtime === undefined) {
    console.warn(
      "AWS's runtime client is not installed (npm run test:runtime does it): the cold start is not measured.",
    );
    record('coldStart', undefined);
    return;
  }

  await withFolder(async (folder) => {
    const names = ['withLibrary', 'sdkAlone'] as const;
    for (const name of names) {
      const code = join(folder, name);
      await mkdir(code);
      await bundle(
        new URL(`${name === 'sdkAlone' ? 'sdk-alone' : 'with-library'}.ts`, import.meta.url),
        join(code, 'index.mjs'),
      );
    }
    const times = { withLibrary: [] as number[], sdkAlone: [] as number[] };
    for (let start = -1; start < STARTS; start += 1) {
      for (const name of start % 2 === 0 ? names : names.toReversed()) {
        const instance = await LambdaFunction.start({
          runtime,
          code: join(folder, name),
          handler: 'index.handler',
          environment: {},
        });
        const time = await instance.call<number>({});
        await instance.stop();
        if (start >= 0) times[name].push(time);
      }
    }

    const coldStart: ColdStart = {
      nodeMajor: MAJOR,
      starts: STARTS,
      initMs: {
        withLibrary: roundedSpread(spreadOf(times.withLibrary)).median,
        sdkAlone: roundedSpread(spreadOf(times.sdkAlone)).median,
      },
      ratio: roundedSpread(spreadOf(ratios(times.withLibrary, times.sdkAlone))),
    };
    console.log(coldStart);
    record('coldStart', coldStart);
  });
});
