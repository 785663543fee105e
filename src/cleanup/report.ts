/** What a run has done so far. */
export interface CleanupProgress {
  /** Items read. */
  readonly scanned: number;
  /** Of these, those that had expired, and for longer than the grace. */
  readonly expired: number;
  /** Expired items that are gone now. */
  readonly deleted: number;
  /** Expired items that somebody had written anew before they could be deleted; they stay. */
  readonly extended: number;
  /** Items of a newer version of this package, or without a version or an end: they stay. */
  readonly skipped: number;
  /** When the item expired that had expired first, in seconds since the epoch: how far the clearing away is behind. */
  readonly oldestExpiredAt: number | undefined;
  readonly readUnits: number;
  readonly segments: number;
  /** How many segments have been read to their end. */
  readonly segmentsDone: number;
}

/** How a run ended. */
export type CleanupOutcome =
  /** The end of the table was reached. */
  | { readonly kind: 'finished' }
  /** The next run goes on from here. */
  | { readonly kind: 'unfinished'; readonly reason: StopReason };

/** Why a run ended before the table did. */
export type StopReason = 'budget' | 'deadline' | 'aborted';

/** What a run has done, and how it ended. */
export type CleanupReport = CleanupProgress & CleanupOutcome & { readonly durationMs: number };
