import { DeleteItemCommand, type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { expectFunctions, expectOptions, expectWholeNumber } from '../core/option-checks.js';
import { BriefClient } from '../dynamodb/brief-client.js';
import type { Item } from '../table/port.js';
import { type Client, Sender } from '../dynamodb/sender.js';
import type { FormerSession, FormerSessions } from '../express/former-sessions.js';
import { plainObject } from './plain-value.js';

/** Tables that other session stores have filled, for `ExpressSessionStore` to move sessions from. */

/** The options of {@link connectDynamoDBTable} and {@link dynamodbStoreTable}. */
export interface FormerTableOptions {
  /** The other store's option `table`, or `table.name`. @defaultValue `'sessions'`, as theirs */
  readonly tableName?: string;
  /** The other store's option `hashKey`, or `table.hashKey`. @defaultValue theirs: `'id'`, or `'sessionId'` */
  readonly hashKey?: string;
  /** The other store's option `prefix`, or `table.hashPrefix`. @defaultValue `'sess:'`, as theirs */
  readonly prefix?: string;
  /**
   * Leaves the items where they are, for as long as instances of the other store are still at work, or a way back is
   * wanted. Meanwhile a session that ends by time or by `revoke` comes back with its former item; one that ends by a
   * logout does not.
   *
   * @defaultValue false
   */
  readonly readOnly?: boolean;
  /** A client or document client of yours, used as it is. @defaultValue one as `DynamoDBPersistenceLayer` makes */
  readonly client?: DynamoDBClient | DynamoDBDocumentClient;
  /** How long one call may take, its retries included, in milliseconds. @defaultValue 2000 */
  readonly timeoutMs?: number;
}

/**
 * The table of connect-dynamodb 1 to 3. Needs `GetItem` and `DeleteItem` on it; with `readOnly`, `GetItem` alone.
 *
 * @throws {@link ConfigurationError} for options that are unknown or of the wrong kind
 * @example
 * ```ts
 * new ExpressSessionStore({ persistence, migrateFrom: connectDynamoDBTable({ tableName: 'sessions' }) });
 * ```
 */
export function connectDynamoDBTable(options: FormerTableOptions = {}): FormerSessions {
  return formerTable('id', options, ({ sess }) => {
    const session = sess?.S === undefined ? undefined : parse(sess.S);
    return isSession(session) ? session : undefined;
  });
}

/**
 * The table of dynamodb-store 1. Needs `GetItem` and `DeleteItem` on it; with `readOnly`, `GetItem` alone.
 *
 * @throws {@link ConfigurationError} for options that are unknown or of the wrong kind
 */
export function dynamodbStoreTable(options: FormerTableOptions = {}): FormerSessions {
  return formerTable('sessionId', options, ({ sess }) => {
    // `updated` is the store's own.
    const { updated: _, ...session } = plainObject(sess?.M ?? {});
    return isSession(session) ? { ...session, cookie: attributesOf(session.cookie) } : undefined;
  });
}

type Session = Readonly<Record<string, unknown>> & { readonly cookie: Readonly<Record<string, unknown>> };

function formerTable(
  theirHashKey: string,
  options: FormerTableOptions,
  read: (item: Item) => Session | undefined,
): FormerSessions {
  expectOptions(options, {
    tableName: 'a string',
    hashKey: 'a string',
    prefix: 'a string',
    readOnly: 'a boolean',
    client: 'an object',
    timeoutMs: 'a number',
  });
  const { tableName = 'sessions', hashKey = theirHashKey, prefix = 'sess:', timeoutMs = 2_000 } = options;
  const { client = new BriefClient(), readOnly = false } = options;
  expectWholeNumber('timeoutMs', timeoutMs, 1, 900_000, ' of milliseconds');
  expectFunctions('client', client, ['send']);

  const sender = new Sender(client as Client, timeoutMs);
  const itemOf = (sid: string): { TableName: string; Key: Item } => ({
    TableName: tableName,
    Key: { [hashKey]: { S: prefix + sid } },
  });
  return {
    async load(sid): Promise<FormerSession | undefined> {
      const { Item: item } = await sender.send({}, new GetItemCommand({ ...itemOf(sid), ConsistentRead: true }));
      // connect-dynamodb adds milliseconds up to a fraction of a second.
      const expiresAt = item?.['expires']?.N === undefined ? undefined : Math.ceil(Number(item['expires'].N));
      const session = item !== undefined && isTime(expiresAt) ? read(item) : undefined;
      return session && { session: { ...session, cookie: withEnd(session.cookie, expiresAt) }, expiresAt };
    },
    ...(!readOnly && {
      async delete(sid: string): Promise<void> {
        await sender.send({}, new DeleteItemCommand(itemOf(sid)));
      },
    }),
  };
}

/** Every session of theirs has a cookie's attributes; what has none is something else. */
function isSession(value: unknown): value is Session {
  const { cookie } = (value ?? {}) as Partial<Session>;
  return typeof cookie === 'object' && cookie !== null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const COOKIE_ATTRIBUTES: readonly string[] = [
  'originalMaxAge',
  'httpOnly',
  'secure',
  'path',
  'domain',
  'sameSite',
  'partitioned',
  'priority',
];

/** A cookie's attributes alone: dynamodb-store writes the whole object, accessors and all, and dates as empty maps. */
function attributesOf(cookie: Session['cookie']): Session['cookie'] {
  return Object.fromEntries(Object.entries(cookie).filter(([name]) => COOKIE_ATTRIBUTES.includes(name)));
}

/** Whether a Date can hold it, where there is one: neither store has written another. */
const isTime = (seconds = 0): boolean => !Number.isNaN(new Date(seconds * 1000).getTime());

/** Both stores note in the item alone that a cookie has been prolonged. */
function withEnd(cookie: Session['cookie'], expiresAt: number | undefined): Session['cookie'] {
  const isProlonged = typeof cookie['originalMaxAge'] === 'number' && expiresAt !== undefined;
  return isProlonged ? { ...cookie, expires: new Date(expiresAt * 1000).toISOString() } : cookie;
}
