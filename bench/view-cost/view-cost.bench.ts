import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { it } from 'vitest';
import { installNode } from '../../test/runtime/install.js';
import { bundle, withFolder, YOUNG_MEMORY } from '../child.js';
import { bundleHandlers, handlerIds, perHandler } from '../handlers/index.js';
import { record, type ViewCost } from '../results.js';
import { inTurn, rounds } from '../rounds.js';
import { roundedSpread, spreadOf } from '../statistics.js';
import { startTlsStub } from '../tls-stub.js';

const run = promisify(execFile);

const MAJOR = 24;
const RUNS = 6;
const VIEWS = fileURLToPath(new URL('view.cjs', import.meta.url));

it('the processor and the memory that a page view takes', async () => {
  await using stub = await startTlsStub();
  await withFolder(async (folder) => {
    const files = await bundleHandlers(folder);
    const node = join(await installNode(MAJOR), 'node');
    const bare = join(folder, 'bare.cjs');
    await bundle(new URL('../handlers/bare-request.ts', import.meta.url), bare);
    const micros = { ...perHandler(() => [] as number[]), bare: [] as number[] };
    const bytes = { ...perHandler(() => [] as number[]), bare: [] as number[] };
    await inTurn([...handlerIds, 'bare'] as const, rounds(RUNS), async (id) => {
      await stub.renew();
      const args = [...YOUNG_MEMORY, VIEWS, id === 'bare' ? bare : files[id], stub.event];
      const { stdout } = await run(node, args, { env: { ...stub.environment } });
      for (const batch of JSON.parse(stdout) as { micros: number; bytes: number }[]) {
        micros[id].push(batch.micros);
        bytes[id].push(batch.bytes);
      }
    });
    const viewCost: ViewCost = {
      nodeMajor: MAJOR,
      microseconds: spreads(micros),
      allocatedBytes: spreads(bytes),
    };
    console.log(viewCost);
    record('viewCost', viewCost);
  });
});

const spreads = (numbers: Record<keyof ViewCost['microseconds'], number[]>): ViewCost['microseconds'] => ({
  ...perHandler((id) => roundedSpread(spreadOf(numbers[id]))),
  bare: roundedSpread(spreadOf(numbers.bare)),
});
