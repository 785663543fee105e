import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { it } from 'vitest';
import { installNode } from '../../test/runtime/install.js';
import { withFolder, YOUNG_MEMORY } from '../child.js';
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
    const micros = perHandler(() => [] as number[]);
    const bytes = perHandler(() => [] as number[]);
    await inTurn(handlerIds, rounds(RUNS), async (id) => {
      await stub.renew();
      const args = [...YOUNG_MEMORY, VIEWS, files[id], stub.event];
      const { stdout } = await run(node, args, { env: { ...stub.environment } });
      for (const batch of JSON.parse(stdout) as { micros: number; bytes: number }[]) {
        micros[id].push(batch.micros);
        bytes[id].push(batch.bytes);
      }
    });
    const viewCost: ViewCost = {
      nodeMajor: MAJOR,
      microseconds: perHandler((id) => roundedSpread(spreadOf(micros[id]))),
      allocatedBytes: perHandler((id) => roundedSpread(spreadOf(bytes[id]))),
    };
    console.log(viewCost);
    record('viewCost', viewCost);
  });
});
