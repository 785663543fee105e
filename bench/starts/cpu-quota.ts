import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';

/** How processes are held to a share of one processor. */
export type QuotaKind = 'cgroup v2' | 'cgroup v1' | 'SIGSTOP and SIGCONT';

/** Holds processes to a share of one processor, as Lambda does, in periods of 20 ms. */
export interface Quota extends AsyncDisposable {
  readonly kind: QuotaKind;
  /** The command that runs another one under the quota. */
  command(file: string, ...args: readonly string[]): readonly [file: string, ...args: string[]];
  /** What is to be done once it runs. */
  watch(pid: number): void;
}

const PERIOD_MS = 20;
const PERIOD_US = PERIOD_MS * 1_000;

/**
 * The kernel's own quota where its files can be written, else signals.
 *
 * @returns undefined where there is neither
 */
export function quotaOf(share: number): Quota | undefined {
  const kinds = { 'cgroup v2': cgroup2, 'cgroup v1': cgroup1, 'SIGSTOP and SIGCONT': signals } as const;
  const wanted = process.env['BENCH_QUOTA'];
  for (const [kind, make] of Object.entries(kinds)) {
    if (wanted !== undefined && wanted !== kind) continue;
    const quota = make(share);
    if (quota !== undefined) return quota;
  }
  return undefined;
}

function cgroup2(share: number): Quota | undefined {
  const root = '/sys/fs/cgroup';
  const controllers = join(root, 'cgroup.controllers');
  if (!existsSync(controllers) || !readFileSync(controllers, 'utf8').split(/\s/).includes('cpu')) return undefined;
  return cgroup('cgroup v2', root, { 'cpu.max': `${Math.round(share * PERIOD_US)} ${PERIOD_US}` });
}

function cgroup1(share: number): Quota | undefined {
  const settings = {
    'cpu.cfs_period_us': String(PERIOD_US),
    'cpu.cfs_quota_us': String(Math.round(share * PERIOD_US)),
  };
  return cgroup('cgroup v1', '/sys/fs/cgroup/cpu', settings);
}

function cgroup(kind: QuotaKind, root: string, settings: Readonly<Record<string, string>>): Quota | undefined {
  const folder = join(root, `bench-${process.pid}-${Math.random().toString(36).slice(2)}`);
  try {
    accessSync(root, constants.W_OK);
    mkdirSync(folder);
    for (const [name, value] of Object.entries(settings)) writeFileSync(join(folder, name), value);
  } catch {
    if (existsSync(folder)) rmdirSync(folder);
    return undefined;
  }
  return {
    kind,
    command: (...command) => ['sh', '-c', 'echo $$ > "$0" && exec "$@"', join(folder, 'cgroup.procs'), ...command],
    watch: () => {},
    async [Symbol.asyncDispose]() {
      // The kernel may still be taking away the last process.
      for (let tries = 0; existsSync(folder); tries += 1) {
        try {
          rmdirSync(folder);
        } catch (error) {
          if (tries === 50) throw error;
          await delay(20);
        }
      }
    },
  };
}

/**
 * Stops and continues the process in each period. It is rougher: what is not used while the process waits is lost to
 * it, and it goes on with all threads or none.
 */
function signals(share: number): Quota | undefined {
  if (process.platform === 'win32' || spawnSync('kill', ['-l']).status !== 0) return undefined;
  const worker = new Worker(DUTY_CYCLE, {
    eval: true,
    workerData: { onMs: share * PERIOD_MS, offMs: (1 - share) * PERIOD_MS },
  });
  return {
    kind: 'SIGSTOP and SIGCONT',
    command: (...command) => command,
    watch: (pid) => worker.postMessage(pid),
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}

/** In a thread of its own, whose pauses are shorter than a timer's. It ends with the process. */
const DUTY_CYCLE = `
  const { parentPort, receiveMessageOnPort, workerData: { onMs, offMs } } = require('node:worker_threads');
  const pause = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
  parentPort.on('message', (pid) => {
    try {
      for (;;) {
        process.kill(pid, 'SIGSTOP');
        pause(offMs);
        process.kill(pid, 'SIGCONT');
        pause(onMs);
      }
    } catch {} // It has ended.
  });
`;
