import { type Item, readItem, type StoredItem } from '../dynamodb/item.js';

/** What an item is. `ExpressSessionStore` leaves place holders, too: records with an `auth` that no session has. */
export function storedIn(item: Item): StoredItem {
  const stored = readItem(item);
  return stored.kind === 'session' && stored.record.auth < 0 ? { kind: 'tombstone' } : stored;
}
