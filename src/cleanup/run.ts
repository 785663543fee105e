import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  GetItemCommand,
  ScanCommand,
  type ScanCommandOutput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { type Clock, epochSeconds, systemClock } from '../core/clock.js';
import { StoreUnavailableError } from '../core/errors.js';
import { Sender } from '../dynamodb/sender.js';
import { PARTITION_KEY } from '../table-schema.js';
import { type Place, placesIn, readCheckpoint, removeCheckpoint, writeCheckpoint } from './checkpoint.js';
import { deleteExpired, findingOf, scanExpired } from './commands.js';
import { explainFailure } from './explain-failure.js';
import type { CleanupOptions } from './options.js';
import { Backoff, TimeUp } from './backoff.js';
import type { CleanupOutcome, CleanupProgress, StopReason } from './report.js';
import { TimeLeft } from './time-left.js';
import { WritePace } from './write-pace.js';

/**
 * How long ago an item must have ended, whatever the grace: clocks may be off by 5 s, and a change in another region
 * takes a moment to arrive. The session layer itself has not accepted it for all that time.
 */
const MARGIN_SECONDS = 60;

/** TTL, which costs nothing, has deleted by then what it does not miss. */
const GRACE_SECONDS = 2 * 86_400;

const SEGMENTS = 4;
const PAGE_SIZE = 1_000;
const DELETIONS_AT_ONCE = 32;
/** Half of what one partition takes: wherever the deletions strike, the other half is left to the application. */
const WRITES_PER_SECOND = 500;
const CALL_TIMEOUT_MS = 15_000;
/** How often the places are noted, so that a run that dies has not read for nothing. */
const NOTING_EVERY_MS = 15_000;
/** How long a run that was told to stop tries to leave the checkpoint. */
const LEAVING_MS = 2_000;

/** One run over the table, or over as much of it as there is time for. */
export class Run {
  readonly #options: CleanupOptions;
  readonly #backoff: Backoff;
  readonly #time: TimeLeft;
  readonly #halt = new AbortController();
  readonly #pace: WritePace;
  readonly #clock: Clock;
  readonly #cutoff: number;
  readonly #count = { scanned: 0, expired: 0, deleted: 0, extended: 0, skipped: 0, readUnits: 0 };
  #oldestExpiredAt: number | undefined;
  #places: Place[];
  #pages = 0;
  #notedAt: number;
  #failure: { readonly error: unknown } | undefined;
  #causeOfDelay: unknown;

  constructor(options: CleanupOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#cutoff = epochSeconds(this.#clock) - Math.max(options.grace ?? GRACE_SECONDS, MARGIN_SECONDS);
    this.#notedAt = this.#clock.now();
    this.#pace = new WritePace(options.writesPerSecond ?? WRITES_PER_SECOND);
    this.#time = new TimeLeft(options.remainingTimeMs);
    const signals = options.signal === undefined ? [] : [options.signal];
    this.#backoff = new Backoff(
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
      await this.#findPlaces();
      await this.#cleanSegments();
      return await this.#leave();
    } catch (error) {
      this.#options.onProgress?.(this.progress);
      throw explainFailure(error);
    }
  }

  /** Where the last run stopped. */
  async #findPlaces(): Promise<void> {
    const input = readCheckpoint(this.#options.tableName);
    try {
      const { Item: checkpoint } = await this.#backoff.send(this.#time.toAsk(), () => new GetItemCommand(input));
      this.#places = [...placesIn(checkpoint, this.#places.length)];
    } catch (error) {
      if (!(error instanceof TimeUp)) throw error;
      if (error.cause !== undefined && !this.#isAborted) throw error.cause;
    }
  }

  async #notePlaces(): Promise<void> {
    if (this.#options.dryRun === true || this.#clock.now() < this.#notedAt + NOTING_EVERY_MS) return;
    this.#notedAt = this.#clock.now();
    const input = writeCheckpoint(this.#options.tableName, this.#places);
    await this.#backoff.send(this.#time.toAsk(), () => new UpdateItemCommand(input));
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
      await this.#notePlaces();
    }
  }

  async #read(segment: number, after: string | undefined): Promise<ScanCommandOutput> {
    const { tableName, pageSize: limit = PAGE_SIZE } = this.#options;
    const input = scanExpired(tableName, { segment, segments: this.#places.length, after, limit }, this.#cutoff);
    const page = await this.#backoff.send(this.#time.toAsk(), () => new ScanCommand(input));
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
        case 'checkpoint':
          this.#count.scanned -= 1;
          break;
        case 'kept':
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
      const { ConsumedCapacity: consumed } = await this.#backoff.send(
        this.#time.toAsk(),
        () => new DeleteItemCommand(input),
        { wait: this.#pace.turn() },
      );
      this.#pace.took(consumed?.Table?.CapacityUnits ?? 1);
      this.#count.deleted += 1;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      this.#count.extended += 1;
    }
  }

  /** The rest of the run has no sense, or no time. */
  #failed(error: unknown): void {
    if (error instanceof TimeUp) this.#causeOfDelay ??= error.cause;
    else this.#failure ??= { error };
    this.#halt.abort();
  }

  /** Somebody who has stopped the run waits for its report: that DynamoDB does not answer is no failure then. */
  get #isAborted(): boolean {
    return this.#options.signal?.aborted === true;
  }

  #whyStop(): StopReason | undefined {
    const { readBudget = Number.POSITIVE_INFINITY } = this.#options;
    if (this.#isAborted) return 'aborted';
    if (this.#time.isUp() || this.#halt.signal.aborted) return 'deadline';
    return this.#count.readUnits >= readBudget ? 'budget' : undefined;
  }

  #outcome(): CleanupOutcome {
    if (this.#failure !== undefined) throw this.#failure.error;
    const nothingDone = this.#pages + this.#count.deleted + this.#count.extended === 0;
    if (nothingDone && this.#causeOfDelay !== undefined && !this.#isAborted) throw this.#causeOfDelay;
    if (this.#places.every(({ kind }) => kind === 'done')) return { kind: 'finished' };
    return { kind: 'unfinished', reason: this.#whyStop() ?? 'deadline' };
  }

  /** Notes the places if there is something left to do. */
  async #leave(): Promise<CleanupOutcome> {
    const { tableName } = this.#options;
    const isDone = this.#places.every(({ kind }) => kind === 'done');
    try {
      const deadline = Math.min(this.#time.toLeave(), this.#isAborted ? Date.now() + LEAVING_MS : Infinity);
      if (isDone) {
        const input = removeCheckpoint(tableName);
        await this.#backoff.send(deadline, () => new DeleteItemCommand(input), { signal: NEVER });
      } else {
        const input = writeCheckpoint(tableName, this.#places);
        await this.#backoff.send(deadline, () => new UpdateItemCommand(input), { signal: NEVER });
      }
    } catch (error) {
      if (!this.#isAborted) {
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

const isInvalid = (error: unknown): boolean =>
  error instanceof StoreUnavailableError && error.cause instanceof Error && error.cause.name === 'ValidationException';
