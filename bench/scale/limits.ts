/**
 * What DynamoDB serves, in units per second.
 *
 * @see https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html
 */
export const LIMITS = {
  /** Of one partition, and so of one item, and of one key of an index. */
  partition: { reads: 3_000, writes: 1_000 },
  /** Of an on-demand table, and of each of its indexes, unless the quota is raised. */
  table: { reads: 40_000, writes: 40_000 },
} as const;

/** What a run of the cleanup function does by default. */
export const CLEANUP = {
  runSeconds: 300,
  /** Each reads one partition after another. */
  segments: 4,
  deletionsPerSecond: 500,
} as const;
