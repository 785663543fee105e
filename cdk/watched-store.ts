import type { MultiRegionConsistency } from 'aws-cdk-lib/aws-dynamodb';

/** What the alarms and the dashboard need to know of a store. */
export interface WatchedStore {
  readonly tableName: string;
  /** The regions with a copy of the table, its own first. */
  readonly regionNames: readonly string[];
  readonly multiRegionConsistency: MultiRegionConsistency | undefined;
}
