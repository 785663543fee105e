import { isLive } from '../core/lifetime.js';
import { loggedOutBy } from '../core/marks.js';
import type { SessionRecord } from '../core/record.js';
import { readItem } from '../table/item.js';
import type { Item } from '../table/port.js';
import {
  CLEANUP_CHECKPOINT,
  EVERYONE_MARK,
  LOGIN_MARK_PREFIX,
  PARTITION_KEY,
  TTL_ATTRIBUTE,
  USER_MARK_PREFIX,
} from '../table-schema.js';
import { sizeOfItem } from './item-size.js';

/** Sessions up to a bound, and above the one before it. */
export interface Class {
  readonly upTo: number;
  count: number;
}

const HOUR = 3_600;
const DAY = 24 * HOUR;
const classes = (...bounds: number[]): Class[] =>
  [...bounds, Number.POSITIVE_INFINITY].map((upTo) => ({ upTo, count: 0 }));

/** What is in a table, counted item by item; no item is kept. */
export class Census {
  readonly #now: number;
  readonly #epoch: number | undefined;
  items = 0;
  bytes = 0;
  readonly live = { count: 0, loggedIn: 0, bytes: 0 };
  readonly expired = { count: 0, bytes: 0 };
  /** Logged in before everyone was logged out: refused when their users come back, or cleared away when they expire. */
  readonly loggedOut = { count: 0, bytes: 0 };
  newerVersion = 0;
  unreadable = 0;
  userMarks = 0;
  /** Logins at a provider that were ended there. */
  loginMarks = 0;
  tombstones = 0;
  /** In seconds since the epoch: how far the clearing away is behind. Of all items with an end, not only sessions. */
  oldestExpiredAt: number | undefined;
  largest: { readonly id: string; readonly bytes: number } | undefined;
  /** Live sessions by the seconds since they began. */
  readonly byAge: readonly Class[] = classes(HOUR, DAY, 7 * DAY, 30 * DAY);
  /** Live sessions by their bytes: 1 KB is a write unit, 4 KB a read unit. */
  readonly bySize: readonly Class[] = classes(1_024, 4_096, 16_384, 65_536);

  /**
   * @param now in seconds since the epoch
   * @param epoch the generation of everyone's mark, if there is one
   */
  constructor(now: number, epoch?: number) {
    this.#now = now;
    this.#epoch = epoch;
  }

  add(item: Item): void {
    const id = item[PARTITION_KEY]?.S ?? '';
    const bytes = sizeOfItem(item);
    this.items += 1;
    this.bytes += bytes;
    const expiresAt = Number(item[TTL_ATTRIBUTE]?.N);
    if (expiresAt <= this.#now) this.oldestExpiredAt = Math.min(this.oldestExpiredAt ?? expiresAt, expiresAt);
    if (id === CLEANUP_CHECKPOINT || id === EVERYONE_MARK) return;
    if (id.startsWith(USER_MARK_PREFIX)) this.userMarks += 1;
    else if (id.startsWith(LOGIN_MARK_PREFIX)) this.loginMarks += 1;
    else this.#addSession(id, item, bytes);
  }

  #addSession(id: string, item: Item, bytes: number): void {
    const stored = readItem(item);
    switch (stored.kind) {
      case 'tombstone':
        this.tombstones += 1;
        return;
      case 'unreadable':
        this.unreadable += 1;
        return;
      case 'newer-version':
        this.newerVersion += 1;
        return;
      case 'session':
        break;
    }
    const { record } = stored;
    const dead = this.#whyDead(id, record);
    if (dead !== undefined) {
      dead.count += 1;
      dead.bytes += bytes;
      return;
    }
    this.live.count += 1;
    this.live.bytes += bytes;
    if (record.userId !== undefined) this.live.loggedIn += 1;
    if (bytes > (this.largest?.bytes ?? 0)) this.largest = { id, bytes };
    addTo(this.byAge, this.#now - record.createdAt);
    addTo(this.bySize, bytes);
  }

  #whyDead(id: string, record: SessionRecord): { count: number; bytes: number } | undefined {
    if (!isLive(record, this.#now)) return this.expired;
    const marks = this.#epoch === undefined ? {} : { epoch: this.#epoch };
    const isLoggedOut = record.userId !== undefined && loggedOutBy(id, record, marks) !== undefined;
    return isLoggedOut ? this.loggedOut : undefined;
  }
}

function addTo(all: readonly Class[], value: number): void {
  const its = all.find(({ upTo }) => value <= upTo);
  if (its !== undefined) its.count += 1;
}
