import { randomUUID } from 'node:crypto';
import { CreateTableCommand, type DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { type Adapter, DynamoDBAdapter } from '@auth/dynamodb-adapter';
import { clientFor, type Endpoint } from './endpoint.js';
import { CHANGED, type SessionData } from './session-data.js';
import type { Cookie, Site } from './site.js';

const PROVIDER = 'provider';
const MONTH_MS = 30 * 86_400_000;

/** The adapter as Auth.js calls it with database sessions, on the table of its documentation. */
export async function openAuthAdapter(endpoint: Endpoint): Promise<Site> {
  const tableName = `auth-${randomUUID()}`;
  const client = clientFor(endpoint);
  await createTable(client, tableName);
  const marshallOptions = { convertEmptyValues: true, removeUndefinedValues: true, convertClassInstanceToMap: true };
  return new AuthSite(DynamoDBAdapter(DynamoDBDocument.from(client, { marshallOptions }), { tableName }));
}

class AuthSite implements Site {
  /** It looks for whatever it is given. */
  readonly malformed = 'not a token';
  readonly #adapter: Adapter;
  readonly #users = new Map<string, Promise<string>>();

  constructor(adapter: Adapter) {
    this.#adapter = adapter;
  }

  wellFormed({ secret }: { readonly secret: string }): Cookie {
    return secret;
  }

  async begin(data: SessionData, user = 'user-0'): Promise<Cookie> {
    return this.#createSession(await this.#userId(user), data);
  }

  /** It has none; and so that the login finds the user's account, there is one. */
  async beginAnonymous(): Promise<Cookie> {
    await this.#userId('user-0');
    return '';
  }

  /** Auth.js looks at the session's end, and at when it was extended. */
  async view(cookie?: Cookie): Promise<unknown> {
    if (cookie === undefined) return undefined;
    const found = await this.#adapter.getSessionAndUser(cookie);
    if (found === null || (found.session['expires'] as Date) < new Date()) return undefined;
    return found.session[CHANGED.key];
  }

  async untilTouchIsDue(): Promise<void> {}

  async viewAndTouch(cookie: Cookie): Promise<unknown> {
    await this.view(cookie);
    return this.#adapter.updateSession({ sessionToken: cookie, expires: new Date(Date.now() + MONTH_MS) });
  }

  async change(cookie: Cookie): Promise<unknown> {
    await this.view(cookie);
    return this.#adapter.updateSession({ sessionToken: cookie, [CHANGED.key]: CHANGED.to });
  }

  async logIn(_cookie: Cookie, user: string): Promise<unknown> {
    const found = await this.#adapter.getUserByAccount({ provider: PROVIDER, providerAccountId: user });
    if (found === null) throw new Error('There is no such account.');
    return this.#createSession(found['id'] as string, { [CHANGED.key]: CHANGED.from });
  }

  logOut(cookie: Cookie): Promise<unknown> {
    return this.#adapter.deleteSession(cookie);
  }

  async #createSession(userId: string, data: SessionData): Promise<Cookie> {
    const sessionToken = randomUUID();
    await this.#adapter.createSession({ sessionToken, userId, expires: new Date(Date.now() + MONTH_MS), ...data });
    return sessionToken;
  }

  #userId(user: string): Promise<string> {
    const created = this.#users.get(user) ?? this.#createUser(user);
    this.#users.set(user, created);
    return created;
  }

  async #createUser(user: string): Promise<string> {
    const { id } = await this.#adapter.createUser({ name: user, email: `${user}@example.com`, emailVerified: null });
    await this.#adapter.linkAccount({ userId: id, type: 'oauth', provider: PROVIDER, providerAccountId: user });
    return id as string;
  }
}

async function createTable(client: DynamoDBClient, tableName: string): Promise<void> {
  const keysOf = (pk: string, sk: string): { AttributeName: string; KeyType: 'HASH' | 'RANGE' }[] => [
    { AttributeName: pk, KeyType: 'HASH' },
    { AttributeName: sk, KeyType: 'RANGE' },
  ];
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk', 'GSI1PK', 'GSI1SK'].map((AttributeName) => ({
        AttributeName,
        AttributeType: 'S',
      })),
      KeySchema: keysOf('pk', 'sk'),
      GlobalSecondaryIndexes: [
        { IndexName: 'GSI1', KeySchema: keysOf('GSI1PK', 'GSI1SK'), Projection: { ProjectionType: 'ALL' } },
      ],
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName: tableName });
}
