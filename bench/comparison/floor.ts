import { randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import {
  type AttributeValue,
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  UpdateItemCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { createSessionTable } from '../../src/dynamodb/create-session-table.js';
import { httpApiEvent } from '../../test/unit/lambda/events.js';
import { clientFor as tableClientFor } from '../../test/world/tables.js';
import { clientFor, type Endpoint } from './endpoint.js';
import { CHANGED, type SessionData } from './session-data.js';
import type { Cookie, Site } from './site.js';

type Item = Record<string, AttributeValue>;
type Event = ReturnType<typeof httpApiEvent>;

const DAY = 86_400;

/**
 * The fewest calls that can do it at all, written by hand on the same table: no condition, no mark, no rotation, no
 * hash, no timeout but one, and nothing that helps when a call fails or two come at once.
 */
export async function openFloor(endpoint: Endpoint): Promise<Site> {
  return new Floor(clientFor(endpoint), await createFloorTable(endpoint));
}

/** The floor, but for the logout everywhere: one session after another. */
export async function openSequentialFloor(endpoint: Endpoint): Promise<Site> {
  return new SequentialFloor(clientFor(endpoint), await createFloorTable(endpoint));
}

/** This project's table: with its index, and nothing in it. */
export async function createFloorTable(endpoint: Endpoint): Promise<string> {
  const tableName = `floor-${randomUUID()}`;
  const client = tableClientFor({ name: 'dynamodb-local', ...endpoint });
  await createSessionTable(client, { tableName });
  client.destroy();
  return tableName;
}

export class Floor implements Site {
  readonly malformed = 'not a token';
  protected readonly client: DynamoDBClient;
  protected readonly tableName: string;

  constructor(client: DynamoDBClient, tableName: string) {
    this.client = client;
    this.tableName = tableName;
  }

  wellFormed({ id, secret }: { readonly id: string; readonly secret: string }): Cookie {
    return `${id}.${secret}`;
  }

  async begin(data: SessionData, user?: string): Promise<Cookie> {
    const id = randomBytes(16).toString('base64url');
    const secret = randomBytes(24).toString('base64url');
    const now = seconds();
    const Item: Item = {
      id: { S: id },
      secret: { S: secret },
      createdAt: { N: String(now) },
      expiresAt: { N: String(now + DAY) },
      ...(user && { user: { S: user } }),
    };
    for (const [key, value] of Object.entries(data)) Item[`data.${key}`] = { S: JSON.stringify(value) };
    await this.put(Item);
    return `${id}.${secret}`;
  }

  beginAnonymous(data: SessionData): Promise<Cookie> {
    return this.begin(data);
  }

  async view(cookie?: Cookie): Promise<unknown> {
    const item = await this.#load(eventOf(cookie));
    const value = item?.[`data.${CHANGED.key}`]?.S;
    return value === undefined ? undefined : (JSON.parse(value) as unknown);
  }

  viewEventually(cookie: Cookie): Promise<unknown> {
    return this.#load(eventOf(cookie), false);
  }

  async untilTouchIsDue(): Promise<void> {}

  async viewAndTouch(cookie: Cookie): Promise<unknown> {
    await this.view(cookie);
    return this.set(cookie, 'expiresAt', { N: String(seconds() + DAY) });
  }

  async change(cookie: Cookie): Promise<unknown> {
    await this.view(cookie);
    return this.set(cookie, `data.${CHANGED.key}`, { S: JSON.stringify(CHANGED.to) });
  }

  async logIn(cookie: Cookie, user: string): Promise<unknown> {
    const event = eventOf(cookie);
    const item = await this.#load(event);
    if (item === undefined) throw new Error('The session is gone.');
    return this.client.send(
      new UpdateItemCommand({
        TableName: this.tableName,
        Key: { id: { S: tokenOf(event)?.id ?? '' } },
        UpdateExpression: 'SET #user = :user, secret = :secret',
        ExpressionAttributeNames: { '#user': 'user' },
        ExpressionAttributeValues: { ':user': { S: user }, ':secret': { S: randomBytes(24).toString('base64url') } },
      }),
    );
  }

  async logOut(cookie: Cookie): Promise<unknown> {
    const event = eventOf(cookie);
    if ((await this.#load(event)) === undefined) throw new Error('The session is gone.');
    return this.client.send(
      new DeleteItemCommand({ TableName: this.tableName, Key: { id: { S: tokenOf(event)?.id ?? '' } } }),
    );
  }

  async list(user: string): Promise<unknown> {
    return this.getAll(await this.sessionsOf(user));
  }

  async logOutEverywhere(user: string): Promise<unknown> {
    const keys = await this.sessionsOf(user);
    const groups = Array.from({ length: Math.ceil(keys.length / 25) }, (_, group) =>
      keys.slice(group * 25, (group + 1) * 25),
    );
    return Promise.all(groups.map((group) => this.writeAll(group.map((Key) => ({ DeleteRequest: { Key } })))));
  }

  protected async sessionsOf(user: string): Promise<Item[]> {
    const { Items = [] } = await this.client.send(
      new QueryCommand({
        TableName: this.tableName,
        IndexName: 'byUser',
        KeyConditionExpression: '#user = :user',
        ProjectionExpression: 'id',
        ExpressionAttributeNames: { '#user': 'user' },
        ExpressionAttributeValues: { ':user': { S: user } },
      }),
    );
    return Items;
  }

  protected async get(id: string, consistent = true): Promise<Item | undefined> {
    const { Item: item } = await this.client.send(
      new GetItemCommand({ TableName: this.tableName, Key: { id: { S: id } }, ConsistentRead: consistent }),
    );
    return item;
  }

  protected async getAll(Keys: Item[]): Promise<unknown> {
    const { Responses = {} } = await this.client.send(
      new BatchGetItemCommand({ RequestItems: { [this.tableName]: { Keys, ConsistentRead: true } } }),
    );
    return Responses[this.tableName];
  }

  protected put(Item: Item): Promise<unknown> {
    return this.client.send(new PutItemCommand({ TableName: this.tableName, Item }));
  }

  protected writeAll(requests: WriteRequest[]): Promise<unknown> {
    return this.client.send(new BatchWriteItemCommand({ RequestItems: { [this.tableName]: requests } }));
  }

  async #load(event: Event, consistent = true): Promise<Item | undefined> {
    const token = tokenOf(event);
    if (token === undefined) return undefined;
    const item = await this.get(token.id, consistent);
    if (item === undefined || Number(item['expiresAt']?.N) <= seconds()) return undefined;
    return timingSafeEqual(Buffer.from(item['secret']?.S ?? ''), Buffer.from(token.secret)) ? item : undefined;
  }

  protected set(cookie: Cookie, attribute: string, value: AttributeValue): Promise<unknown> {
    return this.client.send(
      new UpdateItemCommand({
        TableName: this.tableName,
        Key: { id: { S: cookie.split('.')[0] ?? '' } },
        UpdateExpression: 'SET #attribute = :value',
        ExpressionAttributeNames: { '#attribute': attribute },
        ExpressionAttributeValues: { ':value': value },
      }),
    );
  }
}

class SequentialFloor extends Floor {
  override async logOutEverywhere(user: string): Promise<unknown> {
    for (const Key of await this.sessionsOf(user))
      await this.client.send(new DeleteItemCommand({ TableName: this.tableName, Key }));
    return undefined;
  }
}

const seconds = (): number => Math.floor(Date.now() / 1000);

const eventOf = (cookie?: Cookie): Event => httpApiEvent(cookie === undefined ? {} : { cookies: [`id=${cookie}`] });

function tokenOf(event: Event): { readonly id: string; readonly secret: string } | undefined {
  const cookie = event.cookies?.find((each) => each.startsWith('id='));
  const [, id, secret] = /^id=([\w-]{22})\.([\w-]{32})$/.exec(cookie ?? '') ?? [];
  return id === undefined || secret === undefined ? undefined : { id, secret };
}
