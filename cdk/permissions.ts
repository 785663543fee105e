import { CLEANUP_CHECKPOINT } from '../src/table-schema.js';

/** What somebody may do: actions of DynamoDB on the table, or on its index by user. */
export interface Permission {
  readonly on: 'table' | 'index';
  readonly actions: readonly string[];
  /** The only items that these actions may touch. Default: all. */
  readonly items?: readonly string[];
}

/** All that one kind of principal may do. */
export interface Permissions {
  readonly table: readonly Permission[];
  /** Whether the key of an encrypted table is used to write, too. */
  readonly writes: boolean;
}

const QUERY_INDEX: Permission = { on: 'index', actions: ['Query'] };

/** What the persistence layer calls. */
const LAYER_ACTIONS = ['BatchGetItem', 'BatchWriteItem', 'GetItem', 'PutItem', 'UpdateItem'];

/** A function that keeps sessions. */
export const APPLICATION: Permissions = {
  table: [{ on: 'table', actions: LAYER_ACTIONS }, QUERY_INDEX],
  writes: true,
};

/** Who looks at sessions and changes none. */
export const SUPPORT_DESK: Permissions = {
  table: [{ on: 'table', actions: ['BatchGetItem', 'DescribeTable', 'GetItem', 'Scan'] }, QUERY_INDEX],
  writes: false,
};

/** Who looks at the whole table, ends sessions, and cleans up by hand. */
export const OPERATOR: Permissions = {
  table: [
    { on: 'table', actions: [...LAYER_ACTIONS, 'DeleteItem', 'DescribeTable', 'DescribeTimeToLive', 'Scan'] },
    QUERY_INDEX,
  ],
  writes: true,
};

/** The cleanup. Which sessions have expired no policy knows, so it may delete any; but get and write its own item alone. */
export const CLEANUP: Permissions = {
  table: [
    { on: 'table', actions: ['DeleteItem', 'Scan'] },
    { on: 'table', actions: ['GetItem', 'UpdateItem'], items: [CLEANUP_CHECKPOINT] },
  ],
  writes: true,
};

/** A cleanup that only counts. */
export const DRY_RUN: Permissions = { table: [{ on: 'table', actions: ['Scan'] }], writes: false };
