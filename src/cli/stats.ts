import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { createBatchClient } from '../cleanup/batch-client.js';
import { epochSeconds, systemClock } from '../core/clock.js';
import { getSession } from '../table/commands.js';
import { generationOf } from '../table/table-persistence-layer.js';
import { Sender } from '../dynamodb/sender.js';
import { EVERYONE_MARK } from '../table-schema.js';
import { running } from './action.js';
import { addReadBudget, type BudgetOptions } from './budget-option.js';
import { Census } from './census.js';
import { type Connection, connect } from './connection.js';
import { EXIT } from './exit-code.js';
import { interruptible } from './interruption.js';
import { note, print } from './output.js';
import { ProgressBar } from './progress-bar.js';
import { count, number, size } from './quantities.js';
import { documentOf, type StatsReport, wordsOf } from './stats-report.js';
import type { StrictCommand } from './strict-command.js';
import { describeTable, type TableDescription } from './table-description.js';
import { planFor, scanTable } from './table-scan.js';
import { wholeNumber } from './whole-number.js';

interface StatsOptions extends BudgetOptions {
  readonly sample: number;
}

export function addStats(program: StrictCommand): void {
  addReadBudget(program.command('stats'))
    .description('Count what is in the table: live and expired sessions, by age and by size. Reads the whole table.')
    .option(
      '--sample <percent>',
      'read a random part of the table of this size, and estimate the rest',
      wholeNumber(1, 100),
      100,
    )
    .action(
      running<StatsOptions>(async ({ sample, readBudget, ...options }) => {
        const connection = await connect(options, createBatchClient);
        const description = await describeTable(connection);
        const cost = costOf(description, sample);
        if (cost !== undefined) note(cost);

        const now = epochSeconds(systemClock);
        const census = new Census(now, await epochOf(connection));
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

/** The generation of everyone's mark: whoever logged in under a lower one has been logged out. */
async function epochOf({ client, tableName, timeoutMs }: Connection): Promise<number | undefined> {
  const input = getSession(tableName, EVERYONE_MARK, true);
  const { Item: mark } = await new Sender(client, timeoutMs).send({}, new GetItemCommand(input));
  return mark && generationOf(mark);
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
