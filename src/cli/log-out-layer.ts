import type { CallOptions, RaiseOptions } from '../core/persistence-layer.js';
import type { UserId } from '../core/user-id.js';
import { DynamoDBPersistenceLayer } from '../dynamodb/dynamodb-persistence-layer.js';

/** A layer that knows how far a log-out has come, so that it can be told even if the log-out fails. */
export class LogOutLayer extends DynamoDBPersistenceLayer {
  /** Whether the user's mark was raised: from then on all earlier sessions are refused where the mark is checked. */
  marked = false;
  /** How many items were replaced by a tombstone, as far as is known. */
  removed = 0;

  override async raiseUserMark(userId: UserId, expiresAt: number, options?: RaiseOptions): Promise<number | undefined> {
    const generation = await super.raiseUserMark(userId, expiresAt, options);
    this.marked = true;
    return generation;
  }

  override async deleteSessions(ids: readonly string[], options?: CallOptions): Promise<void> {
    await super.deleteSessions(ids, options);
    this.removed += ids.length;
  }
}
