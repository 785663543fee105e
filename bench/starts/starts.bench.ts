import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { text } from 'node:stream/consumers';
import type { BuildOptions } from 'esbuild';
import { it } from 'vitest';
import { installNode } from '../../test/runtime/install.js';
import { withFolder } from '../child.js';
import { bundleHandlers, type HandlerId, handlerIds, type PerHandler, perHandler } from '../handlers/index.js';
import { type FirstView, type Load, record, type Throttled } from '../results.js';
import { inTurn, rounds } from '../rounds.js';
import { rounded, spreadOf } from '../statistics.js';
import { FRESH_MS, startTlsStub, STUB_USER, type TlsStub } from '../tls-stub.js';
import { type Quota, quotaOf } from './cpu-quota.js';
import { startTimes } from './start-times.js';

const MAJORS = [24, 22] as const;
/** By the sizes of a Lambda's memory in MB. One processor comes with 1,769 MB. */
const MEMORY = [128, 256, 512] as const;
const ONE_PROCESSOR_MB = 1_769;

const START = fileURLToPath(new URL('start.cjs', import.meta.url));
const LOADS = 40;
const STARTS = 30;
const THROTTLED_STARTS = { 128: 11, 256: 15, 512: 21 } as const;

/** Other ways of bundling. */
const OTHER_BUNDLES: Readonly<Record<string, BuildOptions>> = {
  "`mainFields: ['module', 'main']`": { mainFields: ['module', 'main'] },
  'as an ES module': { format: 'esm' },
};

interface Start {
  /** From before the process is made until its answer has come. */
  readonly totalMs: number;
  readonly loadMs: number;
}

it('loading a handler', async () => {
  await withFolder(async (folder) => {
    const files = await bundleHandlers(folder);
    const loads: Record<number, Load> = {};
    for (const major of MAJORS) {
      loads[major] = await loadsOf(files, major);
      console.log(`Loading on Node ${major}:`, loads[major].ratio);
    }
    record('load', loads);

    const [major] = MAJORS;
    const otherwise: Record<string, Load> = {};
    for (const [how, options] of Object.entries(OTHER_BUNDLES)) {
      otherwise[how] = await loadsOf(await bundleHandlers(folder, options), major);
      console.log(`Loading on Node ${major}, ${how}:`, otherwise[how].ratio);
    }
    record('loadOtherwise', { nodeMajor: major, loads: otherwise });
  });
});

async function loadsOf(files: PerHandler<string>, major: number): Promise<Load> {
  const node = join(await installNode(major), 'node');
  const times = perHandler(() => [] as number[]);
  await inTurn(handlerIds, 1, (id) => started(node, [files[id]], {}));
  await inTurn(handlerIds, rounds(LOADS), async (id) => {
    times[id].push((await started(node, [files[id]], {})).loadMs);
  });
  return { ...startTimes(times), bytes: perHandler((id) => statSync(files[id]).size) };
}

it('from the start of the process to the first page view', async () => {
  await using stub = await startTlsStub();
  await withFolder(async (folder) => {
    const files = await bundleHandlers(folder);
    const views: Record<number, FirstView> = {};
    for (const major of MAJORS) {
      await stub.renew();
      views[major] = await firstViews(join(await installNode(major), 'node'), files, stub, rounds(STARTS));
      console.log(`First page view on Node ${major}:`, views[major].ratio, `empty: ${views[major].nodeMs} ms`);
    }
    record('firstView', views);
  });
});

it('the same with the processor that a Lambda has', async () => {
  const [major] = MAJORS;
  const node = join(await installNode(major), 'node');
  await using stub = await startTlsStub();
  await withFolder(async (folder) => {
    const files = await bundleHandlers(folder);
    const views: Partial<Record<number, FirstView>> = {};
    let kind: Throttled['kind'] | undefined;
    for (const memory of MEMORY) {
      await using quota = quotaOf(memory / ONE_PROCESSOR_MB);
      if (quota === undefined) {
        console.warn('Neither cgroups nor signals are to be had here: page views under a quota are NOT measured.');
        return record('throttled', undefined);
      }
      ({ kind } = quota);
      views[memory] = await firstViews(node, files, stub, rounds(THROTTLED_STARTS[memory]), quota);
      console.log(`First page view at ${memory} MB, by ${kind}:`, views[memory].ratio);
    }
    if (kind !== undefined) record('throttled', { kind, nodeMajor: major, views: views as Throttled['views'] });
  });
});

/** Starts an empty program and the handlers in turn. */
async function firstViews(
  node: string,
  files: PerHandler<string>,
  stub: TlsStub,
  count: number,
  quota?: Quota,
): Promise<FirstView> {
  const whole = perHandler(() => [] as number[]);
  const own = perHandler(() => [] as number[]);
  const empty: number[] = [];
  let renewed = 0;
  const measure = async (id: HandlerId | 'empty', round: number): Promise<void> => {
    if (performance.now() - renewed > FRESH_MS) {
      await stub.renew();
      renewed = performance.now();
    }
    const args = id === 'empty' ? [] : [files[id], stub.event];
    const { totalMs } = await started(node, args, stub.environment, quota);
    if (round >= 0) (id === 'empty' ? empty : whole[id]).push(totalMs);
  };
  const ids = ['empty', ...handlerIds] as const;
  for (const id of ids) await measure(id, -1);
  await inTurn(ids, count, measure);
  for (const id of handlerIds) own[id].push(...whole[id].map((ms, round) => ms - (empty[round] ?? Number.NaN)));
  return { ...startTimes(whole), withoutNode: startTimes(own), nodeMs: rounded(spreadOf(empty).median) };
}

/** Runs a process that loads a handler, and if there is an event, answers it. */
async function started(
  node: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  quota?: Quota,
): Promise<Start> {
  const command = [node, START, ...args] as const;
  const [file, ...rest] = quota === undefined ? command : quota.command(...command);
  const begin = performance.now();
  const child = spawn(file, rest, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env.PATH, ...environment },
  });
  if (child.pid !== undefined) quota?.watch(child.pid);
  let totalMs = Number.NaN;
  child.stdout.once('data', () => (totalMs = performance.now() - begin));
  const output = await text(child.stdout);
  const { loadMs, answer } = JSON.parse(output) as { loadMs: number; answer?: string };
  if (args.length > 1 && answer !== `hello ${STUB_USER}`) throw new Error(`The page view was answered with: ${answer}`);
  return { totalMs, loadMs };
}
