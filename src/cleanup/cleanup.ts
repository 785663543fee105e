import { randomUUID } from 'node:crypto';
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  ScanCommand,
  type ScanCommandOutput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, epochSeconds, systemClock } from '../core/clock.js';
import { ConfigurationError, StoreUnavailableError } from '../core/errors.js';
import { expectFunctions, expectWholeNumber, refuseUnknown } from '../core/expect.js';
import { type Client, Sender } from '../dynamodb/sending.js';
import { PARTITION_KEY } from '../table-schema.js';
import {
  type Lease,
  leaveBookmark,
  LONGEST_LEASE_SECONDS,
  type Place,
  placesIn,
  removeBookmark,
  renewLease,
  takeLease,
} from './bookmark.js';
import { deleteExpired, findingOf, scanExpired } from './commands.js';
import { isThrottling, Patience, TimeUp } from './patience.js';

/** The options of {@link cleanUp}. */
export interface CleanupOptions {
  readonly client: Client;
  readonly tableName: string;
  /** How many parts of the table are read at the same time. @defaultValue 4 */
  readonly segments?: number;
  /**
   * How many read units a run may take. The pages under way when it is used up are still read: so a run may take up
   * to 128 units more a segment, and every run gets on. @defaultValue no bound
   */
  readonly readBudget?: number;
  /** Only count: nothing is deleted or written, the whole table is read. @defaultValue false */
  readonly dryRun?: boolean;
  /** How many milliseconds are left, as Lambda's `context.getRemainingTimeInMillis`. @defaultValue no bound */
  readonly remainingTimeMs?: () => number;
  /** Ends the run early; what is under way is waited for. */
  readonly signal?: AbortSignal;
  /** Told after every page, and when the run fails. Must not throw. */
  readonly onProgress?: (progress: CleanupProgress) => void;
  /** How many items are read at a time. @defaultValue 1000 */
  readonly pageSize?: number;
  /** After how many seconds a run that has died is taken for dead. @defaultValue 60 */
  readonly leaseSeconds?: number;
  /** @defaultValue the machine's clock */
  readonly clock?: Clock;
}

/** What a run has done so far. */
export interface CleanupProgress {
  /** Items read. */
  readonly scanned: number;
  /** Of these, those that had expired. */
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
  | { readonly kind: 'unfinished'; readonly reason: StopReason }
  /** Another run is under way, or has taken over. */
  | { readonly kind: 'busy' };

/** Why a run ended before the table did. */
export type StopReason = 'budget' | 'deadline' | 'aborted';

/** What a run has done, and how it ended. */
export type CleanupReport = CleanupProgress & CleanupOutcome & { readonly durationMs: number };

/**
 * Deletes what has expired and DynamoDB's TTL has not deleted yet: sessions, and with them the marks and place holders
 * that expire by the same attribute. A session that is alive is never deleted: each deletion holds only if the item is
 * still expired when it arrives. Items that a newer version has written, or that make no sense, are left alone.
 *
 * A run keeps its place in the table and the next one goes on there. Of two runs at once the second ends at once.
 * It needs the actions `Scan`, `DeleteItem` and `UpdateItem` on the table; with `dryRun` only `Scan`.
 *
 * @throws {@link ConfigurationError} if an option is unknown or out of range;
 * {@link StoreUnavailableError} with what to do, if DynamoDB refuses: the next run goes on where this one was
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

/**
 * How long ago an item must have ended: clocks may be off by 5 s, and a change in another region takes a moment to
 * arrive. The session layer itself has not accepted it for all that time.
 */
const MARGIN_SECONDS = 60;

const SEGMENTS = 4;
const PAGE_SIZE = 1_000;
const DELETIONS_AT_ONCE = 32;
const LEASE_SECONDS = 60;
const RENEWALS_PER_LEASE = 4;
const CALL_TIMEOUT_MS = 15_000;

class Run {
  readonly #options: CleanupOptions;
  readonly #patience: Patience;
  readonly #time: TimeLeft;
  readonly #halt = new AbortController();
  readonly #lease: Lease;
  readonly #clock: Clock;
  readonly #cutoff: number;
  readonly #count = { scanned: 0, expired: 0, deleted: 0, extended: 0, skipped: 0, readUnits: 0 };
  #oldestExpiredAt: number | undefined;
  #places: Place[];
  #pages = 0;
  #leaseLost = false;
  #failure: { readonly error: unknown } | undefined;
  #causeOfDelay: unknown;

