import { randomUUID } from 'node:crypto';
import { type PersistenceLayer, type Session, Sessions } from 'dynamodb-sessions';
import { createSessionTable, DynamoDBPersistenceLayer } from 'dynamodb-sessions/dynamodb';
import { DynamoDBPersistenceLayer as LightPersistenceLayer } from 'dynamodb-sessions/dynamodb/light';
import { type HttpApiEvent, type HttpApiResult, type LambdaContext, withSession } from 'dynamodb-sessions/lambda';
import { httpApiEvent } from '../../test/unit/lambda/events.js';
import { clientFor } from '../../test/world/tables.js';
import { type Endpoint, setEnvironment } from './endpoint.js';
import { CHANGED, ONE_KB, type SessionData } from './session-data.js';
import type { Cookie, Site } from './site.js';

type Data = Record<string, string>;
type Page = (session: Session<Data>) => unknown;
type Context = LambdaContext & { readonly page: Page };
type Handler = (event: HttpApiEvent, context: Context) => Promise<HttpApiResult>;

/** The default of `touchInterval`. */
const TOUCH_INTERVAL = 300;

export type LayerFor = (options: { readonly tableName: string; readonly consistentRead: boolean }) => PersistenceLayer;

/** A busy machine may take longer than a request would wait. */
const timeoutMs = 30_000;

const withSdk: LayerFor = (options) => new DynamoDBPersistenceLayer({ ...options, timeoutMs });
const withoutSdk: LayerFor = (options) => new LightPersistenceLayer({ ...options, timeoutMs });

/** The same without the AWS SDK. */
export const openLight = (endpoint: Endpoint): Promise<OwnSite> => openOwn(endpoint, withoutSdk);

/**
 * This project: a Lambda handler behind an HTTP API, with every default but the time limit, the client's included. Its
 * clock stands still.
 */
export async function openOwn(endpoint: Endpoint, layerFor: LayerFor = withSdk): Promise<OwnSite> {
  const tableName = `own-${randomUUID()}`;
  const client = clientFor({ name: 'dynamodb-local', ...endpoint });
  await createSessionTable(client, { tableName });
  client.destroy();
  setEnvironment(endpoint);
  const site = new OwnSite(tableName, layerFor);
  await onceWarm(() => site.sessions.logOutEveryone());
  return site;
}

/** The first calls to an engine that has just been started can take longer than all attempts. */
async function onceWarm(call: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (tries === 10) throw error;
    }
  }
}

export class OwnSite implements Site {
  readonly malformed = 'not a token';
  readonly tableName: string;
  readonly sessions: Sessions<Data>;
  readonly #handler: Handler;
  readonly #eventually: Handler;
  readonly #marked = new Map<string, Promise<void>>();
  #secondsPassed = 0;

  constructor(tableName: string, layerFor: LayerFor) {
    this.tableName = tableName;
    const opened = Date.now();
    const clock = { now: () => opened + this.#secondsPassed * 1000 };
    const sessionsOn = (consistentRead: boolean): Sessions<Data> =>
      new Sessions({ persistence: layerFor({ tableName, consistentRead }), clock });
    this.sessions = sessionsOn(true);
    this.#handler = handlerOf(this.sessions);
    this.#eventually = handlerOf(sessionsOn(false));
  }

  /** Moves the clock. */
  pass(seconds: number): void {
    this.#secondsPassed += seconds;
  }

  wellFormed({ id, secret }: { readonly id: string; readonly secret: string }): Cookie {
    return `${id}.${secret}`;
  }

  async begin(data: SessionData, user?: string): Promise<Cookie> {
    if (user !== undefined) await this.mark(user);
    const cookie = await this.request(async (session) => {
      for (const [key, value] of Object.entries(data)) session.set(key, value);
      if (user !== undefined) await session.logIn(user);
    });
    if (cookie === undefined) throw new Error('The request set no cookie.');
    return cookie;
  }

  beginAnonymous(data: SessionData): Promise<Cookie> {
    return this.begin(data);
  }

  view(cookie?: Cookie): Promise<unknown> {
    return this.request((session) => session.get(CHANGED.key), cookie);
  }

  viewEventually(cookie: Cookie): Promise<unknown> {
    return this.request((session) => session.get(CHANGED.key), cookie, this.#eventually);
  }

  /** Another session's page view looks at everyone's mark, as some other request has nearly always just done. */
  async untilTouchIsDue(): Promise<void> {
    const other = await this.begin(ONE_KB, 'user-0');
    this.pass(TOUCH_INTERVAL);
    await this.view(other);
  }

  viewAndTouch(cookie: Cookie): Promise<unknown> {
    return this.view(cookie);
  }

  change(cookie: Cookie): Promise<unknown> {
    return this.request((session) => session.set(CHANGED.key, CHANGED.to), cookie);
  }

  logIn(cookie: Cookie, user: string): Promise<unknown> {
    return this.request((session) => session.logIn(user), cookie);
  }

  logOut(cookie: Cookie): Promise<unknown> {
    return this.request((session) => session.logOut(), cookie);
  }

  list(user: string): Promise<unknown> {
    return this.sessions.ofUser(user);
  }

  logOutEverywhere(user: string): Promise<unknown> {
    return this.sessions.logOutUser(user);
  }

  /** Makes the user's mark: on the service, reading one that does not exist costs the same; the engine counts nothing. */
  mark(user: string): Promise<void> {
    const marked = this.#marked.get(user) ?? this.sessions.logOutUser(user);
    this.#marked.set(user, marked);
    return marked;
  }

  /** One request. Returns the cookie that the browser has then. */
  async request(page: Page, cookie?: Cookie, handler = this.#handler): Promise<Cookie | undefined> {
    const event = httpApiEvent(cookie === undefined ? {} : { cookies: [`__Host-id=${cookie}`] });
    const result = await handler(event, { page, getRemainingTimeInMillis: () => 60_000 });
    if (typeof result !== 'object' || result.statusCode !== 200) throw new Error('The request failed.');
    const value = /^__Host-id=([^;]*)/.exec(result.cookies?.[0] ?? '')?.[1];
    return value === undefined ? cookie : value || undefined;
  }
}

const handlerOf = (sessions: Sessions<Data>): Handler =>
  withSession(sessions, async (_event: HttpApiEvent, session, { page }: Context) => {
    await page(session);
    return { statusCode: 200, body: 'done' };
  });
