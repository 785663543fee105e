import { createBatchClient } from '../cleanup/batch-client.js';
import { cleanUp } from '../cleanup/cleanup.js';
import { LONGEST_GRACE, MOST_WRITES_PER_SECOND } from '../cleanup/options.js';
import type { CleanupProgress, CleanupReport } from '../cleanup/report.js';
import { epochSeconds, systemClock } from '../core/clock.js';
import { running } from './action.js';
import { addReadBudget, type BudgetOptions } from './budget-option.js';
import { connect } from './connection.js';
import { EXIT } from './exit-code.js';
import { interruptible } from './interruption.js';
import { print } from './output.js';
import { ProgressBar } from './progress-bar.js';
import { count, duration, fromNow, number } from './quantities.js';
import type { StrictCommand } from './strict-command.js';
import { describeTable } from './table-description.js';
import { hasTimeToLive } from './time-to-live.js';
import { wholeNumber } from './whole-number.js';

interface CleanupCommandOptions extends BudgetOptions {
  readonly dryRun?: boolean;
  readonly grace?: number;
  readonly writesPerSecond?: number;
}

export function addCleanup(program: StrictCommand): void {
  addReadBudget(program.command('cleanup'))
    .description('Delete expired items that TTL has missed. Live sessions stay.')
    .option(
      '--grace <seconds>',
      'leave to TTL what expired later than that; by default two days, nothing if the table has no TTL',
      wholeNumber(0, LONGEST_GRACE),
    )
    .option(
      '--writes-per-second <units>',
      'delete no faster than that (default: 500)',
      wholeNumber(1, MOST_WRITES_PER_SECOND),
    )
    .option('--dry-run', 'only count: nothing is deleted or written')
    .action(
      running<CleanupCommandOptions>(async ({ dryRun = false, readBudget, writesPerSecond, ...options }) => {
        const connection = await connect(options, createBatchClient);
        const { client, tableName } = connection;
        const grace = options.grace ?? ((await hasTimeToLive(connection)) === false ? 0 : undefined);
        const bar = new ProgressBar((await describeTable(connection))?.items);
        const doing = dryRun ? 'expired' : 'deleted';
        const onProgress = (progress: CleanupProgress): void =>
          bar.show(progress.scanned, `${number(progress[doing])} ${doing}`);
        const { result: report, interrupted } = await interruptible((signal) =>
          cleanUp({
            client,
            tableName,
            dryRun,
            onProgress,
            signal,
            ...(readBudget !== undefined && { readBudget }),
            ...(grace !== undefined && { grace }),
            ...(writesPerSecond !== undefined && { writesPerSecond }),
          }),
        ).finally(() => bar.end());
        print(options, { ...report, dryRun }, () => wordsFor(report, dryRun));
        return report.kind === 'finished' ? EXIT.done : (interrupted ?? EXIT.notAll);
      }),
    );
}

function wordsFor(report: CleanupReport, dryRun: boolean): string {
  const { scanned, expired, deleted, extended, skipped, readUnits, durationMs, oldestExpiredAt } = report;
  const now = epochSeconds(systemClock);
  return [
    dryRun
      ? `${count(expired, 'expired item')} found; nothing was deleted.`
      : `Deleted ${count(deleted, 'expired item')}.`,
    `Read ${count(scanned, 'item')} for ${count(readUnits, 'read unit')}, in ${duration(durationMs)}.`,
    ...(oldestExpiredAt === undefined ? [] : [`The oldest of them expired ${fromNow(oldestExpiredAt, now)}.`]),
    ...(extended > 0 ? [`Kept ${count(extended, 'session')} that a request extended meanwhile.`] : []),
    ...(skipped > 0 ? [`Kept ${count(skipped, 'item')} of a newer version, or of an unknown kind.`] : []),
    ...(report.kind === 'unfinished'
      ? [
          `${REASONS[report.reason]}. ${dryRun ? 'This is not the whole table.' : 'The next cleanup continues from here.'}`,
        ]
      : []),
  ].join('\n');
}

const REASONS = {
  aborted: 'It was interrupted',
  budget: 'The read budget is used up',
  deadline: 'Its time is up',
} as const;
