/**
 * The table: its keys, its index, its TTL attribute, and how a function is told of it. Runtime and infrastructure
 * both read it here. A leaf: it imports nothing.
 */

/**
 * Key of every item: a session's ID, {@link USER_MARK_PREFIX} and a user key, or {@link LOGIN_MARK_PREFIX} and the name
 * of a login. A string.
 */
export const PARTITION_KEY = 'id';

/** When an item may be cleared away: whole seconds since the epoch, as DynamoDB's TTL wants them. A number. */
export const TTL_ATTRIBUTE = 'expiresAt';

/**
 * The index by which a user's sessions are found. It holds keys only, its keys never change while an item lives, and
 * an item without a user is not in it: so no touch, rotation or change of data costs an index write.
 */
export const USER_INDEX = {
  indexName: 'byUser',
  /** The user ID with its type, `s:user-1`. A string; absent while the session is anonymous. */
  partitionKey: 'user',
  /** A number. */
  sortKey: 'createdAt',
} as const;

/** A user's mark is the item with this and the user key as its ID; no session ID contains a `#`. */
export const USER_MARK_PREFIX = 'user#';

/** The mark of a login at a provider that has ended is the item with this and the login's name as its ID. */
export const LOGIN_MARK_PREFIX = 'login#';

/** Everyone's mark: the item whose generation is the table's epoch. It never expires. */
export const EVERYONE_MARK = 'everyone#mark';

/** Each key of a session's data is an attribute of its own. The prefix keeps the application's names away from ours. */
export const DATA_PREFIX = 'data.';

/** The environment variables by which a function learns the table's name and region. */
export const TABLE_ENVIRONMENT = { tableName: 'DYNAMODB_SESSIONS_TABLE', region: 'DYNAMODB_SESSIONS_REGION' } as const;

/** The item in which the cleanup keeps its place in the table; no session ID contains a `#`. */
export const CLEANUP_CHECKPOINT = 'cleanup#checkpoint';

/** The environment variables by which the cleanup function learns its settings; each may be absent. */
export const CLEANUP_ENVIRONMENT = {
  /** How many read units a run may take. A whole number. */
  readBudget: 'DYNAMODB_SESSIONS_CLEANUP_READ_BUDGET',
  /** How many parts of the table are read at the same time. A whole number. */
  segments: 'DYNAMODB_SESSIONS_CLEANUP_SEGMENTS',
  /** For how many seconds an item must have been expired. A whole number. */
  grace: 'DYNAMODB_SESSIONS_CLEANUP_GRACE',
  /** How many write units the deletions may take in a second. A whole number. */
  writesPerSecond: 'DYNAMODB_SESSIONS_CLEANUP_WRITES_PER_SECOND',
  /** `true` or `false`. */
  dryRun: 'DYNAMODB_SESSIONS_CLEANUP_DRY_RUN',
} as const;
