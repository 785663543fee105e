import { type CleanupOptions, expectValid } from './options.js';
import type { CleanupReport } from './report.js';
import { Run } from './run.js';

/**
 * Deletes what expired longer ago than the `grace`, and so was missed by DynamoDB's TTL: sessions, and with them the
 * marks and tombstones that expire by the same attribute. A session that is alive is never deleted: each deletion holds only if the item is
 * still expired when it arrives. Items that a newer version has written, or that make no sense, are left alone.
 *
 * A run keeps its place in the table and the next one goes on there. Two runs at once do no harm, and read twice.
 * It needs the actions `Scan`, `DeleteItem`, `GetItem` and `UpdateItem` on the table; with `dryRun` only `Scan`.
 *
 * @throws `ConfigurationError` if an option is unknown or out of range;
 * `StoreUnavailableError` with what to do, if DynamoDB refuses: the next run goes on where this one was
 * @example
 * ```ts
 * const report = await cleanUp({ client, tableName: 'Sessions', readBudget: 10_000 });
 * console.log(report.kind, report.deleted);
 * ```
 */
export async function cleanUp(options: CleanupOptions): Promise<CleanupReport> {
  const start = performance.now();
  expectValid(options);
  const run = new Run(options);
  const outcome = await run.toTheEnd();
  return { ...outcome, ...run.progress, durationMs: Math.round(performance.now() - start) };
}
