import { ScanCommand, type ScanCommandInput, type ScanCommandOutput } from '@aws-sdk/client-dynamodb';
import { Backoff, TimeUp } from '../cleanup/backoff.js';
import type { Item } from '../table/port.js';
import { Sender } from '../dynamodb/sender.js';
import type { Connection } from './connection.js';

const AT_ONCE = 4;

/** Which parts of the table are read. */
export interface ScanPlan {
  /** In how many parts the table is thought of. */
  readonly parts: number;
  /** Which of them are read: all, or some by chance. */
  readonly chosen: readonly number[];
  readonly readBudget?: number;
  readonly signal: AbortSignal;
}

/** The whole table, or so much of it by chance. */
export function planFor(percent: number): Pick<ScanPlan, 'parts' | 'chosen'> {
  if (percent === 100) return { parts: AT_ONCE, chosen: [...Array(AT_ONCE).keys()] };
  const shuffled = [...Array(100).keys()]
    .map((part) => [Math.random(), part] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, part]) => part);
  return { parts: shuffled.length, chosen: shuffled.slice(0, percent) };
}

/**
 * Reads parts of the table, a few at the same time and a page of each in memory, and slows down while DynamoDB throttles.
 *
 * @returns whether all of it was read: `false` if the budget was used up, or the signal came
 */
export async function scanTable(
  { client, tableName, timeoutMs }: Connection,
  { parts, chosen, readBudget = Number.POSITIVE_INFINITY, signal }: ScanPlan,
  onPage: (items: readonly Item[], readUnits: number) => void,
): Promise<boolean> {
  const failed = new AbortController();
  const backoff = new Backoff(new Sender(client, timeoutMs), AbortSignal.any([signal, failed.signal]));
  const left = chosen.values();
  let readUnits = 0;

  const readPart = async (part: number): Promise<void> => {
    let after: Item | undefined;
    do {
      if (readUnits >= readBudget) throw new TimeUp('The read budget is used up.');
      const input: ScanCommandInput = {
        TableName: tableName,
        Segment: part,
        TotalSegments: parts,
        ReturnConsumedCapacity: 'TOTAL',
        ...(after && { ExclusiveStartKey: after }),
      };
      const page: ScanCommandOutput = await backoff.send(Number.POSITIVE_INFINITY, () => new ScanCommand(input));
      const units = page.ConsumedCapacity?.CapacityUnits ?? 0;
      readUnits += units;
      onPage(page.Items ?? [], units);
      after = page.LastEvaluatedKey;
    } while (after !== undefined);
  };

  const results = await Promise.allSettled(
    Array.from({ length: AT_ONCE }, async () => {
      try {
        for (const part of left) await readPart(part);
      } catch (error) {
        failed.abort();
        throw error;
      }
    }),
  );
  const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  const failure = reasons.find((reason) => !(reason instanceof TimeUp));
  if (failure !== undefined) throw failure;
  return reasons.length === 0;
}