  constructor(options: CleanupOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#cutoff = epochSeconds(this.#clock) - MARGIN_SECONDS;
    this.#lease = { owner: randomUUID(), seconds: options.leaseSeconds ?? LEASE_SECONDS };
    this.#time = new TimeLeft(options.remainingTimeMs);
    const signals = options.signal === undefined ? [] : [options.signal];
    this.#patience = new Patience(
      new Sender(options.client, CALL_TIMEOUT_MS),
      AbortSignal.any([this.#halt.signal, ...signals]),
    );
    this.#places = [...placesIn(undefined, options.segments ?? SEGMENTS)];
  }

  get progress(): CleanupProgress {
    return {
      ...this.#count,
      oldestExpiredAt: this.#oldestExpiredAt,
      segments: this.#places.length,
      segmentsDone: this.#places.filter(({ kind }) => kind === 'done').length,
    };
  }

  async toTheEnd(): Promise<CleanupOutcome> {
    try {
      if (this.#options.dryRun === true) {
        await this.#cleanSegments();
        return this.#outcome();
      }
      if (!(await this.#takeLease())) return { kind: 'busy' };
      const renewal = new AbortController();
      const renewing = this.#keepLease(renewal.signal);
      await this.#cleanSegments();
      renewal.abort();
      await renewing;
      return await this.#leave();
    } catch (error) {
      this.#options.onProgress?.(this.progress);
      throw withAdvice(error);
    }
  }

  async #takeLease(): Promise<boolean> {
    const { tableName } = this.#options;
    try {
      const { Attributes: bookmark } = await this.#patience.send(this.#time.toAsk(), (client, signal) =>
        client.send(new UpdateItemCommand(takeLease(tableName, this.#lease, epochSeconds(this.#clock))), signal),
      );
      this.#places = [...placesIn(bookmark, this.#places.length)];
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      if (!(error instanceof TimeUp)) throw error;
      if (error.cause !== undefined) throw error.cause;
      return true;
    }
  }

  /** Renews the lease and notes the places every now and then, so that a run that dies has not read for nothing. */
  async #keepLease(ended: AbortSignal): Promise<void> {
    const { tableName } = this.#options;
    const everyMs = (this.#lease.seconds * 1_000) / RENEWALS_PER_LEASE;
    try {
      for (;;) {
        await delay(everyMs, undefined, { signal: ended }).catch(() => {});
        if (ended.aborted) return;
        const input = renewLease(tableName, this.#lease, this.#places, epochSeconds(this.#clock));
        await this.#patience.send(this.#time.toAsk(), (client, signal) =>
          client.send(new UpdateItemCommand(input), signal),
        );
      }
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) this.#leaseLost = true;
      this.#failed(error);
    }
  }

  async #cleanSegments(): Promise<void> {
    const cleaning = this.#places.map((_, segment) =>
      this.#cleanSegment(segment).catch((error: unknown) => this.#failed(error)),
    );
    await Promise.all(cleaning);
  }

  async #cleanSegment(segment: number): Promise<void> {
    let mayBeMisplaced = true;
    let place = this.#places[segment] as Place;
    while (place.kind !== 'done' && this.#whyStop() === undefined) {
      const after = place.kind === 'after' ? place.id : undefined;
      let page: ScanCommandOutput;
      try {
        page = await this.#read(segment, after);
      } catch (error) {
        if (after === undefined || !mayBeMisplaced || !isInvalid(error)) throw error;
        place = { kind: 'start' }; // A place that is in no such segment is worth nothing.
        continue;
      } finally {
        mayBeMisplaced = false;
      }
      const expired = this.#judge(page);
      if (this.#options.dryRun !== true && !(await this.#deleteAll(expired))) return;
      const last = page.LastEvaluatedKey?.[PARTITION_KEY]?.S;
      place = last === undefined ? { kind: 'done' } : { kind: 'after', id: last };
      this.#places[segment] = place;
      this.#pages += 1;
      this.#options.onProgress?.(this.progress);
    }
  }

  async #read(segment: number, after: string | undefined): Promise<ScanCommandOutput> {
    const { tableName, pageSize: limit = PAGE_SIZE } = this.#options;
    const input = scanExpired(tableName, { segment, segments: this.#places.length, after, limit }, this.#cutoff);
    const page = await this.#patience.send(this.#time.toAsk(), (client, signal) =>
      client.send(new ScanCommand(input), signal),
    );
    this.#count.scanned += page.ScannedCount ?? 0;
    this.#count.readUnits += page.ConsumedCapacity?.CapacityUnits ?? 0;
    return page;
  }

  /** Counts what a page holds, and says which of it has expired. */
  #judge({ Items: items = [] }: ScanCommandOutput): readonly string[] {
    const expired: string[] = [];
    for (const item of items) {
      const finding = findingOf(item, this.#cutoff);
      switch (finding.kind) {
        case 'expired':
          expired.push(finding.id);
          this.#oldestExpiredAt = Math.min(this.#oldestExpiredAt ?? Number.POSITIVE_INFINITY, finding.expiresAt);
          break;
        case 'skipped':
          this.#count.skipped += 1;
          break;
        case 'bookmark':
          this.#count.scanned -= 1;
          break;
      }
    }
    this.#count.expired += expired.length;
    return expired;
  }

  /** @returns whether all of them were seen to: `false` if the time was up before */
  async #deleteAll(ids: readonly string[]): Promise<boolean> {
    const left = ids[Symbol.iterator]();
    let allDone = true;
    const deleteSome = async (): Promise<void> => {
      for (const id of left) {
        const why = this.#whyStop();
        if (why !== undefined && why !== 'budget') {
          allDone = false;
          return;
        }
        await this.#delete(id);
      }
    };
    const atOnce = Math.min(ids.length, Math.ceil(DELETIONS_AT_ONCE / this.#places.length));
    const results = await Promise.allSettled(Array.from({ length: atOnce }, deleteSome));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
    return allDone;
  }

  async #delete(id: string): Promise<void> {
    const input = deleteExpired(this.#options.tableName, id, this.#cutoff);
    try {
      await this.#patience.send(this.#time.toAsk(), (client, signal) =>
        client.send(new DeleteItemCommand(input), signal),
      );
      this.#count.deleted += 1;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      this.#count.extended += 1;
    }
  }

  /** The rest of the run has no sense, or no time. */
  #failed(error: unknown): void {
    if (error instanceof TimeUp) this.#causeOfDelay ??= error.cause;
    else if (!this.#leaseLost) this.#failure ??= { error };
    this.#halt.abort();
  }

  #whyStop(): StopReason | undefined {
    const { signal, readBudget = Number.POSITIVE_INFINITY } = this.#options;
    if (signal?.aborted === true) return 'aborted';
    if (this.#time.isUp() || this.#halt.signal.aborted) return 'deadline';
    return this.#count.readUnits >= readBudget ? 'budget' : undefined;
  }

  #outcome(): CleanupOutcome {
    if (this.#leaseLost) return { kind: 'busy' };
    if (this.#failure !== undefined) throw this.#failure.error;
    const nothingDone = this.#pages + this.#count.deleted + this.#count.extended === 0;
    if (nothingDone && this.#causeOfDelay !== undefined) throw this.#causeOfDelay;
    if (this.#places.every(({ kind }) => kind === 'done')) return { kind: 'finished' };
    return { kind: 'unfinished', reason: this.#whyStop() ?? 'deadline' };
  }

  /** Gives the lease back, with the places if there is something left to do. */
  async #leave(): Promise<CleanupOutcome> {
    if (this.#leaseLost) return { kind: 'busy' };
    const { tableName } = this.#options;
    const isDone = this.#places.every(({ kind }) => kind === 'done');
    try {
      await this.#patience.send(
        this.#time.toLeave(),
        (client, signal): Promise<unknown> =>
          isDone
            ? client.send(new DeleteItemCommand(removeBookmark(tableName, this.#lease)), signal)
            : client.send(new UpdateItemCommand(leaveBookmark(tableName, this.#lease, this.#places)), signal),
        NEVER,
      );
    } catch (error) {
      // A refusal: another has taken over, or this is the repetition of what was done.
      if (!(error instanceof ConditionalCheckFailedException)) {
        this.#failure ??= { error: error instanceof TimeUp ? (error.cause ?? notLeft()) : error };
      }
    }
    return this.#outcome();
  }
}

const NEVER = new AbortController().signal;

const notLeft = (): StoreUnavailableError =>
  new StoreUnavailableError(
    'The time was up before the cleanup could note where it is; the next run reads more again.',
    {
      retryable: true,
    },
  );

const SHORTEST_RESERVE_MS = 1_000;
const LONGEST_RESERVE_MS = 10_000;

/** Keeps enough of the time for what is under way to end and for the bookmark: a tenth, from 1 s to 10 s. */
class TimeLeft {
  readonly #remainingMs: () => number;
  readonly #reserveMs: number;

  constructor(remainingMs: () => number = () => Number.POSITIVE_INFINITY) {
    this.#remainingMs = remainingMs;
    this.#reserveMs = Math.min(Math.max(remainingMs() / 10, SHORTEST_RESERVE_MS), LONGEST_RESERVE_MS);
  }

  isUp(): boolean {
    return this.#remainingMs() <= this.#reserveMs;
  }

  /** Until when a call may take. */
  toAsk(): number {
    return Date.now() + this.#remainingMs() - this.#reserveMs / 2;
  }

  toLeave(): number {
    return Date.now() + this.#remainingMs() - this.#reserveMs / 10;
  }
}

const isInvalid = (error: unknown): boolean =>
  error instanceof StoreUnavailableError && error.cause instanceof Error && error.cause.name === 'ValidationException';

const ADVICE: Readonly<Record<string, string>> = {
  ResourceNotFoundException: 'The table was not found: check its name and region.',
  AccessDeniedException:
    'Access was denied: cleaning up needs dynamodb:Scan, dynamodb:DeleteItem and dynamodb:UpdateItem on the table, and a customer-managed key’s use (SessionStore gives them to its cleanup function).',
};

/** Says what to do, where the session layer's own words would not help. */
function withAdvice(error: unknown): unknown {
  if (!(error instanceof StoreUnavailableError)) return error;
  const { cause, retryable } = error;
  const advice = isThrottling(error)
    ? 'DynamoDB throttled the cleanup until it gave up: raise the table’s throughput limits, or run the cleanup at another time or with a smaller read budget. The next run goes on from here.'
    : ADVICE[cause instanceof Error ? cause.name : ''];
  return advice === undefined ? error : new StoreUnavailableError(advice, { cause, retryable });
}

function expectValid(options: CleanupOptions): void {
  refuseUnknown('', options, OPTION_NAMES);
  const { segments, readBudget, pageSize, leaseSeconds, tableName } = options;
  if (typeof tableName !== 'string' || tableName === '') {
    throw new ConfigurationError('Option tableName is missing or empty; expected the name of the table.');
  }
  expectFunctions('client', options.client, ['send']);
  if (segments !== undefined) expectWholeNumber('segments', segments, 1, MOST_SEGMENTS);
  if (readBudget !== undefined) expectWholeNumber('readBudget', readBudget, 1, MOST_READ_UNITS, ' of read units');
  if (pageSize !== undefined) expectWholeNumber('pageSize', pageSize, 1, 10_000);
  if (leaseSeconds !== undefined) expectWholeNumber('leaseSeconds', leaseSeconds, 1, LONGEST_LEASE_SECONDS);
  if (options.remainingTimeMs !== undefined) expectFunctions('', options, ['remainingTimeMs']);
  if (options.onProgress !== undefined) expectFunctions('', options, ['onProgress']);
  if (options.clock !== undefined) expectFunctions('clock', options.clock, ['now']);
}

/** The most that `segments` may be. */
export const MOST_SEGMENTS = 64;
/** The most that `readBudget` may be. */
export const MOST_READ_UNITS = 1_000_000_000;

const OPTION_NAMES = [
  'client',
  'tableName',
  'segments',
  'readBudget',
  'dryRun',
  'remainingTimeMs',
  'signal',
  'onProgress',
  'pageSize',
  'leaseSeconds',
  'clock',
] as const satisfies readonly (keyof CleanupOptions)[];
