import { InvalidArgumentError } from 'commander';
import { createBatchClient } from '../cleanup/batch-client.js';
import { epochSeconds, systemClock } from '../core/clock.js';
import { running } from './action.js';
import { addReadBudget, type BudgetOptions } from './budget-option.js';
import { Census } from './census.js';
import { connect } from './connection.js';
import { EXIT } from './exit-code.js';
import { interruptible } from './interruption.js';
import { note, print } from './output.js';
import { ProgressBar } from './progress-bar.js';
import { count, number, size } from './quantities.js';
import { documentOf, type StatsReport, wordsOf } from './stats-report.js';
import type { StrictCommand } from './strict-command.js';
import { describeTable, type TableDescription } from './table-description.js';
import { planFor, scanTable } from './table-scan.js';

interface StatsOptions extends BudgetOptions {
  readonly sample: number;
}

export function addStats(program: StrictCommand): void {
  addReadBudget(program.command('stats'))
    .description('Count what is in the table: live and expired sessions, by age and by size. Reads the whole table.')
    .option(
      '--sample <percent>',
      'read a random part of the table of this size, and estimate the rest',
      percentage,
      100,
    )
    .action(
      running<StatsOptions>(async ({ sample, readBudget, ...options }) => {
        const connection = await connect(options, createBatchClient);
        const description = await describeTable(connection);
        const cost = costOf(description, sample);
        if (cost !== undefined) note(cost);

        const now = epochSeconds(systemClock);
        const census = new Census(now);
        let readUnits = 0;
        const bar = new ProgressBar(description && Math.ceil((description.items * sample) / 100));
        const { result: complete, interrupted } = await interruptible((signal) =>
          scanTable(
            connection,
            { ...planFor(sample), signal, ...(readBudget !== undefined && { readBudget }) },
            (items, units) => {
              for (const item of items) census.add(item);
              readUnits += units;
              bar.show(census.items, `${number(census.live.count)} live`);
            },
          ),
        ).finally(() => bar.end());

        const report: StatsReport = { table: connection.tableName, census, complete, sample, readUnits };
        print(options, documentOf(report), () => wordsOf(report, now));
        return complete ? EXIT.done : (interrupted ?? EXIT.notAll);
      }),
    );
}

function percentage(text: string): number {
  if (/^([1-9]\d?|100)$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a whole number from 1 to 100.');
}

/** A read unit is 4 KB read strongly consistently, or 8 KB as it is here. */
const BYTES_PER_READ_UNIT = 8_192;

/** Of a new table DynamoDB has counted nothing for hours. */
function costOf(description: TableDescription | undefined, sample: number): string | undefined {
  if (description === undefined) return 'Reading the table. Without dynamodb:DescribeTable, its size is unknown.';
  if (description.items === 0) return undefined;
  const share = sample / 100;
  const units = Math.ceil((description.bytes * share) / BYTES_PER_READ_UNIT);
  return `Reading about ${count(description.items * share, 'item')} (${size(description.bytes * share)}) for about ${count(units, 'read unit')}.`;
}
