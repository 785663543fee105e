import { createHmac, randomUUID } from 'node:crypto';
import { waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import connectDynamoDB from 'connect-dynamodb';
import session, { type Store } from 'express-session';
import { clientFor, configFor, type Endpoint } from './endpoint.js';
import { ExpressRequests, SECRET } from './express-requests.js';
import { CHANGED, type SessionData } from './session-data.js';
import type { Cookie, Site } from './site.js';

/** As its README says for AWS Lambda: the table is there, and is not looked for. */
export async function openConnectDynamoDB(endpoint: Endpoint): Promise<Site> {
  const tableName = `connect-${randomUUID()}`;
  const client = clientFor(endpoint);
  const ConnectStore = connectDynamoDB(session);
  await new ConnectStore({ client: client as never, table: tableName }).initialize();
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName: tableName });
  return new ExpressSite(new ConnectStore({ client: client as never, table: tableName, initialized: true }));
}

/** With its defaults: it touches a session when it was written 30 seconds ago or more. */
export async function openDynamodbStore(endpoint: Endpoint): Promise<Site> {
  // The package's SDK would say at length that it is no longer kept up.
  process.env['AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE'] = '1';
  const { default: DynamoDBStore } = await import('dynamodb-store');
  const tableName = `store-${randomUUID()}`;
  const open = (touchInterval?: number): Promise<Store> =>
    new Promise((resolve, reject) => {
      const store: Store = new DynamoDBStore(
        {
          table: { name: tableName },
          dynamoConfig: configFor(endpoint),
          ...(touchInterval !== undefined && { touchInterval }),
        },
        (error) => (error ? reject(error) : setImmediate(() => resolve(store))),
      );
    });
  const store = await open();
  const client = clientFor(endpoint);
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 1 }, { TableName: tableName });
  client.destroy();
  return new ExpressSite(store, await open(0));
}

class ExpressSite implements Site {
  readonly malformed = 's:not-signed';
  readonly #requests: ExpressRequests;
  readonly #whenTouchIsDue: ExpressRequests;

  /** @param whenTouchIsDue the store as it is some time after a session was written */
  constructor(store: Store, whenTouchIsDue = store) {
    this.#requests = new ExpressRequests(store);
    this.#whenTouchIsDue = whenTouchIsDue === store ? this.#requests : new ExpressRequests(whenTouchIsDue);
  }

  wellFormed({ secret }: { readonly secret: string }): Cookie {
    const signature = createHmac('sha256', SECRET).update(secret).digest('base64').replace(/=+$/, '');
    return encodeURIComponent(`s:${secret}.${signature}`);
  }

  async begin(data: SessionData, user?: string): Promise<Cookie> {
    const cookie = await this.#requests.request((request) => {
      Object.assign(request.session, data, user === undefined ? {} : { user });
    });
    if (cookie === undefined) throw new Error('The request set no cookie.');
    return cookie;
  }

  beginAnonymous(data: SessionData): Promise<Cookie> {
    return this.begin(data);
  }

  view(cookie?: Cookie): Promise<unknown> {
    return this.#requests.request(({ session: { theme } }) => theme, cookie);
  }

  async untilTouchIsDue(): Promise<void> {}

  viewAndTouch(cookie: Cookie): Promise<unknown> {
    return this.#whenTouchIsDue.request(({ session: { theme } }) => theme, cookie);
  }

  change(cookie: Cookie): Promise<unknown> {
    return this.#requests.request((request) => {
      Object.assign(request.session, { [CHANGED.key]: CHANGED.to });
    }, cookie);
  }

  /** With a new session ID, as the documentation of express-session has it, and with the data that the visitor had. */
  logIn(cookie: Cookie, user: string): Promise<unknown> {
    return this.#requests.request(async (request) => {
      const { cookie: _, ...data } = request.session;
      await called((callback) => request.session.regenerate(callback));
      Object.assign(request.session, data, { user });
    }, cookie);
  }

  logOut(cookie: Cookie): Promise<unknown> {
    return this.#requests.request((request) => called((callback) => request.session.destroy(callback)), cookie);
  }
}

const called = (begin: (callback: (error?: unknown) => void) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    begin((error) => (error ? reject(error as Error) : resolve()));
  });
