import { EventEmitter, once } from 'node:events';
import type { AddressInfo } from 'node:net';
import fastifyCookie from '@fastify/cookie';
import fastifySession, { type FastifySessionOptions } from '@fastify/session';
import express from 'express';
import type { ExpressSessionStore } from '../../src/express/index.js';
import session, { type SessionData, type Store } from 'express-session';
import fastify from 'fastify';
import Koa from 'koa';
import koaSession from 'koa-session';

/** What the tests' application keeps in a session. */
export interface Data {
  user?: string;
  [key: string]: unknown;
}

declare module 'express-session' {
  interface SessionData {
    user?: string;
  }
}

/** What differs between the applications of the tests. */
export interface AppOptions {
  /** How long the cookie lasts, in milliseconds. Absent: as long as the browser. */
  readonly maxAge?: number;
  readonly resave?: boolean;
  readonly rolling?: boolean;
  readonly saveUninitialized?: boolean;
}

/**
 * A web application on this machine, the same with each framework:
 * - `GET /session`: what is in the session
 * - `PUT /data/:key/:value`, `DELETE /data/:key`
 * - `POST /login/:user`, with a new session ID; `POST /logout`
 * - `PUT /later/:key/:value`: says `waiting` once it has the session, and goes on when told to
 */
export interface App {
  readonly url: string;
  /** What a request under way says, and waits for. */
  readonly doors: EventEmitter<{ waiting: []; go: [] }>;
  close(): Promise<void>;
}

export type StartApp = (store: Store, options?: AppOptions) => Promise<App>;

const SECRET = 'a secret of at least thirty-two characters';

/** The frameworks that take stores of express-session. */
export const frameworks: readonly { readonly framework: string; readonly start: StartApp }[] = [
  { framework: 'express-session', start: startExpress },
  { framework: '@fastify/session', start: startFastify },
];

/** With koa-session, which takes a store's promises. */
export const allFrameworks: typeof frameworks = [...frameworks, { framework: 'koa-session', start: startKoa }];

export async function startExpress(store: Store, options: AppOptions = {}): Promise<App> {
  const { maxAge, resave = false, rolling = false, saveUninitialized = false } = options;
  const doors: App['doors'] = new EventEmitter();
  const app = express();
  app.use(
    session({
      store,
      secret: SECRET,
      resave,
      rolling,
      saveUninitialized,
      cookie: maxAge === undefined ? {} : { maxAge },
    }),
  );
  app.get('/session', (request, response) => void response.json(contents(request.session)));
  app.put('/data/:key/:value', (request, response) => {
    dataOf(request)[request.params.key] = request.params.value;
    response.json('done');
  });
  app.delete('/data/:key', (request, response) => {
    delete dataOf(request)[request.params.key];
    response.json('done');
  });
  app.post('/login/:user', async (request, response) => {
    await new Promise<void>((resolve, reject) => {
      request.session.regenerate((error: unknown) => (error ? reject(error as Error) : resolve()));
    });
    request.session.user = request.params.user;
    response.json('done');
  });
  app.post('/logout', async (request, response) => {
    await new Promise<void>((resolve, reject) => {
      request.session.destroy((error: unknown) => (error ? reject(error as Error) : resolve()));
    });
    response.json('done');
  });
  app.put('/later/:key/:value', async (request, response) => {
    doors.emit('waiting');
    await once(doors, 'go');
    dataOf(request)[request.params.key] = request.params.value;
    response.json('done');
  });
  app.use(((error, _request, response, next) => {
    if (response.headersSent) next(error);
    else response.status(500).json((error as Error).name);
  }) satisfies express.ErrorRequestHandler);

  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    doors,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function startFastify(store: Store, options: AppOptions = {}): Promise<App> {
  const { maxAge, rolling = false, saveUninitialized = false } = options;
  const doors: App['doors'] = new EventEmitter();
  const app = fastify({ forceCloseConnections: true });
  await app.register(fastifyCookie);
  await app.register(fastifySession, {
    // The types of the two frameworks differ under exactOptionalPropertyTypes alone.
    store: store as NonNullable<FastifySessionOptions['store']>,
    secret: SECRET,
    rolling,
    saveUninitialized,
    cookie: { secure: false, ...(maxAge === undefined ? {} : { maxAge }) },
  });
  app.get('/session', (request) => contents(dataOf(request)));
  app.put<{ Params: { key: string; value: string } }>('/data/:key/:value', async (request) => {
    dataOf(request)[request.params.key] = request.params.value;
    return JSON.stringify('done');
  });
  app.delete<{ Params: { key: string } }>('/data/:key', async (request) => {
    delete dataOf(request)[request.params.key];
    return JSON.stringify('done');
  });
  app.post<{ Params: { user: string } }>('/login/:user', async (request) => {
    await request.session.regenerate();
    dataOf(request)['user'] = request.params.user;
    return JSON.stringify('done');
  });
  app.post('/logout', async (request) => {
    await request.session.destroy();
    return JSON.stringify('done');
  });
  app.put<{ Params: { key: string; value: string } }>('/later/:key/:value', async (request) => {
    doors.emit('waiting');
    await once(doors, 'go');
    dataOf(request)[request.params.key] = request.params.value;
    return JSON.stringify('done');
  });
  app.setErrorHandler((error: Error, _request, reply) => reply.status(500).send(JSON.stringify(error.name)));
  return { url: await app.listen({ host: '127.0.0.1', port: 0 }), doors, close: () => app.close() };
}

async function startKoa(store: Store, options: AppOptions = {}): Promise<App> {
  const { maxAge = 'session', rolling = false } = options;
  const doors: App['doors'] = new EventEmitter();
  const app = new Koa();
  app.keys = [SECRET];
  app.silent = true;
  app.use(async (context, next) => {
    try {
      await next();
    } catch (error) {
      context.status = 500;
      context.body = JSON.stringify((error as Error).name);
    }
  });
  app.use(koaSession({ store: store as ExpressSessionStore, maxAge, rolling }, app));
  app.use(async (context) => {
    const [, place, key = '', value] = context.path.split('/');
    const data = context['session'] as Record<string, unknown> & { regenerate(): Promise<void> };
    context.body = JSON.stringify('done');
    if (place === 'session') context.body = JSON.stringify(data);
    else if (context.method === 'DELETE') delete data[key];
    else if (place === 'data') data[key] = value;
    else if (place === 'logout') context['session'] = null;
    else if (place === 'login') {
      await data.regenerate();
      context['session'] = { user: key }; // its `regenerate` keeps the data
    } else {
      doors.emit('waiting');
      await once(doors, 'go');
      data[key] = value;
    }
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    doors,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The session as an object of any keys. */
function dataOf(request: { readonly session: object }): Record<string, unknown> {
  return request.session as Record<string, unknown>;
}

/** What the application has put into a session. */
function contents(data: object): Data {
  const { cookie: _, ...rest } = JSON.parse(JSON.stringify(data)) as SessionData;
  return rest;
}
