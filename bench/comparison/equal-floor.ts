import { type AttributeValue, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { EVERYONE_MARK, PARTITION_KEY, USER_MARK_PREFIX } from '../../src/table-schema.js';
import { clientFor, type Endpoint } from './endpoint.js';
import { createFloorTable, Floor } from './floor.js';
import type { OperationId } from './operations.js';
import { ONE_KB, type SessionData } from './session-data.js';
import type { Cookie } from './site.js';
import type { Steps } from './wire-tap.js';

type Item = Record<string, AttributeValue>;

/** What the calls of one operation work on. */
interface Work {
  /** Of the session; empty where there is none yet. */
  readonly cookie: Cookie;
  readonly user: string;
  /** Of the user's sessions, once a query has found them. */
  keys: Item[];
  hasSession: boolean;
}

/**
 * The floor, but with as many calls as this project makes in one operation: bare calls of the same kinds, in as many
 * steps, one after another.
 */
export async function openEqualFloor(endpoint: Endpoint, operation: OperationId, steps: Steps): Promise<Floor> {
  return new EqualFloor(clientFor(endpoint), await createFloorTable(endpoint), operation, steps);
}

class EqualFloor extends Floor {
  readonly #operation: OperationId;
  readonly #steps: Steps;
  readonly #marked = new Map<string, Promise<unknown>>();

  constructor(client: DynamoDBClient, tableName: string, operation: OperationId, steps: Steps) {
    super(client, tableName);
    this.#operation = operation;
    this.#steps = steps;
  }

  override async begin(data: SessionData, user?: string): Promise<Cookie> {
    if (user !== undefined) {
      const marked = this.#marked.get(user) ?? Promise.all([markOf(user), EVERYONE_MARK].map((id) => this.#raise(id)));
      this.#marked.set(user, marked);
      await marked;
    }
    if (this.#operation !== 'createLoggedIn' || user === undefined) return super.begin(data, user);
    await this.#replay('', user);
    return '';
  }

  override viewAndTouch(cookie: Cookie): Promise<unknown> {
    return this.#replay(cookie, 'user-0');
  }

  override logIn(cookie: Cookie, user: string): Promise<unknown> {
    return this.#replay(cookie, user);
  }

  override logOut(cookie: Cookie): Promise<unknown> {
    return this.#replay(cookie, 'user-0');
  }

  override list(user: string): Promise<unknown> {
    return this.#replay('', user);
  }

  override logOutEverywhere(user: string): Promise<unknown> {
    return this.#replay('', user);
  }

  async #replay(cookie: Cookie, user: string): Promise<void> {
    const work: Work = { cookie, user, keys: [], hasSession: false };
    for (const step of this.#steps) await Promise.all(step.map((operation) => this.#call(operation, work)));
  }

  async #call(operation: string, work: Work): Promise<unknown> {
    const { cookie, user, keys, hasSession } = work;
    const id = cookie.split('.')[0] ?? '';
    switch (operation) {
      case 'GetItem':
        work.hasSession = true;
        return hasSession ? this.get(markOf(user)) : this.view(cookie);
      case 'BatchGetItem':
        return this.getAll(keys.length > 0 ? keys : [keyOf(markOf(user)), keyOf(EVERYONE_MARK)]);
      case 'UpdateItem':
        return cookie === '' ? this.#raise(markOf(user)) : this.set(cookie, 'user', { S: user });
      case 'PutItem':
        return cookie === '' ? super.begin(ONE_KB, user) : this.put(tombstoneOf(id));
      case 'Query':
        return (work.keys = await this.sessionsOf(user));
      case 'BatchWriteItem':
        return this.writeAll(keys.map(({ id: key }) => ({ PutRequest: { Item: tombstoneOf(key?.S ?? '') } })));
      default:
        throw new Error(`The floor has no ${operation}.`);
    }
  }

  #raise(id: string): Promise<unknown> {
    return this.client.send(
      new UpdateItemCommand({
        TableName: this.tableName,
        Key: keyOf(id),
        UpdateExpression: 'SET generation = :generation',
        ExpressionAttributeValues: { ':generation': { N: '1' } },
      }),
    );
  }
}

const markOf = (user: string): string => `${USER_MARK_PREFIX}s:${user}`;
const keyOf = (id: string): Item => ({ [PARTITION_KEY]: { S: id } });
/** What is left of a session that was ended. */
const tombstoneOf = (id: string): Item => ({ ...keyOf(id), endedAt: { N: '1' }, expiresAt: { N: '1' } });
