import type { SessionCleanupOptions } from './cleanup-options.js';
import { type Expect, expectKnown, expectWhole } from './expect.js';
import { intervalOf, isOnce } from './schedule.js';

const KNOWN: Readonly<Record<keyof SessionCleanupOptions, true>> = {
  schedule: true,
  readBudget: true,
  segments: true,
  grace: true,
  writesPerSecond: true,
  dryRun: true,
  memory: true,
  timeout: true,
  vpc: true,
  vpcSubnets: true,
  securityGroups: true,
  tracing: true,
  logRetention: true,
  logEncryptionKey: true,
};

/** @throws an error that names the option which is unknown, out of range, or contradicts another */
export function checkCleanup(expect: Expect, options: SessionCleanupOptions, hasTtl: boolean): void {
  const { schedule, readBudget, segments, grace, writesPerSecond, memory, timeout } = options;
  expectKnown(expect, options, KNOWN);
  expect(schedule === undefined || !isOnce(schedule), 'schedule', 'at(…) would run once only');
  expectWhole(expect, 'readBudget', readBudget, 1, 1_000_000_000);
  expectWhole(expect, 'segments', segments, 1, 64);
  expectWhole(expect, 'grace', grace?.toSeconds(), 0, 31_536_000, ' seconds');
  expectWhole(expect, 'writesPerSecond', writesPerSecond, 1, 100_000);
  expectWhole(expect, 'memory', memory?.toMebibytes(), 128, 10_240, ' MiB');
  expectWhole(expect, 'timeout', timeout?.toSeconds(), 10, 900, ' seconds');
  for (const name of ['vpcSubnets', 'securityGroups'] as const) {
    expect(options.vpc !== undefined || options[name] === undefined, name, 'there is no vpc');
  }
  if (!hasTtl) checkWithoutTtl(expect, options);
}

function checkWithoutTtl(expect: Expect, { schedule, dryRun }: SessionCleanupOptions): void {
  expect(dryRun !== true, 'dryRun', 'the table has no TTL: nothing would ever be removed');
  const interval = schedule && intervalOf(schedule);
  expect(
    schedule === undefined || (interval !== undefined && interval.toMinutes() <= 60),
    'schedule',
    'the table has no TTL: expected a run every hour or more often, such as rate(1 hour)',
  );
}
