import { MONTH } from './behaviour.js';
import type { Demand } from './demand.js';
import { PRICES } from './prices.js';

/** What a table costs in a month, in dollars. */
export interface Dollars {
  readonly reads: number;
  readonly writes: number;
  readonly storage: number;
  /** Of the daily cleanup, if it is there: TTL costs nothing, and takes days. */
  readonly cleanup: number;
}

/** A session of 1 KB, with what DynamoDB adds to each item and to each entry of an index. */
const STORED_BYTES = 1_000 + 100 + 60 + 100;
const PAGE_BYTES = 4_096;
const RUNS_A_MONTH = 30;

export function dollarsOf({ reads, writes, indexWrites, traffic }: Demand): Dollars {
  const scanned = (RUNS_A_MONTH * traffic.stored * 1_000 * 0.5) / PAGE_BYTES;
  const deleted = traffic.expiries * MONTH * 2; // on the table and on its index
  return {
    reads: inMillions(reads * MONTH) * PRICES.millionReads,
    writes: inMillions((writes + indexWrites) * MONTH) * PRICES.millionWrites,
    storage: ((traffic.stored * STORED_BYTES) / 1e9) * PRICES.gigabyteMonth,
    cleanup: inMillions(scanned) * PRICES.millionReads + inMillions(deleted) * PRICES.millionWrites,
  };
}

const inMillions = (units: number): number => units / 1e6;
