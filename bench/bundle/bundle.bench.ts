import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { it } from 'vitest';
import { bundle, resultOf, withFolder } from '../child.js';
import { type BundleResults, record } from '../results.js';
import { partsOf } from './parts.js';
import { ratios, roundedSpread, spreadOf } from '../statistics.js';

const LOADS = 100;
const LOAD = 'const start = performance.now(); await import(process.argv[1]); console.log(performance.now() - start);';

it('the size of the bundle, and how long it takes to load', async () => {
  await withFolder(async (folder) => {
    const [library, withLibrary, sdkAlone] = ['library.mjs', 'with-library.mjs', 'sdk-alone.mjs'].map((name) =>
      join(folder, name),
    ) as [string, string, string];
    const inside = await bundle(new URL('library.ts', import.meta.url), library, {
      external: ['@aws-sdk/*'],
      banner: {},
    });
    await bundle(new URL('library.ts', import.meta.url), withLibrary);
    await bundle(new URL('sdk-alone.ts', import.meta.url), sdkAlone);

    const times = { withLibrary: [] as number[], sdkAlone: [] as number[] };
    for (let load = -2; load < LOADS; load += 1) {
      const turns = [['withLibrary', withLibrary] as const, ['sdkAlone', sdkAlone] as const];
      for (const [name, file] of load % 2 === 0 ? turns : turns.toReversed()) {
        const time = await resultOf<number>('--input-type=module', '--eval', LOAD, file);
        if (load >= 0) times[name].push(time);
      }
    }

    const code = await readFile(library);
    const results: BundleResults = {
      minifiedBytes: code.length,
      gzippedBytes: gzipSync(code).length,
      parts: partsOf(inside),
      loadMs: {
        withLibrary: roundedSpread(spreadOf(times.withLibrary)).median,
        sdkAlone: roundedSpread(spreadOf(times.sdkAlone)).median,
      },
      loadRatio: roundedSpread(spreadOf(ratios(times.withLibrary, times.sdkAlone))),
    };
    console.log(results);
    record('bundle', results);
  });
});
