import { MONTH } from './behaviour.js';
import type { Demand } from './demand.js';
import { PRICES } from './prices.js';

/** What a table costs in a month, in dollars. */
export interface Dollars {
  readonly reads: number;
  readonly writes: number;
  readonly storage: number;
  /** Of the daily cleanup, if it is there: it reads the table. What it would delete, TTL has deleted for nothing. */
  readonly cleanup: number;
}

const ITEM_BYTES = 1_000;
/** With what DynamoDB adds to each item and to each entry of an index. */
const STORED_BYTES = ITEM_BYTES + 100 + 60 + 100;
const PAGE_BYTES = 4_096;
const RUNS_A_MONTH = 30;

export function dollarsOf({ reads, writes, indexWrites, traffic }: Demand): Dollars {
  const scanned = RUNS_A_MONTH * unitsToRead(traffic.stored);
  return {
    reads: inMillions(reads * MONTH) * PRICES.millionReads,
    writes: inMillions((writes + indexWrites) * MONTH) * PRICES.millionWrites,
    storage: ((traffic.stored * STORED_BYTES) / 1e9) * PRICES.gigabyteMonth,
    cleanup: inMillions(scanned) * PRICES.millionReads,
  };
}

/** Read units that a scan of so many items takes. */
export const unitsToRead = (items: number): number => (items * ITEM_BYTES * 0.5) / PAGE_BYTES;

const inMillions = (units: number): number => units / 1e6;
