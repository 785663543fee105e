import { timeOf } from '../core/clock.js';
import { expectSeconds, expectWholeNumber, refuseUnknown } from '../core/option-checks.js';
import { isLive } from '../core/lifetime.js';
import type { PersistenceLayer, SessionUser } from '../core/persistence-layer.js';
import type { SessionRecord } from '../core/record.js';
import { QuickLRU } from './quick-lru.js';

/** The options of {@link cached}. */
export interface CacheOptions {
  /** How long a session is answered from this instance's memory, in seconds. */
  readonly maxAge: number;
  /** How many sessions are kept at least, and twice as many at most; those used least recently go first. */
  readonly maxSize: number;
}

/**
 * A layer that answers page views from this instance's memory for a while, and asks the layer beneath for all else.
 *
 * The price: a session that was ended elsewhere (a logout on another instance, `revoke`, `logOutUser`) can still be
 * read here for up to `maxAge` seconds, and changes made elsewhere are seen as late. Writes are not affected: to a
 * session that has ended they are refused, as ever.
 *
 * @throws {@link ConfigurationError} for options out of range
 * @example
 * ```ts
 * const persistence = cached(new DynamoDBPersistenceLayer(), { maxAge: 5, maxSize: 1_000 });
 * ```
 */
export function cached<User extends SessionUser>(
  layer: PersistenceLayer<User>,
  options: CacheOptions,
): PersistenceLayer<User> {
  refuseUnknown('cache.', options, ['maxAge', 'maxSize']);
  expectSeconds('cache.maxAge', options.maxAge, 1, 3_600);
  expectWholeNumber('cache.maxSize', options.maxSize, 1, 1_000_000);
  const records = new QuickLRU<string, SessionRecord>({ maxSize: options.maxSize, maxAge: options.maxAge * 1_000 });

  // What was read while this instance was writing may be from before: it is answered, and not kept.
  let writes = 0;
  const written = async <T>(ids: readonly string[], write: Promise<T>): Promise<T> => {
    const forget = (): void => {
      writes += 1;
      for (const id of ids) records.delete(id);
    };
    forget();
    return write.finally(forget);
  };

  const overrides: Partial<PersistenceLayer<User>> = {
    mayBeStale: true,

    async loadSession(id, call) {
      const known = call?.fresh === true ? undefined : records.get(id);
      if (known !== undefined && isLive(known, timeOf(call))) return known;
      const writesBefore = writes;
      const record = await layer.loadSession(id, call);
      if (record === undefined) records.delete(id);
      else if (writes === writesBefore) records.set(id, record);
      return record;
    },

    saveSession: (id, ...rest) => written([id], layer.saveSession(id, ...rest)),

    deleteSession: (id, ...rest) => written([id], layer.deleteSession(id, ...rest)),
  };
  if (layer.deleteSessions !== undefined) {
    overrides.deleteSessions = async (ids, call) => written(ids, Promise.resolve(layer.deleteSessions?.(ids, call)));
  }

  return new Proxy(layer, {
    get(target, name) {
      const member: unknown = Reflect.get(overrides, name) ?? Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}
