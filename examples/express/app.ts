/** An Express application: sign in, your devices, end one of them, log out everywhere. */
import express, { type Express } from 'express';
import session from 'express-session';
import type { ExpressSessionStore } from 'dynamodb-sessions/express';
import { storedIdOf } from 'dynamodb-sessions/express';

declare module 'express-session' {
  interface SessionData {
    user?: string;
  }
}

/** The application. The store's option `userId` must be `(session) => session.user`. */
export function createApp(store: ExpressSessionStore, secret: string): Express {
  const app = express();
  app.set('trust proxy', 1); // one load balancer, which tells the client's address
  app.use(
    session({
      store,
      secret,
      name: '__Host-id',
      resave: false,
      saveUninitialized: false,
      cookie: { secure: true, sameSite: 'lax', maxAge: 86_400_000 },
    }),
  );

  app.get('/', (request, response) => void response.json({ user: request.session.user ?? null }));

  // Your application finds out who somebody is before this.
  app.post('/login/:user', async (request, response) => {
    await done((callback) => request.session.regenerate(callback)); // a planted session ID must not become the user's
    request.session.user = request.params.user;
    await done((callback) => request.session.save(callback)); // a redirect is followed before express-session saves
    response.redirect(303, '/');
  });

  app.post('/logout', async (request, response) => {
    await done((callback) => request.session.destroy(callback));
    response.redirect(303, '/');
  });

  app.get('/devices', async (request, response) => {
    const { user } = request.session;
    if (user === undefined) return void response.status(401).json(null);
    response.json(await store.sessions.ofUser(user, { current: { id: storedIdOf(request.sessionID) } }));
  });

  app.delete('/devices/:id', async (request, response) => {
    const { user } = request.session;
    const found = user !== undefined && (await store.sessions.revoke(request.params.id, { ofUser: user }));
    response.status(found ? 200 : 404).json(null);
  });

  app.post('/logout-everywhere', async (request, response) => {
    const { user } = request.session;
    if (user !== undefined) await store.sessions.logOutUser(user);
    response.redirect(303, '/');
  });

  return app;
}

function done(begin: (callback: (error: unknown) => void) => unknown): Promise<void> {
  return new Promise((resolve, reject) => {
    begin((error) => (error ? reject(error as Error) : resolve()));
  });
}
