import { createHmac, randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { type Auth, betterAuth, type SecondaryStorage } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { clientFor, type Endpoint } from './endpoint.js';
import { CHANGED, EIGHT_KB, type SessionData } from './session-data.js';
import type { Cookie, Site } from './site.js';

const SECRET = 'a secret of at least thirty-two characters';
const COOKIE = 'better-auth.session_token';
const DAY = 86_400;

/**
 * It has no adapter for DynamoDB that is kept up, so it keeps its sessions in DynamoDB by its secondary storage. Its
 * users are in RAM: they are asked for at a login only, and are not measured.
 */
export async function openBetterAuth(endpoint: Endpoint): Promise<Site> {
  const tableName = `better-auth-${randomUUID()}`;
  const client = clientFor(endpoint);
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName: tableName });
  return new BetterAuthSite(storageOn(client, tableName));
}

/** Its secondary storage, written for DynamoDB in the fewest calls. */
function storageOn(client: DynamoDBClient, TableName: string): SecondaryStorage {
  const keyOf = (id: string): { id: { S: string } } => ({ id: { S: id } });
  const endOf = (ttl = DAY): { N: string } => ({ N: String(Math.floor(Date.now() / 1000) + ttl) });
  return {
    async get(id) {
      const { Item } = await client.send(new GetItemCommand({ TableName, Key: keyOf(id), ConsistentRead: true }));
      return Item !== undefined && Number(Item['ttl']?.N) > Date.now() / 1000 ? Item['value']?.S : null;
    },
    set: (id, value, ttl) =>
      client.send(new PutItemCommand({ TableName, Item: { ...keyOf(id), value: { S: value }, ttl: endOf(ttl) } })),
    delete: async (id) => void (await client.send(new DeleteItemCommand({ TableName, Key: keyOf(id) }))),
    async getAndDelete(id) {
      const gone = new DeleteItemCommand({ TableName, Key: keyOf(id), ReturnValues: 'ALL_OLD' });
      return (await client.send(gone)).Attributes?.['value']?.S ?? null;
    },
    async increment(id, ttl) {
      const { Attributes } = await client.send(
        new UpdateItemCommand({
          TableName,
          Key: keyOf(id),
          UpdateExpression: 'ADD #count :one SET #ttl = if_not_exists(#ttl, :ttl)',
          ExpressionAttributeNames: { '#count': 'count', '#ttl': 'ttl' },
          ExpressionAttributeValues: { ':one': { N: '1' }, ':ttl': endOf(ttl) },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return Number(Attributes?.['count']?.N);
    },
  };
}

/** Everything that the sites keep is an additional field of its sessions. */
const additionalFields = Object.fromEntries(
  Object.keys(EIGHT_KB).map((key) => [key, { type: 'string', required: false } as const]),
);

const authOn = (secondaryStorage: SecondaryStorage, updateAge: number): Auth =>
  betterAuth({
    baseURL: 'https://app.example.com',
    secret: SECRET,
    database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
    secondaryStorage,
    session: { additionalFields, updateAge },
    advanced: { useSecureCookies: false },
    telemetry: { enabled: false },
  });

class BetterAuthSite implements Site {
  readonly malformed = 'not a token';
  readonly #auth: Auth;
  /** A day later, when each page view extends the session. */
  readonly #whenTouchIsDue: Auth;
  readonly #users = new Map<string, Promise<string>>();
  /** Its list of a user's sessions is read and written anew with each login: two at once would lose one of them. */
  readonly #lastLogin = new Map<string, Promise<unknown>>();

  constructor(storage: SecondaryStorage) {
    this.#auth = authOn(storage, DAY);
    this.#whenTouchIsDue = authOn(storage, 0);
  }

  wellFormed({ secret }: { readonly secret: string }): Cookie {
    const signature = createHmac('sha256', SECRET).update(secret).digest('base64');
    return encodeURIComponent(`${secret}.${signature}`);
  }

  begin(data: SessionData, user = 'user-0'): Promise<Cookie> {
    const login = (this.#lastLogin.get(user) ?? Promise.resolve()).then(() => this.#createSession(user, data));
    this.#lastLogin.set(user, login);
    return login;
  }

  /** It has none; and so that the login finds the user, there is one. */
  async beginAnonymous(): Promise<Cookie> {
    await this.#userId('user-0');
    return '';
  }

  async view(cookie?: Cookie, auth = this.#auth): Promise<unknown> {
    const found = await auth.api.getSession({ headers: headersOf(cookie) });
    return found?.session[CHANGED.key];
  }

  async untilTouchIsDue(): Promise<void> {}

  viewAndTouch(cookie: Cookie): Promise<unknown> {
    return this.view(cookie, this.#whenTouchIsDue);
  }

  change(cookie: Cookie): Promise<unknown> {
    return this.#auth.api.updateSession({ headers: headersOf(cookie), body: { [CHANGED.key]: CHANGED.to } });
  }

  logIn(_cookie: Cookie, user: string): Promise<unknown> {
    return this.#createSession(user, { [CHANGED.key]: CHANGED.from });
  }

  logOut(cookie: Cookie): Promise<unknown> {
    return this.#auth.api.signOut({ headers: headersOf(cookie) });
  }

  async list(user: string): Promise<unknown> {
    const { internalAdapter } = await this.#auth.$context;
    return internalAdapter.listSessions(await this.#userId(user));
  }

  async logOutEverywhere(user: string): Promise<unknown> {
    const { internalAdapter } = await this.#auth.$context;
    return internalAdapter.deleteUserSessions(await this.#userId(user));
  }

  async #createSession(user: string, data: SessionData): Promise<Cookie> {
    const userId = await this.#userId(user);
    const { internalAdapter } = await this.#auth.$context;
    const { token } = await internalAdapter.createSession(userId, false, data);
    return this.wellFormed({ secret: token });
  }

  #userId(user: string): Promise<string> {
    const created = this.#users.get(user) ?? this.#createUser(user);
    this.#users.set(user, created);
    return created;
  }

  async #createUser(user: string): Promise<string> {
    const { internalAdapter } = await this.#auth.$context;
    return (await internalAdapter.createUser({ name: user, email: `${user}@example.com`, emailVerified: true })).id;
  }
}

const headersOf = (cookie?: Cookie): Headers =>
  new Headers(cookie === undefined ? {} : { cookie: `${COOKIE}=${cookie}` });
