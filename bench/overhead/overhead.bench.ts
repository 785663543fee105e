import { join } from 'node:path';
import { it } from 'vitest';
import { openOwn } from '../comparison/own.js';
import { bundle, resultOf, withFolder, YOUNG_MEMORY } from '../child.js';
import { reference } from '../reference-engine.js';
import { type Overhead, record } from '../results.js';
import { rounded, roundedSpread, spreadOf } from '../statistics.js';
import { storedBytes } from './stored-bytes.js';

it('the library itself: time, memory, and room in the item', async () => {
  const { micros, bytes } = await withFolder(async (folder) => {
    const file = join(folder, 'requests.mjs');
    await bundle(new URL('requests.ts', import.meta.url), file, { format: 'esm' });
    return resultOf<{ micros: number[]; bytes: number[] }>(...YOUNG_MEMORY, file);
  });

  const site = await openOwn(reference());
  const overhead: Overhead = {
    microseconds: roundedSpread(spreadOf(micros)),
    allocatedBytes: rounded(spreadOf(bytes).median),
    itemBytes: await storedBytes(site),
  };
  console.log(overhead);
  record('overhead', overhead);
});
